/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One domain starts a periodic timer of the shortest period on each of 99 vCPUs, which then block
 * forever, so no scheduler sees them again. The other domain measures its progress in windows of
 * equal length, before and after. The clock is exact, so the two are comparable.
 */
#include "cpu.h"

TEST("timers of blocked vCPUs take no time from another domain");
RUN("domains=2 judges=1 vcpus=100 memory=48 timeout=60 cpus=1 alone=1 icount=1 bochs_slice=100");

#define WINDOW (20 * MS)
#define WINDOWS 30
/* The attacker first sleeps this long, and is ready long before the last third of the windows. */
#define QUIET (100 * MS)
#define ATTACKERS 99

static void sleeper(void *arg)
{
	struct vcpu_set_periodic_timer t = { .period_ns = 100000 };

	vcpu_op(VCPUOP_set_periodic_timer, cpu_self()->id, &t);
	for (;;)
		sched_op(SCHEDOP_block, NULL);
}

static void attack(void)
{
	sleep_ns(QUIET);
	for (u32 i = 1; i <= ATTACKERS; i++) {
		NEED(smp_start(i), "vCPU %u does not start", i);
		smp_run(i, sleeper, NULL);
	}
	print("%u timers\n", ATTACKERS);
	for (;;)
		sleep_ns(1000 * MS);
}

static u64 work(u64 ns)
{
	u64 n = 0, end = now() + ns;

	while (now() < end)
		for (u32 i = 0; i < 100; i++) {
			barrier();
			n++;
		}
	return n;
}

void test_main(void)
{
	u64 first = 0, worst = ~0UL;

	peer_domid();
	if (role())
		attack();
	for (u32 k = 0; k < WINDOWS; k++) {
		u64 n = work(WINDOW);

		if (k == 1)
			first = n;
		if (k >= WINDOWS * 2 / 3)
			worst = MIN(worst, n);
	}
	print("work in a window: %lu, under attack %lu (%lu %%)\n", first, worst,
	      worst * 100 / first);
	CHECK(worst * 100 >= first * 95, "work fell from %lu to %lu (%lu %%)", first, worst,
	      worst * 100 / first);
}
