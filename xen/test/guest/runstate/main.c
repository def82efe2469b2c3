/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("runstate: the four times add up to the elapsed time; the area in memory agrees");

static u64 sum(const struct vcpu_runstate_info *r)
{
	return r->time[0] + r->time[1] + r->time[2] + r->time[3];
}

static struct vcpu_runstate_info read_runstate(void)
{
	struct vcpu_runstate_info r;

	NEED(!vcpu_op(VCPUOP_get_runstate_info, 0, &r), "get_runstate_info fails");
	return r;
}

static void sleep(u64 ns)
{
	struct sched_poll p = { .nr_ports = 0, .timeout = now() + ns };

	sched_op(SCHEDOP_poll, &p);
}

void test_main(void)
{
	static struct vcpu_runstate_info area;
	struct vcpu_register_runstate_memory_area reg;
	struct vcpu_runstate_info a, b;
	u64 t0, t1, t2, t3, elapsed;

	reg.addr.v = &area;
	CHECK_EQ(vcpu_op(VCPUOP_register_runstate_memory_area, 0, &reg), 0);
	t0 = now();
	a = read_runstate();
	t1 = now();
	delay(20 * MS);
	sleep(50 * MS);
	t2 = now();
	b = read_runstate();
	t3 = now();
	elapsed = sum(&b) - sum(&a);
	CHECK(elapsed <= t3 - t0 && elapsed >= t2 - t1, "states add up to %lu us of %lu to %lu",
	      elapsed / 1000, (t2 - t1) / 1000, (t3 - t0) / 1000);
	CHECK(b.time[RUNSTATE_blocked] - a.time[RUNSTATE_blocked] >= 10 * MS,
	      "blocked for %lu us of 50 ms",
	      (b.time[RUNSTATE_blocked] - a.time[RUNSTATE_blocked]) / 1000);
	CHECK(b.time[RUNSTATE_running] > a.time[RUNSTATE_running], "did not run");
	CHECK_EQ(b.state, RUNSTATE_running);
	CHECK_EQ(area.state, RUNSTATE_running);
	CHECK(area.time[RUNSTATE_blocked] >= a.time[RUNSTATE_blocked] + 10 * MS,
	      "the area lags behind");
	CHECK_EQ(vcpu_op(VCPUOP_get_runstate_info, 0, UNMAPPED), -XEN_EFAULT);
}
