/* SPDX-License-Identifier: GPL-2.0-or-later */
/* System time from the page the hypervisor keeps up (ABI: struct vcpu_time_info). */
#include "cpu.h"

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
		delta = cycles() - t->tsc_timestamp;
		delta = t->tsc_shift >= 0 ? delta << t->tsc_shift : delta >> -t->tsc_shift;
		ns = t->system_time + scale(delta, t->tsc_to_system_mul);
		barrier();
	} while (t->version != version);
	return ns;
}
