/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The control calls about cache monitoring and allocation, and the toolstack's way to counters. */
#include <xen/domain.h>
#include <xen/errno.h>
#include <xen/guest_access.h>
#include <xen/hal/smp.h>
#include <xen/hal/time.h>
#include <xen/percpu.h>

#include <asm/domain.h>
#include <asm/msr.h>

#include "private.h"

#include <public/domctl.h>
#include <public/platform.h>
#include <public/sysctl.h>

/* As in Xen: one to choose a counter, one to read it, one for the time. */
#define MAX_ENTRIES 3
/* Fields of IA32_QM_EVTSEL. */
#define SELECT_EVENT 0xffU
#define SELECT_RMID_SHIFT 32
#define SELECT_RMID 0x3ffU

/* [own CPU] What a toolstack last wrote to IA32_QM_EVTSEL. */
static DEFINE_PER_CPU(u64, selected);

long psr_cmt_sysctl(struct xen_sysctl *op)
{
	struct xen_sysctl_psr_cmt_op *c = &op->u.psr_cmt_op;
	u32 cpu = c->u.l3_cache.cpu;

	if (c->flags)
		return -XEN_EINVAL;
	/* Allocation alone is enough for the size. */
	if (c->cmd == XEN_SYSCTL_PSR_CMT_get_l3_cache_size && psr.provider) {
		if (!cpu_take_online(&cpu))
			return -XEN_ENODEV;
		c->u.data = psr.caps.l3_bytes >> 10;
		return 0;
	}
	if (!psr.caps.rmids)
		return -XEN_ENODEV;
	switch (c->cmd) {
	case XEN_SYSCTL_PSR_CMT_enabled:
		c->u.data = !!(psr.caps.events & BIT(PSR_EVENT_OCCUPANCY - 1));
		return 0;
	case XEN_SYSCTL_PSR_CMT_get_total_rmid:
		c->u.data = psr.caps.rmids - 1;
		return 0;
	case XEN_SYSCTL_PSR_CMT_get_l3_upscaling_factor:
		c->u.data = psr.caps.upscale;
		return 0;
	case XEN_SYSCTL_PSR_CMT_get_l3_event_mask:
		c->u.data = psr.caps.events;
		return 0;
	default:
		return -XEN_ENOSYS;
	}
}

long psr_alloc_sysctl(struct xen_sysctl *op)
{
	struct xen_sysctl_psr_alloc *a = &op->u.psr_alloc;
	long rc;

	switch (a->cmd) {
	case XEN_SYSCTL_PSR_get_l3_info:
		rc = psr_cat_check_socket(a->target);
		if (rc)
			return rc;
		a->u.cat_info.cbm_len = psr.caps.cbm_len;
		a->u.cat_info.cos_max = psr.caps.coses - 1;
		a->u.cat_info.flags = 0;
		return 0;
	case XEN_SYSCTL_PSR_get_l2_info:
	case XEN_SYSCTL_PSR_get_mba_info:
		return -XEN_ENODEV;
	default:
		return -XEN_EOPNOTSUPP;
	}
}

long psr_cmt_domctl(struct domain *d, struct xen_domctl *op)
{
	struct xen_domctl_psr_cmt_op *c = &op->u.psr_cmt_op;
	struct psr_domain *pd = &to_xd(d)->psr;

	if (!psr.caps.rmids)
		return -XEN_ENODEV;
	switch (c->cmd) {
	case XEN_DOMCTL_PSR_CMT_OP_ATTACH:
		return psr_cmt_attach(pd);
	case XEN_DOMCTL_PSR_CMT_OP_DETACH:
		return psr_cmt_detach(pd);
	case XEN_DOMCTL_PSR_CMT_OP_QUERY_RMID:
		c->data = pd->rmid;
		return 0;
	default:
		return -XEN_ENOSYS;
	}
}

