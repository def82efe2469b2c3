/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Event channels of one vCPU to itself, and giving way. */
#include "bench.h"

#include <public/hvm/hvm_op.h>
#include <public/hvm/params.h>

#define VECTOR 0x50

static volatile u32 upcalls;
static volatile u64 taken_at;
static s32 port;

static void clear_upcall(void)
{
	own_vcpu_info()->evtchn_upcall_pending = 0;
	own_vcpu_info()->evtchn_pending_sel = 0;
}

static void upcall(struct regs *regs)
{
	taken_at = rdtsc();
	clear_upcall();
	event_test_and_clear((u32)port);
	upcalls++;
}

static void upcall_eoi(struct regs *regs)
{
	upcall(regs);
	xapic_write(APIC_EOI, 0);
}

/* A send that no vCPU is told of: the port is masked, only its bit is set. */
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

/* The port is open and the vCPU is told, but has its interrupts off. */
static void send_open(const char *name, u32 rounds)
{
	port = event_bind_ipi(0);
	if (port <= 0) {
		bench_skip(name, "port %d", port);
		return;
	}
	event_unmask_local((u32)port);
	MEASURE_BEYOND(name, rounds, (event_test_and_clear((u32)port), clear_upcall()),
		       (event_test_and_clear((u32)port), clear_upcall(), event_send((u32)port)));
	event_test_and_clear((u32)port);
	clear_upcall();
	event_close((u32)port);
}

/* To an unbound port: the shortest way through the hypercall. */
static void send_unbound(const char *name, u32 rounds)
{
	port = event_alloc_unbound(DOMID_SELF);
	if (port <= 0) {
		bench_skip(name, "port %d", port);
		return;
	}
	MEASURE(name, rounds, event_send((u32)port));
	event_close((u32)port);
}

/* Both ends of an interdomain channel in one domain. */
static void send_loop(const char *name, u32 rounds)
{
	s32 far = event_alloc_unbound(DOMID_SELF);

	port = far > 0 ? event_bind_interdomain(DOMID_SELF, (u32)far) : far;
	if (port <= 0) {
		bench_skip(name, "port %d", port);
		return;
	}
	event_mask((u32)far);
	MEASURE_BEYOND(name, rounds, event_test_and_clear((u32)far),
		       (event_test_and_clear((u32)far), event_send((u32)port)));
	event_close((u32)port);
	event_close((u32)far);
}

static void send_and_wait(u32 rounds)
{
	samples_clear();
	sti();
	for (u32 i = 0; i < rounds; i++) {
		u32 before = upcalls;
		u64 start = rdtsc();

		event_send((u32)port);
		if (!SPIN_FOR(upcalls != before))
			break;
		samples_add(start, taken_at);
	}
	cli();
}

static long set_callback(u64 value)
{
	struct xen_hvm_param p = { .domid = DOMID_SELF, .index = HVM_PARAM_CALLBACK_IRQ,
				   .value = value };

	return hvm_op(HVMOP_set_param, &p);
}

/* From the call to the handler's first instruction, by the vector that needs no EOI. */
static void deliver_callback(const char *name, u32 rounds)
{
	long rc = set_callback((u64)HVM_PARAM_CALLBACK_TYPE_VECTOR << 56 | VECTOR);

	port = event_bind_ipi(0);
	if (rc || port <= 0) {
		bench_skip(name, "callback vector %ld, port %d", rc, port);
		return;
	}
	set_vector(VECTOR, upcall);
	event_unmask_local((u32)port);
	send_and_wait(rounds);
	samples_report(name);
	event_close((u32)port);
	set_callback(0);
}

/* The same by a vector of the local APIC, which the handler ends with an EOI. */
static void deliver_vector(const char *name, u32 rounds)
{
	long rc;

	apic_enable();
	port = event_bind_ipi(0);
	rc = event_upcall_vector(0, VECTOR);
	if (rc || port <= 0) {
		bench_skip(name, "upcall vector %ld, port %d", rc, port);
		return;
	}
	set_vector(VECTOR, upcall_eoi);
	event_unmask_local((u32)port);
	send_and_wait(rounds);
	samples_report(name);
	event_close((u32)port);
	event_upcall_vector(0, 0);
}

/* No other vCPU wants the CPU. */
static void yield_alone(const char *name, u32 rounds)
{
	MEASURE(name, rounds, sched_op(SCHEDOP_yield, NULL));
}

/* A poll that finds its port pending, and one whose time is over. */
static void poll_pending(const char *name, u32 rounds)
{
	evtchn_port_t p;
	struct sched_poll poll = { .nr_ports = 1, .timeout = 0 };

	port = event_bind_ipi(0);
	if (port <= 0) {
		bench_skip(name, "port %d", port);
		return;
	}
	p = (evtchn_port_t)port;
	set_xen_guest_handle(poll.ports, &p);
	event_mask(p);
	event_send(p);
	MEASURE(name, rounds, sched_op(SCHEDOP_poll, &poll));
	event_close(p);
}

static const struct benchmark table[] = {
	{ "event.unbound", send_unbound, 2000 },
	{ "event.self.masked", send_masked, 2000 },
	{ "event.self", send_open, 2000 },
	{ "event.loop", send_loop, 2000 },
	{ "event.self.delivery.callback", deliver_callback, 1000 },
	{ "event.self.delivery.vector", deliver_vector, 1000 },
	{ "sched.yield", yield_alone, 2000 },
	{ "sched.poll.pending", poll_pending, 2000 },
};
DEFINE_GROUP(events, table);
