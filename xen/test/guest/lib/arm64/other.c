/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "other.h"

u16 other;

static long domctl_on(u16 domid, u32 cmd, struct xen_domctl *op)
{
	op->cmd = cmd;
	op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	op->domain = domid;
	return HC1(__HYPERVISOR_domctl, op);
}

long other_domctl(u32 cmd, struct xen_domctl *op)
{
	return domctl_on(other, cmd, op);
}

long other_simple(u32 cmd)
{
	struct xen_domctl op = { 0 };

	return other_domctl(cmd, &op);
}

long other_create(u8 gic, u32 spis, struct xen_domctl *op)
{
	*op = (struct xen_domctl){ .u.createdomain = {
		.flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap, .max_vcpus = 2,
		.max_evtchn_port = 1023, .max_grant_frames = 4, .max_maptrack_frames = 4,
		.grant_opts = 1, .arch = { .gic_version = gic, .nr_spis = spis } } };
	return domctl_on(0, XEN_DOMCTL_createdomain, op);
}

/* Populate @gfn and see it in the window's page @slot. */
void other_give_page(u64 gfn, u64 slot)
{
	static xen_ulong_t idx;
	static xen_pfn_t pfn;
	static int err;
	struct xen_memory_reservation r = { .nr_extents = 1, .domid = other };
	struct xen_add_to_physmap_batch b = { .domid = DOMID_SELF, .size = 1,
					      .space = XENMAPSPACE_gmfn_foreign };

	pfn = gfn;
	set_xen_guest_handle(r.extent_start, &pfn);
	NEED(memory_op(XENMEM_populate_physmap, &r) == 1, "populate %#lx", gfn);
	idx = gfn;
	pfn = OTHER_WINDOW / PAGE_SIZE + slot;
	b.u.foreign_domid = other;
	set_xen_guest_handle(b.idxs, &idx);
	set_xen_guest_handle(b.gpfns, &pfn);
	set_xen_guest_handle(b.errs, &err);
	NEED(memory_op(XENMEM_add_to_physmap_batch, &b) == 0 && !err, "map %#lx: %d", gfn, err);
}

void other_take_window(u64 slots)
{
	for (u64 i = 0; i < slots; i++) {
		struct xen_remove_from_physmap r = { .domid = DOMID_SELF,
						     .gpfn = OTHER_WINDOW / PAGE_SIZE + i };

		CHECK_EQ(memory_op(XENMEM_remove_from_physmap, &r), 0);
	}
}

long other_context(u16 domid, u32 cmd, u32 vcpu, struct vcpu_guest_context *c)
{
	struct xen_domctl op = { .u.vcpucontext.vcpu = vcpu };

	set_xen_guest_handle(op.u.vcpucontext.ctxt, c);
	return domctl_on(domid, cmd, &op);
}

struct xen_domctl_getdomaininfo other_info(void)
{
	struct xen_domctl op = { 0 };

	if (other_domctl(XEN_DOMCTL_getdomaininfo, &op) || op.u.getdomaininfo.domain != other)
		return (struct xen_domctl_getdomaininfo){ .flags = ~0U };
	return op.u.getdomaininfo;
}
