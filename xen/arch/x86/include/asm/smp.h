/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bringing up the other CPUs. */
#ifndef ASM_X86_SMP_H
#define ASM_X86_SMP_H

#include <xen/hal/smp.h>

/** Number the CPUs of the MADT (the boot CPU is 0, the others follow in its order, to maxcpus=)
 * and take the IPI vectors. After apic_init and numa_init. Boot only. */
void smp_init(void);
/**
 * Start all of them. Prepares memory, timer heap and scheduler of each here; then the CPU runs
 * cpu_init_self, its APIC setup, hvm_cpu_up, and cpu_run. Prints one line for each CPU that does
 * not start. After time_init, timer_init_subsystem, sched_init and the boot CPU's own hvm_cpu_up.
 * Boot only.
 */
void smp_boot_all(void);
/** Determine how the APIC id divides into threads, cores and packages; part of smp_init. */
void topology_init(void);

#endif
