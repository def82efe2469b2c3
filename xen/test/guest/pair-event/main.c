/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("event channels between domains: binding, ping-pong, closing, others kept out");
RUN("domains=2 timeout=40");

#define ROUNDS 200

static bool wait_port(u32 port)
{
	evtchn_port_t p = port;
	struct sched_poll poll = { .nr_ports = 1 };

	set_xen_guest_handle(poll.ports, &p);
	for (u64 end = now() + 20000 * MS; now() < end;) {
		if (event_test_and_clear(port))
			return true;
		poll.timeout = now() + 1000 * MS;
		sched_op(SCHEDOP_poll, &poll);
	}
	return false;
}

static void server(void)
{
	s32 strange = event_alloc_unbound(peer_domid() + 100);
	s32 port = event_alloc_unbound(peer_domid());
	struct evtchn_status st;

	NEED(port > 0 && strange > 0, "ports %d %d", port, strange);
	event_mask((u32)port);
	for (u32 i = 0; i < ROUNDS; i++) {
		if (!wait_port((u32)port))
			test_failure("nothing came in round %u", i);
		CHECK_EQ(event_send((u32)port), 0);
	}
	CHECK(WAIT_FOR(!event_status((u32)port, &st) && st.status == EVTCHNSTAT_unbound, 20000),
	      "the other end was closed, and the status is %u", st.status);
	CHECK(!event_status((u32)strange, &st) && st.status == EVTCHNSTAT_unbound,
	      "a port kept for another domain has status %u", st.status);
}

/* The server's ports are small numbers; one of them is for us. */
static s32 find_port(void)
{
	s32 port = -1;

	for (u32 i = 1; i < 10 && port < 0; i++)
		port = event_bind_interdomain(peer_domid(), i);
	return port;
}

static void client(void)
{
	struct evtchn_alloc_unbound op = { .dom = peer_domid(), .remote_dom = DOMID_SELF };
	s32 port = -1;

	CHECK_EQ(evtchn_op(EVTCHNOP_alloc_unbound, &op), -XEN_EPERM);
	NEED(WAIT_FOR((port = find_port()) > 0, 20000), "cannot bind: %d", port);
	CHECK(find_port() < 0, "bound a second time");
	event_mask((u32)port);
	event_test_and_clear((u32)port);
	for (u32 i = 0; i < ROUNDS; i++) {
		CHECK_EQ(event_send((u32)port), 0);
		if (!wait_port((u32)port))
			test_failure("no answer in round %u", i);
	}
	CHECK_EQ(event_close((u32)port), 0);
}

void test_main(void)
{
	peer_domid();
	if (role())
		client();
	else
		server();
}
