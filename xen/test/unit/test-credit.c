/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The credit policy on simulated CPUs: shares, caps, charges, boosts, stealing, and storms. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <xen/errno.h>
#include <xen/hal/cpu.h>

#include "sched-share.h"

static void test_shares_follow_weights(void **state)
{
	for (u64 seed = 1; seed <= 3; seed++)
		share_run(share_by_weight, &((struct share_case){ seed, "sched=credit" }));
	share_run(share_by_weight,
		  &((struct share_case){ 4, "sched=credit sched_credit_tslice_ms=5" }));
	share_run(share_change_weight, &((struct share_case){ 5, "sched=credit" }));
}

static void check_spinners(struct share_spinners sp, const u64 *ms, u32 percent)
{
	sp.cmdline = "sched=credit";
	share_check_spinners(&sp, ms, percent);
}

static void test_shares_on_many_cpus(void **state)
{
	/* 4 CPUs, queues of their own: shares hold for all together. */
	check_spinners((struct share_spinners){ .cpus = 4, .n = 8,
					  .weight = { 600, 200, 600, 200, 600, 200, 600, 200 } },
		       (const u64[]){ 7500, 2500, 7500, 2500, 7500, 2500, 7500, 2500 }, 2);
	check_spinners((struct share_spinners){ .cpus = 2, .n = 3,
					  .weight = { 256, 256, 256 } },
		       (const u64[]){ 6667, 6667, 6667 }, 2);
	/* One is due more than a CPU, which it cannot use: the rest shares by weight. */
	check_spinners((struct share_spinners){ .cpus = 2, .n = 3,
					  .weight = { 4096, 512, 256 } },
		       (const u64[]){ 10000, 6667, 3333 }, 2);
	/* Units that are pinned together must be content with less, the others get more. */
	check_spinners((struct share_spinners){ .cpus = 2, .n = 3, .weight = { 256, 256, 256 },
					  .hard = { "0", "0", "1" } },
		       (const u64[]){ 5000, 5000, 10000 }, 2);
	check_spinners((struct share_spinners){ .cpus = 2, .n = 4, .weight = { 256, 512, 256, 768 },
					  .hard = { "0", "0", "1", "1" } },
		       (const u64[]){ 3333, 6667, 2500, 7500 }, 2);
}

static void test_unused_time_goes_by_weight(void **state)
{
	/* 6 units that use 5 % each of one CPU leave 28 s of 40, whatever their weight. The time
	 * must be long: a unit may be ahead or in debt by two slices, which are 60 ms. */
	check_spinners((struct share_spinners){ .cpus = 1, .n = 3, .weight = { 256, 512, 1024 },
					  .nappers = 6, .seconds = 40 },
		       (const u64[]){ 4000, 8000, 16000 }, 5);
}

static void test_caps_hold(void **state)
{
	share_run(share_caps, &((struct share_case){ 9, "sched=credit" }));
	share_run(share_cap_and_sleep, &((struct share_case){ 43, "sched=credit" }));
}

static void test_hard_affinity_is_kept(void **state)
{
	/* Units may be ahead by two slices, so let these be small beside the time it runs. */
	for (u64 seed = 11; seed < 16; seed++)
		share_run(share_hard_affinity, &((struct share_case){
			seed, "sched=credit sched_credit_tslice_ms=5" }));
}

/*
 * Thieves of time run up to just before each tick of some period and sleep over it. Where charges
 * are samples at ticks they would run for free.
 */
static void guest_thief(struct vcpu *v, void *arg)
{
	s_time_t period = *(s_time_t *)arg, now = hal_now_ns();
	s_time_t tick = (now / period + 1) * period;

	if (tick - now > period / 20) {
		host_guest_compute(v, tick - now - period / 25);
		return;
	}
	vcpu_poll(v, 0, NULL, tick + period / 100);
}

static void thief(void *arg)
{
	struct domain *d[2];
	u64 ran[2];

	sw_start(41, 1, "sched=credit");
	for (u32 i = 0; i < 2; i++)
		d[i] = sw_domain(1 + i, 1);
	sw_run_guest(d[0]->vcpu[0], guest_thief, arg);
	sw_run_guest(d[1]->vcpu[0], guest_spin, NULL);
	host_run(hal_now_ns() + 1 * SEC);
	for (u32 i = 0; i < 2; i++)
		ran[i] = sw_ran(d[i]->vcpu[0]);
	host_run(hal_now_ns() + 8 * SEC);
	for (u32 i = 0; i < 2; i++)
		host_result()->value[i] = sw_ran(d[i]->vcpu[0]) - ran[i];
}

