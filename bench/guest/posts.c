/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Exits and instructions that an interrupt costs its receiver. A vCPU that spins sees an exit as a
 * gap between two readings of its TSC, so the other vCPUs spin while the first sends to each in
 * turn. x2APIC mode comes last, as there is no way back from it.
 */
#include "bench.h"

/* Ticks that count instructions: delivery, handler and end take less, an exit takes more. */
#define GAP 300
#define EVENT_VECTOR 0x41
#define IPI_VECTOR 0x51
#define TIMER_VECTOR 0x61
#define SPURIOUS_VECTOR 0xff
/* Where nothing is sent, a turn takes this long. */
#define IDLE_TICKS 2000
/* A timer set to this is still ahead when the vCPU looks for its interrupt. */
#define TIMER_COUNT 100000
#define MSR_SELF_IPI (MSR_X2APIC + 0x3f)

static volatile u32 taken;
static volatile u64 taken_at;
static volatile bool stop, x2apic;
static s32 ports[MAX_CPUS];

static struct receiver {
	volatile bool ready;
	u32 gaps;
} receivers[MAX_CPUS];

static inline void end_of_interrupt(void)
{
	if (x2apic)
		x2apic_write(APIC_EOI, 0);
	else
		xapic_write(APIC_EOI, 0);
}

/* It is counted at the end, so that the next one finds the vCPU in its loop again. */
static void on_interrupt(struct regs *regs)
{
	u64 now = rdtsc();

	end_of_interrupt();
	taken_at = now;
	taken++;
}

static void on_event(struct regs *regs)
{
	u64 now = rdtsc();

	own_vcpu_info()->evtchn_upcall_pending = 0;
	own_vcpu_info()->evtchn_pending_sel = 0;
	event_test_and_clear((u32)ports[cpu_self()->id]);
	end_of_interrupt();
	taken_at = now;
	taken++;
}

/* Bochs delivers this one when a notification finds nothing posted (docs/emulators.md). */
static void on_spurious(struct regs *regs)
{
	if (apic_bit(APIC_ISR, SPURIOUS_VECTOR))
		end_of_interrupt();
}

static void enable(void)
{
	if (x2apic)
		apic_enable_x2apic();
	else
		apic_enable();
}

static void receive(void *arg)
{
	struct receiver *r = arg;
	u64 last, t;

	enable();
	r->gaps = 0;
	sti();
	r->ready = true;
	for (last = rdtsc(); !stop; last = t) {
		t = rdtsc();
		r->gaps += t - last > GAP;
	}
	cli();
}

static void report(const char *name, u32 rounds, u32 gaps)
{
	bench_value(bench_name(name, ".exits"), gaps, "exits", "interrupts=%u receivers=%u", rounds,
		    vcpu_count() - 1);
}

/* Each sends to the vCPU of this number. */
static void send_ipi(u32 to)
{
	if (x2apic) {
		wrmsr(MSR_X2APIC + APIC_ICR / 16, (u64)cpu_of(to)->apic_id << 32 | IPI_VECTOR);
	} else {
		xapic_write(APIC_ICR2, cpu_of(to)->apic_id << 24);
		xapic_write(APIC_ICR, IPI_VECTOR);
	}
}

static void send_event(u32 to)
{
	event_send((u32)ports[to]);
}

/* Interrupts to the others; without @send, as long a time in which none comes. */
static void to_others(const char *name, u32 rounds, void (*send)(u32 to))
{
	u32 others = vcpu_count() - 1, gaps = 0;

	stop = false;
	for (u32 i = 1; i <= others; i++) {
		receivers[i].ready = false;
		smp_run(i, receive, &receivers[i]);
		NEED(SPIN_FOR(receivers[i].ready), "vCPU %u does not run", i);
	}
	samples_clear();
	for (u32 i = 0; i < rounds; i++) {
		u32 before = taken;
		u64 start = rdtsc();

		if (send)
			send(1 + i % others);
		else
			while (rdtsc() - start < IDLE_TICKS)
				relax();
		NEED(!send || SPIN_FOR(taken != before), "%u of %u came", i, rounds);
		samples_add(start, taken_at);
	}
	stop = true;
	for (u32 i = 1; i <= others; i++) {
		NEED(smp_wait(i, 20000), "vCPU %u does not stop", i);
		gaps += receivers[i].gaps;
	}
	if (send)
		samples_report(name);
	report(name, rounds, gaps);
}

