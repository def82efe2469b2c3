/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exceptions, and interrupts by the virtual GIC. */
#include "cpu.h"

#define GICR_BYTES 0x20000UL
#define GICR_SGI 0x10000
#define GICC_CTLR 0
#define GICC_PMR 4
#define GICC_IAR 12
#define GICC_EOIR 16
#define GICD_SGIR 0xf00
#define ICC_PMR_EL1 S3_0_C4_C6_0
#define ICC_IAR1_EL1 S3_0_C12_C12_0
#define ICC_EOIR1_EL1 S3_0_C12_C12_1
#define ICC_IGRPEN1_EL1 S3_0_C12_C12_7
#define ICC_SGI1R_EL1 S3_0_C12_C11_5
#define READ(reg) READ_(reg)
#define READ_(reg) read_reg(reg)
#define WRITE(reg, v) WRITE_(reg, v)
#define WRITE_(reg, v) write_reg(reg, v)

struct frame {
	u64 x[20], x29, x30, pc, pstate;
};

#define PSTATE_D 0x200

enum { TRAP_SYNC, TRAP_IRQ };

u32 upcalls[MAX_CPUS];
u32 irq_events;

static irq_fn handlers[1020];

extern char try_recover[];
bool try_enter(u64 *try_sp, void (*fn)(void *arg), void *arg);
void trap_entry(u64 kind, struct frame *f);
void gic_init_cpu(void);
void gic_set_bases(u64 dist, u64 second);
void gic_set_version(u32 version);

u32 gic_version = 3;
/* Version 2 has its CPU interface where version 3 has redistributors. */
static u64 gicd_base, gicr_base;

void gic_set_version(u32 version) { gic_version = version; }

void gic_set_bases(u64 dist, u64 second)
{
	gicd_base = dist;
	gicr_base = second;
}

volatile u32 *gicd(u32 offset) { return (volatile u32 *)(gicd_base + offset); }

volatile u32 *gicc(u32 offset) { return (volatile u32 *)(gicr_base + offset); }

volatile u32 *gicr(u32 offset)
{
	return (volatile u32 *)(gicr_base + cpu_self()->id * GICR_BYTES + offset);
}

void gic_need_v3(void)
{
	if (gic_version != 3)
		test_skip("the GIC is of version %u", gic_version);
}

void gic_init_cpu(void)
{
	if (gic_version == 2) {
		*gicd(0) = 1;
		*gicc(GICC_PMR) = 0xff;
		*gicc(GICC_CTLR) = 1;
		return;
	}
	*gicd(0) = 1 << 1 | 1 << 4;
	*gicr(0x14) = 0;
	WRITE(ICC_PMR_EL1, 0xff);
	WRITE(ICC_IGRPEN1_EL1, 1);
}

void irq_handle(u32 irq, irq_fn fn)
{
	handlers[irq] = fn;
	if (irq < 32 && gic_version == 3)
		*gicr(GICR_SGI + 0x100) = 1U << irq;
	else
		*gicd(0x100 + irq / 32 * 4) = 1U << irq % 32;
}

void gic_send_sgi(u32 vcpu, u32 sgi)
{
	if (gic_version == 2) {
		*gicd(GICD_SGIR) = 1U << (16 + vcpu) | sgi;
		return;
	}
	WRITE(ICC_SGI1R_EL1, (u64)(vcpu / 16) << 16 | (u64)sgi << 24 | BIT(vcpu % 16));
}

static void take_irq(void)
{
	u32 ack = gic_version == 2 ? *gicc(GICC_IAR) : (u32)READ(ICC_IAR1_EL1);
	u32 irq = gic_version == 2 ? ack & 0x3ff : ack;

	if (irq >= 1020)
		return;
	if (!handlers[irq])
		test_failure("interrupt %u: unexpected", irq);
	handlers[irq](irq);
	if (gic_version == 2)
		*gicc(GICC_EOIR) = ack;
	else
		WRITE(ICC_EOIR1_EL1, irq);
}

void trap_entry(u64 kind, struct frame *f)
{
	struct cpu *c = cpu_self();

	if (kind == TRAP_IRQ) {
		take_irq();
		return;
	}
	c->trap = (struct trap){ true, read_reg(esr_el1), read_reg(far_el1), f->pc };
	if (kind != TRAP_SYNC || !c->try_sp)
		test_failure("exception %lu ESR %#lx FAR %#lx at %#lx: unexpected", kind,
			     c->trap.esr, c->trap.far, f->pc);
	f->x[0] = c->try_sp;
	f->pc = (u64)try_recover;
	/* Nothing steps through the rest of the test. */
	f->pstate |= PSTATE_D;
}

struct trap try_call(void (*fn)(void *arg), void *arg)
{
	struct cpu *c = cpu_self();

	c->trap.taken = false;
	try_enter(&c->try_sp, fn, arg);
	return c->trap;
}

static void read_word(void *at)
{
	*(volatile u64 *)at;
}

bool is_hole(const volatile u64 *at)
{
	return try_call(read_word, (void *)at).taken;
}

static void upcall(u32 irq)
{
	struct vcpu_info *vi = own_vcpu_info();

	__atomic_store_n(&vi->evtchn_upcall_pending, 0, __ATOMIC_SEQ_CST);
	vi->evtchn_pending_sel = 0;
	upcalls[cpu_self()->id]++;
}

void upcalls_enable(void) { irq_handle(irq_events, upcall); }
