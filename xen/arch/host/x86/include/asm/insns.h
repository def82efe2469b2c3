/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The instructions of arch/x86/include/asm/insns.h on a processor that is software: an AMD one with
 * SVM, as APM volume 2 describes it. Each simulated CPU has one (processor.c).
 */
#ifndef ASM_HOST_X86_INSNS_H
#define ASM_HOST_X86_INSNS_H

#include <xen/types.h>

struct cpuid_regs {
	u32 eax, ebx, ecx, edx;
};

struct cpuid_regs cpuid_count(u32 leaf, u32 subleaf);
static inline struct cpuid_regs cpuid(u32 leaf) { return cpuid_count(leaf, 0); }

u64 read_cr3(void);
u64 read_cr4(void);
void write_cr4(u64 v);

u64 read_dr0(void);
u64 read_dr1(void);
u64 read_dr2(void);
u64 read_dr3(void);
void write_dr0(u64 v);
void write_dr1(u64 v);
void write_dr2(u64 v);
void write_dr3(u64 v);

u64 rdmsr(u32 msr);
void wrmsr(u32 msr, u64 v);
u64 xgetbv(u32 reg);
void xsetbv(u32 reg, u64 v);

void xsave(void *area);
void xrstor(const void *area);
void fxsave(void *area);
void fxrstor(const void *area);
void fpu_clear_pointers(void);

void clgi(void);
void stgi(void);
void vmsave(u64 vmcb_pa);
void vmload(u64 vmcb_pa);
void vmrun(u64 *gpr, u64 vmcb_pa);
void raise_machine_check(void);

#endif