/* Whether there are others, all started, and the mode can be the one that @name measures. */
static bool prepared(const char *name, bool want_x2apic)
{
	static u32 started = 1;

	if (vcpu_count() < 2 || (!want_x2apic && apic_is_x2apic())) {
		bench_skip(name, vcpu_count() < 2 ? "needs two vCPUs" : "is in x2APIC mode");
		return false;
	}
	x2apic = want_x2apic;
	enable();
	for (; started < vcpu_count(); started++)
		NEED(smp_start(started), "vCPU %u does not start", started);
	set_vector(IPI_VECTOR, on_interrupt);
	set_vector(TIMER_VECTOR, on_interrupt);
	set_vector(EVENT_VECTOR, on_event);
	set_vector(SPURIOUS_VECTOR, on_spurious);
	return true;
}

/* Interrupts to the vCPU itself; one whose sending is an exit counts. */
static void self(const char *name, u32 rounds, bool mode)
{
	u32 gaps = 0;

	if (!prepared(name, mode))
		return;
	samples_clear();
	sti();
	for (u32 i = 0; i < rounds; i++) {
		u32 before = taken;
		u64 start = rdtsc();

		if (x2apic)
			wrmsr(MSR_SELF_IPI, IPI_VECTOR);
		else
			xapic_write(APIC_ICR, ICR_SELF | IPI_VECTOR);
		NEED(SPIN_FOR(taken != before), "%u of %u came", i, rounds);
		gaps += rdtsc() - start > GAP;
		samples_add(start, taken_at);
	}
	cli();
	samples_report(name);
	report(name, rounds, gaps);
}

/* The vCPU's own timer: the exits after the one that sets it. */
static void timer(const char *name, u32 rounds, bool mode)
{
	u32 gaps = 0;

	if (!prepared(name, mode))
		return;
	apic_write(APIC_TDCR, 0xb);	/* divides by 1 */
	apic_write(APIC_LVTT, TIMER_VECTOR);
	sti();
	for (u32 i = 0; i < rounds; i++) {
		u32 before = taken;
		u64 last, t;

		if (x2apic)
			x2apic_write(APIC_TMICT, TIMER_COUNT);
		else
			xapic_write(APIC_TMICT, TIMER_COUNT);
		for (last = rdtsc(); taken == before; last = t) {
			t = rdtsc();
			gaps += t - last > GAP;
		}
		gaps += rdtsc() - last > GAP;
	}
	cli();
	apic_write(APIC_LVTT, LVT_MASKED);
	report(name, rounds, gaps);
}

static void none(const char *name, u32 rounds, bool mode)
{
	if (prepared(name, mode))
		to_others(name, rounds, NULL);
}

static void ipi(const char *name, u32 rounds, bool mode)
{
	if (prepared(name, mode))
		to_others(name, rounds, send_ipi);
}

static void event(const char *name, u32 rounds, bool mode)
{
	if (!prepared(name, mode))
		return;
	for (u32 i = 1; i < vcpu_count(); i++) {
		ports[i] = event_bind_ipi(i);
		NEED(ports[i] > 0 && !event_upcall_vector(i, EVENT_VECTOR), "no port and vector");
		event_unmask_local((u32)ports[i]);
	}
	to_others(name, rounds, send_event);
	for (u32 i = 1; i < vcpu_count(); i++)
		event_close((u32)ports[i]);
}

#define BOTH(what)                                                                                 \
	static void what##_xapic(const char *name, u32 rounds) { what(name, rounds, false); }      \
	static void what##_x2apic(const char *name, u32 rounds) { what(name, rounds, true); }
BOTH(none)
BOTH(self)
BOTH(ipi)
BOTH(event)
BOTH(timer)

static const struct benchmark table[] = {
	{ "post.none.xapic", none_xapic, 500 },
	{ "post.self.xapic", self_xapic, 500 },
	{ "post.ipi.xapic", ipi_xapic, 500 },
	{ "post.event.xapic", event_xapic, 500 },
	{ "post.timer.xapic", timer_xapic, 500 },
	{ "post.none.x2apic", none_x2apic, 500 },
	{ "post.self.x2apic", self_x2apic, 500 },
	{ "post.ipi.x2apic", ipi_x2apic, 500 },
	{ "post.event.x2apic", event_x2apic, 500 },
	{ "post.timer.x2apic", timer_x2apic, 500 },
};
DEFINE_GROUP(posts, table);
