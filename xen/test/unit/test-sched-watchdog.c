/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The starvation watchdog: what it reports, once and with the queues, and what it does not. */
#include "unit.h"

#include <xen/format.h>

#include "sched-world.h"

/* A credit2 that forgets every wake of vCPU 1 from some time on. */
static s_time_t forgets_from = INT64_MAX;

static void forgetful_wake(struct scheduler *s, struct sched_unit *u, s_time_t now)
{
	if (u->id != 1 || now < forgets_from)
		sched_credit2.wake(s, u, now);
}

static void forgetful_context_saved(struct scheduler *s, struct sched_unit *u, s_time_t now)
{
	if (u->id != 1 || now < forgets_from)
		sched_credit2.context_saved(s, u, now);
}

static void forgotten(void *arg)
{
	struct sched_policy forgetful = sched_credit2;
	struct scheduler *s;
	struct domain *d;
	int err;

	forgetful.wake = forgetful_wake;
	forgetful.context_saved = forgetful_context_saved;
	sw_start(*(u64 *)arg, 4, "sched_watchdog=50");
	s = sched_create(&forgetful, 1, &err);
	for (u32 cpu = 2; cpu < 4; cpu++) {
		HOST_CHECK(sched_cpu_leave(cpu) == 0 && sched_cpu_join(cpu, s) == 0);
		sched_cpu_online(cpu);
	}
	d = sw_domain_in(1, 3, s);
	for (u32 i = 0; i < 3; i++)
		sw_run_guest(d->vcpu[i], guest_spin, NULL);
	host_run(hal_now_ns() + 300 * MS);
	forgets_from = hal_now_ns();
	host_run(hal_now_ns() + 20000 * MS);
}

static u32 count(const char *text, const char *what)
{
	u32 n = 0;

	while ((text = strstr(text, what)) != NULL) {
		text++;
		n++;
	}
	return n;
}

static void test_forgotten(void **state)
{
	for (u64 seed = 1; seed <= 5; seed++) {
		const struct host_outcome *o = host_isolated(forgotten, &seed);

		assert_int_equal(o->status, 0);
		assert_int_equal(count(o->console, "has not run for"), 1);
		assert_int_equal(count(o->console, "d1v1 has not run for"), 1);
		assert_int_equal(count(o->console, "(pool 1, credit2)"), 1);
		assert_int_equal(count(o->console, "Pool 1, scheduler credit2"), 1);
		assert_int_equal(count(o->console, "Pool 0, "), 0);
	}
}

struct setting {
	u64 seed;
	const struct sched_policy *policy;
};

/* Four vCPUs for each CPU, a cap, budgets: nothing of that is a stall. */
static void overloaded(void *arg)
{
	struct sched_unit_params rt = { .period_ns = 500 * MS, .budget_ns = 20 * MS };
	const struct setting *set = arg;
	struct domain *d[2];
	char cmdline[64];

	scnprintf(cmdline, sizeof(cmdline), "sched=%s sched_watchdog=120", set->policy->name);
	sw_start(set->seed, 2, cmdline);
	for (u32 i = 0; i < 2; i++) {
		d[i] = sw_domain((u16)(1 + i), 4);
		for (u32 n = 0; n < 4; n++) {
			sw_run_guest(d[i]->vcpu[n], guest_spin, NULL);
			sched_set_vcpu_params(d[i]->vcpu[n], &rt);
		}
	}
	/* A policy without caps refuses this. */
	sched_set_domain_params(d[1], &(struct sched_domain_params){ .weight = 256, .cap = 5 });
	host_run(hal_now_ns() + 5 * SEC);
	/* Paused for long, then let go. */
	domain_pause(d[0]);
	host_run(hal_now_ns() + 5 * SEC);
	domain_unpause(d[0]);
	host_run(hal_now_ns() + 5 * SEC);
}

static void test_overloaded(void **state)
{
	for (u32 n = 0; n < sw_nr_policies(); n++) {
		struct setting set = { 1 + n, sw_policy(n) };
		const struct host_outcome *o = host_isolated(overloaded, &set);

		if (o->status || count(o->console, "has not run for"))
			fail_msg("%s: %s", set.policy->name, o->console);
	}
}

/* The default, and values that cannot be honoured. */
static void starts(void *arg)
{
	sw_start(1, 2, arg);
	host_result()->value[0] = host_run_until_idle() == HOST_STOP_IDLE;
}

static void test_parameter(void **state)
{
	assert_int_equal(host_isolated(starts, "")->value[0], 1);
	assert_int_equal(host_isolated(starts, "sched_watchdog=0")->value[0], 1);
	assert_non_null(strstr(host_isolated(starts, "sched_watchdog=9")->console,
			       "10 to 3600000"));
	assert_non_null(strstr(host_isolated(starts, "sched_watchdog=fast")->console,
			       "10 to 3600000"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forgotten),
		cmocka_unit_test(test_overloaded),
		cmocka_unit_test(test_parameter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
