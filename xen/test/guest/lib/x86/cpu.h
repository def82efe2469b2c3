/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The processor as a microguest sees it: instructions, vCPUs, the local APIC. */
#ifndef GUEST_CPU_H
#define GUEST_CPU_H

#include "test.h"

extern u8 hypercall_page[PAGE_SIZE];
/** A hypercall by another page that was filled. */
long hypercall_at(const u8 *page, u32 nr, u64 a, u64 b, u64 c, u64 d);

/** A pointer without memory, and one of the ABI's width that can never be mapped: it is not
 * canonical, or wraps around the end of the address space. */
#ifdef __x86_64__
#define UNMAPPED ((void *)0x700000000000UL)
#define NON_CANONICAL ((void *)0x8000000000000000UL)
/** A linear address for mappings of a test's own, and a physical one where no memory can be. */
#define FREE_VA 0x30000000000UL
#define HOLE_PA 0x2000000000UL
#define SP "rsp"
#define WORD_SUFFIX "q"
#define OWN_CODE ".code64"
#else
#define UNMAPPED ((void *)0xe0000000UL)
#define NON_CANONICAL ((void *)0xfffffffeUL)
#define FREE_VA 0xd0000000UL
#define HOLE_PA 0xe0000000UL
#define SP "esp"
#define WORD_SUFFIX "l"
#define OWN_CODE ".code32"
#define wc_sec_hi arch.wc_sec_hi	/* of struct shared_info */
#endif

/* CPU state (trap.c, cpu in cpu.h) */
#ifdef __x86_64__
struct regs {
	u64 r15, r14, r13, r12, r11, r10, r9, r8, rbp, rdi, rsi, rdx, rcx, rbx, rax;
	u64 vector, error, rip, cs, rflags, rsp, ss;
};
#else
/** Under the same names; outer_ only when the trap came from user mode. */
struct regs {
	word rdi, rsi, rbp, rsp, rbx, rdx, rcx, rax;
	word vector, error, rip, cs, rflags, outer_rsp, outer_ss;
};
#endif
struct trap {
	bool taken;
	u32 vector;
	u32 error;
	word cr2, rip;
};
/** Called with interrupts off for a vector; its own EOI is the handler's work. */
typedef void (*vector_fn)(struct regs *regs);
void set_vector(u32 vector, vector_fn fn);
/** Run fn and report the exception that ended it, if one did. */
struct trap try_call(void (*fn)(void *arg), void *arg);
bool try_rdmsr(u32 msr, u64 *val);
bool try_wrmsr(u32 msr, u64 val);
/** Run fn at CPL 3, in 64-bit mode through an alias of the image that user code may use. */
u64 user_call(u64 (*fn)(void));

/*
 * Page tables (paging*.c): identity for 4 GiB, by large pages. Entries are 64 bits wide here,
 * whatever they are in the tables. A test that needs paging, or entries of 64 bits, ends as a skip
 * where there are none.
 */
extern const bool has_paging;
/** Entries of 64 bits: no-execute, and memory above 4 GiB. */
extern const bool has_wide_ptes;
#define PTE_P BIT(0)
#define PTE_W BIT(1)
#define PTE_U BIT(2)
#define PTE_A BIT(5)
#define PTE_D BIT(6)
#define PTE_PS BIT(7)
#define PTE_NX BIT(63)
/** The 4 KiB entry for an address; larger pages on the way are split. */
u64 pte_get(u64 va);
void pte_set(u64 va, u64 pte);
/** Map a page; in 64-bit mode at any address. */
void map_page(u64 va, u64 pa, u64 flags);
void flush_page(u64 va);


#define VEC_DB 1
#define VEC_NMI 2
#define VEC_BP 3
#define VEC_UD 6
#define VEC_NM 7
#define VEC_DF 8
#define VEC_GP 13
#define VEC_PF 14

#define MSR_APIC_BASE 0x1b
#define MSR_TSC 0x10
#define MSR_TSC_DEADLINE 0x6e0
#define MSR_X2APIC 0x800
#define MSR_EFER 0xc0000080
#define EFER_LONG 0x500	/* LME and LMA */
#define MSR_FS_BASE 0xc0000100
#define MSR_GS_BASE 0xc0000101
#define MSR_KERNEL_GS_BASE 0xc0000102
#define MSR_PAT 0x277

#define RFLAGS_TF BIT(8)
#define RFLAGS_IF BIT(9)

#define CR0_PG BIT(31)

#define KERNEL_CS 0x08
#define KERNEL_DS 0x10
#define USER_EXIT_VECTOR 0x81

/* At the lower end of each vCPU's stack. */
struct cpu {
	u32 id, apic_id;
	word try_sp;
	word user_sp;
	struct trap trap;
	u64 gdt[8];
	u32 tss[26];
	void (*job)(void *arg);
	void *job_arg;
	bool up, busy;
};

extern u8 stacks[MAX_CPUS][STACK_SIZE];

static inline struct cpu *cpu_self(void)
{
	word sp;

	__asm__ volatile("mov %%" SP ", %0" : "=r"(sp));
	return (struct cpu *)(sp & ~(STACK_SIZE - 1));
}

static inline struct cpu *cpu_of(u32 id) { return (struct cpu *)stacks[id]; }

static inline u64 rdtsc(void)
{
	u32 lo, hi;

	__asm__ volatile("lfence; rdtsc" : "=a"(lo), "=d"(hi) :: "memory");
	return lo | (u64)hi << 32;
}

