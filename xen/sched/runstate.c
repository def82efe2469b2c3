/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading the runstates of vCPUs. */
#include <xen/hal/time.h>

#include "internal.h"

void vcpu_runstate_get(const struct vcpu *v, struct vcpu_runstate_info *info)
{
	/* Taking the lock writes to a vCPU that is const for the caller. */
	struct vcpu *mv = (struct vcpu *)v;
	u64 flags;
	struct spinlock *l = sched_unit_lock(mv->part_of, &flags);
	s_time_t now;

	*info = v->runstate;
	spin_unlock_irqrestore(l, flags);
	now = hal_now_ns();
	ASSERT(info->state <= RUNSTATE_offline);
	if (now > (s_time_t)info->state_entry_time)
		info->time[info->state] += now - info->state_entry_time;
}

u64 vcpu_cpu_time(const struct vcpu *v)
{
	struct vcpu_runstate_info info;

	vcpu_runstate_get(v, &info);
	return info.time[RUNSTATE_running];
}
