/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("the TSC never goes back between vCPUs");
RUN("vcpus=4 timeout=40");

static volatile u64 last;
static volatile bool stop;
static u32 lock, backwards;
static u64 worst;

static void race(void *arg)
{
	while (!stop) {
		u64 t;

		while (__atomic_exchange_n(&lock, 1, __ATOMIC_ACQUIRE))
			relax();
		t = rdtsc();
		if (t < last) {
			backwards++;
			worst = last - t > worst ? last - t : worst;
		}
		last = t;
		__atomic_store_n(&lock, 0, __ATOMIC_RELEASE);
	}
}

void test_main(void)
{
	u32 n = vcpu_count();

	if (n < 2)
		test_skip("one vCPU");
	apic_enable();
	smp_need(n - 1);
	for (u32 i = 1; i < n; i++)
		smp_run(i, race, NULL);
	delay(200 * MS);
	stop = true;
	for (u32 i = 1; i < n; i++)
		CHECK(smp_wait(i, 20000), "vCPU %u is stuck", i);
	CHECK(!backwards, "%u times back, up to %lu cycles", backwards, worst);
}
