/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The price of long queues: many vCPUs can run, and give way to one another again and again. Each
 * call is a decision, and a switch where the policy lets another one run. The first vCPU sleeps
 * meanwhile, so that it need not wait for its turn to stop them.
 */
#include "bench.h"

#define NAP (5 * MS)

static volatile bool go, stop;

/* Each on a cache line of its own, so that counting is not a conversation. */
static struct {
	volatile u32 count;
} __attribute__((aligned(64))) turns[MAX_CPUS];

static void sleep_for(u64 ns)
{
	struct sched_poll p = { .timeout = now() + ns };

	sched_op(SCHEDOP_poll, &p);
}

static void give_way(void *arg)
{
	u32 id = (u32)(u64)arg;

	while (!go)
		sleep_for(NAP);
	while (!stop) {
		turns[id].count++;
		sched_op(SCHEDOP_yield, NULL);
	}
}

static u64 all_turns(u32 vcpus)
{
	u64 sum = 0;

	for (u32 i = 1; i < vcpus; i++)
		sum += turns[i].count;
	return sum;
}

static bool start_all(const char *name, u32 vcpus)
{
	go = stop = false;
	for (u32 i = 1; i < vcpus; i++) {
		turns[i].count = 0;
		if (!smp_start(i)) {
			bench_skip(name, "vCPU %u of %u does not start", i, vcpus);
			return false;
		}
		smp_run(i, give_way, (void *)(u64)i);
	}
	return go = true;
}

/* Until each has had @rounds turns on average. */
static void yield_in_crowd(const char *name, u32 rounds)
{
	u32 vcpus = vcpu_count();
	u64 before, made, ticks;

	if (vcpus < 2) {
		bench_skip(name, "needs two vCPUs");
		return;
	}
	if (!start_all(name, vcpus))
		return;
	/* All have woken by then. */
	sleep_for(2 * NAP);
	before = all_turns(vcpus);
	ticks = rdtsc();
	do {
		sleep_for(NAP);
		made = all_turns(vcpus) - before;
	} while (made < (u64)rounds * (vcpus - 1));
	ticks = rdtsc() - ticks;
	stop = true;
	for (u32 i = 1; i < vcpus; i++)
		smp_wait(i, 20000);
	bench_time(name, ticks, made, "vcpus=%u", vcpus - 1);
}

static const struct benchmark table[] = {
	{ "sched.crowd", yield_in_crowd, 100 },
};
DEFINE_GROUP(crowd, table);
