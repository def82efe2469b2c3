/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where each vCPU's event words and times are; waiting. */
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

void delay(u64 ns)
{
	u64 end = now() + ns;

	while (now() < end)
		relax();
}
