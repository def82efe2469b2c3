/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The credit2 policy on simulated CPUs: shares, caps, affinity, latency, and storms of changes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <xen/console.h>
#include <xen/errno.h>
#include <xen/hal/cpu.h>

#include "sched-share.h"

static void test_shares_follow_weights(void **state)
{
	for (u64 seed = 1; seed <= 3; seed++)
		share_run(share_by_weight, &((struct share_case){ seed, "sched=credit2" }));
}

static void share_on_many(void *arg)
{
	struct domain *d[8];
	u64 ran[8], total = 0;

	/* One run queue of 4 CPUs; 8 spinners of 2 weights, so that no share exceeds a CPU. */
	sw_start(5, 4, "sched=credit2 credit2_runqueue=all");
	for (u32 i = 0; i < 8; i++) {
		d[i] = sw_domain(1 + i, 1);
		sw_set_params(d[i], i & 1 ? 200 : 600, 0);
		sw_run_guest(d[i]->vcpu[0], guest_spin, NULL);
	}
	host_run(hal_now_ns() + 8 * SEC);
	for (u32 i = 0; i < 8; i++)
		total += ran[i] = sw_ran(d[i]->vcpu[0]);
	HOST_CHECK(total > 31900 * MS);
	for (u32 i = 0; i < 8; i++)
		HOST_CHECK(share_close_to(ran[i], total * (i & 1 ? 1 : 3) / 16));
}

static void test_shares_on_many_cpus(void **state)
{
	share_run(share_on_many, NULL);
}

/*
 * On one CPU, units that always want to run differ in run time, divided by weight, only by what
 * their credit can differ at the beginning and at the end: each is between C2_CREDIT_INIT and the
 * cost of a shortest slice below zero.
 */
#define SPINNERS 5
#define CREDIT_INIT (10 * MS)

static void fair_within_bound(void *arg)
{
	struct domain *d[SPINNERS];
	u64 begin[SPINNERS];
	u32 w[SPINNERS], least = ~0U, most = 0;

	sw_start(*(u64 *)arg, 1, "sched=credit2");
	for (u32 i = 0; i < SPINNERS; i++) {
		d[i] = sw_domain(1 + i, 1);
		w[i] = 64 + host_random_below(1000);
		least = min(least, w[i]);
		most = max(most, w[i]);
		sw_set_params(d[i], w[i], 0);
		sw_run_guest(d[i]->vcpu[0], guest_spin, NULL);
	}
	host_run(hal_now_ns() + 50 * MS + host_random_below(20 * MS));
	for (u32 i = 0; i < SPINNERS; i++)
		begin[i] = sw_ran(d[i]->vcpu[0]);
	for (u32 n = 0; n < 200; n++) {
		u64 low = ~0UL, high = 0;

		host_run(hal_now_ns() + host_random_below(10 * MS));
		for (u32 i = 0; i < SPINNERS; i++) {
			u64 part = (sw_ran(d[i]->vcpu[0]) - begin[i]) * most / w[i];

			low = min(low, part);
			high = max(high, part);
		}
		/* The shortest slice is the rate limit of 1 ms, and the timer needs its time. */
		HOST_CHECK(high - low <= 2 * (CREDIT_INIT + 1010 * US * most / least));
	}
}

static void test_fairness_bound(void **state)
{
	for (u64 seed = 1; seed <= 25; seed++)
		share_run(fair_within_bound, &seed);
}

/*
 * Units that may use one CPU only share it by weight, although units on other CPUs of the same run
 * queue run out of credit more often.
 */
static void test_shares_with_affinity(void **state)
{
	const char *all = "sched=credit2 credit2_runqueue=all";

	share_check_spinners(&(struct share_spinners){ .cmdline = all, .cpus = 2, .n = 3,
						       .weight = { 256, 768, 256 },
						       .hard = { "0", "0", "1" } },
			     (const u64[]){ 2500, 7500, 10000 }, 2);
	/* 8 busy vCPUs, most of them on half of the CPUs. */
	share_check_spinners(&(struct share_spinners){
				.cmdline = all, .cpus = 4, .n = 8,
				.weight = { 100, 200, 300, 100, 200, 300, 256, 256 },
				.hard = { "0-1", "0-1", "0-1", "0-1", "0-1", "0-1", "2", "3" } },
			     (const u64[]){ 1667, 3333, 5000, 1667, 3333, 5000, 10000, 10000 }, 3);
}

