/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine whose vCPUs all sleep arms no timer, whatever the policy. The simulated machine stops
 * by itself once no CPU has work or an armed timer: nothing could happen after that.
 */
#include "unit.h"

#include <xen/format.h>

#include "sched-world.h"

struct setting {
	u64 seed;
	const struct sched_policy *policy;
};

static void guest_naps(struct vcpu *v, void *arg)
{
	host_guest_compute(v, 1 * MS);
	vcpu_block(v);
}

/* Windows for both vCPUs, 1 ms and 2 ms of each 4 ms, so that an unowned rest is left. */
static void set_windows(const struct domain *d)
{
	struct sched_schedule sc = { .frame_ns = 4 * MS, .nr = 2 };
	struct sched_global_params p = { .schedule = &sc };

	for (u32 i = 0; i < 2; i++) {
		memcpy(sc.window[i].handle, d->handle, sizeof(d->handle));
		sc.window[i].unit_id = i;
		sc.window[i].length_ns = (1 + i) * MS;
	}
	HOST_CHECK(d->sched->ops->set_global_params(d->sched, &p) == 0);
}

static void sleeps(void *arg)
{
	const struct setting *set = arg;
	char cmdline[32];
	struct domain *d;
	s_time_t from;

	scnprintf(cmdline, sizeof(cmdline), "sched=%s", set->policy->name);
	sw_start(set->seed, 4, cmdline);
	d = sw_domain(1, 2);
	if (set->policy == &sched_arinc653)
		set_windows(d);
	for (u32 i = 0; i < 2; i++)
		sw_run_guest(d->vcpu[i], guest_naps, NULL);
	for (u32 turn = 0; turn < 10; turn++) {
		u64 ran = sw_ran(d->vcpu[0]) + sw_ran(d->vcpu[1]);

		from = hal_now_ns();
		vcpu_unblock(d->vcpu[0]);
		vcpu_unblock(d->vcpu[1]);
		HOST_CHECK(host_run_until_idle() == HOST_STOP_IDLE);
		HOST_CHECK(hal_now_ns() - from < 1 * SEC);
		HOST_CHECK(!turn || sw_ran(d->vcpu[0]) + sw_ran(d->vcpu[1]) - ran > 1 * MS);
	}
	/* A virtual minute of sleep. */
	from = hal_now_ns();
	HOST_CHECK(host_run_until_idle() == HOST_STOP_IDLE && hal_now_ns() - from < 1 * MS);
}

static void plays(const struct sched_policy *policy)
{
	for (u64 seed = 1; seed <= 4; seed++) {
		struct setting set = { seed, policy };
		const struct host_outcome *o = host_isolated(sleeps, &set);

		if (o->status)
			fail_msg("%s, seed %lu: %s", policy->name, (unsigned long)seed, o->console);
	}
}

static void test_sleeping_machine(void **state)
{
	for (u32 n = 0; n < sw_nr_policies(); n++)
		plays(sw_policy(n));
}

static void test_arinc653(void **state)
{
	plays(&sched_arinc653);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sleeping_machine),
		cmocka_unit_test(test_arinc653),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
