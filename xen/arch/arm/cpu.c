/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One CPU: its interrupt mask, idling and stopping, the vCPU that is current on it. */
#include <xen/domain.h>
#include <xen/errno.h>
#include <xen/hal/cpu.h>
#include <xen/hal/smp.h>
#include <xen/hal/vcpu.h>
#include <xen/mm.h>
#include <xen/percpu.h>
#include <xen/string.h>
#include <asm/layout.h>
#include <asm/sections.h>
#include <asm/setup.h>
#include <asm/sysreg.h>
#include <asm/traps.h>

DEFINE_PER_CPU(u32, percpu_cpu_id);
DEFINE_PER_CPU(u32, percpu_irq_depth);
DEFINE_PER_CPU(struct vcpu *, percpu_current);

static char *stack_base[NR_CPUS];	/* set before the CPU starts, constant after */

struct vcpu *hal_current_vcpu(void) { return current_vcpu(); }
void hal_set_current(struct vcpu *v) { this_cpu(percpu_current) = v; }

bool hal_in_irq(void) { return this_cpu(percpu_irq_depth) != 0; }

void hal_cpu_idle_wait(void)
{
	/* WFI ends at a pending interrupt even while it is masked, so none is lost before it. That
	 * one needs no exception. */
	__asm__ volatile("dsb sy; wfi" ::: "memory");
	el2_interrupt();
	hal_irq_enable();
}

void hal_cpu_halt(void)
{
	for (;;)
		__asm__ volatile("msr daifset, #0xf; wfi" ::: "memory");
}

void __init percpu_init_boot_cpu(void)
{
	memcpy(percpu_pristine, __start_percpu_data,
	       (size_t)(__stop_percpu_data - __start_percpu_data));
	stack_base[0] = boot_stack;
}

int cpu_prepare_memory(u32 cpu)
{
	size_t size = (size_t)(__stop_percpu_data - __start_percpu_data);
	struct page_info *stack, *area;
	u32 order = 0;

	ASSERT(cpu < NR_CPUS);
	if (stack_base[cpu])
		return 0;
	while (PAGE_SIZE << order < size)
		order++;
	area = alloc_pages(order, MEMF_NODE(hal_cpu_to_node(cpu)));
	stack = alloc_pages(STACK_ORDER, MEMF_NODE(hal_cpu_to_node(cpu)));
	if (!area || !stack) {
		if (area)
			free_pages(area, order);
		if (stack)
			free_pages(stack, STACK_ORDER);
		return -XEN_ENOMEM;
	}
	memcpy(page_to_virt(area), percpu_pristine, size);
	percpu_offset[cpu] = (u64)((char *)page_to_virt(area) - __start_percpu_data);
	per_cpu(percpu_cpu_id, cpu) = cpu;
	stack_base[cpu] = page_to_virt(stack);
	return 0;
}

void *cpu_stack_top(u32 cpu)
{
	ASSERT(stack_base[cpu]);
	return stack_base[cpu] + STACK_SIZE;
}

void cpu_init_self(void)
{
	extern const char vectors[];

	sysreg_write(vbar_el2, (u64)vectors);
	/* No guest is loaded: EL1 is not used. SErrors and interrupts come here. */
	sysreg_write(hcr_el2, HCR_RW | HCR_FMO | HCR_IMO | HCR_AMO);
	/* Floating point does not trap. What guests do not have, and what is not switched between
	 * them, does: trace and activity monitors, the PMU, profiling, debug registers. */
	sysreg_write(cptr_el2, CPTR_RES1 | CPTR_TTA | CPTR_TAM);
	sysreg_write(mdcr_el2, (sysreg_read(pmcr_el0) >> 11 & 0x1f) | MDCR_TPM | MDCR_TPMCR |
				       MDCR_TDA | MDCR_TDOSA | MDCR_TDRA | MDCR_TPMS | MDCR_TTRF);
	sysreg_write(hstr_el2, 0);
	sysreg_write(cntvoff_el2, 0);
	isb();
	/* From now on a broken access is reported where it happens. */
	__asm__ volatile("msr daifclr, #4" ::: "memory");
}
