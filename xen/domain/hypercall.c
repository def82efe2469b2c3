/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hypercall numbers and their handlers. A handler decodes its arguments fully before it changes
 * anything. A long one stops when hypercall_preempt_check() says so, changes its arguments to the
 * remaining work and returns -XEN_ERESTART.
 */
#include <xen/compat.h>
#include <xen/errno.h>
#include <xen/evtchn.h>
#include <xen/gnttab.h>
#include <xen/hal/vcpu.h>

#include "private.h"

typedef long (*hypercall_fn)(struct vcpu *v, struct hypercall *hc);

static const hypercall_fn hypercall_table[] = {
	[__HYPERVISOR_memory_op] = do_memory_op,
	[__HYPERVISOR_multicall] = do_multicall,
	[__HYPERVISOR_set_timer_op] = do_set_timer_op,
	[__HYPERVISOR_xen_version] = do_xen_version,
	[__HYPERVISOR_console_io] = do_console_io,
	[__HYPERVISOR_grant_table_op] = do_grant_table_op,
	[__HYPERVISOR_vm_assist] = do_vm_assist,
	[__HYPERVISOR_vcpu_op] = do_vcpu_op,
	[__HYPERVISOR_sched_op] = do_sched_op,
	[__HYPERVISOR_event_channel_op] = do_event_channel_op,
	[__HYPERVISOR_physdev_op] = hal_physdev_op,
	[__HYPERVISOR_hvm_op] = do_hvm_op,
	[__HYPERVISOR_sysctl] = do_sysctl,
	[__HYPERVISOR_domctl] = do_domctl,
	[__HYPERVISOR_platform_op] = hal_platform_op,
	[__HYPERVISOR_dm_op] = do_dm_op,
};

static inline long run(struct vcpu *v, struct hypercall *hc)
{
	hypercall_fn fn = NULL;

	ASSERT(!is_idle_vcpu(v));
	if (hc->nr < ARRAY_SIZE(hypercall_table))
		fn = hypercall_table[array_index_nospec(hc->nr, ARRAY_SIZE(hypercall_table))];
	return fn ? fn(v, hc) : -XEN_ENOSYS;
}

long hypercall_dispatch(struct vcpu *v, struct hypercall *hc)
{
	return unlikely(v->caller_is_32bit) ? compat_call(v, hc, run) : run(v, hc);
}

long do_event_channel_op(struct vcpu *v, struct hypercall *hc)
{
	return evtchn_op(v, (u32)hc->arg[0], gvaddr_make(hc->arg[1]));
}

/* Ops are done in order, so a continuation passes the rest of the array. */
long do_grant_table_op(struct vcpu *v, struct hypercall *hc)
{
	static const u8 op_bytes[] = {
		[GNTTABOP_map_grant_ref] = sizeof(struct gnttab_map_grant_ref),
		[GNTTABOP_unmap_grant_ref] = sizeof(struct gnttab_unmap_grant_ref),
		[GNTTABOP_copy] = sizeof(struct gnttab_copy),
		[GNTTABOP_transfer] = sizeof(struct gnttab_transfer),
		[GNTTABOP_unmap_and_replace] = sizeof(struct gnttab_unmap_and_replace),
		[GNTTABOP_swap_grant_ref] = sizeof(struct gnttab_swap_grant_ref),
		[GNTTABOP_cache_flush] = sizeof(struct gnttab_cache_flush),
	};
	u32 arg = (u32)hc->arg[0], cmd = arg & GNTTAB_CMD_MASK, done = 0;
	long rc = gnttab_op(v, &arg, gvaddr_make(hc->arg[1]), (u32)hc->arg[2], &done);

	if (rc == -XEN_ERESTART) {
		hc->arg[0] = arg;
		if (cmd < ARRAY_SIZE(op_bytes))
			hc->arg[1] += (u64)done *
				      op_bytes[array_index_nospec(cmd, ARRAY_SIZE(op_bytes))];
		hc->arg[2] = (u32)hc->arg[2] - done;
	}
	return rc;
}

/*
 * Each entry is copied in and run, and its result copied out, before the next entry. The new
 * arguments of an entry that must be continued are written to the guest's array.
 */
static long multicall_one(struct vcpu *v, guest_ptr_t slot)
{
	struct multicall_entry e;
	struct hypercall hc;
	long rc;

	if (guest_copy_in(v, &e, slot, sizeof(e)))
		return -XEN_EFAULT;
	hc.nr = (u32)e.op;
	for (u32 i = 0; i < HYPERCALL_MAX_ARGS; i++)
		hc.arg[i] = e.args[i];
	rc = hc.nr == __HYPERVISOR_multicall ? -XEN_EINVAL : hypercall_dispatch(v, &hc);
	if (rc == -XEN_ERESTART) {
		for (u32 i = 0; i < HYPERCALL_MAX_ARGS; i++)
			e.args[i] = hc.arg[i];
		return guest_copy_out(v, slot, &e, sizeof(e)) ? -XEN_EFAULT : -XEN_ERESTART;
	}
	e.result = (u64)rc;
	return guest_copy_out(v, guest_ptr_add(slot, offsetof(struct multicall_entry, result)),
			      &e.result, sizeof(e.result));
}

long do_multicall(struct vcpu *v, struct hypercall *hc)
{
	u32 nr = (u32)hc->arg[1];

	while (nr) {
		long rc = multicall_one(v, gvaddr_make(hc->arg[0]));

		if (rc && rc != -XEN_ERESTART)
			return rc;
		if (!rc) {
			hc->arg[0] += sizeof(struct multicall_entry);
			hc->arg[1] = --nr;
		}
		if (rc || (nr && hypercall_preempt_check()))
			return -XEN_ERESTART;
	}
	return 0;
}

long do_vm_assist(struct vcpu *v, struct hypercall *hc)
{
	u32 cmd = (u32)hc->arg[0], type = (u32)hc->arg[1];
	u64 bit = BIT(type & 63);

	/* The only assist that concerns a guest with its own page tables. */
	if (type != VMASST_TYPE_runstate_update_flag)
		return -XEN_EINVAL;
	if (cmd == VMASST_CMD_enable)
		v->domain->vm_assist |= bit;
	else if (cmd == VMASST_CMD_disable)
		v->domain->vm_assist &= ~bit;
	else
		return -XEN_ENOSYS;
	return 0;
}
