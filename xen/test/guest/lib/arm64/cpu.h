/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The processor as an ARM64 microguest sees it: registers, vCPUs, interrupts. */
#ifndef GUEST_CPU_H
#define GUEST_CPU_H

#include "test.h"

/** A pointer without memory, and one that can never be mapped. */
#define UNMAPPED ((void *)0x7000000000UL)
#define NON_CANONICAL ((void *)0x8000000000000000UL)
/** A physical address where no memory can be. */
#define HOLE_PA 0x7000000000UL

/** Interrupts of the ABI (public/arch-arm.h, and the device tree). */
#define IRQ_TIMER 27
#define IRQ_TIMER_PHYS 30
#define IRQ_NONE 1023

#define EC_UNKNOWN 0x00
#define EC_DATA_ABORT 0x25
#define EC_INSN_ABORT 0x21

#define read_reg(name)                                                  \
	({                                                              \
		u64 v_;                                                 \
		__asm__ volatile("mrs %0, " #name : "=r"(v_) :: "memory"); \
		v_;                                                     \
	})
#define write_reg(name, v) \
	__asm__ volatile("msr " #name ", %x0\n\tisb" :: "rZ"((u64)(v)) : "memory")

/** The exception that ended a piece of code. */
struct trap {
	bool taken;
	u64 esr, far, pc;
};

/* At the lower end of each vCPU's stack. */
struct cpu {
	u32 id;
	u64 try_sp;
	struct trap trap;
	void (*job)(void *arg);
	void *job_arg;
	bool up, busy;
};

/** Where the hypervisor's image is, as the hardware domain's tree says; 0: no such tree. */
extern u64 hypervisor_image;

extern u8 stacks[MAX_CPUS][STACK_SIZE];

static inline struct cpu *cpu_self(void)
{
	u64 sp;

	__asm__ volatile("mov %0, sp" : "=r"(sp));
	return (struct cpu *)(sp & ~(STACK_SIZE - 1));
}

static inline struct cpu *cpu_of(u32 id) { return (struct cpu *)stacks[id]; }

/** The counter that the time page refers to. */
static inline u64 cycles(void)
{
	__asm__ volatile("isb" ::: "memory");
	return read_reg(cntvct_el0);
}

static inline void relax(void) { __asm__ volatile("yield" ::: "memory"); }
static inline void cli(void) { __asm__ volatile("msr daifset, #2" ::: "memory"); }
static inline void sti(void) { __asm__ volatile("msr daifclr, #2" ::: "memory"); }
/** Wait for an interrupt, which is then taken. */
static inline void wfi(void) { __asm__ volatile("dsb sy; wfi" ::: "memory"); }
static inline void sti_hlt(void)
{
	wfi();
	sti();
	__asm__ volatile("isb" ::: "memory");
	cli();
}

/** Run fn and report the exception that ended it, if one did. */
struct trap try_call(void (*fn)(void *arg), void *arg);

/* Interrupts (gic.c) */
typedef void (*irq_fn)(u32 irq);
/** Handle @irq, local or shared, on this vCPU, and enable it. */
void irq_handle(u32 irq, irq_fn fn);
/** The same registers for code that tests them: distributor, and this vCPU's redistributor. */
volatile u32 *gicd(u32 offset);
volatile u32 *gicr(u32 offset);
/** Version 2: the CPU interface. */
volatile u32 *gicc(u32 offset);
/** 2 or 3. */
extern u32 gic_version;
/** Skip the test if there are no redistributors and no CPU interface in system registers. */
void gic_need_v3(void);
void gic_send_sgi(u32 vcpu, u32 sgi);
/** The local interrupt of events, from the device tree. */
extern u32 irq_events;
/** Upcalls for events: count them. */
extern u32 upcalls[MAX_CPUS];
void upcalls_enable(void);

/** PSCI by HVC. */
long psci(u64 fn, u64 a, u64 b, u64 c);

#endif
