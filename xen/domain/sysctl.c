/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * XEN_SYSCTL_*: the toolstack's view of the machine and of the hypervisor. Calls that need more
 * than a few lines have files of their own; hal_sysctl() does those of the platform.
 *
 * Locking: the lock of all control calls; domctl.c explains why a caller restarts instead of
 * spinning.
 */
#include <xen/console.h>
#include <xen/errno.h>
#include <xen/hal/vcpu.h>
#include <xen/printk.h>

#include "domctl.h"

/* The most debug keys in one call; the handler of each may print pages. */
#define MAX_DEBUG_KEYS 16

/* Without an index, reading starts at the oldest character kept. */
static long op_readconsole(struct vcpu *v, struct xen_sysctl *op)
{
	struct xen_sysctl_readconsole *r = &op->u.readconsole;
	u32 index = r->incremental ? r->index : 0, done = 0;
	char chunk[256];

	while (done < r->count) {
		size_t n = console_ring_read(chunk, min(sizeof(chunk), (size_t)(r->count - done)),
					     &index, false);

		if (!n)
			break;
		if (guest_copy_out(v, guest_ptr_add(guest_handle_ptr(r->buffer), done), chunk, n))
			return -XEN_EFAULT;
		done += n;
	}
	if (r->clear) {
		u32 at = index;

		console_ring_read(chunk, 0, &at, true);
	}
	r->count = done;
	r->index = index;
	return 0;
}

static long op_sched_id(struct vcpu *v, struct xen_sysctl *op)
{
	op->u.sched_id.sched_id = sched_id(v->domain);
	return 0;
}

static long op_getdomaininfolist(struct vcpu *v, struct xen_sysctl *op)
{
	struct xen_sysctl_getdomaininfolist *l = &op->u.getdomaininfolist;
	struct xen_domctl_getdomaininfo info;
	long rc = 0;
	u32 n = 0;

	rcu_read_lock();
	for (struct domain *d = domain_next(NULL); d && n < l->max_domains && !rc;
	     d = domain_next(d)) {
		if (d->id < l->first_domain)
			continue;
		domain_info(d, &info);
		rc = guest_copy_out(v, guest_ptr_add(guest_handle_ptr(l->buffer),
						     n++ * sizeof(info)), &info, sizeof(info));
	}
	rcu_read_unlock();
	l->num_domains = n;
	return rc ? -XEN_EFAULT : 0;
}

static long op_debug_keys(struct vcpu *v, struct xen_sysctl *op)
{
	const struct xen_sysctl_debug_keys *k = &op->u.debug_keys;
	char keys[MAX_DEBUG_KEYS];

	if (k->nr_keys > sizeof(keys))
		return -XEN_E2BIG;
	if (guest_copy_in(v, keys, guest_handle_ptr(k->keys), k->nr_keys))
		return -XEN_EFAULT;
	for (u32 i = 0; i < k->nr_keys; i++)
		keyhandler_run(keys[i]);
	return 0;
}

/* Frequency and idle states are not implemented. */
static long op_no_device(struct vcpu *v, struct xen_sysctl *op)
{
	return -XEN_ENODEV;
}

static long op_cpu_hotplug(struct vcpu *v, struct xen_sysctl *op)
{
	const struct xen_sysctl_cpu_hotplug *h = &op->u.cpu_hotplug;

	switch (h->op) {
	case XEN_SYSCTL_CPU_HOTPLUG_ONLINE:
		return cpu_online(h->cpu);
	case XEN_SYSCTL_CPU_HOTPLUG_OFFLINE:
		return cpu_offline(h->cpu);
	case XEN_SYSCTL_CPU_HOTPLUG_SMT_ENABLE:
	case XEN_SYSCTL_CPU_HOTPLUG_SMT_DISABLE:
		return cpus_set_smt(h->op == XEN_SYSCTL_CPU_HOTPLUG_SMT_ENABLE);
	default:
		return -XEN_EOPNOTSUPP;
	}
}

static const sysctl_fn sysctl_table[] = {
	[XEN_SYSCTL_readconsole] = op_readconsole,
	[XEN_SYSCTL_tbuf_op] = sysctl_tbuf,
	[XEN_SYSCTL_physinfo] = sysctl_physinfo,
	[XEN_SYSCTL_sched_id] = op_sched_id,
	[XEN_SYSCTL_getdomaininfolist] = op_getdomaininfolist,
	[XEN_SYSCTL_debug_keys] = op_debug_keys,
	[XEN_SYSCTL_getcpuinfo] = sysctl_getcpuinfo,
	[XEN_SYSCTL_availheap] = sysctl_availheap,
	[XEN_SYSCTL_get_pmstat] = op_no_device,
	[XEN_SYSCTL_pm_op] = op_no_device,
	[XEN_SYSCTL_cpu_hotplug] = op_cpu_hotplug,
	[XEN_SYSCTL_cputopoinfo] = sysctl_cputopoinfo,
	[XEN_SYSCTL_numainfo] = sysctl_numainfo,
	[XEN_SYSCTL_cpupool_op] = sysctl_cpupool,
	[XEN_SYSCTL_scheduler_op] = sysctl_scheduler,
	[XEN_SYSCTL_coverage_op] = sysctl_coverage,
	[XEN_SYSCTL_pcitopoinfo] = sysctl_pcitopoinfo,
};

long do_sysctl(struct vcpu *v, struct hypercall *hc)
{
	guest_ptr_t arg = gvaddr_make(hc->arg[0]);
	struct xen_sysctl op;
	sysctl_fn fn = NULL;
	bool copy = false;
	long rc;

	if (!v->domain->is_privileged)
		return -XEN_EPERM;
	if (guest_copy_in(v, &op, arg, sizeof(op)))
		return -XEN_EFAULT;
	if (op.interface_version != XEN_SYSCTL_INTERFACE_VERSION)
		return -XEN_EACCES;
	if (!control_trylock())
		return -XEN_ERESTART;
	if (op.cmd < ARRAY_SIZE(sysctl_table))
		fn = sysctl_table[array_index_nospec(op.cmd, ARRAY_SIZE(sysctl_table))];
	if (fn) {
		rc = fn(v, &op);
		copy = !rc;
	} else {
		rc = hal_sysctl(v, &op, &copy);
	}
	control_unlock();
	if (rc == -XEN_ENOSYS)
		printk(LOG_G_DEBUG "sysctl %u is not implemented\n", op.cmd);
	if (copy && guest_copy_out(v, arg, &op, sizeof(op)))
		return -XEN_EFAULT;
	return rc;
}
