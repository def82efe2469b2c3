/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The order in which the machine is initialised. */
#include <xen/acpi.h>
#include <xen/domain.h>
#include <xen/hal/cpu.h>
#include <xen/iommu.h>
#include <xen/ops.h>
#include <xen/param.h>
#include <xen/printk.h>
#include <xen/sched.h>
#include <xen/serial.h>
#include <xen/timer.h>
#include <xen/trace.h>
#include <xen/version.h>
#include <asm/alternative.h>
#include <asm/apic.h>
#include <asm/features.h>
#include <asm/hvm.h>
#include <asm/irq.h>
#include <asm/mm.h>
#include <asm/numa.h>
#include <asm/psr.h>
#include <asm/setup.h>
#include <asm/smp.h>
#include <asm/time.h>
#include <asm/traps.h>

void __noreturn start_xenolith(u32 magic, u32 info);

static void __init print_banner(void)
{
	printk(LOG_INFO "Xenolith %u.%u%s, commit %s of %s\n", XENOLITH_ABI_MAJOR,
	       XENOLITH_ABI_MINOR, XENOLITH_ABI_EXTRA, xenolith_commit, xenolith_build_date);
	printk(LOG_INFO "Built by %s, assertions %s\n", xenolith_compiler,
	       ASSERTIONS_ON ? "on" : "off");
}

/* Runs on the first page tables, until faults can be reported and messages printed. */
static void __init init_cpu_and_console(u32 magic, u32 info)
{
	percpu_init_boot_cpu();
	traps_init();
	idt_use_ist(false);
	boot_info_parse(magic, info);
	params_parse(boot_info.cmdline);
	serial_init_early();
	print_banner();
	cpu_features_init();
	cpu_features_report();
	cpu_init_self(0);
}

static void __init init_memory(void)
{
	boot_info_print();
	boot_info_check();
	boot_alloc_init();
	alternatives_apply();
	paging_init();
	boot_modules_move();
	acpi_init(boot_info.rsdp);
	numa_init();
	heap_init_from_boot();
	mm_use_heap();
	printk(LOG_INFO "Memory: %lu MiB free of %lu MiB\n",
	       free_page_count(NUMA_NO_NODE) >> (20 - PAGE_SHIFT),
	       total_page_count() >> (20 - PAGE_SHIFT));
}

/* Interrupts, clocks and timers, with interrupts still off. */
static void __init init_platform(void)
{
	apic_init();
	irq_init();
	smp_init();
	time_init();
	timer_init_subsystem();
	serial_init_late();
	time_start_upkeep();
	iommu_init();
}

void __noreturn start_xenolith(u32 magic, u32 info)
{
	init_cpu_and_console(magic, info);
	ops_check_all();
	init_memory();
	init_platform();
	sched_init();
	domains_init();
	hvm_init();
	hal_irq_enable();
	smp_boot_all();
	cpus_settle_at_boot();
	psr_init();
	trace_init();
	scrub_heap_at_boot();
	boot_crash_if_asked();
	boot_domains_build();
	serial_boot_done();
	boot_domains_start();
	cpu_run();
}