static void test_weight_changes_at_run_time(void **state)
{
	share_run(share_change_weight, &((struct share_case){ 5, "sched=credit2" }));
}

static void test_caps_hold(void **state)
{
	share_run(share_caps, &((struct share_case){ 9, "sched=credit2" }));
	share_run(share_cap_and_sleep, &((struct share_case){ 43, "sched=credit2" }));
}

static void test_hard_affinity_is_kept(void **state)
{
	share_run(share_hard_affinity,
	    &((struct share_case){ 11, "sched=credit2 credit2_runqueue=all" }));
}

static void soft_affinity(void *arg)
{
	struct domain *d;

	sw_start(13, 8, "sched=credit2 credit2_runqueue=all");
	d = sw_domain(1, 2);
	for (u32 i = 0; i < 2; i++) {
		sw_set_soft(d->vcpu[i], "5-6");
		sw_run_guest(d->vcpu[i], guest_spin, NULL);
	}
	host_run(hal_now_ns() + 50 * MS);
	for (u32 i = 0; i < 200; i++) {
		host_run(hal_now_ns() + 1 * MS);
		for (u32 j = 0; j < 2; j++)
			HOST_CHECK(d->vcpu[j]->unit.cpu == 5 || d->vcpu[j]->unit.cpu == 6);
	}
	/*
	 * Soft affinity is only a preference: others use those CPUs while there are idle ones
	 * elsewhere too.
	 */
	sw_set_soft(d->vcpu[1], "5");
	sw_set_soft(d->vcpu[0], "5");
	host_run(hal_now_ns() + 1 * SEC);
	HOST_CHECK(sw_ran(d->vcpu[0]) > 1200 * MS && sw_ran(d->vcpu[1]) > 1200 * MS);
}

static void test_soft_affinity_is_preferred(void **state)
{
	share_run(soft_affinity, NULL);
}

/* A timer whose handler takes long, and guests that count what they get done. */
struct toll {
	struct timer timer;
	u64 done[2];
};

static void toll_fn(void *arg)
{
	struct toll *t = arg;
	s_time_t end = hal_now_ns() + 300 * US;

	while (hal_now_ns() < end)
		hal_cpu_relax();
	timer_set(&t->timer, end + 700 * US);
}

static void guest_counts(struct vcpu *v, void *arg)
{
	++*(u64 *)arg;
	host_guest_compute(v, 50 * US);
}

/* @arg is the index of the domain that is charged with the handler; 2: neither. */
static void toll(void *arg)
{
	u32 payer = (u32)(uintptr_t)arg;
	struct domain *d[2];
	struct toll t = { 0 };

	sw_start(5, 1, "sched=credit2");
	for (u32 i = 0; i < 2; i++) {
		d[i] = sw_domain((u16)(1 + i), 1);
		sw_run_guest(d[i]->vcpu[0], guest_counts, &t.done[i]);
	}
	timer_init(&t.timer, toll_fn, &t, 0);
	if (payer < 2)
		timer_charge_to(&t.timer, d[payer]->vcpu[0]);
	timer_set(&t.timer, hal_now_ns());
	host_run(hal_now_ns() + 1 * SEC);
	timer_kill(&t.timer);
	host_result()->value[0] = t.done[0];
	host_result()->value[1] = t.done[1];
}

static void test_handlers_are_charged(void **state)
{
	const struct host_outcome *o = host_isolated(toll, (void *)2);
	const u64 *done = o->value;

	/* 1 s in pieces of 50 us. Handlers take 30 % of the time, from both or from the payer. */
	assert_int_equal(o->status, 0);
	assert_true(share_close_to(done[0], 7000) && share_close_to(done[1], 7000));
	for (uintptr_t payer = 0; payer < 2; payer++) {
		o = host_isolated(toll, (void *)payer);
		assert_int_equal(o->status, 0);
		/* Credit has an upper limit, so the other one does not keep all that it saves. */
		assert_in_range(done[!payer], 9700, 10100);
		assert_in_range(done[payer], 3850, 4300);
	}
}

