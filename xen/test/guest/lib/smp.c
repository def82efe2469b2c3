/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starting further vCPUs, and running functions on them. */
#include "cpu.h"

void smp_idle(struct cpu *self) NORETURN;

u32 vcpu_count(void)
{
	u32 n = 0;

	while (vcpu_op(VCPUOP_is_up, n, NULL) >= 0)
		n++;
	return n;
}

bool smp_start(u32 id)
{
	struct cpu *c = cpu_of(id);

	smp_kick(id);
	return WAIT_FOR(*(volatile bool *)&c->up, 20000);
}

void smp_idle(struct cpu *self)
{
	self->up = true;
	for (;;) {
		while (!__atomic_load_n(&self->busy, __ATOMIC_ACQUIRE))
			sched_op(SCHEDOP_yield, NULL);
		self->job(self->job_arg);
		__atomic_store_n(&self->busy, false, __ATOMIC_RELEASE);
	}
}

void smp_run(u32 id, void (*fn)(void *arg), void *arg)
{
	struct cpu *c = cpu_of(id);

	if (!smp_wait(id, 20000))
		test_failure("vCPU %u still runs its last job", id);
	c->job = fn;
	c->job_arg = arg;
	__atomic_store_n(&c->busy, true, __ATOMIC_RELEASE);
}

bool smp_wait(u32 id, u64 ms)
{
	return WAIT_FOR(!__atomic_load_n(&cpu_of(id)->busy, __ATOMIC_ACQUIRE), ms);
}

void smp_need(u32 n)
{
	if (vcpu_count() < n + 1)
		test_skip("needs %u vCPUs", n + 1);
	for (u32 i = 1; i <= n; i++)
		NEED(smp_start(i), "vCPU %u does not start", i);
}
