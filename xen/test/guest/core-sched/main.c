/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("core scheduling: the vCPUs of a domain run at the same times while domains compete");
RUN("domains=3 vcpus=2 cpus=cpus=2,cores=1,threads=2 bochs_cpus=1:1:2 icount=1 timeout=90 "
    "opts=sched-gran=core");

static volatile bool stop;
static volatile u32 turns;

static void spin(void *arg)
{
	while (!stop)
		turns++;
}

static struct vcpu_runstate_info runstate(u32 vcpu)
{
	struct vcpu_runstate_info r;

	NEED(!vcpu_op(VCPUOP_get_runstate_info, vcpu, &r), "get_runstate_info fails");
	return r;
}

void test_main(void)
{
	u64 end, waited;
	u32 looks = 0, together = 0;

	smp_need(1);
	smp_run(1, spin, NULL);
	CHECK(WAIT_FOR(turns, 5000), "the other vCPU does not run");
	waited = runstate(0).time[RUNSTATE_runnable];
	for (end = now() + 200 * MS; now() < end; looks++) {
		together += runstate(1).state == RUNSTATE_running;
		delay(MS / 10);
	}
	waited = runstate(0).time[RUNSTATE_runnable] - waited;
	/* At the ends of a turn, one vCPU may run a moment without the other. */
	CHECK(together * 10 > looks * 7, "together in %u of %u looks", together, looks);
	CHECK(waited > 20 * MS, "no other domain ran: %lu us", waited / 1000);
	stop = true;
	CHECK(smp_wait(1, 20000), "the busy vCPU is stuck");
}
