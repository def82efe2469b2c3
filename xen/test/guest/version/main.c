/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

#include <public/features.h>

TEST("xen_version: numbers, strings, features, page size, handles");

static bool ends(const char *s, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (!s[i])
			return true;
	return false;
}

#define version_op(cmd, arg) HC2(__HYPERVISOR_xen_version, cmd, arg)

void test_main(void)
{
	static char text[4096];
	static struct xen_compile_info info;
	struct xen_feature_info f = { .submap_idx = 0 };
	long v = version_op(XENVER_version, NULL);

	CHECK(v >> 16 == 4 && (v & 0xffff) >= 17, "version %#lx", v);
	CHECK_EQ(cpuid(0x40000001, 0).a, v);
	CHECK_EQ(version_op(XENVER_extraversion, text), 0);
	CHECK(ends(text, XEN_EXTRAVERSION_LEN), "extraversion does not end");
	CHECK_EQ(version_op(XENVER_compile_info, &info), 0);
	CHECK(ends(info.compiler, sizeof(info.compiler)), "compiler does not end");
	CHECK_EQ(version_op(XENVER_capabilities, text), 0);
	CHECK(ends(text, 1024) && text[0], "capabilities are empty");
	CHECK_EQ(version_op(XENVER_changeset, text), 0);
	CHECK_EQ(version_op(XENVER_pagesize, NULL), PAGE_SIZE);
	CHECK_EQ(version_op(XENVER_pagesize, text), -XEN_EINVAL);
	CHECK_EQ(version_op(XENVER_guest_handle, text), 0);
	CHECK_EQ(version_op(XENVER_get_features, &f), 0);
	CHECK(f.submap & BIT(XENFEAT_hvm_safe_pvclock), "features %#x", f.submap);
	CHECK(f.submap & BIT(XENFEAT_hvm_callback_vector), "features %#x", f.submap);
	CHECK(!!(f.submap & BIT(XENFEAT_dom0)) == is_privileged(), "features %#x", f.submap);
	f.submap_idx = 100;
	CHECK_EQ(version_op(XENVER_get_features, &f), -XEN_EINVAL);
	CHECK_EQ(version_op(XENVER_get_features, UNMAPPED), -XEN_EFAULT);
	CHECK_EQ(version_op(XENVER_extraversion, UNMAPPED), -XEN_EFAULT);
	CHECK_EQ(version_op(99, NULL), -XEN_ENOSYS);
}
