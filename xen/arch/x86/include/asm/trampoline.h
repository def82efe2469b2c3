/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Data for an application processor in low memory when it starts. */
#ifndef ASM_X86_TRAMPOLINE_H
#define ASM_X86_TRAMPOLINE_H

/** Pages reserved for the application processors' real-mode start (below 1 MiB). */
#define TRAMPOLINE_PA 0x8000
#define TRAMPOLINE_PAGES 2

#ifndef __ASSEMBLY__

#include <xen/compiler.h>

/** Filled before each CPU is started, one after the other; read by boot/trampoline.S. */
struct trampoline_params {
	u64 cr3;
	u64 stack;
	u64 entry;	/* C function, called with @cpu */
	u64 cpu;
} __packed;

/**
 * The code, which runs at TRAMPOLINE_PA; @trampoline_params is the offset of the parameters in it.
 */
extern const char trampoline_start[], trampoline_params[], trampoline_end[];

#endif
#endif
