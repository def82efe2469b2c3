/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("singleshot timer: fires once, not early; past times; the future flag; stopping");

static s32 port;

static long set(u64 when, u32 flags)
{
	struct vcpu_set_singleshot_timer t = { .timeout_abs_ns = when, .flags = flags };

	return vcpu_op(VCPUOP_set_singleshot_timer, 0, &t);
}

static bool fired_within(u64 ms)
{
	return WAIT_FOR(event_test_and_clear((u32)port), ms);
}

void test_main(void)
{
	u64 when;

	port = event_bind_virq(VIRQ_TIMER, 0);
	NEED(port > 0, "port %d", port);
	for (u32 i = 1; i <= 8; i++) {
		when = now() + i * MS;
		CHECK_EQ(set(when, 0), 0);
		CHECK(fired_within(20000), "timer of %u ms does not fire", i);
		CHECK(now() >= when, "timer of %u ms fires %ld ns early", i, (long)(when - now()));
		CHECK(!fired_within(3), "timer of %u ms fires twice", i);
	}
	CHECK_EQ(set(now() - MS, 0), 0);
	CHECK(fired_within(20000), "a time in the past does not fire at once");
	CHECK_EQ(set(now() - MS, VCPU_SSHOTTMR_future), -XEN_ETIME);
	CHECK(!fired_within(3), "a refused timer fires");
	CHECK_EQ(set(now() + 400 * MS, VCPU_SSHOTTMR_future), 0);
	CHECK_EQ(vcpu_op(VCPUOP_stop_singleshot_timer, 0, NULL), 0);
	CHECK(!fired_within(500), "a stopped timer fires");
	/* The later call counts. */
	set(now() + 300 * MS, 0);
	when = now() + 600 * MS;
	set(when, 0);
	CHECK(fired_within(20000), "a timer that was moved does not fire");
	CHECK(now() >= when, "a timer that was moved fires at its old time");
	CHECK_EQ(vcpu_op(VCPUOP_set_singleshot_timer, 0, UNMAPPED), -XEN_EFAULT);
}
