/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("event channels: bind to self, send both ways, status, close, bad ports and vCPUs");

void test_main(void)
{
	struct evtchn_status st;
	s32 a = event_alloc_unbound(DOMID_SELF), b, again;

	NEED(a > 0, "port %d", a);
	CHECK_EQ(event_status((u32)a, &st), 0);
	CHECK_EQ(st.status, EVTCHNSTAT_unbound);
	b = event_bind_interdomain(DOMID_SELF, (u32)a);
	NEED(b > 0, "port %d", b);
	CHECK_EQ(event_status((u32)b, &st), 0);
	CHECK_EQ(st.status, EVTCHNSTAT_interdomain);
	CHECK_EQ(st.u.interdomain.port, a);
	CHECK_EQ(event_bind_interdomain(DOMID_SELF, (u32)a), -XEN_EINVAL);
	event_test_and_clear((u32)a);
	event_test_and_clear((u32)b);
	CHECK_EQ(event_send((u32)a), 0);
	CHECK(event_test_and_clear((u32)b) && !event_pending((u32)a), "a to b");
	CHECK_EQ(event_send((u32)b), 0);
	CHECK(event_test_and_clear((u32)a) && !event_pending((u32)b), "b to a");
	CHECK_EQ(event_close((u32)b), 0);
	CHECK_EQ(event_close((u32)b), -XEN_EINVAL);
	CHECK_EQ(event_status((u32)a, &st), 0);
	CHECK_EQ(st.status, EVTCHNSTAT_unbound);
	CHECK_EQ(event_send((u32)b), -XEN_EINVAL);
	CHECK_EQ(event_close((u32)a), 0);
	CHECK_EQ(event_close(0), -XEN_EINVAL);
	CHECK_EQ(event_close(~0U), -XEN_EINVAL);
	CHECK_EQ(event_send(1000000), -XEN_EINVAL);
	CHECK_EQ(event_status(1000000, &st), -XEN_EINVAL);
	again = event_alloc_unbound(DOMID_SELF);
	CHECK_EQ(again, a);
	CHECK_EQ(event_bind_virq(NR_VIRQS, 0), -XEN_EINVAL);
	CHECK_EQ(event_bind_virq(VIRQ_TIMER, 4000), -XEN_ENOENT);
	CHECK_EQ(event_bind_ipi(4000), -XEN_ENOENT);
	b = event_bind_virq(VIRQ_TIMER, 0);
	CHECK(b > 0, "port %d", b);
	CHECK_EQ(event_bind_virq(VIRQ_TIMER, 0), -XEN_EEXIST);
	CHECK_EQ(event_bind_interdomain(500, 1), -XEN_ESRCH);
}