/** The counter that the time page refers to. */
static inline u64 cycles(void) { return rdtsc(); }

static inline u64 rdmsr(u32 msr)
{
	u32 lo, hi;

	__asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr) : "memory");
	return lo | (u64)hi << 32;
}

static inline void wrmsr(u32 msr, u64 val)
{
	__asm__ volatile("wrmsr" :: "c"(msr), "a"((u32)val), "d"((u32)(val >> 32)) : "memory");
}

struct cpuid {
	u32 a, b, c, d;
};

static inline struct cpuid cpuid(u32 leaf, u32 sub)
{
	struct cpuid r;

	__asm__ volatile("cpuid" : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d)
			 : "a"(leaf), "c"(sub));
	return r;
}

#define DEFINE_CR(n)                                                                               \
	static inline word read_cr##n(void)                                                        \
	{                                                                                          \
		word v;                                                                            \
		__asm__ volatile("mov %%cr" #n ", %0" : "=r"(v) :: "memory");                      \
		return v;                                                                          \
	}                                                                                          \
	static inline void write_cr##n(word v)                                                     \
	{                                                                                          \
		__asm__ volatile("mov %0, %%cr" #n :: "r"(v) : "memory");                          \
	}
DEFINE_CR(0)
DEFINE_CR(2)
DEFINE_CR(3)
DEFINE_CR(4)
#ifdef __x86_64__
DEFINE_CR(8)
static inline word task_priority(void) { return read_cr8(); }
static inline void set_task_priority(word class) { write_cr8(class); }
#else
u32 apic_read(u32 reg);
void apic_write(u32 reg, u32 val);
/** The class of the task priority, as CR8 has it where there is one. */
static inline word task_priority(void) { return apic_read(0x80) >> 4; }
static inline void set_task_priority(word class) { apic_write(0x80, (u32)class << 4); }
#endif

/** What EFER_LONG is here. */
static inline u32 efer_long(void) { return sizeof(word) == 8 ? EFER_LONG : 0; }

static inline word rflags(void)
{
	word f;

	__asm__ volatile("pushf; pop %0" : "=r"(f) :: "memory");
	return f;
}

static inline void cli(void) { __asm__ volatile("cli" ::: "memory"); }
static inline void sti(void) { __asm__ volatile("sti" ::: "memory"); }
static inline void relax(void) { __asm__ volatile("pause" ::: "memory"); }
/** Wait for an interrupt without missing one that is already pending. */
static inline void sti_hlt(void) { __asm__ volatile("sti; hlt; cli" ::: "memory"); }
/** Allow pending interrupts for an instruction or two. */
static inline void let_irqs_in(void) { __asm__ volatile("sti; nop; nop; cli" ::: "memory"); }

#define DEFINE_IO(sfx, type)                                                                       \
	static inline type in##sfx(u16 port)                                                       \
	{                                                                                          \
		type v;                                                                            \
		__asm__ volatile("in" #sfx " %1, %0" : "=a"(v) : "Nd"(port) : "memory");           \
		return v;                                                                          \
	}                                                                                          \
	static inline void out##sfx(u16 port, type v)                                              \
	{                                                                                          \
		__asm__ volatile("out" #sfx " %0, %1" :: "a"(v), "Nd"(port) : "memory");           \
	}
DEFINE_IO(b, u8)
DEFINE_IO(w, u16)
DEFINE_IO(l, u32)

/* Traps, by width (traps.c) */
/** Mode of the code that a trap returns to: in the kernel, with its stack at @sp. */
void set_trap_stack(struct regs *regs, word sp);
/** Load GDT, IDT and TSS on this vCPU. */
void trap_load_tables(struct cpu *self);

/* The local APIC (apic.c): registers by their xAPIC offset, in either mode. */
#define APIC_ID 0x20
#define APIC_VERSION 0x30
#define APIC_TPR 0x80
#define APIC_PPR 0xa0
#define APIC_EOI 0xb0
#define APIC_LDR 0xd0
#define APIC_DFR 0xe0
#define APIC_SVR 0xf0
#define APIC_ISR 0x100
#define APIC_TMR 0x180
#define APIC_IRR 0x200
#define APIC_ESR 0x280
#define APIC_ICR 0x300
#define APIC_ICR2 0x310
#define APIC_LVTT 0x320
#define APIC_LVT_LINT0 0x350
#define APIC_TMICT 0x380
#define APIC_TMCCT 0x390
#define APIC_TDCR 0x3e0

#define ICR_FIXED 0x000
#define ICR_NMI 0x400
#define ICR_INIT 0x500
#define ICR_STARTUP 0x600
#define ICR_ASSERT 0x4000
#define ICR_SELF 0x40000
#define ICR_ALL 0x80000
#define ICR_OTHERS 0xc0000
#define LVT_MASKED 0x10000
#define LVTT_PERIODIC 0x20000
#define LVTT_DEADLINE 0x40000

bool apic_is_x2apic(void);
u32 apic_read(u32 reg);
void apic_write(u32 reg, u32 val);
void apic_eoi(void);
/** Software-enable it with spurious vector 0xff and nothing masked by priority. */
void apic_enable(void);
void apic_enable_x2apic(void);
void apic_icr(u32 dest, u32 low);
bool apic_bit(u32 reg, u32 vector);

/** Upcalls on this vCPU by an interrupt through its APIC. */
long event_upcall_vector(u32 vcpu, u8 vector);

#endif
