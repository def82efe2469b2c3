/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("the hypercall page: filled on writing its MSR, any page, refused outside memory");

static u8 second[PAGE_SIZE] PAGE_ALIGNED;

void test_main(void)
{
	struct cpuid base = cpuid(0x40000000, 0), page = cpuid(0x40000002, 0);

	CHECK(base.a >= 0x40000002, "highest leaf %#x", base.a);
	CHECK_EQ(page.a, 1);
	CHECK_EQ(page.b, 0x40000000);
	CHECK(try_wrmsr(page.b, (u64)second), "cannot fill a second page");
	CHECK(hypercall_at(second, __HYPERVISOR_xen_version, XENVER_version, 0, 0, 0) > 0,
	      "it does not work");
	CHECK(!memcmp(second, hypercall_page, 32), "the two pages differ");
	CHECK(!try_wrmsr(page.b, 0xfffffffff000), "an address outside memory was accepted");
}
