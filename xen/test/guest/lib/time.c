/* SPDX-License-Identifier: GPL-2.0-or-later */
/* System time from the page the hypervisor keeps up (ABI: struct vcpu_time_info). */
#include "cpu.h"

struct vcpu_info *vcpu_infos[MAX_CPUS];

struct vcpu_info *own_vcpu_info(void)
{
	u32 id = cpu_self()->id;

	return vcpu_infos[id] ? vcpu_infos[id] : &shared_info.vcpu_info[id];
}

long move_vcpu_info(u32 vcpu, struct vcpu_info *to)
{
	struct vcpu_register_vcpu_info r = { .mfn = (u64)to / PAGE_SIZE,
					     .offset = (u32)((u64)to % PAGE_SIZE) };
	long rc = vcpu_op(VCPUOP_register_vcpu_info, vcpu, &r);

	if (!rc)
		vcpu_infos[vcpu] = to;
	return rc;
}

u64 now(void)
{
	volatile struct vcpu_time_info *t = &own_vcpu_info()->time;
	u32 version;
	u64 ns;

	do {
		u64 delta;

		while ((version = t->version) & 1)
			relax();
		barrier();
		delta = rdtsc() - t->tsc_timestamp;
		delta = t->tsc_shift >= 0 ? delta << t->tsc_shift : delta >> -t->tsc_shift;
		ns = t->system_time + (u64)((unsigned __int128)delta * t->tsc_to_system_mul >> 32);
		barrier();
	} while (t->version != version);
	return ns;
}

void delay(u64 ns)
{
	u64 end = now() + ns;

	while (now() < end)
		relax();
}
