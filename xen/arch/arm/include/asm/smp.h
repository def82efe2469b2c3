/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine's CPUs and how they are started. */
#ifndef ASM_ARM_SMP_H
#define ASM_ARM_SMP_H

#include <xen/types.h>

/** Affinity fields of a CPU that has a number. */
u64 cpu_mpidr(u32 cpu);
/** Give the tree's CPUs numbers, the running one number 0. Before the interrupt controller. */
void smp_init(void);
/** Handlers of messages between CPUs. After the interrupt controller. */
void smp_take_messages(void);
/** Start the others, and wait for each. */
void smp_boot_all(void);

/** PSCI of the firmware: CPU_ON (-1 or less: an error), SYSTEM_OFF, SYSTEM_RESET. */
void psci_init(void);
int psci_cpu_on(u64 mpidr, u64 entry_pa, u64 arg);
void psci_system_off(void);
void psci_system_reset(void);

#endif
