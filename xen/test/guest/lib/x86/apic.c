/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The local APIC, by memory (xAPIC) or by MSRs (x2APIC). */
#include "cpu.h"

#include <public/hvm/hvm_op.h>

#define APIC_MMIO 0xfee00000UL
#define BASE_X2APIC BIT(10)
#define BASE_ENABLE BIT(11)

bool apic_is_x2apic(void)
{
	return rdmsr(MSR_APIC_BASE) & BASE_X2APIC;
}

u32 apic_read(u32 reg)
{
	if (apic_is_x2apic())
		return (u32)rdmsr(MSR_X2APIC + reg / 16);
	return *(volatile u32 *)(APIC_MMIO + reg);
}

void apic_write(u32 reg, u32 val)
{
	if (apic_is_x2apic())
		wrmsr(MSR_X2APIC + reg / 16, val);
	else
		*(volatile u32 *)(APIC_MMIO + reg) = val;
}

void apic_eoi(void)
{
	apic_write(APIC_EOI, 0);
}

/* A spurious interrupt has no in-service bit to clear. */
static void spurious(struct regs *regs)
{
}

void apic_enable(void)
{
	set_vector(0xff, spurious);
	apic_write(APIC_SVR, 0x1ff);
	apic_write(APIC_TPR, 0);
}

void apic_enable_x2apic(void)
{
	wrmsr(MSR_APIC_BASE, rdmsr(MSR_APIC_BASE) | BASE_ENABLE | BASE_X2APIC);
	apic_enable();
}

void apic_icr(u32 dest, u32 low)
{
	if (apic_is_x2apic()) {
		wrmsr(MSR_X2APIC + APIC_ICR / 16, low | (u64)dest << 32);
		return;
	}
	apic_write(APIC_ICR2, dest << 24);
	apic_write(APIC_ICR, low);
}

bool apic_bit(u32 reg, u32 vector)
{
	return apic_read(reg + vector / 32 * 16) & BIT(vector % 32);
}

long event_upcall_vector(u32 vcpu, u8 vector)
{
	struct xen_hvm_evtchn_upcall_vector op = { .vcpu = vcpu, .vector = vector };

	return hvm_op(HVMOP_set_evtchn_upcall_vector, &op);
}
