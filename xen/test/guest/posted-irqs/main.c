/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A vCPU that spins sees every exit as a gap between two readings of its TSC. Where the processor
 * delivers interrupts by itself, those of another vCPU and its own leave no gap.
 */
#include "cpu.h"

TEST("interrupts of another vCPU and of its own reach a spinning one, on Intel without an exit");
RUN("vcpus=2 timeout=60 opts=vmx_apic=posted");

#define ROUNDS 500
#define GAP 300		/* ticks: an interrupt takes a third of it, an exit twice as many */
#define VEC_UPCALL 0x41
#define VEC_IPI 0x51

static volatile u32 got;
static volatile bool ready, stop;
static s32 port;

/* The library's looks at the mode first, which is an exit. */
static void end_xapic(void) { *(volatile u32 *)(0xfee00000UL + APIC_EOI) = 0; }
static void end_x2apic(void) { wrmsr(MSR_X2APIC + APIC_EOI / 16, 0); }
static void send_self_xapic(void)
{
	*(volatile u32 *)(0xfee00000UL + APIC_ICR) = ICR_SELF | VEC_IPI;
}
static void send_self_x2apic(void) { wrmsr(MSR_X2APIC + 0x3f, VEC_IPI); }
static void (*end)(void), (*send_self)(void);

/* Counted at the end, so that the next one finds the vCPU in its loop again. */
static void on_ipi(struct regs *regs)
{
	end();
	got++;
}

static void on_upcall(struct regs *regs)
{
	own_vcpu_info()->evtchn_upcall_pending = 0;
	__atomic_exchange_n(&own_vcpu_info()->evtchn_pending_sel, 0, __ATOMIC_ACQ_REL);
	event_test_and_clear((u32)port);
	end();
	got++;
}

/* Bochs delivers this one when a notification comes and nothing is posted: docs/emulators.md. */
static void on_spurious(struct regs *regs)
{
	if (apic_bit(APIC_ISR, 0xff))
		end();
}

static u32 gaps;

static void enable(bool x2apic)
{
	if (x2apic)
		apic_enable_x2apic();
	else
		apic_enable();
	set_vector(0xff, on_spurious);
}

static void receiver(void *x2apic)
{
	u64 last, t;

	enable(x2apic);
	sti();
	ready = true;
	for (last = rdtsc(); !stop; last = t) {
		t = rdtsc();
		gaps += t - last > GAP;
	}
	cli();
}

static void send_ipi(void) { apic_icr(cpu_of(1)->apic_id, VEC_IPI); }
static void send_event(void) { event_send((u32)port); }

static void report(const char *what, bool x2apic)
{
	bool intel = cpuid(0, 0).b == 0x756e6547;	/* "Genu" */

	print("%s, %s mode: %u interrupts, %u gaps\n", what, x2apic ? "x2APIC" : "xAPIC", ROUNDS,
	      gaps);
	/* A few are interrupts of the host. */
	CHECK(!intel || gaps < ROUNDS / 10, "%s: %u gaps in %u", what, gaps, ROUNDS);
}

static void to_other(const char *what, void (*send)(void), bool x2apic)
{
	got = gaps = 0;
	stop = ready = false;
	smp_run(1, receiver, x2apic ? &gaps : NULL);
	NEED(WAIT_FOR(ready, 20000), "the other vCPU does not start");
	for (u32 i = 1; i <= ROUNDS; i++) {
		send();
		NEED(WAIT_FOR(got == i, 20000), "%u of %u came", got, i);
	}
	stop = true;
	NEED(smp_wait(1, 20000), "the other vCPU is stuck");
	report(what, x2apic);
}

static void to_self(bool x2apic)
{
	got = gaps = 0;
	sti();
	for (u32 i = 1; i <= ROUNDS; i++) {
		u64 before = rdtsc();

		send_self();
		while (got != i)
			relax();
		gaps += rdtsc() - before > GAP;
	}
	cli();
	report("own IPIs and their ends", x2apic);
}

static void test_mode(bool x2apic)
{
	end = x2apic ? end_x2apic : end_xapic;
	send_self = x2apic ? send_self_x2apic : send_self_xapic;
	enable(x2apic);
	to_self(x2apic);
	to_other("IPIs", send_ipi, x2apic);
	to_other("events", send_event, x2apic);
}

void test_main(void)
{
	set_vector(VEC_IPI, on_ipi);
	set_vector(VEC_UPCALL, on_upcall);
	smp_need(1);
	NEED(!event_upcall_vector(1, VEC_UPCALL), "no upcall vector");
	port = event_bind_ipi(1);
	NEED(port > 0, "port %d", port);
	test_mode(false);
	test_mode(true);
}