static void test_no_time_is_stolen(void **state)
{
	s_time_t periods[] = { 1 * MS, 10 * MS, 30 * MS };

	for (u32 i = 0; i < ARRAY_SIZE(periods); i++) {
		share_run(thief, &periods[i]);
		/* Its half at most; the victim has the rest. */
		assert_true(host_result()->value[0] < 4080 * MS);
		assert_true(host_result()->value[1] > 3920 * MS);
	}
}

/* Works 3.8 ms every 10 ms, or after the last work when that ended later. */
static void guest_frames(struct vcpu *v, void *arg)
{
	static s_time_t release;
	static bool worked;

	worked = !worked;
	if (worked) {
		release = max(release + 10 * MS, (s_time_t)hal_now_ns());
		host_guest_compute(v, 3800 * US);
	} else {
		vcpu_poll(v, 0, NULL, release + 10 * MS);
	}
}

/* Nearly idle for a second, so that its credit reaches the limit; then it computes. */
static void guest_wakes_up(struct vcpu *v, void *arg)
{
	if (hal_now_ns() < 1 * SEC)
		share_guest_naps(v, arg);
	else
		guest_spin(v, arg);
}

static void frames(void *arg)
{
	struct domain *d[3];
	u64 ran;

	sw_start(47, 1, "sched=credit");
	for (u32 i = 0; i < 3; i++) {
		d[i] = sw_domain(1 + i, 1);
		sw_set_params(d[i], i ? 256 : 1024, 0);
		sw_run_guest(d[i]->vcpu[0], i ? guest_wakes_up : guest_frames, NULL);
	}
	host_run(hal_now_ns() + 2 * SEC);
	ran = sw_ran(d[0]->vcpu[0]);
	host_run(hal_now_ns() + 10 * SEC);
	host_result()->value[0] = sw_ran(d[0]->vcpu[0]) - ran;
}

/* The unit of large weight is on time: the end of its boost leaves it the rest of its turn. */
static void test_work_longer_than_boost(void **state)
{
	share_run(frames, NULL);
	assert_in_range(host_result()->value[0], 3700 * MS, 3800 * MS);
}

static void test_wakeups_are_prompt(void **state)
{
	struct share_latency l = { "sched=credit", 0 };

	/* A boosted unit waits for the rate limit at most. */
	for (l.spinners = 1; l.spinners <= 6; l.spinners++) {
		share_run(share_latency, &l);
		assert_true(host_result()->value[0] < 1100 * US);
	}
	l.cmdline = "sched=credit sched_ratelimit_us=0";
	for (l.spinners = 1; l.spinners <= 6; l.spinners++) {
		share_run(share_latency, &l);
		assert_true(host_result()->value[0] < 200 * US);
	}
}

/* Two domains on a machine of two nodes: units stay on their node while it has idle CPUs. */
static void soft_affinity(void *arg)
{
	struct domain *d;

	sw_start(13, 8, "sched=credit");
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
	/* It is only a preference: with one CPU for both, the second goes elsewhere. */
	sw_set_soft(d->vcpu[1], "5");
	sw_set_soft(d->vcpu[0], "5");
	host_run(hal_now_ns() + 1 * SEC);
	HOST_CHECK(sw_ran(d->vcpu[0]) > 1200 * MS && sw_ran(d->vcpu[1]) > 1200 * MS);
}

static void test_soft_affinity_is_preferred(void **state)
{
	share_run(soft_affinity, NULL);
}

/* A node of 2 CPUs with 4 units; 2 CPUs of another node idle once their units sleep. */
static void nodes(void *arg)
{
	struct host_config cfg = { .seed = 15, .cpus = 4, .ram_bytes = 16 << 20,
				   .cores_per_socket = 2, .cmdline = "sched=credit" };
	struct domain *d;
	u32 far = 0;

	sw_start_cfg(&cfg);
	d = sw_domain(1, 2);
	/* They sleep and wake on node 0, where there is always an idle CPU: they stay there. */
	for (u32 i = 0; i < 2; i++) {
		sw_set_hard(d->vcpu[i], "0-1");
		sw_run_guest(d->vcpu[i], share_guest_naps, NULL);
	}
	host_run(hal_now_ns() + 30 * MS);
	for (u32 i = 0; i < 2; i++)
		sw_set_hard(d->vcpu[i], "0-3");
	for (u32 i = 0; i < 500; i++) {
		host_run(hal_now_ns() + 1 * MS);
		far += d->vcpu[0]->unit.cpu > 1;
		far += d->vcpu[1]->unit.cpu > 1;
	}
	HOST_CHECK(far == 0);
}

static void test_nodes_are_kept(void **state)
{
	share_run(nodes, NULL);
}

static void steal(void *arg)
{
	struct domain *d;
	u64 before[4];

	sw_start(19, 4, "sched=credit");
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
		HOST_CHECK(sw_ran(d->vcpu[i]) - before[i] > 995 * MS);
}

