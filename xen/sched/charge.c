/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Charging the hypervisor's work to the vCPU that caused it.
 *
 * A vCPU's timers fire on the CPU it last ran on, where another vCPU may run by then. Policies
 * count all time until the next decision as the running vCPU's, so the cost of the handler is moved
 * from that vCPU to the timer's owner. Runstates are not corrected: they must add up to the time
 * that passed.
 */
#include <xen/hal/cpu.h>
#include <xen/hal/time.h>

#include "internal.h"

static void charge_unit(struct vcpu *v, s64 ns)
{
	struct sched_unit *u = v->part_of;
	struct spinlock *l;
	u64 flags;

	if (u->is_idle)
		return;
	ASSERT(ns);
	l = sched_unit_lock(u, &flags);
	if (u->inserted)
		u->sched->ops->charge(u->sched, u, ns, hal_now_ns());
	spin_unlock_irqrestore(l, flags);
}

static void charge(struct vcpu *v, s64 ns)
{
	struct vcpu *curr = sched_cpus[hal_smp_cpu_id()].curr;

	if (!curr || curr == v || ns <= 0)
		return;
	trace_sched_charge(v->domain->id, v->id, (u32)min(ns, (s64)UINT32_MAX));
	charge_unit(v, ns);
	charge_unit(curr, -ns);
}

void sched_charge_init(void)
{
	timer_set_biller(charge);
}
