/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many decisions credit2 makes: each costs every guest's switches and wake-ups. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <asm/host.h>

#include "policy-machine.h"
#include "sched-share.h"

static void *domain(u16 id)
{
	struct sched_domain_desc desc = { .domid = id };
	void *priv;

	HOST_CHECK(pm.s.ops->domain_init(&pm.s, &desc, &priv) == 0);
	return priv;
}

/* The unit that gives way is queued after the decision, which has to allow for it: the end of the
 * slice that it chose must not be corrected by a second one. */
static void yield(void *arg)
{
	u32 units = *(u32 *)arg;

	sw_start(1, 1, "");
	pm_start(&sched_credit2, 1, 1);
	for (u32 i = 0; i < units; i++)
		pm_wake(pm_unit_new((u16)(1 + i), 0, domain((u16)(1 + i))), PM_BUSY);
	pm_run(100 * MS);
	for (u32 i = 0; i < 100; i++) {
		u64 decisions = pm.decisions, switches = pm.switches;

		pm.s.ops->yield(&pm.s, &pm.cpu[0].curr->u);
		sched_tickle(&pm.s, 0);
		pm_run(pm.now + 10 * US);
		HOST_CHECK(pm.switches == switches + 1);
		HOST_CHECK(pm.decisions == decisions + 1);
	}
}

static void test_a_switch_takes_one_decision(void **state)
{
	for (u32 units = 2; units <= 3; units++)
		share_run(yield, &units);
}

/* A slice that was chosen while no unit waited ends soon after one is queued. */
static void cut_short(void *arg)
{
	struct pm_unit *late;

	sw_start(1, 1, "");
	pm_start(&sched_credit2, 1, 1);
	pm_wake(pm_unit_new(1, 0, domain(1)), PM_BUSY);
	pm_run(1);
	HOST_CHECK(pm.cpu[0].until > 9 * MS);
	late = pm_unit_new(2, 0, domain(2));
	pm_wake(late, PM_BUSY);
	pm_run(3 * MS);
	HOST_CHECK(late->ran > 0);
}

static void test_a_waiting_unit_cuts_the_slice(void **state)
{
	share_run(cut_short, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_switch_takes_one_decision),
		cmocka_unit_test(test_a_waiting_unit_cuts_the_slice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
