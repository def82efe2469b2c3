/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many decisions policies make: each costs every guest's switches and wake-ups. */
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

struct turns {
	const struct sched_policy *policy;
	u32 units;
	u16 first_weight;		/* of the first unit's domain; the others have 256 */
};

static void start(const struct turns *t)
{
	struct sched_domain_params p = { .weight = t->first_weight };

	sw_start(1, 1, "");
	pm_start(t->policy, 1, 1);
	for (u16 i = 0; i < t->units; i++) {
		void *dom = domain(1 + i);

		if (i == 0)
			HOST_CHECK(pm.s.ops->set_domain_params(&pm.s, dom, &p, pm.now) == 0);
		pm_wake(pm_unit_new(1 + i, 0, dom), PM_BUSY);
	}
	pm_run(300 * MS);
}

/* The unit that gives way is queued after the decision, which has to allow for it: the end of the
 * slice that it chose must not be corrected by a second one. */
static void yield(void *arg)
{
	start(arg);
	for (u32 i = 0; i < 100; i++) {
		u64 decisions = pm.decisions, switches = pm.switches;

		pm.s.ops->yield(&pm.s, &pm.cpu[0].curr->u);
		sched_tickle(&pm.s, 0);
		pm_run(pm.now + 10 * US);
		HOST_CHECK(pm.switches == switches + 1);
		HOST_CHECK(pm.decisions == decisions + 1);
	}
}

/* With unequal weights, credit's units change classes while they take turns. */
static void test_a_switch_takes_one_decision(void **state)
{
	const struct sched_policy *const policies[] = { &sched_credit2, &sched_credit };

	for (u32 i = 0; i < ARRAY_SIZE(policies); i++)
		for (u32 units = 2; units <= 3; units++)
			for (u16 weight = 256; weight <= 1024; weight *= 4) {
				struct turns t = { policies[i], units, weight };

				share_run(yield, &t);
			}
}

/* Turns that end by themselves: a decision for each switch, and for each grant of credit. */
static void take_turns(void *arg)
{
	const struct turns *t = arg;
	u64 decisions, switches;

	start(t);
	decisions = pm.decisions;
	switches = pm.switches;
	pm_run(pm.now + 3000 * MS);
	HOST_CHECK(pm.switches > switches + 100);
	HOST_CHECK(pm.decisions - decisions <= pm.switches - switches + 110);
}

static void test_turns_take_one_decision_each(void **state)
{
	for (u32 units = 2; units <= 3; units++) {
		struct turns t = { &sched_credit, units, 256 };

		share_run(take_turns, &t);
	}
}

/* rtds takes the CPU for a unit with an earlier deadline, and gives it back. */
static void preempt(void *arg)
{
	struct pm_unit *base, *urgent;

	sw_start(1, 1, "");
	pm_start(&sched_rtds, 1, 1);
	base = pm_unit_new(1, 0, NULL);
	urgent = pm_unit_new(2, 0, NULL);
	pm_set_params(base, 100 * MS, 90 * MS, false);
	pm_set_params(urgent, 10 * MS, 1 * MS, false);
	pm_run(25 * MS);
	pm_wake(base, PM_BUSY);
	pm_run(26 * MS);
	HOST_CHECK(pm.cpu[0].curr == base);
	for (u32 i = 0; i < 5; i++) {
		u64 decisions = pm.decisions, switches = pm.switches;

		pm_wake(urgent, 100 * US);
		pm_run(pm.now + 200 * US);
		HOST_CHECK(pm.cpu[0].curr == base);
		HOST_CHECK(pm.switches == switches + 2);
		HOST_CHECK(pm.decisions == decisions + 2);
	}
}

static void test_a_preemption_takes_two_decisions(void **state)
{
	share_run(preempt, NULL);
}

/* A slice that was chosen while no unit waited ends soon after one is queued: after the rate limit
 * (1 ms), or at the end of a turn. */
static void cut_short(void *arg)
{
	const struct sched_policy *policy = arg;
	struct pm_unit *late;

	sw_start(1, 1, "");
	pm_start(policy, 1, 1);
	pm_wake(pm_unit_new(1, 0, domain(1)), PM_BUSY);
	pm_run(1);
	HOST_CHECK(policy != &sched_credit2 || pm.cpu[0].until > 9 * MS);
	late = pm_unit_new(2, 0, domain(2));
	pm_wake(late, PM_BUSY);
	pm_run(3 * MS);
	HOST_CHECK(late->ran > 0);
}

static void test_a_waiting_unit_cuts_the_slice(void **state)
{
	share_run(cut_short, (void *)&sched_credit2);
	share_run(cut_short, (void *)&sched_credit);
}

/* A CPU of credit2 that finds another queue's lock taken while a unit waits there looks again. */
static void taken_lock(void *arg)
{
	struct sched_decision out = { 0 };
	struct spinlock *lock[2];
	struct pm_unit *runs, *waits;
	cpumask_t first = { { 1 } };
	u64 flags;

	sw_start(1, 1, "credit2_runqueue=cpu");
	pm_start(&sched_credit2, 2, 1);
	runs = pm_unit_new(1, 0, domain(1));
	pm_set_hard(runs, &first);
	pm_wake(runs, PM_BUSY);
	pm_run(1);
	HOST_CHECK(pm.cpu[0].curr && !pm.cpu[1].curr);
	waits = pm_unit_new(2, 0, domain(2));
	pm_wake(waits, PM_BUSY);
	for (u32 cpu = 0; cpu < 2; cpu++)
		lock[cpu] = pm.s.ops->cpu_lock(&pm.s, cpu);
	HOST_CHECK(lock[0] != lock[1] && pm.cpu[1].pending);
	flags = spin_lock_irqsave(lock[0]);
	spin_lock_nested(lock[1]);
	pm.s.ops->schedule(&pm.s, 1, pm.now, NULL, &out);
	spin_unlock(lock[1]);
	spin_unlock_irqrestore(lock[0], flags);
	HOST_CHECK(!out.unit && out.until > pm.now && out.until <= pm.now + 1 * MS);
	pm.cpu[1].pending = false;
	pm.cpu[1].until = out.until;
	pm_run(out.until + 1);
	HOST_CHECK(pm.cpu[1].curr == waits);
}

static void test_a_taken_lock_means_another_look(void **state)
{
	share_run(taken_lock, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_switch_takes_one_decision),
		cmocka_unit_test(test_turns_take_one_decision_each),
		cmocka_unit_test(test_a_preemption_takes_two_decisions),
		cmocka_unit_test(test_a_waiting_unit_cuts_the_slice),
		cmocka_unit_test(test_a_taken_lock_means_another_look),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
