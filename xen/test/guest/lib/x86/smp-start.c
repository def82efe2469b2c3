/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starting further vCPUs as on real hardware. */
#include "cpu.h"

/* Below 1 MiB, in RAM on every machine, away from the start info. */
#define TRAMPOLINE 0x7000UL

extern u8 ap_trampoline[], ap_trampoline_end[];
extern u64 ap_stack_top;

/* APIC ids are the vCPU's doubled: public/arch-x86/hvm/start_info.h and Xen's ABI leave room. */
static u32 apic_id_of(u32 vcpu)
{
	return vcpu * 2;
}

void smp_kick(u32 id)
{
	struct cpu *c = cpu_of(id);

	memcpy((void *)TRAMPOLINE, ap_trampoline, (size_t)(ap_trampoline_end - ap_trampoline));
	memset(c, 0, sizeof(*c));
	c->id = id;
	c->apic_id = apic_id_of(id);
	ap_stack_top = (u64)stacks[id] + STACK_SIZE;
	apic_icr(apic_id_of(id), ICR_INIT | ICR_ASSERT);
	apic_icr(apic_id_of(id), ICR_STARTUP | TRAMPOLINE >> 12);
}
