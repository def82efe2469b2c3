/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The small hypervisor's cache monitoring and allocation, with the errors of Xen 4.17. */
#include "fake-xen.h"

#include <errno.h>
#include <string.h>

#define MSR_TIME 0x10
#define MSR_QM_EVTSEL 0xc8d
#define MSR_QM_CTR 0xc8e

long fake_psr_cmt_info(struct xen_sysctl_psr_cmt_op *c)
{
	const struct fake_psr *p = &fake_xen.psr;

	if (!p->rmids)
		return -ENODEV;
	switch (c->cmd) {
	case XEN_SYSCTL_PSR_CMT_enabled:
		c->u.data = 1;
		return 0;
	case XEN_SYSCTL_PSR_CMT_get_total_rmid:
		c->u.data = p->rmids;
		return 0;
	case XEN_SYSCTL_PSR_CMT_get_l3_upscaling_factor:
		c->u.data = p->upscale;
		return 0;
	case XEN_SYSCTL_PSR_CMT_get_l3_cache_size:
		c->u.data = p->kib;
		return 0;
	case XEN_SYSCTL_PSR_CMT_get_l3_event_mask:
		c->u.data = p->events;
		return 0;
	default:
		return -ENOSYS;
	}
}

long fake_psr_alloc_info(struct xen_sysctl_psr_alloc *a)
{
	const struct fake_psr *p = &fake_xen.psr;

	if (a->cmd != XEN_SYSCTL_PSR_get_l3_info || !p->cbm_len)
		return -ENODEV;
	if (a->target >= FAKE_SOCKETS)
		return -ERANGE;
	a->u.cat_info.cbm_len = p->cbm_len;
	a->u.cat_info.cos_max = 3;
	a->u.cat_info.flags = 0;
	return 0;
}

long fake_psr_cmt(struct fake_domain *d, struct xen_domctl_psr_cmt_op *c)
{
	uint32_t used = 0;

	if (!fake_xen.psr.rmids)
		return -ENODEV;
	if (c->cmd == XEN_DOMCTL_PSR_CMT_OP_QUERY_RMID) {
		c->data = d->rmid;
		return 0;
	}
	if (c->cmd == XEN_DOMCTL_PSR_CMT_OP_DETACH) {
		if (!d->rmid)
			return -ENOENT;
		d->rmid = 0;
		return 0;
	}
	if (d->rmid)
		return -EEXIST;
	for (unsigned int i = 0; i < FAKE_DOMAINS; i++)
		used |= (uint32_t)1 << fake_xen.d[i].rmid;
	for (uint32_t rmid = 1; rmid <= fake_xen.psr.rmids && !d->rmid; rmid++)
		if (!(used >> rmid & 1))
			d->rmid = rmid;
	return d->rmid ? 0 : -EOVERFLOW;
}

long fake_psr_alloc(struct fake_domain *d, struct xen_domctl_psr_alloc *a)
{
	const struct fake_psr *p = &fake_xen.psr;
	uint64_t full = ((uint64_t)1 << p->cbm_len) - 1, low;

	if (!p->cbm_len)
		return -ENODEV;
	if (a->target >= FAKE_SOCKETS)
		return -ERANGE;
	switch (a->cmd) {
	case XEN_DOMCTL_PSR_GET_L3_CBM:
		a->data = d->mask[a->target] ? d->mask[a->target] : full;
		return 0;
	case XEN_DOMCTL_PSR_SET_L3_CBM:
		low = a->data & -a->data;
		if (!a->data || a->data & ~full || (a->data + low) & a->data)
			return -EINVAL;
		if (p->no_class)
			return -EOVERFLOW;
		d->mask[a->target] = a->data;
		return 0;
	default:
		return -ENXIO;
	}
}

/* Each reading of a counter finds it grown by that event's step. */
static uint64_t count(uint32_t socket, uint64_t select)
{
	uint32_t event = select & 0xff, rmid = select >> 32 & (FAKE_RMIDS - 1);
	uint64_t *c = &fake_xen.psr.count[socket][event - 1][rmid];
	uint64_t was = *c;

	*c += fake_xen.psr.step;
	return was;
}

long fake_resource(struct xen_platform_op *op)
{
	struct xenpf_resource_op *r = &op->u.resource_op;
	struct xenpf_resource_entry *e = r->entries.p;
	uint64_t select = 0;

	if (op->cmd != XENPF_resource_op || r->nr_entries != 3)
		return -ENOSYS;
	if (r->cpu >= fake_xen.cpus)
		return -ENODEV;
	for (uint32_t i = 0; i < r->nr_entries; i++) {
		if (e[i].idx != MSR_TIME && !fake_xen.psr.rmids) {
			e[i].u.ret = -EACCES;
			return i;
		}
		if (e[i].u.cmd == XEN_RESOURCE_OP_MSR_WRITE)
			select = e[i].val;
		else if (e[i].idx == MSR_QM_CTR)
			e[i].val = count(r->cpu / FAKE_SOCKET_CPUS, select);
		else
			e[i].val = fake_xen.psr.ns += 1000000;
	}
	return r->nr_entries;
}
