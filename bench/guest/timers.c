/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Timers of the hypercall kind and of the local APIC: setting one, and how late it comes. */
#include "bench.h"

#define VECTOR 0x61
#define UPCALL 0x50
#define FAR (1000 * 1000 * MS)
/* One that is due so soon is seen by a vCPU that idles, not by the way into the guest. */
#define DELAY_US 200

static volatile u32 fired;
static volatile u64 fired_at;
static s32 port;

static void apic_handler(struct regs *regs)
{
	fired_at = rdtsc();
	fired++;
	xapic_write(APIC_EOI, 0);
}

static void event_handler(struct regs *regs)
{
	fired_at = rdtsc();
	own_vcpu_info()->evtchn_upcall_pending = 0;
	own_vcpu_info()->evtchn_pending_sel = 0;
	event_test_and_clear((u32)port);
	fired++;
	xapic_write(APIC_EOI, 0);
}

static long set_singleshot(u64 when)
{
	struct vcpu_set_singleshot_timer t = { .timeout_abs_ns = when };

	return vcpu_op(VCPUOP_set_singleshot_timer, 0, &t);
}

static bool bind_timer(const char *name)
{
	port = event_bind_virq(VIRQ_TIMER, 0);
	if (port > 0 && !set_singleshot(now() + FAR))
		return true;
	bench_skip(name, "port %d, or no singleshot timer", port);
	if (port > 0)
		event_close((u32)port);
	return false;
}

static void unbind_timer(void)
{
	vcpu_op(VCPUOP_stop_singleshot_timer, 0, NULL);
	event_close((u32)port);
}

static void set_by_call(const char *name, u32 rounds)
{
	u64 when = now() + FAR;

	if (!bind_timer(name))
		return;
	MEASURE(name, rounds, set_singleshot(when++));
	unbind_timer();
}

static void stop_by_call(const char *name, u32 rounds)
{
	u64 when = now() + FAR;

	if (!bind_timer(name))
		return;
	MEASURE_BEYOND(name, rounds, set_singleshot(when),
		       (set_singleshot(when),
			vcpu_op(VCPUOP_stop_singleshot_timer, 0, NULL)));
	unbind_timer();
}

static void apic_timer_init(void)
{
	apic_enable();
	set_vector(VECTOR, apic_handler);
	xapic_write(APIC_TDCR, 0xb);
	xapic_write(APIC_LVTT, VECTOR);
}

/* So far away that none fires meanwhile. */
static void set_apic(const char *name, u32 rounds)
{
	apic_timer_init();
	MEASURE(name, rounds, xapic_write(APIC_TMICT, ~0U));
	xapic_write(APIC_TMICT, 0);
}

static void read_apic(const char *name, u32 rounds)
{
	apic_timer_init();
	xapic_write(APIC_TMICT, ~0U);
	MEASURE(name, rounds, xapic_read(APIC_TMCCT));
	xapic_write(APIC_TMICT, 0);
}

/* Nanoseconds of one count, with a divider of 1: 10 on Xen, in 1/1024 to be exact elsewhere. */
static u64 apic_ns_1024(void)
{
	u64 start, took;
	u32 count;

	xapic_write(APIC_TMICT, ~0U);
	count = xapic_read(APIC_TMCCT);
	start = now();
	delay(5 * MS);
	count -= xapic_read(APIC_TMCCT);
	took = now() - start;
	xapic_write(APIC_TMICT, 0);
	return count ? took * 1024 / count : 0;
}

static void wait_fired(u32 before, bool idle)
{
	if (!idle) {
		SPIN_FOR(fired != before);
		return;
	}
	cli();
	while (fired == before)
		sti_hlt();
	sti();
}

/* How long after its time the handler starts: the vCPU idles, or works. */
static void late_apic(const char *name, u32 rounds, bool idle)
{
	u64 ns, delay_ticks = ticks_of_us(DELAY_US);
	u32 count;

	apic_timer_init();
	ns = apic_ns_1024();
	if (!ns) {
		bench_skip(name, "the timer does not count");
		return;
	}
	count = (u32)(DELAY_US * 1000 * 1024 / ns);
	samples_clear();
	sti();
	for (u32 i = 0; i < rounds; i++) {
		u32 before = fired;
		u64 due = rdtsc() + delay_ticks;

		xapic_write(APIC_TMICT, count);
		wait_fired(before, idle);
		samples_add(due, MAX(fired_at, due));
	}
	cli();
	samples_report(name);
}

static void late_apic_idle(const char *name, u32 rounds)
{
	late_apic(name, rounds, true);
}

static void late_apic_busy(const char *name, u32 rounds)
{
	late_apic(name, rounds, false);
}

static void late_call(const char *name, u32 rounds, bool idle)
{
	u64 delay_ticks = ticks_of_us(DELAY_US);

	apic_enable();
	if (!bind_timer(name))
		return;
	set_vector(UPCALL, event_handler);
	event_upcall_vector(0, UPCALL);
	event_unmask_local((u32)port);
	samples_clear();
	sti();
	for (u32 i = 0; i < rounds; i++) {
		u32 before = fired;
		u64 due = rdtsc() + delay_ticks;

		set_singleshot(now() + DELAY_US * 1000);
		wait_fired(before, idle);
		samples_add(due, MAX(fired_at, due));
	}
	cli();
	samples_report(name);
	unbind_timer();
	event_upcall_vector(0, 0);
}

static void late_call_idle(const char *name, u32 rounds)
{
	late_call(name, rounds, true);
}

static void late_call_busy(const char *name, u32 rounds)
{
	late_call(name, rounds, false);
}

static const struct benchmark table[] = {
	{ "timer.set.call", set_by_call, 2000 },
	{ "timer.stop.call", stop_by_call, 2000 },
	{ "timer.set.lapic", set_apic, 2000 },
	{ "timer.read.lapic", read_apic, 2000 },
	{ "timer.late.call.idle", late_call_idle, 100 },
	{ "timer.late.call.busy", late_call_busy, 100 },
	{ "timer.late.lapic.idle", late_apic_idle, 100 },
	{ "timer.late.lapic.busy", late_apic_busy, 100 },
};
DEFINE_GROUP(timers, table);
