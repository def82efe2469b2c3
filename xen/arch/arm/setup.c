/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The order in which the machine is initialised. */
#include <xen/console.h>
#include <xen/domain.h>
#include <xen/hal/cpu.h>
#include <xen/iommu.h>
#include <xen/ops.h>
#include <xen/param.h>
#include <xen/printk.h>
#include <xen/sched.h>
#include <xen/scrub.h>
#include <xen/timer.h>
#include <xen/trace.h>
#include <xen/version.h>
#include <asm/domain.h>
#include <asm/gic.h>
#include <asm/mm.h>
#include <asm/setup.h>
#include <asm/smp.h>
#include <asm/time.h>

void __noreturn start_xenolith(u64 tree_pa, u64 image_pa);

static void __init print_banner(void)
{
	printk(LOG_INFO "Xenolith %u.%u%s, commit %s of %s\n", XENOLITH_ABI_MAJOR,
	       XENOLITH_ABI_MINOR, XENOLITH_ABI_EXTRA, xenolith_commit, xenolith_build_date);
	printk(LOG_INFO "Built by %s, assertions %s\n", xenolith_compiler,
	       ASSERTIONS_ON ? "on" : "off");
	printk(LOG_INFO "Machine: %s, %u CPUs\n", machine.model ? machine.model : "unknown",
	       machine.nr_cpus);
}

void __noreturn start_xenolith(u64 tree_pa, u64 image_pa)
{
	percpu_init_boot_cpu();
	mm_init(image_pa);
	cpu_init_self();
	boot_tree_init(tree_pa);
	params_parse(machine.cmdline ? machine.cmdline : "");
	print_banner();
	ops_check_all();
	mm_init_memory();
	smp_init();
	gic_init();
	smp_take_messages();
	time_init();
	wallclock_init();
	psci_init();
	timer_init_subsystem();
	iommu_init();
	sched_init();
	domains_init();
	guests_init();
	hal_irq_enable();
	console_init_late();
	smp_boot_all();
	cpus_settle_at_boot();
	trace_init();
	scrub_heap_at_boot();
	boot_domains_build();
	boot_domains_start();
	cpu_run();
}
