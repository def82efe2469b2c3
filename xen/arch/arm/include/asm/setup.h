/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of the boot hand to each other. */
#ifndef ASM_ARM_SETUP_H
#define ASM_ARM_SETUP_H

#include <xen/boot.h>
#include <xen/dt_machine.h>

/** The machine's tree and what it says. Constant after boot_tree_init(). */
extern struct fdt machine_tree;
extern struct dt_machine machine;
/** What boot_tree_init() has put into the direct map, in blocks of 2 MiB. */
extern struct dt_range tree_mapped;

/** Map and read the device tree at @pa. Stops the boot when that cannot be done. */
void boot_tree_init(u64 pa);
/** Fill in the modules: multiboot,module nodes of /chosen, or a bundle as initial RAM disk. After
 * RAM is mapped. */
void boot_modules_init(void);
/** The modules' places, for those that hand out RAM: entry @i, false after the last. */
bool boot_module_range(u32 i, u64 *start, u64 *end);

/** The console that the tree names; before it the log is only kept. */
void console_init_early(void);
/** Input from it, by interrupt. */
void console_init_late(void);

/** Page tables come from the heap from now on. */
void mm_use_heap(void);

/** Allocate what @cpu needs to run C: a stack and its per-CPU area. 0 or -XEN_ENOMEM. */
int cpu_prepare_memory(u32 cpu);
/** Top of that stack. */
void *cpu_stack_top(u32 cpu);
/** The boot CPU's per-CPU area. First of all. */
void percpu_init_boot_cpu(void);
/** Vectors and traps of the running CPU. */
void cpu_init_self(void);

#endif