long psr_alloc_domctl(struct domain *d, struct xen_domctl *op)
{
	struct xen_domctl_psr_alloc *a = &op->u.psr_alloc;
	struct psr_domain *pd = &to_xd(d)->psr;
	u64 mask;
	long rc;

	switch (a->cmd) {
	case XEN_DOMCTL_PSR_SET_L3_CBM:
		return psr_cat_set(pd, a->target, a->data);
	case XEN_DOMCTL_PSR_GET_L3_CBM:
		rc = psr_cat_get(pd, a->target, &mask);
		if (!rc)
			a->data = mask;
		return rc;
	case XEN_DOMCTL_PSR_SET_L3_CODE:
	case XEN_DOMCTL_PSR_SET_L3_DATA:
	case XEN_DOMCTL_PSR_GET_L3_CODE:
	case XEN_DOMCTL_PSR_GET_L3_DATA:
		rc = psr_cat_check_socket(a->target);
		return rc ? rc : -XEN_ENXIO;
	case XEN_DOMCTL_PSR_SET_L2_CBM:
	case XEN_DOMCTL_PSR_GET_L2_CBM:
	case XEN_DOMCTL_PSR_SET_MBA_THRTL:
	case XEN_DOMCTL_PSR_GET_MBA_THRTL:
		return -XEN_ENODEV;
	default:
		return -XEN_EOPNOTSUPP;
	}
}

/* ---- XENPF_resource_op ---- */

struct batch {
	struct xenpf_resource_entry entry[MAX_ENTRIES];
	u32 nr, done;
};

static int check_entry(const struct xenpf_resource_entry *e)
{
	bool write = e->u.cmd == XEN_RESOURCE_OP_MSR_WRITE;

	if (e->rsvd)
		return -XEN_EINVAL;
	if (!write && e->u.cmd != XEN_RESOURCE_OP_MSR_READ)
		return -XEN_EOPNOTSUPP;
	switch (e->idx) {
	case MSR_QM_EVTSEL:
		return psr.caps.rmids ? 0 : -XEN_EACCES;
	case MSR_QM_CTR:
		return psr.caps.rmids && !write ? 0 : -XEN_EACCES;
	case MSR_TSC:
		return write ? -XEN_EPERM : 0;
	default:
		return -XEN_EACCES;
	}
}

static u64 read_selected(void)
{
	u32 event = this_cpu(selected) & SELECT_EVENT;
	u32 rmid = this_cpu(selected) >> SELECT_RMID_SHIFT & SELECT_RMID;

	if (!event || event > 32 || !(psr.caps.events & BIT(event - 1)) || rmid >= psr.caps.rmids)
		return PSR_COUNTER_ERROR;
	return psr.provider->read(event, array_index_nospec(rmid, psr.caps.rmids));
}

/* In an interrupt handler of that CPU, so that counter and time belong together. */
static void access_all(void *arg)
{
	struct batch *b = arg;

	for (b->done = 0; b->done < b->nr; b->done++) {
		struct xenpf_resource_entry *e = &b->entry[b->done];
		int rc = check_entry(e);

		if (rc) {
			e->u.ret = rc;
			return;
		}
		if (e->u.cmd == XEN_RESOURCE_OP_MSR_WRITE)
			this_cpu(selected) = e->val;
		else if (e->idx == MSR_QM_EVTSEL)
			e->val = this_cpu(selected);
		else
			e->val = e->idx == MSR_TSC ? (u64)hal_now_ns() : read_selected();
	}
}

long psr_resource_op(struct vcpu *v, const struct xenpf_resource_op *op)
{
	guest_ptr_t entries = guest_handle_ptr(op->entries);
	struct batch b = { .nr = op->nr_entries };
	u32 cpu = op->cpu;
	cpumask_t one;

	if (!b.nr)
		return 0;
	if (b.nr > MAX_ENTRIES)
		return -XEN_EINVAL;
	if (!cpu_take_online(&cpu))
		return -XEN_ENODEV;
	if (guest_copy_in(v, b.entry, entries, b.nr * sizeof(b.entry[0])))
		return -XEN_EFAULT;
	cpumask_clear(&one);
	cpumask_set(&one, cpu);
	hal_smp_call(&one, access_all, &b, true);
	ASSERT(b.done <= b.nr);
	if (guest_copy_out(v, entries, b.entry,
			   min(b.done + 1, b.nr) * sizeof(b.entry[0])))
		return -XEN_EFAULT;
	return b.done;
}
