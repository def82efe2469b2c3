/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * On ARMv8: what one exit costs, and interrupts from the act that raises one to the first
 * instruction of its handler, and to its end.
 */
#include "bench.h"

#define PSCI_VERSION 0x84000000
#define SGI 5
#define SPI 40
#define DELAY_US 200
#define ICC_EOIR1_EL1 S3_0_C12_C12_1
#define ICC_IAR1_EL1 S3_0_C12_C12_0
#define READ(reg) READ_(reg)
#define READ_(reg) read_reg(reg)
#define WRITE(reg, v) WRITE_(reg, v)
#define WRITE_(reg, v) write_reg(reg, v)
#define GICC_EOIR 16

static volatile u32 taken;
static volatile u64 taken_at;
static s32 port;

static void hypercall_null(const char *name, u32 rounds)
{
	MEASURE(name, rounds, HC2(__HYPERVISOR_xen_version, XENVER_version, NULL));
}

static void hypercall_unknown(const char *name, u32 rounds)
{
	MEASURE(name, rounds, HC1(63, 0));
}

static void firmware(const char *name, u32 rounds)
{
	MEASURE(name, rounds, psci(PSCI_VERSION, 0, 0, 0));
}

/* A register whose reads are trapped, to hide what guests do not have. */
static void id_register(const char *name, u32 rounds)
{
	MEASURE(name, rounds, read_reg(id_aa64pfr0_el1));
}

static void dist_read(const char *name, u32 rounds)
{
	volatile u32 *reg = gicd(0x104);

	MEASURE(name, rounds, *reg);
}

static void dist_write(const char *name, u32 rounds)
{
	volatile u32 *reg = gicd(0x184);

	/* Disable what is disabled. */
	MEASURE(name, rounds, *reg = 1);
}

static void yield_alone(const char *name, u32 rounds)
{
	MEASURE(name, rounds, sched_op(SCHEDOP_yield, NULL));
}

static void note(u32 irq)
{
	taken_at = ticks_now();
	taken++;
}

static void note_event(u32 irq)
{
	taken_at = ticks_now();
	own_vcpu_info()->evtchn_upcall_pending = 0;
	own_vcpu_info()->evtchn_pending_sel = 0;
	event_test_and_clear((u32)port);
	taken++;
}

static void send_sgi(void)
{
	gic_send_sgi(0, SGI);
}

static void pend_spi(void)
{
	*gicd(0x204) = 1U << SPI % 32;
}

static void send_event(void)
{
	event_send((u32)port);
}

/* From the act to the handler's first reading of the clock. */
static void measure_delivery(const char *name, u32 rounds, void (*raise)(void))
{
	samples_clear();
	sti();
	for (u32 i = 0; i < rounds; i++) {
		u32 before = taken;
		u64 start = ticks_now();

		raise();
		if (!SPIN_FOR(taken != before))
			break;
		samples_add(start, taken_at);
	}
	cli();
	samples_report(name);
}

static void deliver_sgi(const char *name, u32 rounds)
{
	irq_handle(SGI, note);
	measure_delivery(name, rounds, send_sgi);
}

static void deliver_spi(const char *name, u32 rounds)
{
	irq_handle(SPI, note);
	measure_delivery(name, rounds, pend_spi);
}

static void deliver_event(const char *name, u32 rounds)
{
	port = event_bind_ipi(0);
	if (port <= 0) {
		bench_skip(name, "port %d", port);
		return;
	}
	irq_handle(irq_events, note_event);
	event_unmask_local((u32)port);
	measure_delivery(name, rounds, send_event);
	event_close((u32)port);
}

/* A send that no vCPU is told of: only the event's bit is set. */
static void send_masked(const char *name, u32 rounds)
{
	port = event_bind_ipi(0);
	if (port <= 0) {
		bench_skip(name, "port %d", port);
		return;
	}
	event_mask((u32)port);
	MEASURE_BEYOND(name, rounds, event_test_and_clear((u32)port),
		       (event_test_and_clear((u32)port), event_send((u32)port)));
	event_close((u32)port);
}

static u64 acknowledge(void)
{
	return gic_version == 2 ? *gicc(12) : READ(ICC_IAR1_EL1);
}

/*
 * The end of an interrupt alone: it is raised with interrupts off, acknowledged by hand, and ended.
 * The exit that raises the next one is not part of it.
 */
static void end_of_interrupt(const char *name, u32 rounds)
{
	irq_handle(SGI, note);
	samples_clear();
	for (u32 i = 0; i < rounds; i++) {
		u64 id, from;

		send_sgi();
		if (!SPIN_FOR(((id = acknowledge()) & 0x3ff) != IRQ_NONE))
			break;
		from = ticks_now();
		if (gic_version == 2)
			*gicc(GICC_EOIR) = (u32)id;
		else
			WRITE(ICC_EOIR1_EL1, id);
		samples_add(from, ticks_now());
	}
	samples_report(name);
}

static void fired(u32 irq)
{
	write_reg(cntv_ctl_el0, 0);
	note(irq);
}

/* How long after its time the virtual timer's handler starts: an interrupt of the machine, which
 * the hypervisor takes and hands on. The vCPU works meanwhile. */
static void timer_late(const char *name, u32 rounds, bool idle)
{
	u64 wait = ticks_of_us(DELAY_US);

	irq_handle(IRQ_TIMER, fired);
	samples_clear();
	if (!idle)
		sti();
	for (u32 i = 0; i < rounds; i++) {
		u32 before = taken;
		u64 due = ticks_now() + wait;

		write_reg(cntv_cval_el0, due);
		write_reg(cntv_ctl_el0, 1);
		while (idle && taken == before)
			sti_hlt();
		if (!SPIN_FOR(taken != before))
			break;
		samples_add(due, taken_at);
	}
	cli();
	samples_report(name);
}

static void timer_busy(const char *name, u32 rounds)
{
	timer_late(name, rounds, false);
}

static void timer_idle(const char *name, u32 rounds)
{
	timer_late(name, rounds, true);
}

static const struct benchmark table[] = {
	{ "arm.hypercall", hypercall_null, 4000 },
	{ "arm.hypercall.unknown", hypercall_unknown, 4000 },
	{ "arm.psci", firmware, 4000 },
	{ "arm.sysreg", id_register, 4000 },
	{ "arm.gicd.read", dist_read, 4000 },
	{ "arm.gicd.write", dist_write, 4000 },
	{ "arm.yield", yield_alone, 2000 },
	{ "arm.event.masked", send_masked, 2000 },
	{ "arm.eoi", end_of_interrupt, 1000 },
	{ "arm.deliver.sgi", deliver_sgi, 1000 },
	{ "arm.deliver.spi", deliver_spi, 1000 },
	{ "arm.deliver.event", deliver_event, 1000 },
	{ "arm.timer.busy", timer_busy, 100 },
	{ "arm.timer.idle", timer_idle, 100 },
};
DEFINE_GROUP(arm, table);
