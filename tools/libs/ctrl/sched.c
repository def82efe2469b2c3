/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parameters of schedulers, of domains and of the policy as a whole. */
#include "private.h"

int ctl_sched_domain(struct ctl *ctl, uint32_t domid, struct xen_domctl_scheduler_op *s)
{
	struct xen_domctl op = { .cmd = XEN_DOMCTL_scheduler_op, .domain = (domid_t)domid,
				 .u.scheduler_op = *s };
	int rc = domctl(ctl, &op, "its scheduler's parameters");

	if (!rc)
		*s = op.u.scheduler_op;
	return rc;
}

int ctl_sched_vcpus(struct ctl *ctl, uint32_t domid, uint32_t sched, uint32_t cmd,
		    struct xen_domctl_schedparam_vcpu *vcpus, uint32_t n)
{
	struct xen_domctl op = { .cmd = XEN_DOMCTL_scheduler_op, .domain = (domid_t)domid,
				 .u.scheduler_op = { .sched_id = sched, .cmd = cmd } };
	void *buf = buf_get(ctl, vcpus, n * sizeof(*vcpus));
	int rc;

	if (!buf)
		return -ENOMEM;
	op.u.scheduler_op.u.v.nr_vcpus = n;
	set_xen_guest_handle(op.u.scheduler_op.u.v.vcpus, buf);
	rc = domctl(ctl, &op, "its vCPUs' scheduling parameters");
	if (!rc)
		memcpy(vcpus, buf, n * sizeof(*vcpus));
	buf_put(ctl, buf);
	return rc;
}

int ctl_sched_global(struct ctl *ctl, struct xen_sysctl_scheduler_op *s)
{
	struct xen_sysctl op = { .cmd = XEN_SYSCTL_scheduler_op, .u.scheduler_op = *s };
	int rc = sysctl_op(ctl, &op, "the scheduler's parameters");

	if (!rc)
		*s = op.u.scheduler_op;
	return rc;
}

int ctl_sched_arinc653(struct ctl *ctl, uint32_t pool, uint32_t cmd,
		       struct xen_sysctl_arinc653_schedule *schedule)
{
	struct xen_sysctl op = { .cmd = XEN_SYSCTL_scheduler_op,
				 .u.scheduler_op = { .cpupool_id = pool, .cmd = cmd,
						     .sched_id = XEN_SCHEDULER_ARINC653 } };
	void *buf = buf_get(ctl, schedule, sizeof(*schedule));
	int rc;

	if (!buf)
		return -ENOMEM;
	set_xen_guest_handle(op.u.scheduler_op.u.sched_arinc653.schedule, buf);
	rc = sysctl_op(ctl, &op, "the schedule of ARINC 653");
	if (!rc)
		memcpy(schedule, buf, sizeof(*schedule));
	buf_put(ctl, buf);
	return rc;
}

int ctl_sched_id(struct ctl *ctl, uint32_t *id)
{
	struct xen_sysctl op = { .cmd = XEN_SYSCTL_sched_id };
	int rc = sysctl_op(ctl, &op, "naming the scheduler");

	*id = op.u.sched_id.sched_id;
	return rc;
}
