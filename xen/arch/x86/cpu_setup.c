/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory that a CPU needs to run C code, and loading its tables and control registers.
 *
 * A stack is a naturally aligned block of STACK_SIZE, so that masking any stack pointer finds the
 * cpu_info at its top. The exception stacks are at the bottom, then a guard page, then the main
 * stack.
 */
#include <xen/errno.h>
#include <xen/hal/smp.h>
#include <xen/mm.h>
#include <xen/percpu.h>
#include <xen/printk.h>
#include <xen/string.h>
#include <asm/desc.h>
#include <asm/features.h>
#include <asm/mm.h>
#include <asm/msr.h>
#include <asm/processor.h>
#include <asm/sections.h>
#include <asm/setup.h>
#include <asm/traps.h>

/* WB, WT, UC-, UC, twice: the value after reset. */
#define PAT_RESET 0x0007040600070406

static char *stack_base[NR_CPUS];	/* set before the CPU starts, constant after */
static DEFINE_PER_CPU(struct tss64, cpu_tss);
static DEFINE_PER_CPU(u64[GDT_ENTRIES], cpu_gdt);

static struct cpu_info *info_of(u32 cpu)
{
	return (struct cpu_info *)(stack_base[cpu] + STACK_SIZE) - 1;
}

static int map_stack(u32 cpu)
{
	struct page_info *pg = alloc_pages(STACK_ORDER, MEMF_NODE(hal_cpu_to_node(cpu)));
	u64 va = STACKS_BASE + (u64)cpu * STACK_SIZE;
	u64 above = STACK_GUARD_OFFSET + PAGE_SIZE;
	paddr_t pa;

	if (pg == NULL)
		return -XEN_ENOMEM;
	pa = mfn_to_paddr(page_to_mfn(pg));
	if (map_pages(va, pa, STACK_GUARD_OFFSET, PROT_RW) ||
	    map_pages(va + above, paddr_make(pa.v + above), STACK_SIZE - above, PROT_RW))
		return -XEN_ENOMEM;
	stack_base[cpu] = (char *)va;
	return 0;
}

static int alloc_percpu(u32 cpu)
{
	size_t size = __stop_percpu_data - __start_percpu_data;
	struct page_info *pg;
	u32 order = 0;
	char *area;

	while (PAGE_SIZE << order < size)
		order++;
	pg = alloc_pages(order, MEMF_NODE(hal_cpu_to_node(cpu)));
	if (pg == NULL)
		return -XEN_ENOMEM;
	area = page_to_virt(pg);
	memcpy(area, percpu_pristine, size);
	percpu_offset[cpu] = area - __start_percpu_data;
	return 0;
}

static void fill_tables(u32 cpu)
{
	struct tss64 *tss = &per_cpu(cpu_tss, cpu);
	u64 *gdt = per_cpu(cpu_gdt, cpu), base = (u64)tss;

	ASSERT(stack_base[cpu] && !page_offset((u64)stack_base[cpu]));
	tss->ist[IST_DF] = (u64)stack_base[cpu] + 1 * IST_PAGES * PAGE_SIZE;
	tss->ist[IST_NMI] = (u64)stack_base[cpu] + 2 * IST_PAGES * PAGE_SIZE;
	tss->ist[IST_MC] = (u64)stack_base[cpu] + 3 * IST_PAGES * PAGE_SIZE;
	tss->rsp[0] = (u64)cpu_stack_top(cpu);
	tss->iomap_base = sizeof(*tss);
	gdt[SEL_CODE64 / 8] = GDT_DESC_CODE64;
	gdt[SEL_DATA / 8] = GDT_DESC_DATA;
	gdt[SEL_CODE32 / 8] = GDT_DESC_CODE32;
	/* Type 9, available 64-bit TSS; the base is scattered over both words. */
	gdt[SEL_TSS / 8] = (sizeof(*tss) - 1) | (base & 0xffffff) << 16 | 0x89UL << 40 |
			   ((base >> 24) & 0xff) << 56;
	gdt[SEL_TSS / 8 + 1] = base >> 32;
}

void __init percpu_init_boot_cpu(void)
{
	memcpy(percpu_pristine, __start_percpu_data, __stop_percpu_data - __start_percpu_data);
	stack_base[0] = boot_stack;
	fill_tables(0);
}

int cpu_prepare_memory(u32 cpu)
{
	int rc = 0;

	ASSERT(cpu < NR_CPUS);
	/*
	 * The boot CPU's tables are in the image. A CPU that failed to start keeps its tables for a
	 * retry.
	 */
	if (stack_base[cpu])
		return 0;
	rc = alloc_percpu(cpu);
	if (rc == 0)
		rc = map_stack(cpu);
	if (rc)
		return rc;
	info_of(cpu)->cpu = cpu;
	info_of(cpu)->percpu_offset = percpu_offset[cpu];
	fill_tables(cpu);
	return 0;
}

void *cpu_stack_top(u32 cpu)
{
	return info_of(cpu);
}

static void load_segments(u32 cpu)
{
	struct desc_ptr p = {
		.limit = sizeof(u64[GDT_ENTRIES]) - 1,
		.base = (u64)per_cpu(cpu_gdt, cpu),
	};

	lgdt(&p);
	__asm__ volatile("pushq %0\n\t"
			 "leaq 1f(%%rip), %%rax\n\t"
			 "pushq %%rax\n\t"
			 "lretq\n"
			 "1:\tmov %1, %%ds\n\t"
			 "mov %1, %%es\n\t"
			 "mov %1, %%ss\n\t"
			 "mov %2, %%fs\n\t"
			 "mov %2, %%gs"
			 : : "i"(SEL_CODE64), "r"(SEL_DATA), "r"(0) : "rax", "memory");
	/* LTR marks the descriptor busy; a CPU that loads it again must find it available. */
	per_cpu(cpu_gdt, cpu)[SEL_TSS / 8] &= ~(2UL << 40);
	ltr(SEL_TSS);
}

static u64 wanted_cr4(void)
{
	u64 cr4 = X86_CR4_PAE | X86_CR4_PGE | X86_CR4_MCE | X86_CR4_OSFXSR | X86_CR4_OSXMMEXCPT;

	if (cpu_has(X86_FEATURE_SMEP))
		cr4 |= X86_CR4_SMEP;
	if (cpu_has(X86_FEATURE_SMAP))
		cr4 |= X86_CR4_SMAP;
	if (cpu_has(X86_FEATURE_FSGSBASE))
		cr4 |= X86_CR4_FSGSBASE;
	if (cpu_has(X86_FEATURE_XSAVE))
		cr4 |= X86_CR4_OSXSAVE;
	return cr4;
}

void cpu_init_self(u32 cpu)
{
	BUG_ON(hal_smp_cpu_id() != cpu);
	load_segments(cpu);
	idt_use_ist(true);
	wrmsr(MSR_EFER, EFER_LME | EFER_LMA | EFER_NXE | (rdmsr(MSR_EFER) & EFER_SVME));
	wrmsr(MSR_PAT, PAT_RESET);
	write_cr0(X86_CR0_PG | X86_CR0_WP | X86_CR0_NE | X86_CR0_ET | X86_CR0_MP | X86_CR0_PE);
	write_cr4(wanted_cr4());
	if (cpu_has(X86_FEATURE_RDTSCP))
		wrmsr(MSR_TSC_AUX, cpu);
}
