/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files of the software processor. */
#ifndef ARCH_HOST_X86_PROCESSOR_H
#define ARCH_HOST_X86_PROCESSOR_H

#include <asm/soft-processor.h>

/* x87, SSE and AVX in the standard layout of XSAVE (APM volume 2, section 11.5). */
#define FPU_LEGACY_BYTES 512
#define FPU_HEADER_BYTES 64
#define FPU_AVX_OFFSET (FPU_LEGACY_BYTES + FPU_HEADER_BYTES)
#define FPU_BYTES (FPU_AVX_OFFSET + 256)

struct soft_cpu {
	u64 cr4, efer, hsave, xcr0;
	u64 dr[4];
	bool gif_clear;
	u64 irq_flags;		/* of the time when GIF was cleared */
	struct soft_lazy lazy;	/* what VMLOAD loaded */
	u8 fpu[FPU_BYTES];
};

/** That of the running CPU. */
struct soft_cpu *soft_cpu(void);

/** End the run: the hypervisor did what raises an exception in it on a processor. */
void soft_fault(const char *what) __noreturn;

#endif
