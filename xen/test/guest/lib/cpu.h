/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The processor as a microguest sees it: instructions, vCPUs, the local APIC. */
#ifndef GUEST_CPU_H
#define GUEST_CPU_H

#include "test.h"

#define MAX_CPUS 128
#define STACK_SIZE 0x4000UL

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

/* Time (time.c) */
#define MS ((u64)1000000)
/** System time in ns, from this vCPU's time page. */
u64 now(void);
/** Spin until cond holds or ms have passed; the value of cond. */
#define WAIT_FOR(cond, ms)                                                                         \
	({                                                                                         \
		u64 end_ = now() + (ms) * MS;                                                      \
		bool ok_;                                                                          \
		while (!(ok_ = (cond)) && now() < end_)                                            \
			relax();                                                                   \
		ok_;                                                                               \
	})
void delay(u64 ns);
extern struct shared_info shared_info;
/** This vCPU's event words, wherever they were moved. */
extern struct vcpu_info *vcpu_infos[MAX_CPUS];
struct vcpu_info *own_vcpu_info(void);
/** Move a vCPU's event words out of shared_info, as a vCPU beyond 32 must. */
long move_vcpu_info(u32 vcpu, struct vcpu_info *to);

/* Two domains (pair.c) */
/** The arguments of a domain in a test that several share. */
u32 role(void);
u16 peer_domid(void);
/** Sleep and work for a while; fail when another domain keeps this one from running. */
void live_on(void);
void sleep_ns(u64 ns);

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

/* vCPUs (smp.c) */
u32 vcpu_count(void);
/** Start vCPU @id by INIT and SIPI; it waits for smp_run(). False when it does not start. */
bool smp_start(u32 id);
/** INIT and SIPI without waiting. */
void smp_kick(u32 id);
/** Run fn on a started vCPU, after the job that it still may have; smp_wait() waits for its end. */
void smp_run(u32 id, void (*fn)(void *arg), void *arg);
bool smp_wait(u32 id, u64 ms);
/** Start @n vCPUs besides the first; ends the test as a skip when the domain has fewer. */
void smp_need(u32 n);

/* Event channels (event.c) */
s32 event_alloc_unbound(u16 remote);
s32 event_bind_interdomain(u16 remote, u32 port);
s32 event_bind_virq(u32 virq, u32 vcpu);
s32 event_bind_ipi(u32 vcpu);
long event_send(u32 port);
long event_close(u32 port);
long event_unmask_call(u32 port);
/** Two-level bitmaps. */
bool event_pending(u32 port);
bool event_test_and_clear(u32 port);
void event_mask(u32 port);
void event_unmask_local(u32 port);
long event_status(u32 port, struct evtchn_status *st);
/** Upcalls on this vCPU by an interrupt through its APIC. */
long event_upcall_vector(u32 vcpu, u8 vector);

#endif