static void test_idle_cpus_take_work(void **state)
{
	share_run(steal, NULL);
}

static void guest_yields(struct vcpu *v, void *arg)
{
	++*(u64 *)arg;
	vcpu_yield(v);
}

static void yields(void *arg)
{
	struct domain *d;
	u64 n = 0;

	sw_start(29, 1, arg);
	d = sw_domain(1, 2);
	sw_run_guest(d->vcpu[0], guest_yields, &n);
	sw_run_guest(d->vcpu[1], guest_spin, NULL);
	host_run(hal_now_ns() + 1 * SEC);
	/* A vCPU that yields leaves nearly all time to the other, and is not starved. */
	HOST_CHECK(n > 30);
	HOST_CHECK(sw_ran(d->vcpu[1]) > 950 * MS);
}

static void test_yield_gives_way(void **state)
{
	share_run(yields, "sched=credit");
	share_run(yields, "sched=credit sched_ratelimit_us=0");
}

/* A unit of the smallest weight that ran alone for long comes back beside a heavy one. */
static void light_weight(void *arg)
{
	struct domain *d[2];
	s_time_t seen, wait = 0;
	u64 ran;

	sw_start(31, 1, "sched=credit");
	for (u32 i = 0; i < 2; i++)
		d[i] = sw_domain(1 + i, 1);
	sw_set_params(d[0], 1, 0);
	sw_set_params(d[1], 65535, 0);
	sw_run_guest(d[0]->vcpu[0], guest_spin, NULL);
	host_run(hal_now_ns() + 2 * SEC);
	sw_run_guest(d[1]->vcpu[0], guest_spin, NULL);
	seen = hal_now_ns();
	ran = sw_ran(d[0]->vcpu[0]);
	for (u32 i = 0; i < 10000; i++) {
		host_run(hal_now_ns() + 1 * MS);
		if (sw_ran(d[0]->vcpu[0]) != ran)
			seen = hal_now_ns();
		ran = sw_ran(d[0]->vcpu[0]);
		wait = max(wait, hal_now_ns() - seen);
	}
	/* 32 periods of 30 ms, and the period in which they begin and end. */
	HOST_CHECK(wait <= 1050 * MS);
	HOST_CHECK(sw_ran(d[0]->vcpu[0]) < 2 * SEC + 100 * MS);
}

static void test_no_weight_starves(void **state)
{
	share_run(light_weight, NULL);
}

static void guest_blocks(struct vcpu *v, void *arg)
{
	host_guest_compute(v, 1 * MS);
	vcpu_block(v);
}

static void idle(void *arg)
{
	struct domain *d;

	sw_start(33, 4, "sched=credit");
	d = sw_domain(1, 6);
	for (u32 i = 0; i < 6; i++)
		sw_run_guest(d->vcpu[i], guest_blocks, NULL);
	/* All have slept for long: no CPU has a timer. */
	HOST_CHECK(host_run_until_idle() == HOST_STOP_IDLE);
	HOST_CHECK(hal_now_ns() < 100 * MS + SEC);
	for (u32 i = 0; i < 6; i++)
		HOST_CHECK(sw_ran(d->vcpu[i]) > 0);
}

static void test_idle_cpus_do_not_tick(void **state)
{
	share_run(idle, NULL);
}

/* With a delay set, units that ran a moment ago are not moved to idle CPUs. */
static void delay(void *arg)
{
	struct domain *d;
	u32 last[3], moves = 0;

	sw_start(35, 2, arg);
	d = sw_domain(1, 3);
	for (u32 i = 0; i < 3; i++)
		sw_run_guest(d->vcpu[i], guest_spin, NULL);
	for (u32 i = 0; i < 2000; i++) {
		host_run(hal_now_ns() + 1 * MS);
		for (u32 j = 0; j < 3; j++) {
			moves += i && d->vcpu[j]->unit.cpu != last[j];
			last[j] = d->vcpu[j]->unit.cpu;
		}
	}
	host_result()->value[0] = moves;
	/* Nevertheless all get on. */
	for (u32 i = 0; i < 3; i++)
		HOST_CHECK(sw_ran(d->vcpu[i]) > 900 * MS);
}

static void test_hot_units_stay(void **state)
{
	u64 moves;

	share_run(delay, "sched=credit");
	moves = host_result()->value[0];
	assert_true(moves > 10);
	share_run(delay, "sched=credit vcpu_migration_delay=100000");
	assert_true(host_result()->value[0] * 2 < moves);
}

