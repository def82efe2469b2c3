/* SPDX-License-Identifier: GPL-2.0-or-later */
/* XENVER_*: the identity of this hypervisor. The ABI version is Xen's, the rest is our own. */
#include <xen/errno.h>
#include <xen/format.h>
#include <xen/hal/vcpu.h>
#include <xen/param.h>
#include <xen/string.h>
#include <xen/version.h>

#include "private.h"

#include <public/features.h>
#include <public/version.h>

static long give(struct vcpu *v, guest_ptr_t arg, const void *src, size_t n)
{
	return guest_copy_out(v, arg, src, n) ? -XEN_EFAULT : 0;
}

static long op_extraversion(struct vcpu *v, guest_ptr_t arg)
{
	xen_extraversion_t extra = XENOLITH_ABI_EXTRA;

	return give(v, arg, extra, sizeof(extra));
}

static long op_compile_info(struct vcpu *v, guest_ptr_t arg)
{
	struct xen_compile_info info;

	memset(&info, 0, sizeof(info));
	scnprintf(info.compiler, sizeof(info.compiler), "%s", xenolith_compiler);
	scnprintf(info.compile_by, sizeof(info.compile_by), "xenolith");
	scnprintf(info.compile_domain, sizeof(info.compile_domain), "localhost");
	scnprintf(info.compile_date, sizeof(info.compile_date), "%s", xenolith_build_date);
	return give(v, arg, &info, sizeof(info));
}

static long op_capabilities(struct vcpu *v, guest_ptr_t arg)
{
	xen_capabilities_info_t caps;

	memset(caps, 0, sizeof(caps));
	scnprintf(caps, sizeof(caps), "%s", hal_capabilities());
	return give(v, arg, caps, sizeof(caps));
}

static long op_changeset(struct vcpu *v, guest_ptr_t arg)
{
	xen_changeset_info_t cset;

	memset(cset, 0, sizeof(cset));
	scnprintf(cset, sizeof(cset), "xenolith:%s", xenolith_commit);
	return give(v, arg, cset, sizeof(cset));
}

static long op_platform_parameters(struct vcpu *v, guest_ptr_t arg)
{
	struct xen_platform_parameters p = { .virt_start = 0 };

	return give(v, arg, &p, sizeof(p));
}

static long op_features(struct vcpu *v, guest_ptr_t arg)
{
	struct xen_feature_info fi;

	if (guest_copy_in(v, &fi, arg, sizeof(fi)))
		return -XEN_EFAULT;
	fi.submap = 0;
	if (fi.submap_idx > 0)
		return fi.submap_idx < XENFEAT_NR_SUBMAPS ? give(v, arg, &fi, sizeof(fi))
							  : -XEN_EINVAL;
	fi.submap = BIT(XENFEAT_memory_op_vnode_supported) | BIT(XENFEAT_supervisor_mode_kernel) |
		    BIT(XENFEAT_writable_page_tables) | BIT(XENFEAT_auto_translated_physmap) |
		    BIT(XENFEAT_hvm_callback_vector) | BIT(XENFEAT_hvm_safe_pvclock);
	if (v->domain->is_hardware)
		fi.submap |= BIT(XENFEAT_dom0);
	fi.submap |= v->domain->is_mapped_1to1 ? BIT(XENFEAT_direct_mapped)
					       : BIT(XENFEAT_not_direct_mapped);
	return give(v, arg, &fi, sizeof(fi));
}

static long op_commandline(struct vcpu *v, guest_ptr_t arg)
{
	xen_commandline_t line;

	if (!v->domain->is_privileged)
		return -XEN_EPERM;
	memset(line, 0, sizeof(line));
	scnprintf(line, sizeof(line), "%s", params_cmdline());
	return give(v, arg, line, sizeof(line));
}

long do_xen_version(struct vcpu *v, struct hypercall *hc)
{
	guest_ptr_t arg = gvaddr_make(hc->arg[1]);

	switch ((u32)hc->arg[0]) {
	case XENVER_version:
		return XENOLITH_ABI_MAJOR << 16 | XENOLITH_ABI_MINOR;
	case XENVER_extraversion:
		return op_extraversion(v, arg);
	case XENVER_compile_info:
		return op_compile_info(v, arg);
	case XENVER_capabilities:
		return op_capabilities(v, arg);
	case XENVER_changeset:
		return op_changeset(v, arg);
	case XENVER_platform_parameters:
		return op_platform_parameters(v, arg);
	case XENVER_get_features:
		return op_features(v, arg);
	case XENVER_pagesize:
		return guest_ptr_is_null(arg) ? PAGE_SIZE : -XEN_EINVAL;
	case XENVER_guest_handle:
		return give(v, arg, v->domain->handle, sizeof(v->domain->handle));
	case XENVER_commandline:
		return op_commandline(v, arg);
	case XENVER_build_id:
		return -XEN_ENODATA;
	default:
		return -XEN_ENOSYS;
	}
}
