/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two vCPUs: events and IPIs from one to the other, and two that share a CPU. */
#include "bench.h"

#define EVENT_VECTOR 0x50
#define IPI_VECTOR 0x61

static volatile u32 taken, other_turns;
static volatile u64 taken_at;
static volatile bool stop, ready;
static s32 port;

static bool other_started(const char *name)
{
	static bool up;

	if (!up && vcpu_count() < 2) {
		bench_skip(name, "needs two vCPUs");
		return false;
	}
	apic_enable();
	if (!up && !smp_start(1)) {
		bench_skip(name, "the second vCPU does not start");
		return false;
	}
	return up = true;
}

static void on_event(struct regs *regs)
{
	taken_at = rdtsc();
	own_vcpu_info()->evtchn_upcall_pending = 0;
	own_vcpu_info()->evtchn_pending_sel = 0;
	event_test_and_clear((u32)port);
	taken++;
	xapic_write(APIC_EOI, 0);
}

static void on_ipi(struct regs *regs)
{
	taken_at = rdtsc();
	taken++;
	xapic_write(APIC_EOI, 0);
}

/* The receiver works all the time. */
static void be_busy(void *arg)
{
	apic_enable();
	sti();
	ready = true;
	while (!stop)
		relax();
	cli();
}

/* The receiver idles. */
static void be_idle(void *arg)
{
	apic_enable();
	ready = true;
	while (!stop)
		sti_hlt();
}

static void send_event(void)
{
	event_send((u32)port);
}

static void send_ipi(void)
{
	xapic_write(APIC_ICR2, cpu_of(1)->apic_id << 24);
	xapic_write(APIC_ICR, IPI_VECTOR);
}

/* From before the send to the handler's first instruction there. */
static void to_other(const char *name, u32 rounds, void (*send)(void), void (*receiver)(void *))
{
	stop = ready = false;
	smp_run(1, receiver, NULL);
	if (!SPIN_FOR(ready)) {
		bench_skip(name, "the second vCPU does not run");
		return;
	}
	samples_clear();
	for (u32 i = 0; i < rounds; i++) {
		u32 before = taken;
		u64 start = rdtsc();

		send();
		if (!SPIN_FOR(taken != before))
			break;
		samples_add(start, taken_at);
		/* Let an idle one go back to sleep. */
		delay(20000);
	}
	stop = true;
	send();
	smp_wait(1, 20000);
	samples_report(name);
}

static void event_to_other(const char *name, u32 rounds, void (*receiver)(void *))
{
	if (!other_started(name))
		return;
	port = event_bind_ipi(1);
	if (port <= 0 || event_upcall_vector(1, EVENT_VECTOR)) {
		bench_skip(name, "port %d, or no upcall vector", port);
		return;
	}
	set_vector(EVENT_VECTOR, on_event);
	event_unmask_local((u32)port);
	to_other(name, rounds, send_event, receiver);
	event_close((u32)port);
}

static void event_busy(const char *name, u32 rounds)
{
	event_to_other(name, rounds, be_busy);
}

static void event_idle(const char *name, u32 rounds)
{
	event_to_other(name, rounds, be_idle);
}

static void ipi_busy(const char *name, u32 rounds)
{
	if (!other_started(name))
		return;
	set_vector(IPI_VECTOR, on_ipi);
	to_other(name, rounds, send_ipi, be_busy);
}

static void ipi_idle(const char *name, u32 rounds)
{
	if (!other_started(name))
		return;
	set_vector(IPI_VECTOR, on_ipi);
	to_other(name, rounds, send_ipi, be_idle);
}

static void give_way(void *arg)
{
	ready = true;
	while (!stop) {
		other_turns++;
		sched_op(SCHEDOP_yield, NULL);
	}
}

/*
 * Both give way to each other. Where they share a CPU each call is a switch, if the policy lets
 * the other run; "share" says how many turns of a hundred the other one had.
 */
