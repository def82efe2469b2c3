/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("set_timer_op: fires at its time, zero stops it");

void test_main(void)
{
	s32 port = event_bind_virq(VIRQ_TIMER, 0);
	u64 when = now() + 5 * MS;

	NEED(port > 0, "port %d", port);
	CHECK_EQ(set_timer_op(when), 0);
	CHECK(WAIT_FOR(event_test_and_clear((u32)port), 20000), "does not fire");
	CHECK(now() >= when, "fires early");
	CHECK_EQ(set_timer_op(now() + 400 * MS), 0);
	CHECK_EQ(set_timer_op(0), 0);
	CHECK(!WAIT_FOR(event_test_and_clear((u32)port), 500), "fires after it was stopped");
}
