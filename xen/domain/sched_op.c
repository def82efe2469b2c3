/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SCHEDOP_*: yielding, blocking, shutting down (polling: poll.c, watchdogs: watchdog.c). */
#include <xen/errno.h>
#include <xen/evtchn.h>
#include <xen/printk.h>
#include <xen/sched.h>
#include <xen/shared_info.h>

#include "private.h"

static long op_shutdown(struct vcpu *v, guest_ptr_t arg)
{
	struct sched_shutdown sd;

	if (guest_copy_in(v, &sd, arg, sizeof(sd)))
		return -XEN_EFAULT;
	if (sd.reason > SHUTDOWN_MAX)
		return -XEN_EINVAL;
	printk(LOG_G_INFO "d%u shut down, reason %u\n", v->domain->id, sd.reason);
	domain_shutdown(v->domain, sd.reason);
	return 0;
}

static long op_shutdown_code(struct vcpu *v, guest_ptr_t arg)
{
	struct sched_shutdown sd;

	if (guest_copy_in(v, &sd, arg, sizeof(sd)))
		return -XEN_EFAULT;
	if (sd.reason > SHUTDOWN_MAX)
		return -XEN_EINVAL;
	v->domain->shutdown_code = sd.reason;
	return 0;
}

static long op_remote_shutdown(struct vcpu *v, guest_ptr_t arg)
{
	struct sched_remote_shutdown sd;
	struct domain *d;
	int err;

	if (guest_copy_in(v, &sd, arg, sizeof(sd)))
		return -XEN_EFAULT;
	if (sd.reason > SHUTDOWN_MAX)
		return -XEN_EINVAL;
	if (!v->domain->is_privileged)
		return -XEN_EPERM;
	d = domain_from_arg(v, sd.domain_id, &err);
	if (!d)
		return err;
	domain_shutdown(d, sd.reason);
	domain_put(d);
	return 0;
}

static long op_block(struct vcpu *v)
{
	/* Unmask events here, so that a guest tests for events and blocks in one step. */
	shared_upcalls_unmask(v->vcpu_info);
	vcpu_block(v);
	/* Any event ends the block, even one that would not be delivered. */
	if (evtchn_vcpu_pending(v))
		vcpu_unblock(v);
	return 0;
}

long do_sched_op(struct vcpu *v, struct hypercall *hc)
{
	guest_ptr_t arg = gvaddr_make(hc->arg[1]);

	switch ((u32)hc->arg[0]) {
	case SCHEDOP_yield:
		vcpu_yield(v);
		return 0;
	case SCHEDOP_block:
		return op_block(v);
	case SCHEDOP_shutdown:
		return op_shutdown(v, arg);
	case SCHEDOP_poll:
		return sched_op_poll(v, arg);
	case SCHEDOP_remote_shutdown:
		return op_remote_shutdown(v, arg);
	case SCHEDOP_shutdown_code:
		return op_shutdown_code(v, arg);
	case SCHEDOP_watchdog:
		return sched_op_watchdog(v, arg);
	default:
		return -XEN_ENOSYS;
	}
}
