/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One CPU: its interrupt flag, idling and stopping, and the vCPU that is current on it. */
#include <xen/domain.h>
#include <xen/hal/cpu.h>
#include <xen/hal/vcpu.h>
#include <asm/processor.h>

struct vcpu *hal_current_vcpu(void)
{
	return cpu_info()->current_vcpu;
}

void hal_set_current(struct vcpu *v)
{
	cpu_info()->current_vcpu = v;
}

u64 hal_irq_save(void)
{
	u64 f = read_flags();

	__asm__ volatile("cli" ::: "memory");
	return f;
}

void hal_irq_restore(u64 flags)
{
	if (flags & X86_EFLAGS_IF)
		__asm__ volatile("sti" ::: "memory");
	else
		__asm__ volatile("cli" ::: "memory");
}

void hal_irq_enable(void) { __asm__ volatile("sti" ::: "memory"); }
void hal_irq_disable(void) { __asm__ volatile("cli" ::: "memory"); }
bool hal_irq_is_enabled(void) { return read_flags() & X86_EFLAGS_IF; }
bool hal_in_irq(void) { return cpu_info()->irq_depth != 0; }

void hal_cpu_idle_wait(void)
{
	/* STI holds interrupts off for one more instruction, so none is lost before HLT. */
	__asm__ volatile("sti; hlt" ::: "memory");
}

void hal_cpu_halt(void)
{
	for (;;)
		__asm__ volatile("cli; hlt" ::: "memory");
}
