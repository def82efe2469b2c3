/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Event channels of one vCPU to itself, and giving way. */
#include "bench.h"

static s32 port;

static void clear_upcall(void)
{
	own_vcpu_info()->evtchn_upcall_pending = 0;
	own_vcpu_info()->evtchn_pending_sel = 0;
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
	{ "sched.yield", yield_alone, 2000 },
	{ "sched.poll.pending", poll_pending, 2000 },
};
DEFINE_GROUP(events, table);
