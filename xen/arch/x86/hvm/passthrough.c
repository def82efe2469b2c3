/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * See passthrough.h. Ports are devices of the domain's table, and each access to one is an exit.
 * Both the caller and the domain must have been given the right to them.
 */
#include "passthrough.h"

#include <xen/errno.h>
#include <xen/ops.h>
#include <xen/xmalloc.h>

#include "private.h"

#include <public/domctl.h>

#define NR_PORTS 0x10000U
/* The most ranges of ports of one domain. */
#define MAX_RANGES 32U

struct passed_ports {
	struct device device;
	struct rcu_head rcu;
	struct list_head link;		/* x86_domain.passed_ports [control lock] */
	u32 guest, machine, nr;		/* [const] */
};

static enum device_rc access(struct device *dev, struct vcpu *v, struct device_access *a)
{
	const struct passed_ports *p = container_of(dev, struct passed_ports, device);
	struct device_access real = *a;

	ASSERT(a->addr >= p->guest && a->addr + a->bytes <= p->guest + p->nr);
	real.addr = p->machine + (a->addr - p->guest);
	hvm_host_port(&real);
	a->val = real.val;
	return DEVICE_DONE;
}

static void release(struct device *dev)
{
	xfree(container_of(dev, struct passed_ports, device));
}

static const struct device_ops passed_port_ops = {
	.name = "passed ports", .access = access, .eoi = device_no_eoi, .release = release,
};
OPS_TABLE(passed_port_ops, name);

static void free_later(struct rcu_head *head)
{
	xfree(container_of(head, struct passed_ports, rcu));
}

static int add_ports(struct x86_domain *xd, const struct xen_domctl_ioport_mapping *m)
{
	struct passed_ports *p;
	u32 nr = 0;
	int rc;

	list_for_each_entry(p, &xd->passed_ports, link)
		nr++;
	if (nr == MAX_RANGES)
		return -XEN_ENOSPC;
	p = xzalloc(struct passed_ports);
	if (!p)
		return -XEN_ENOMEM;
	p->guest = m->first_gport;
	p->machine = m->first_mport;
	p->nr = m->nr_ports;
	if (device_add(&xd->devices, &p->device, &passed_port_ops))
		BUG();	/* it has no interrupt line */
	rc = device_claim(&xd->devices, &p->device, DEVICE_PORTS, p->guest, p->guest + p->nr - 1);
	if (!rc) {
		list_add(&p->link, &xd->passed_ports);
		return 0;
	}
	device_remove(&xd->devices, &p->device);
	call_rcu(&p->rcu, free_later);
	return rc;
}

static int remove_ports(struct x86_domain *xd, const struct xen_domctl_ioport_mapping *m)
{
	struct passed_ports *p;

	list_for_each_entry(p, &xd->passed_ports, link) {
		if (p->guest != m->first_gport || p->machine != m->first_mport ||
		    p->nr != m->nr_ports)
			continue;
		device_unclaim(&xd->devices, &p->device, DEVICE_PORTS, p->guest);
		device_remove(&xd->devices, &p->device);
		list_del_init(&p->link);
		call_rcu(&p->rcu, free_later);
		return 0;
	}
	return -XEN_ENOENT;
}

static bool has_ports(struct domain *d, u32 first, u32 last)
{
	bool has;

	spin_lock(&d->lock);
	has = rangeset_contains(&d->ioport_caps, first, last);
	spin_unlock(&d->lock);
	return has;
}

long passthrough_ports(struct vcpu *v, struct domain *d, const struct xen_domctl *op)
{
	const struct xen_domctl_ioport_mapping *m = &op->u.ioport_mapping;
	u32 last = m->first_mport + m->nr_ports - 1;

	if (!m->nr_ports || m->add_mapping > 1 || m->first_gport >= NR_PORTS ||
	    m->first_mport >= NR_PORTS || m->nr_ports > NR_PORTS - m->first_gport ||
	    m->nr_ports > NR_PORTS - m->first_mport)
		return -XEN_EINVAL;
	if (!m->add_mapping)
		return remove_ports(to_xd(d), m);
	if (!has_ports(d, m->first_mport, last) ||
	    !hvm_host_ports_open(v->domain, m->first_mport, last))
		return -XEN_EPERM;
	return add_ports(to_xd(d), m);
}
