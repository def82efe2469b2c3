/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * XEN_DOMCTL_*: the toolstack's control of domains. This file decodes the arguments and finds the
 * handler. Each family of operations has a file of its own; hal_domctl() does those of the
 * platform.
 *
 * Locking: one control call (domctl, sysctl) at a time, as they change what the others look at:
 * domains, CPU pools, CPUs. A caller that finds the lock taken restarts its call instead of
 * spinning: the holder may be waiting for the caller's vCPU to leave its CPU.
 */
#include <xen/errno.h>
#include <xen/hal/vcpu.h>
#include <xen/printk.h>

#include "domctl.h"

#define NO_DOMAIN	BIT(0)	/* the handler finds or creates the domain */
#define COPY_BACK	BIT(1)	/* the structure holds results */
#define NOT_SELF	BIT(2)	/* a domain cannot do this to itself */

static const struct {
	domctl_fn fn;
	u32 flags;
} domctl_table[] = {
	[XEN_DOMCTL_createdomain] = { domctl_create, NO_DOMAIN | COPY_BACK },
	[XEN_DOMCTL_destroydomain] = { domctl_destroy, NOT_SELF },
	[XEN_DOMCTL_pausedomain] = { domctl_pause, NOT_SELF },
	[XEN_DOMCTL_unpausedomain] = { domctl_unpause, NOT_SELF },
	[XEN_DOMCTL_resumedomain] = { domctl_resume, NOT_SELF },
	[XEN_DOMCTL_getdomaininfo] = { domctl_getdomaininfo, NO_DOMAIN | COPY_BACK },
	[XEN_DOMCTL_getvcpuinfo] = { domctl_getvcpuinfo, COPY_BACK },
	[XEN_DOMCTL_getpageframeinfo3] = { domctl_getpageframeinfo, 0 },
	[XEN_DOMCTL_max_vcpus] = { domctl_max_vcpus, NOT_SELF },
	[XEN_DOMCTL_max_mem] = { domctl_max_mem, 0 },
	[XEN_DOMCTL_setdomainhandle] = { domctl_set_handle, 0 },
	[XEN_DOMCTL_settimeoffset] = { domctl_time_offset, 0 },
	[XEN_DOMCTL_subscribe] = { domctl_subscribe, NOT_SELF },
	[XEN_DOMCTL_sendtrigger] = { domctl_trigger, 0 },
	[XEN_DOMCTL_setvcpuaffinity] = { domctl_set_vcpu_affinity, COPY_BACK },
	[XEN_DOMCTL_getvcpuaffinity] = { domctl_get_vcpu_affinity, 0 },
	[XEN_DOMCTL_setnodeaffinity] = { domctl_set_node_affinity, 0 },
	[XEN_DOMCTL_getnodeaffinity] = { domctl_get_node_affinity, 0 },
	[XEN_DOMCTL_scheduler_op] = { domctl_scheduler, COPY_BACK },
	[XEN_DOMCTL_irq_permission] = { domctl_irq_permission, NOT_SELF },
	[XEN_DOMCTL_iomem_permission] = { domctl_iomem_permission, NOT_SELF },
	[XEN_DOMCTL_memory_mapping] = { domctl_memory_mapping, 0 },
	[XEN_DOMCTL_ioport_permission] = { domctl_ioport_permission, NOT_SELF },
	/* These may name DOMID_IO, which has the devices in quarantine. */
	[XEN_DOMCTL_assign_device] = { domctl_assign_device, NO_DOMAIN },
	[XEN_DOMCTL_test_assign_device] = { domctl_test_assign_device, NO_DOMAIN },
	[XEN_DOMCTL_deassign_device] = { domctl_deassign_device, NO_DOMAIN },
	[XEN_DOMCTL_get_device_group] = { domctl_device_group, NO_DOMAIN | COPY_BACK },
};

static DEFINE_SPINLOCK(control_lock, LOCK_RANK_CONTROL);

bool control_trylock(void)
{
	return spin_trylock(&control_lock);
}

void control_unlock(void)
{
	spin_unlock(&control_lock);
}

static long run(struct vcpu *v, struct xen_domctl *op, bool *copy)
{
	u32 cmd = array_index_nospec(op->cmd, ARRAY_SIZE(domctl_table));
	domctl_fn fn = op->cmd < ARRAY_SIZE(domctl_table) ? domctl_table[cmd].fn : NULL;
	u32 flags = fn ? domctl_table[cmd].flags : 0;
	struct domain *d;
	long rc;
	int err;

	ASSERT(spin_is_locked_by_me(&control_lock));
	if (flags & NO_DOMAIN) {
		rc = fn(v, NULL, op);
		*copy = (flags & COPY_BACK) && rc >= 0;
		return rc;
	}
	d = domain_from_arg(v, op->domain, &err);
	if (!d)
		return err;
	if (fn) {
		rc = (flags & NOT_SELF) && d == v->domain ? -XEN_EINVAL : fn(v, d, op);
		*copy = (flags & COPY_BACK) && rc >= 0;
	} else {
		rc = hal_domctl(v, d, op, copy);
	}
	domain_put(d);
	return rc;
}

long do_domctl(struct vcpu *v, struct hypercall *hc)
{
	guest_ptr_t arg = gvaddr_make(hc->arg[0]);
	struct xen_domctl op;
	bool copy = false;
	long rc;

	if (!v->domain->is_privileged)
		return -XEN_EPERM;
	if (guest_copy_in(v, &op, arg, sizeof(op)))
		return -XEN_EFAULT;
	if (op.interface_version != XEN_DOMCTL_INTERFACE_VERSION)
		return -XEN_EACCES;
	if (!control_trylock())
		return -XEN_ERESTART;
	rc = run(v, &op, &copy);
	control_unlock();
	if (rc == -XEN_ENOSYS)
		printk(LOG_G_DEBUG "domctl %u is not implemented\n", op.cmd);
	if (copy && guest_copy_out(v, arg, &op, sizeof(op)))
		return -XEN_EFAULT;
	return rc;
}
