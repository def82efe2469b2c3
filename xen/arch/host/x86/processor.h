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

#define SOFT_NR_ASIDS 16

/** What decides how addresses are translated. */
struct soft_tables {
	u64 cr0, cr3, cr4, efer, ncr3;
};

/** The translations under one address space identifier; see tlb.c. */
struct soft_tag {
	u64 owner;		/* address of the control block that made them; 0: there are none */
	bool outdated;		/* it has run elsewhere since */
	struct soft_tables tables;
};

struct soft_cpu {
	u64 cr4, efer, hsave, xcr0;
	u64 dr[4];
	bool gif_clear;
	u64 irq_flags;		/* of the time when GIF was cleared */
	struct soft_lazy lazy;	/* what VMLOAD loaded */
	u8 fpu[FPU_BYTES];
	struct soft_tag tlb[SOFT_NR_ASIDS];
};

/** That of the running CPU. */
struct soft_cpu *soft_cpu(void);
struct soft_cpu *soft_cpu_of(u32 cpu);

/** Enter the guest of @b, at @vmcb_pa: why it would use wrong translations, or NULL. */
const char *soft_tlb_enter(const struct vmcb *b, u64 vmcb_pa);
/** It leaves; the changes it made to its control registers flushed what they had to. */
void soft_tlb_leave(const struct vmcb *b);

/** End the run: the hypervisor did what raises an exception in it on a processor. */
void soft_fault(const char *what) __noreturn;

#endif