static void yield_to_other(const char *name, u32 rounds)
{
	u64 ticks;
	u32 before;

	if (!other_started(name))
		return;
	stop = ready = false;
	smp_run(1, give_way, NULL);
	while (!ready)
		sched_op(SCHEDOP_yield, NULL);
	before = other_turns;
	ticks = TICKS_OF(rounds, sched_op(SCHEDOP_yield, NULL));
	before = other_turns - before;
	stop = true;
	/* It has to see that before another benchmark clears it. */
	if (!smp_wait(1, 20000)) {
		bench_skip(name, "the other vCPU does not stop");
		return;
	}
	bench_time(name, ticks, rounds + before, "share=%lu",
		   (u64)before * 100 / (rounds + before));
}

/* Sleep until the port is pending, and take what is. */
static void await_event(u32 own)
{
	evtchn_port_t p = own;
	struct sched_poll poll = { .nr_ports = 1, .timeout = 0 };

	set_xen_guest_handle(poll.ports, &p);
	while (!event_test_and_clear(own))
		sched_op(SCHEDOP_poll, &poll);
}

static u32 ping, pong;

static void answer(void *arg)
{
	ready = true;
	for (;;) {
		await_event(ping);
		event_send(pong);
		if (stop)
			return;
	}
}

/* Each wakes the other and sleeps until it is woken: the time of one way. */
static void ping_pong(const char *name, u32 rounds)
{
	s32 there, back;
	u64 ticks;

	if (!other_started(name))
		return;
	there = event_bind_ipi(1);
	back = event_bind_ipi(0);
	if (there <= 0 || back <= 0) {
		bench_skip(name, "ports %d and %d", there, back);
		return;
	}
	ping = (u32)there;
	pong = (u32)back;
	event_mask(ping);
	event_mask(pong);
	stop = ready = false;
	smp_run(1, answer, NULL);
	ticks = TICKS_OF(rounds, (event_send(ping), await_event(pong)));
	stop = true;
	event_send(ping);
	await_event(pong);
	smp_wait(1, 20000);
	bench_time(name, ticks, 2 * (u64)rounds, "sleeps=%u", 2 * rounds);
	event_close(ping);
	event_close(pong);
}

static volatile u32 naps;

static void sleep_again(void *arg)
{
	while (!stop) {
		naps++;
		await_event(ping);
	}
}

/*
 * An event to a vCPU that sleeps in a poll: the sender's call, which wakes it. The sender sleeps
 * before, so that a receiver on the same CPU goes to sleep again.
 */
static void wake(const char *name, u32 rounds)
{
	s32 to = other_started(name) ? event_bind_ipi(1) : 0;
	struct sched_poll nap = { .nr_ports = 0 };
	u32 slept = 0, last = 0;

	if (to <= 0) {
		if (to)
			bench_skip(name, "port %d", to);
		return;
	}
	ping = (u32)to;
	event_mask(ping);
	stop = false;
	naps = 0;
	smp_run(1, sleep_again, NULL);
	samples_clear();
	for (u32 i = 0; i < rounds; i++) {
		u64 start;

		nap.timeout = now() + MS / 5;
		sched_op(SCHEDOP_poll, &nap);
		slept += naps != last;
		last = naps;
		start = rdtsc();
		event_send(ping);
		samples_add(start, rdtsc());
	}
	stop = true;
	event_send(ping);
	smp_wait(1, 20000);
	if (slept == rounds)
		samples_report(name);
	else
		bench_skip(name, "the other vCPU slept before %u of %u events", slept, rounds);
	event_close(ping);
}

static const struct benchmark table[] = {
	{ "event.other.busy", event_busy, 500 },
	{ "event.other.idle", event_idle, 500 },
	{ "ipi.other.busy", ipi_busy, 500 },
	{ "ipi.other.idle", ipi_idle, 500 },
	{ "sched.pingpong", ping_pong, 1000 },
	{ "sched.switch", yield_to_other, 2000 },
	{ "sched.wake", wake, 500 },
};
DEFINE_GROUP(smp, table);
