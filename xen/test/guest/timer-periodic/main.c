/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("periodic timer: as many events as periods; bad periods; stopping");

void test_main(void)
{
	struct vcpu_set_periodic_timer t = { .period_ns = 10 * MS };
	s32 port = event_bind_virq(VIRQ_TIMER, 0);
	u32 n = 0;
	u64 start = now(), took;

	NEED(port > 0, "port %d", port);
	CHECK_EQ(vcpu_op(VCPUOP_set_periodic_timer, 0, &t), 0);
	CHECK(WAIT_FOR((n += event_test_and_clear((u32)port)) >= 20, 10000),
	      "%u events of 10 ms in 10 s", n);
	/* A loaded host may swallow some; more than there are periods would be wrong. */
	took = now() - start;
	CHECK(n <= took / (10 * MS) + 1, "%u events of 10 ms in %lu ms", n, took / MS);
	CHECK_EQ(vcpu_op(VCPUOP_stop_periodic_timer, 0, NULL), 0);
	event_test_and_clear((u32)port);
	CHECK(!WAIT_FOR(event_test_and_clear((u32)port), 40), "a stopped timer fires");
	t.period_ns = 1;
	CHECK_EQ(vcpu_op(VCPUOP_set_periodic_timer, 0, &t), -XEN_EINVAL);
	t.period_ns = ALL_ONES;
	CHECK_EQ(vcpu_op(VCPUOP_set_periodic_timer, 0, &t), -XEN_EINVAL);
}
