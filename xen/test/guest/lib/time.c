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
	struct vcpu_register_vcpu_info r = { .mfn = (word)to / PAGE_SIZE,
					     .offset = (u32)((word)to % PAGE_SIZE) };
	long rc = vcpu_op(VCPUOP_register_vcpu_info, vcpu, &r);

	if (!rc)
		vcpu_infos[vcpu] = to;
	return rc;
}

/* The upper 64 bits of a product of 64 and 32 bits. */
static u64 scale(u64 a, u32 mul)
{
	return (a >> 32) * mul + ((a & 0xffffffff) * mul >> 32);
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
		ns = t->system_time + scale(delta, t->tsc_to_system_mul);
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