static void test_wakeups_are_prompt(void **state)
{
	struct share_latency l = { "sched=credit2 credit2_runqueue=all", 0 };

	/* At worst it waits for the end of a shortest slice: the rate limit, or 500 us. */
	for (l.spinners = 1; l.spinners <= 6; l.spinners++) {
		share_run(share_latency, &l);
		assert_true(host_result()->value[0] < 1100 * US);
	}
	l.cmdline = "sched=credit2 credit2_runqueue=all sched_ratelimit_us=0";
	for (l.spinners = 1; l.spinners <= 6; l.spinners++) {
		share_run(share_latency, &l);
		assert_true(host_result()->value[0] < 600 * US);
	}
}

static void steal(void *arg)
{
	struct domain *d;
	u64 before[4];

	/* A run queue for each CPU. All start on one CPU; then the affinity is widened. */
	sw_start(19, 4, arg);
	d = sw_domain(1, 4);
	for (u32 i = 0; i < 4; i++) {
		sw_set_hard(d->vcpu[i], "2");
		sw_run_guest(d->vcpu[i], guest_spin, NULL);
	}
	host_run(hal_now_ns() + 200 * MS);
	for (u32 i = 0; i < 4; i++) {
		sw_set_hard(d->vcpu[i], "0-3");
		before[i] = sw_ran(d->vcpu[i]);
	}
	host_run(hal_now_ns() + 1 * SEC);
	for (u32 i = 0; i < 4; i++)
		HOST_CHECK(sw_ran(d->vcpu[i]) - before[i] > 950 * MS);
}

static void balance(void *arg)
{
	struct domain *d;
	u64 ran;

	/* 8 units on 4 queues of one CPU, placed 5 1 1 1: evens out to 2 each. */
	sw_start(23, 4, "sched=credit2 credit2_runqueue=cpu");
	d = sw_domain(1, 8);
	for (u32 i = 0; i < 8; i++) {
		const char *const at[] = { "0", "0", "0", "0", "0", "1", "2", "3" };

		sw_set_hard(d->vcpu[i], at[i]);
		sw_run_guest(d->vcpu[i], guest_spin, NULL);
	}
	host_run(hal_now_ns() + 200 * MS);
	for (u32 i = 0; i < 8; i++)
		sw_set_hard(d->vcpu[i], "0-3");
	host_run(hal_now_ns() + 400 * MS);
	for (u32 i = 0; i < 8; i++) {
		ran = sw_ran(d->vcpu[i]);
		host_result()->value[i] = ran;
	}
	host_run(hal_now_ns() + 2 * SEC);
	for (u32 i = 0; i < 8; i++)
		HOST_CHECK(sw_ran(d->vcpu[i]) - host_result()->value[i] > 900 * MS);
}

static void test_queues_share_work(void **state)
{
	share_run(steal, "sched=credit2 credit2_runqueue=cpu");
	share_run(steal, "sched=credit2 credit2_runqueue=core");
	share_run(balance, NULL);
}

static void guest_yields(struct vcpu *v, void *arg)
{
	u64 *n = arg;

	++*n;
	vcpu_yield(v);
}

static void yields(void *arg)
{
	struct domain *d;
	u64 n = 0;

	sw_start(29, 1, "sched=credit2");
	d = sw_domain(1, 2);
	sw_run_guest(d->vcpu[0], guest_yields, &n);
	sw_run_guest(d->vcpu[1], guest_spin, NULL);
	host_run(hal_now_ns() + 1 * SEC);
	/* A vCPU that yields leaves nearly all time to the other, and is not starved. */
	HOST_CHECK(n > 50);
	HOST_CHECK(sw_ran(d->vcpu[1]) > 800 * MS);
}

static void test_yield_gives_way(void **state)
{
	share_run(yields, NULL);
}

struct grouping {
	const char *cmdline;
	struct host_config machine;
	u32 queues;
};