static void parameters(void *arg)
{
	struct sched_domain_params p = { 0 };
	struct sched_global_params gp, bad;
	struct domain *d;

	sw_start(37, 2, "sched=credit sched_ratelimit_us=500 sched_credit_tslice_ms=5 "
		 "vcpu_migration_delay=1000");
	d = sw_domain(1, 1);
	HOST_CHECK(sched_id(d) == XEN_SCHEDULER_CREDIT);
	HOST_CHECK(sched_get_domain_params(d, &p) == 0 && p.weight == 256 && p.cap == 0);
	p = (struct sched_domain_params){ .weight = 1000, .cap = 50 };
	HOST_CHECK(sched_set_domain_params(d, &p) == 0);
	/* Weight 0 leaves the weight alone. */
	p.weight = 0;
	HOST_CHECK(sched_set_domain_params(d, &p) == 0);
	HOST_CHECK(sched_get_domain_params(d, &p) == 0 && p.weight == 1000 && p.cap == 50);
	p.weight = 65536;
	HOST_CHECK(sched_set_domain_params(d, &p) == -XEN_EINVAL);

	HOST_CHECK(sched_get_global_params(d->sched, &gp) == 0);
	HOST_CHECK(gp.ratelimit_us == 500 && gp.tslice_ms == 5 && gp.migr_delay_us == 1000);
	bad = gp;
	bad.tslice_ms = 0;
	HOST_CHECK(sched_set_global_params(d->sched, &bad) == -XEN_EINVAL);
	bad.tslice_ms = 1001;
	HOST_CHECK(sched_set_global_params(d->sched, &bad) == -XEN_EINVAL);
	/* The rate limit is part of a slice. */
	bad = gp;
	bad.ratelimit_us = 5001;
	HOST_CHECK(sched_set_global_params(d->sched, &bad) == -XEN_EINVAL);
	bad.ratelimit_us = 99;
	HOST_CHECK(sched_set_global_params(d->sched, &bad) == -XEN_EINVAL);
	bad = gp;
	bad.migr_delay_us = 100001;
	HOST_CHECK(sched_set_global_params(d->sched, &bad) == -XEN_EINVAL);
	HOST_CHECK(sched_get_global_params(d->sched, &bad) == 0);
	HOST_CHECK(bad.ratelimit_us == 500 && bad.tslice_ms == 5 && bad.migr_delay_us == 1000);
	gp = (struct sched_global_params){ .ratelimit_us = 0, .tslice_ms = 1000 };
	HOST_CHECK(sched_set_global_params(d->sched, &gp) == 0);
}

static void bad_command_line(void *arg)
{
	struct sched_global_params gp;

	sw_start(39, 1, arg);
	HOST_CHECK(sched_get_global_params(sched_pool(0), &gp) == 0);
	host_result()->value[0] = gp.tslice_ms;
	host_result()->value[1] = gp.ratelimit_us;
	host_result()->value[2] = gp.migr_delay_us;
}

static void test_parameters(void **state)
{
	share_run(parameters, NULL);
	share_run(bad_command_line,
		  "sched=credit sched_credit_tslice_ms=0 vcpu_migration_delay=100001");
	assert_int_equal(host_result()->value[0], 30);
	assert_int_equal(host_result()->value[2], 0);
	assert_non_null(strstr(host_result()->console, "tslice_ms=0 is not 1 to 1000"));
	assert_non_null(strstr(host_result()->console, "vcpu_migration_delay=100001 is above"));
	share_run(bad_command_line,
		  "sched=credit sched_credit_tslice_ms=1 sched_ratelimit_us=2000");
	assert_int_equal(host_result()->value[1], 1000);
}

static void test_storms(void **state)
{
	for (u64 seed = 1; seed <= 60; seed++) {
		struct share_case c = { seed, seed % 3 ? "sched=credit" :
					"sched=credit sched_credit_tslice_ms=2" };

		share_run(share_storm, &c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shares_follow_weights),
		cmocka_unit_test(test_shares_on_many_cpus),
		cmocka_unit_test(test_unused_time_goes_by_weight),
		cmocka_unit_test(test_caps_hold),
		cmocka_unit_test(test_hard_affinity_is_kept),
		cmocka_unit_test(test_no_time_is_stolen),
		cmocka_unit_test(test_work_longer_than_boost),
		cmocka_unit_test(test_wakeups_are_prompt),
		cmocka_unit_test(test_soft_affinity_is_preferred),
		cmocka_unit_test(test_nodes_are_kept),
		cmocka_unit_test(test_idle_cpus_take_work),
		cmocka_unit_test(test_yield_gives_way),
		cmocka_unit_test(test_no_weight_starves),
		cmocka_unit_test(test_idle_cpus_do_not_tick),
		cmocka_unit_test(test_hot_units_stay),
		cmocka_unit_test(test_parameters),
		cmocka_unit_test(test_storms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
