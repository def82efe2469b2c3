/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Information passed from boot to later stages, and the memory each CPU needs to run C code. */
#ifndef ASM_X86_SETUP_H
#define ASM_X86_SETUP_H

#include <xen/boot.h>
#include <xen/cpumask.h>
#include <asm/cpu.h>
#include <asm/trampoline.h>

#define BOOT_MAX_REGIONS 256
#define BOOT_CMDLINE_MAX 2048

enum boot_protocol { BOOT_MULTIBOOT1, BOOT_MULTIBOOT2, BOOT_PVH };

/** Region types are those of the ABI's XEN_HVM_MEMMAP_TYPE_*, equal to ACPI's E820 types. */
struct boot_region {
	u64 start, size;
	u32 type;
};

/** The normalised boot information; constant after boot_info_parse. */
struct boot_info {
	enum boot_protocol protocol;
	char cmdline[BOOT_CMDLINE_MAX];
	char loader[64];
	paddr_t rsdp;			/* 0: search for it */
	u32 nr_regions;			/* sorted, not overlapping */
	struct boot_region regions[BOOT_MAX_REGIONS];
	u32 nr_modules;
	struct boot_module modules[BOOT_MAX_MODULES];	/* outside the image, in RAM */
};

extern struct boot_info boot_info;

/** Fill boot_info from the loader's information; @magic identifies the protocol. Prints nothing. */
void boot_info_parse(u32 magic, u32 info);
/** Stop with one line when the loader's information cannot be used; else return. */
void boot_info_check(void);
void boot_info_print(void);

/** Allocate, near its node, what @cpu needs to run C: stack with its cpu_info, per-CPU area, GDT,
 * TSS. 0 or -XEN_ENOMEM. Also fills percpu_offset[@cpu]. */
int cpu_prepare_memory(u32 cpu);
/** Top of the stack of @cpu, just below its cpu_info: the initial stack pointer. */
void *cpu_stack_top(u32 cpu);
/** Load GDT, TSS, IDT, control registers and MSRs of this CPU; on its own stack and on
 * idle_root. First thing an application processor calls. */
void cpu_init_self(u32 cpu);

/** Per-CPU area, tables and stack of the boot CPU, from the image. First of all. */
void percpu_init_boot_cpu(void);

/** Enable hardware virtualisation on the running CPU, before it is online. Implemented by the
 * virtualisation back end. */
void hvm_cpu_up(void);

/** Move modules out of low memory, where kernels are linked. After paging_init. */
void boot_modules_move(void);
/** Fail on purpose when crash= asks for it. Late in the boot. */
void boot_crash_if_asked(void);

#endif