static void group(void *arg)
{
	const struct grouping *g = arg;
	struct host_config cfg = g->machine;
	struct domain *d;

	cfg.seed = 37;
	cfg.ram_bytes = 64 << 20;
	cfg.cmdline = g->cmdline;
	sw_start_cfg(&cfg);
	/* Twice as many spinners as CPUs: all CPUs get work, whatever the queues. */
	d = sw_domain(1, 2 * cfg.cpus);
	for (u32 i = 0; i < d->max_vcpus; i++)
		sw_run_guest(d->vcpu[i], guest_spin, NULL);
	host_run(hal_now_ns() + 300 * MS);
	for (u32 i = 0; i < cfg.cpus; i++)
		HOST_CHECK(!is_idle_vcpu(host_cpu_current(i)));
	for (u32 i = 0; i < d->max_vcpus; i++)
		HOST_CHECK(sw_ran(d->vcpu[i]) > 75 * MS);
	keyhandler_run('r');
	/* It runs in a tasklet. */
	host_run(hal_now_ns() + 1 * MS);
}

static void test_cpus_are_grouped(void **state)
{
	struct grouping g[] = {
		{ "credit2_runqueue=cpu", { .cpus = 6 }, 6 },
		{ "credit2_runqueue=core", { .cpus = 8, .threads_per_core = 2 }, 4 },
		{ "credit2_runqueue=socket", { .cpus = 8, .cores_per_socket = 4 }, 2 },
		{ "", { .cpus = 40, .cores_per_socket = 40 }, 3 },
		{ "sched_credit2_max_cpus_runqueue=5", { .cpus = 10, .cores_per_socket = 10 }, 2 },
		{ "credit2_runqueue=node", { .cpus = 12, .cores_per_socket = 2,
					     .sockets_per_node = 2 }, 3 },
		{ "credit2_runqueue=all", { .cpus = 20, .cores_per_socket = 4 }, 1 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(g); i++) {
		const char *s;
		u32 n = 0;

		share_run(group, &g[i]);
		for (s = host_result()->console; (s = strstr(s, "Run queue ")) != NULL; s++)
			n++;
		assert_int_equal(n, g[i].queues);
	}
}

/* Three units on two CPUs of one queue: how often they change CPU. */
static void moves(void *arg)
{
	struct domain *d;
	u32 last[3], n = 0;

	sw_start(35, 2, arg);
	d = sw_domain(1, 3);
	for (u32 i = 0; i < 3; i++)
		sw_run_guest(d->vcpu[i], guest_spin, NULL);
	for (u32 i = 0; i < 3000; i++) {
		host_run(hal_now_ns() + 1 * MS);
		for (u32 j = 0; j < 3; j++) {
			n += i && d->vcpu[j]->unit.cpu != last[j];
			last[j] = d->vcpu[j]->unit.cpu;
		}
	}
	host_result()->value[0] = n;
	/* Nevertheless all have their share. */
	for (u32 i = 0; i < 3; i++)
		HOST_CHECK(share_close_to(sw_ran(d->vcpu[i]), 2 * SEC));
}

static void test_units_resist_moves(void **state)
{
	u64 n;

	share_run(moves, "sched=credit2 sched_credit2_migrate_resist=0");
	n = host_result()->value[0];
	share_run(moves, "sched=credit2 sched_credit2_migrate_resist=8000");
	assert_true(host_result()->value[0] * 2 < n);
}

/* A unit on CPU 0 that never sleeps weighs more than four that sleep on CPU 1. */
static void never_sleeps(void *arg)
{
	struct domain *d;

	sw_start(39, 2, "sched=credit2 credit2_runqueue=cpu");
	d = sw_domain(1, 5);
	for (u32 i = 0; i < 5; i++)
		sw_set_hard(d->vcpu[i], i ? "1" : "0");
	sw_run_guest(d->vcpu[0], guest_spin, NULL);
	host_run(hal_now_ns() + 10 * SEC);
	HOST_CHECK(sw_domain(2, 1)->vcpu[0]->unit.cpu == 1);
}

static void test_load_of_what_never_sleeps(void **state)
{
	share_run(never_sleeps, NULL);
}

static void cap_period(void *arg)
{
	struct domain *d;
	u64 ran;

	sw_start(41, 1, "sched=credit2 credit2_cap_period_ms=200");
	d = sw_domain(1, 1);
	sw_set_params(d, 256, 50);
	sw_run_guest(d->vcpu[0], guest_spin, NULL);
	/* It uses up the whole budget of a period at its begin. */
	host_run(hal_now_ns() + 150 * MS);
	ran = sw_ran(d->vcpu[0]);
	HOST_CHECK(share_close_to(ran, 100 * MS));
	host_run(hal_now_ns() + 2 * SEC);
	HOST_CHECK(share_close_to(sw_ran(d->vcpu[0]) - ran, 1 * SEC));
}

static void bad_command_line(void *arg)
{
	sw_start(43, 1, arg);
}

static void test_cap_period(void **state)
{
	share_run(cap_period, NULL);
	share_run(bad_command_line,
		  "credit2_cap_period_ms=0 sched_credit2_migrate_resist=10001");
	assert_non_null(strstr(host_result()->console, "cap_period_ms=0 is not 1 to 1000; using"));
	assert_non_null(strstr(host_result()->console, "resist=10001 is above 10000; using 500"));
}

static void parameters(void *arg)
{
	struct sched_domain_params p = { 0 };
	struct sched_unit_params up = { 0 };
	struct sched_global_params gp;
	struct domain *d;

	sw_start(31, 2, "sched=credit2 sched_ratelimit_us=500");
	d = sw_domain(1, 1);
	HOST_CHECK(sched_id(d) == XEN_SCHEDULER_CREDIT2);
	HOST_CHECK(sched_get_domain_params(d, &p) == 0 && p.weight == 256 && p.cap == 0);
	p = (struct sched_domain_params){ .weight = 1000, .cap = 50 };
	HOST_CHECK(sched_set_domain_params(d, &p) == 0);
	/* Weight 0 leaves the weight alone. */
	p.weight = 0;
	HOST_CHECK(sched_set_domain_params(d, &p) == 0);
	HOST_CHECK(sched_get_domain_params(d, &p) == 0 && p.weight == 1000 && p.cap == 50);
	p.weight = 65536;
	HOST_CHECK(sched_set_domain_params(d, &p) == -XEN_EINVAL);
	HOST_CHECK(sched_get_vcpu_params(d->vcpu[0], &up) == -XEN_EOPNOTSUPP);
	HOST_CHECK(sched_set_vcpu_params(d->vcpu[0], &up) == -XEN_EOPNOTSUPP);

	HOST_CHECK(sched_get_global_params(d->sched, &gp) == 0 && gp.ratelimit_us == 500);
	gp.ratelimit_us = 99;
	HOST_CHECK(sched_set_global_params(d->sched, &gp) == -XEN_EINVAL);
	gp.ratelimit_us = 500001;
	HOST_CHECK(sched_set_global_params(d->sched, &gp) == -XEN_EINVAL);
	gp.ratelimit_us = 0;
	HOST_CHECK(sched_set_global_params(d->sched, &gp) == 0);
	HOST_CHECK(!sched_pool(1));
}

static void test_parameters(void **state)
{
	share_run(parameters, NULL);
}

static void test_storms(void **state)
{
	static const char *const lines[] = {
		"sched=credit2 credit2_runqueue=cpu", "sched=credit2 credit2_runqueue=core",
		"sched=credit2", "sched=credit2 credit2_runqueue=all",
	};

	for (u64 seed = 1; seed <= 60; seed++)
		share_run(share_storm, &((struct share_case){ seed, lines[seed % 4] }));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shares_follow_weights),
		cmocka_unit_test(test_shares_on_many_cpus),
		cmocka_unit_test(test_fairness_bound),
		cmocka_unit_test(test_shares_with_affinity),
		cmocka_unit_test(test_weight_changes_at_run_time),
		cmocka_unit_test(test_caps_hold),
		cmocka_unit_test(test_hard_affinity_is_kept),
		cmocka_unit_test(test_soft_affinity_is_preferred),
		cmocka_unit_test(test_handlers_are_charged),
		cmocka_unit_test(test_wakeups_are_prompt),
		cmocka_unit_test(test_queues_share_work),
		cmocka_unit_test(test_yield_gives_way),
		cmocka_unit_test(test_cpus_are_grouped),
		cmocka_unit_test(test_units_resist_moves),
		cmocka_unit_test(test_load_of_what_never_sleeps),
		cmocka_unit_test(test_cap_period),
		cmocka_unit_test(test_parameters),
		cmocka_unit_test(test_storms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
