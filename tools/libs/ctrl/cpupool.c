/* SPDX-License-Identifier: GPL-2.0-or-later */
/* XEN_SYSCTL_cpupool_op: pools of CPUs, each with a scheduler of its own. */
#include "private.h"

/* An operation that gives a set of CPUs back. */
static int with_cpus(struct ctl *ctl, struct xen_sysctl *op, uint8_t *cpus, size_t bytes)
{
	struct xen_sysctl_cpupool_op *p = &op->u.cpupool_op;
	void *buf = buf_get(ctl, NULL, bytes);
	int rc;

	if (!buf)
		return -ENOMEM;
	p->cpumap.nr_bits = (uint32_t)bytes * 8;
	set_xen_guest_handle(p->cpumap.bitmap, buf);
	rc = sysctl_quiet(ctl, op);
	if (rc < 0 && rc != -ENOENT)
		failed(ctl, rc, "reading a CPU pool", -1);
	if (!rc)
		memcpy(cpus, buf, bytes);
	buf_put(ctl, buf);
	return rc;
}

int ctl_cpupool_info(struct ctl *ctl, uint32_t *id, uint32_t *sched, uint32_t *domains,
		     uint8_t *cpus, size_t bytes)
{
	struct xen_sysctl op = { .cmd = XEN_SYSCTL_cpupool_op };
	struct xen_sysctl_cpupool_op *p = &op.u.cpupool_op;
	int rc;

	p->op = XEN_SYSCTL_CPUPOOL_OP_INFO;
	p->cpupool_id = *id;
	rc = with_cpus(ctl, &op, cpus, bytes);
	if (!rc) {
		*id = p->cpupool_id;
		*sched = p->sched_id;
		*domains = p->n_dom;
	}
	return rc;
}

int ctl_cpupool_free_cpus(struct ctl *ctl, uint8_t *cpus, size_t bytes)
{
	struct xen_sysctl op = { .cmd = XEN_SYSCTL_cpupool_op };

	op.u.cpupool_op.op = XEN_SYSCTL_CPUPOOL_OP_FREEINFO;
	return with_cpus(ctl, &op, cpus, bytes);
}

int ctl_cpupool_create(struct ctl *ctl, uint32_t *id, uint32_t sched)
{
	struct xen_sysctl op = { .cmd = XEN_SYSCTL_cpupool_op };
	int rc;

	op.u.cpupool_op.op = XEN_SYSCTL_CPUPOOL_OP_CREATE;
	op.u.cpupool_op.cpupool_id = *id;
	op.u.cpupool_op.sched_id = sched;
	rc = sysctl_op(ctl, &op, "making a CPU pool");
	if (!rc)
		*id = op.u.cpupool_op.cpupool_id;
	return rc;
}

/* The other operations have a pool and a CPU or a domain, and no result. */
static int plain(struct ctl *ctl, uint32_t what, uint32_t id, uint32_t cpu, uint32_t domid,
		 const char *doing)
{
	struct xen_sysctl op = { .cmd = XEN_SYSCTL_cpupool_op };
	int rc;

	op.u.cpupool_op.op = what;
	op.u.cpupool_op.cpupool_id = id;
	op.u.cpupool_op.cpu = cpu;
	op.u.cpupool_op.domid = domid;
	rc = sysctl_quiet(ctl, &op);
	if (rc < 0 && rc != -EAGAIN)
		failed(ctl, rc, doing, -1);
	return rc;
}

int ctl_cpupool_destroy(struct ctl *ctl, uint32_t id)
{
	return plain(ctl, XEN_SYSCTL_CPUPOOL_OP_DESTROY, id, 0, 0, "destroying a CPU pool");
}

int ctl_cpupool_add_cpu(struct ctl *ctl, uint32_t id, uint32_t cpu)
{
	return plain(ctl, XEN_SYSCTL_CPUPOOL_OP_ADDCPU, id, cpu, 0, "adding a CPU to a pool");
}

int ctl_cpupool_remove_cpu(struct ctl *ctl, uint32_t id, uint32_t cpu)
{
	return plain(ctl, XEN_SYSCTL_CPUPOOL_OP_RMCPU, id, cpu, 0, "removing a CPU from a pool");
}

int ctl_cpupool_move_domain(struct ctl *ctl, uint32_t id, uint32_t domid)
{
	return plain(ctl, XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN, id, 0, domid,
		     "moving a domain to a pool");
}
