/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("system time never goes back, on one vCPU and between vCPUs, and runs with the TSC");
RUN("vcpus=4");

static volatile u64 last;
static volatile bool stop;
static u32 backwards;

/* Each vCPU takes the time inside the lock, so a later holder must see a later time. */
static void race(void *arg)
{
	static u32 lock;

	while (!stop) {
		u64 t;

		while (__atomic_exchange_n(&lock, 1, __ATOMIC_ACQUIRE))
			relax();
		t = now();
		if (t < last)
			backwards++;
		last = t;
		__atomic_store_n(&lock, 0, __ATOMIC_RELEASE);
	}
}

void test_main(void)
{
	u64 prev = now(), c[4], t0, t1, khz, want;

	for (u32 i = 0; i < 200000; i++) {
		u64 t = now();

		CHECK(t >= prev, "back by %lu ns", prev - t);
		prev = t;
	}
	khz = ((u64)1000000 << 32) / shared_info.vcpu_info[0].time.tsc_to_system_mul;
	khz = shared_info.vcpu_info[0].time.tsc_shift >= 0
		? khz >> shared_info.vcpu_info[0].time.tsc_shift
		: khz << -shared_info.vcpu_info[0].time.tsc_shift;
	c[0] = rdtsc();
	t0 = now();
	c[1] = rdtsc();
	delay(50 * MS);
	c[2] = rdtsc();
	t1 = now();
	c[3] = rdtsc();
	want = (t1 - t0) * khz / 1000000;
	CHECK(want >= (c[2] - c[1]) / 100 * 99 && want <= (c[3] - c[0]) / 100 * 101,
	      "%lu to %lu cycles in %lu ns at %lu kHz", c[2] - c[1], c[3] - c[0], t1 - t0, khz);
	if (vcpu_count() < 2)
		return;
	apic_enable();
	smp_need(vcpu_count() - 1);
	for (u32 i = 1; i < vcpu_count(); i++)
		smp_run(i, race, NULL);
	delay(100 * MS);
	stop = true;
	for (u32 i = 1; i < vcpu_count(); i++)
		CHECK(smp_wait(i, 20000), "vCPU %u is stuck", i);
	CHECK(!backwards, "%u times back between vCPUs", backwards);
}
