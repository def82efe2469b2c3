/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Instructions that only a processor in kernel mode has, or whose result depends on the machine, as
 * functions. Guests' code uses them through here alone, so that the host port can provide a header
 * of the same name whose processor is software (arch/host/x86).
 */
#ifndef ASM_X86_INSNS_H
#define ASM_X86_INSNS_H

#include <xen/compiler.h>

struct cpuid_regs {
	u32 eax, ebx, ecx, edx;
};

static inline struct cpuid_regs cpuid_count(u32 leaf, u32 subleaf)
{
	struct cpuid_regs r;

	__asm__ volatile("cpuid"
			 : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
			 : "0"(leaf), "2"(subleaf));
	return r;
}

static inline struct cpuid_regs cpuid(u32 leaf) { return cpuid_count(leaf, 0); }

#define DEFINE_CR_ACCESS(n)                                                    \
	static inline u64 read_cr##n(void)                                     \
	{                                                                      \
		u64 v;                                                         \
		__asm__ volatile("mov %%cr" #n ", %0" : "=r"(v));              \
		return v;                                                      \
	}                                                                      \
	static inline void write_cr##n(u64 v)                                  \
	{                                                                      \
		__asm__ volatile("mov %0, %%cr" #n : : "r"(v) : "memory");     \
	}
DEFINE_CR_ACCESS(0)
DEFINE_CR_ACCESS(2)
DEFINE_CR_ACCESS(3)
DEFINE_CR_ACCESS(4)

#define DEFINE_DR_ACCESS(n)                                                    \
	static inline u64 read_dr##n(void)                                     \
	{                                                                      \
		u64 v;                                                         \
		__asm__ volatile("mov %%dr" #n ", %0" : "=r"(v));              \
		return v;                                                      \
	}                                                                      \
	static inline void write_dr##n(u64 v)                                  \
	{                                                                      \
		__asm__ volatile("mov %0, %%dr" #n : : "r"(v) : "memory");     \
	}
DEFINE_DR_ACCESS(0)
DEFINE_DR_ACCESS(1)
DEFINE_DR_ACCESS(2)
DEFINE_DR_ACCESS(3)
DEFINE_DR_ACCESS(6)
DEFINE_DR_ACCESS(7)

static inline void invlpg(const void *va)
{
	__asm__ volatile("invlpg (%0)" : : "r"(va) : "memory");
}

static inline void wbinvd(void) { __asm__ volatile("wbinvd" ::: "memory"); }
static inline void clts(void) { __asm__ volatile("clts"); }

static inline u64 read_flags(void)
{
	u64 f;

	__asm__ volatile("pushfq; popq %0" : "=r"(f) : : "memory");
	return f;
}

static inline u64 rdmsr(u32 msr)
{
	u32 lo, hi;

	__asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
	return lo | (u64)hi << 32;
}

static inline void wrmsr(u32 msr, u64 v)
{
	__asm__ volatile("wrmsr" : : "c"(msr), "a"((u32)v), "d"((u32)(v >> 32)) : "memory");
}

static inline u64 rdtsc(void)
{
	u64 lo, hi;	/* RDTSC clears the upper halves */

	__asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi));
	return lo | hi << 32;
}

static inline u64 rdpmc(u32 counter)
{
	u32 lo, hi;

	__asm__ volatile("rdpmc" : "=a"(lo), "=d"(hi) : "c"(counter));
	return lo | (u64)hi << 32;
}

static inline u64 xgetbv(u32 reg)
{
	u32 lo, hi;

	__asm__ volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(reg));
	return lo | (u64)hi << 32;
}

static inline void xsetbv(u32 reg, u64 v)
{
	__asm__ volatile("xsetbv" : : "c"(reg), "a"((u32)v), "d"((u32)(v >> 32)) : "memory");
}

/* ---- FPU and extended state ---- */

/** Store all components of the FPU's state that are on in XCR0. */
static inline void xsave(void *area)
{
	__asm__ volatile("xsave64 (%0)" :: "r"(area), "a"(-1), "d"(-1) : "memory");
}

static inline void xrstor(const void *area)
{
	__asm__ volatile("xrstor64 (%0)" :: "r"(area), "a"(-1), "d"(-1));
}

static inline void fxsave(void *area) { __asm__ volatile("fxsave64 (%0)" :: "r"(area) : "memory"); }
static inline void fxrstor(const void *area) { __asm__ volatile("fxrstor64 (%0)" :: "r"(area)); }

/** Replace the addresses of the last x87 instruction and operand by ones of the hypervisor's. */
static inline void fpu_clear_pointers(void)
{
	static const u32 zero;

	__asm__ volatile("fnclex; ffree %%st(7); fildl %0" :: "m"(zero));
}

/* ---- SVM (APM vol. 2, chapter 15) ---- */

static inline void clgi(void) { __asm__ volatile("clgi" ::: "memory"); }
static inline void stgi(void) { __asm__ volatile("stgi" ::: "memory"); }
static inline void vmsave(u64 vmcb_pa) { __asm__ volatile("vmsave" :: "a"(vmcb_pa) : "memory"); }
static inline void vmload(u64 vmcb_pa) { __asm__ volatile("vmload" :: "a"(vmcb_pa) : "memory"); }

/** Run the guest from its registers in @gpr until #VMEXIT (svm/entry.S). GIF is clear, then set. */
static inline void vmrun(u64 *gpr, u64 vmcb_pa)
{
	__asm__ volatile("call svm_vmrun"
			 : "+D"(gpr), "+a"(vmcb_pa) :
			 : "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "r14", "r15", "cc",
			   "memory");
}

/** Raise a machine check as the processor does. */
static inline void raise_machine_check(void) { __asm__ volatile("int $18"); }

#endif
