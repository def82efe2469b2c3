/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See sched-share.h. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <xen/errno.h>
#include <xen/format.h>
#include <xen/hal/cpu.h>

#include "sched-share.h"

void share_by_weight(void *arg)
{
	static const u32 weights[] = { 256, 512, 1024, 256 };
	const struct share_case *c = arg;
	struct domain *d[4];
	u64 ran[4], total = 0;

	sw_start(c->seed, 1, c->cmdline);
	for (u32 i = 0; i < 4; i++) {
		d[i] = sw_domain(1 + i, 1);
		sw_set_params(d[i], weights[i], 0);
		sw_run_guest(d[i]->vcpu[0], guest_spin, NULL);
	}
	host_run(hal_now_ns() + 8 * SEC);
	for (u32 i = 0; i < 4; i++)
		total += ran[i] = sw_ran(d[i]->vcpu[0]);
	HOST_CHECK(total > 7990 * MS && total < 8010 * MS);
	for (u32 i = 0; i < 4; i++)
		HOST_CHECK(share_close_to(ran[i], total * weights[i] / 2048));
}

void share_change_weight(void *arg)
{
	const struct share_case *c = arg;
	struct domain *a, *b;
	u64 a0, b0;

	sw_start(c->seed, 1, c->cmdline);
	a = sw_domain(1, 1);
	b = sw_domain(2, 1);
	sw_run_guest(a->vcpu[0], guest_spin, NULL);
	sw_run_guest(b->vcpu[0], guest_spin, NULL);
	host_run(hal_now_ns() + 4 * SEC);
	HOST_CHECK(share_close_to(sw_ran(a->vcpu[0]), 2 * SEC));
	sw_set_params(a, 768, 0);
	a0 = sw_ran(a->vcpu[0]);
	b0 = sw_ran(b->vcpu[0]);
	host_run(hal_now_ns() + 4 * SEC);
	HOST_CHECK(share_close_to(sw_ran(a->vcpu[0]) - a0, 3 * SEC));
	HOST_CHECK(share_close_to(sw_ran(b->vcpu[0]) - b0, 1 * SEC));
}

void share_caps(void *arg)
{
	static const u32 cap[] = { 10, 35, 150, 0 };
	const struct share_case *c = arg;
	struct domain *d[4];
	u64 ran;

	sw_start(c->seed, 8, c->cmdline);
	for (u32 i = 0; i < 4; i++) {
		d[i] = sw_domain(1 + i, i == 2 ? 3 : 1);
		sw_set_params(d[i], 256, cap[i]);
		for (u32 j = 0; j < d[i]->max_vcpus; j++)
			sw_run_guest(d[i]->vcpu[j], guest_spin, NULL);
	}
	host_run(hal_now_ns() + 4 * SEC);
	for (u32 i = 0; i < 4; i++) {
		ran = 0;
		for (u32 j = 0; j < d[i]->max_vcpus; j++)
			ran += sw_ran(d[i]->vcpu[j]);
		HOST_CHECK(share_close_to(ran, 40 * MS * (cap[i] ? cap[i] : 100)));
	}
	/* The time that a paused domain did not use under its cap is not saved for later. */
	vcpu_pause(d[1]->vcpu[0]);
	host_run(hal_now_ns() + 1 * SEC);
	ran = sw_ran(d[1]->vcpu[0]);
	vcpu_unpause(d[1]->vcpu[0]);
	host_run(hal_now_ns() + 200 * MS);
	HOST_CHECK(sw_ran(d[1]->vcpu[0]) - ran < 76 * MS);
	/* Without the cap it runs freely again. */
	ran = sw_ran(d[0]->vcpu[0]);
	sw_set_params(d[0], 256, 0);
	host_run(hal_now_ns() + 1 * SEC);
	HOST_CHECK(sw_ran(d[0]->vcpu[0]) - ran > 980 * MS);
}

void share_hard_affinity(void *arg)
{
	const struct share_case *c = arg;
	struct domain *d;

	/* hal_context_switch panics when a vCPU is loaded outside of its hard affinity. */
	sw_start(c->seed, 4, c->cmdline);
	d = sw_domain(1, 6);
	for (u32 i = 0; i < 6; i++) {
		sw_set_hard(d->vcpu[i], i < 3 ? "1" : "2-3");
		sw_run_guest(d->vcpu[i], guest_spin, NULL);
	}
	host_run(hal_now_ns() + 3 * SEC);
	for (u32 i = 0; i < 3; i++)
		HOST_CHECK(share_close_to(sw_ran(d->vcpu[i]), 1 * SEC));
	for (u32 i = 3; i < 6; i++)
		HOST_CHECK(share_close_to(sw_ran(d->vcpu[i]), 2 * SEC));
	/* CPU 0 becomes allowed: the three on CPU 1 spread to it. */
	for (u32 i = 0; i < 3; i++)
		sw_set_hard(d->vcpu[i], "0-1");
	host_run(hal_now_ns() + 3 * SEC);
	for (u32 i = 0; i < 3; i++)
		HOST_CHECK(share_close_to(sw_ran(d->vcpu[i]), 3 * SEC));
}

void share_guest_naps(struct vcpu *v, void *arg)
{
	host_guest_compute(v, 1 * MS);
	vcpu_poll(v, 0, NULL, hal_now_ns() + 19 * MS);
}

#define SPINNERS_SEED 21

static void spin_apart(void *arg)
{
	const struct share_spinners *sp = arg;
	struct domain *d[10];

	sw_start(SPINNERS_SEED, sp->cpus, sp->cmdline);
	for (u32 i = 0; i < sp->n; i++) {
		d[i] = sw_domain(1 + i, 1);
		sw_set_params(d[i], sp->weight[i], 0);
		if (sp->hard[i])
			sw_set_hard(d[i]->vcpu[0], sp->hard[i]);
		sw_run_guest(d[i]->vcpu[0], guest_spin, NULL);
	}
	for (u32 i = 0; i < sp->nappers; i++)
		sw_run_guest(sw_domain(100 + i, 1)->vcpu[0], share_guest_naps, NULL);
	host_run(hal_now_ns() + 2 * SEC);
	for (u32 i = 0; i < sp->n; i++)
		host_result()->value[i] = sw_ran(d[i]->vcpu[0]);
	host_run(hal_now_ns() + (s64)(sp->seconds ? sp->seconds : 10) * SEC);
	for (u32 i = 0; i < sp->n; i++)
		host_result()->value[i] = sw_ran(d[i]->vcpu[0]) - host_result()->value[i];
}

void share_check_spinners(const struct share_spinners *sp, const u64 *ms, u32 percent)
{
	share_run(spin_apart, (void *)sp);
	for (u32 i = 0; i < sp->n; i++) {
		u64 us = host_result()->value[i] / 1000, want = ms[i] * 1000;

		if (us * 100 < want * (100 - percent) || us * 100 > want * (100 + percent))
			fail_msg("seed %d: spinner %u ran %llu us instead of %llu",
				 SPINNERS_SEED, i, (unsigned long long)us,
				 (unsigned long long)want);
	}
}

static void guest_counts_naps(struct vcpu *v, void *arg)
{
	++*(u32 *)arg;
	host_guest_compute(v, 100 * US);
	vcpu_poll(v, 0, NULL, hal_now_ns() + 5 * MS);
}

void share_cap_and_sleep(void *arg)
{
	const struct share_case *c = arg;
	struct domain *d;
	u32 naps = 0;
	u64 ran;

	/* One vCPU uses up the budget; the other wakes on a CPU of its own while there is none. */
	sw_start(c->seed, 2, c->cmdline);
	d = sw_domain(1, 2);
	sw_set_params(d, 256, 20);
	sw_set_hard(d->vcpu[0], "0");
	sw_set_hard(d->vcpu[1], "1");
	sw_run_guest(d->vcpu[0], guest_spin, NULL);
	sw_run_guest(d->vcpu[1], guest_counts_naps, &naps);
	host_run(hal_now_ns() + 2 * SEC);
	ran = sw_ran(d->vcpu[0]) + sw_ran(d->vcpu[1]);
	HOST_CHECK(share_close_to(ran, 400 * MS));
	/* Of each period of 10 ms at least once. */
	HOST_CHECK(naps >= 190);
}

struct sleeper {
	s_time_t woken;
	s_time_t worst;
	u32 rounds;
};

static void guest_sleeper(struct vcpu *v, void *arg)
{
	struct sleeper *s = arg;

	if (s->woken) {
		s->worst = max(s->worst, hal_now_ns() - s->woken);
		s->woken = 0;
		s->rounds++;
		host_guest_compute(v, 50 * US);
		return;
	}
	vcpu_block(v);
}

void share_latency(void *arg)
{
	const struct share_latency *l = arg;
	struct sleeper s = { 0 };
	struct domain *d;

	sw_start(17, 2, l->cmdline);
	d = sw_domain(1, 7);
	for (u32 i = 0; i < l->spinners; i++)
		sw_run_guest(d->vcpu[i], guest_spin, NULL);
	sw_run_guest(d->vcpu[6], guest_sleeper, &s);
	host_run(hal_now_ns() + 20 * MS);
	for (u32 i = 0; i < 300; i++) {
		host_run(hal_now_ns() + 3 * MS + host_random_below(4 * MS));
		s.woken = hal_now_ns();
		vcpu_unblock(d->vcpu[6]);
	}
	host_run(hal_now_ns() + 20 * MS);
	HOST_CHECK(s.rounds == 300);
	host_result()->value[0] = (u64)s.worst;
}

/* ---- storms ---- */

#define STORM_DOMAINS 5
#define STORM_VCPUS 4
#define STORM_STEP (100 * US)
/* How long a CPU may idle beside a unit that waits for it. */
#define IDLE_BOUND (1500 * US)

struct storm {
	u32 cpus;
	struct domain *dom[STORM_DOMAINS];
	u32 cap[STORM_DOMAINS];
	s_time_t wasted[STORM_DOMAINS][STORM_VCPUS];	/* waiting beside an idle CPU for so long */
	u64 ran[STORM_DOMAINS][STORM_VCPUS];
	bool paused[STORM_DOMAINS][STORM_VCPUS];
	cpumask_t out;					/* CPUs that left the instance */
};

/* A vCPU behaves in one way for a while. */
static void guest_moods(struct vcpu *v, void *arg)
{
	u64 mood = (u64)hal_now_ns() / (20 * MS) + v->id * 7 + v->domain->id;

	switch (mood % 5) {
	case 0:
		host_guest_compute(v, 1 + host_random_below(300 * US));
		vcpu_poll(v, 0, NULL, hal_now_ns() + 1 + host_random_below(3 * MS));
		break;
	case 1:
		host_guest_compute(v, 1 + host_random_below(100 * US));
		vcpu_yield(v);
		break;
	default:
		host_guest_compute(v, 1 + host_random_below(2 * MS));
	}
}

static void random_mask(cpumask_t *m, u32 cpus)
{
	cpumask_clear(m);
	if (!host_random_below(3)) {
		cpumask_setall(m);
		return;
	}
	for (u32 n = 1 + host_random_below(cpus); n; n--)
		cpumask_set(m, host_random_below(cpus));
}

static void storm_affinity(struct storm *st, struct vcpu *v)
{
	cpumask_t hard, soft;

	random_mask(&hard, st->cpus);
	random_mask(&soft, st->cpus);
	/* Without a CPU of the instance it is refused. */
	vcpu_set_affinity(v, &hard, &soft);
}

static void storm_cpu(struct storm *st, u32 cpu)
{
	if (!cpu)
		return;
	if (cpumask_test(&st->out, cpu)) {
		HOST_CHECK(sched_cpu_join(cpu, sched_pool(0)) == 0);
		sched_cpu_online(cpu);
		cpumask_unset(&st->out, cpu);
	} else {
		HOST_CHECK(sched_cpu_leave(cpu) == 0);
		cpumask_set(&st->out, cpu);
	}
}

static void storm_event(struct storm *st)
{
	u32 i = host_random_below(STORM_DOMAINS), j = host_random_below(STORM_VCPUS);
	struct vcpu *v = st->dom[i]->vcpu[j];

	switch (host_random_below(6)) {
	case 0:
		storm_affinity(st, v);
		break;
	case 1:
		sw_set_params(st->dom[i], 1 + host_random_below(2000), st->cap[i]);
		break;
	case 2:
		storm_cpu(st, host_random_below(st->cpus));
		break;
	case 3:
	case 4:
		if (st->paused[i][j])
			vcpu_unpause(v);
		else
			vcpu_pause(v);
		st->paused[i][j] = !st->paused[i][j];
	}
}

/* True when @v waits although a CPU that it may use idles. */
static bool waits_in_vain(const struct storm *st, struct vcpu *v)
{
	if (!vcpu_runnable(v) || v->unit.running)
		return false;
	for (u32 cpu = 0; cpu < st->cpus; cpu++)
		if (is_idle_vcpu(host_cpu_current(cpu)) && cpumask_test(&v->unit.hard, cpu) &&
		    cpumask_test(&v->unit.sched->cpus, cpu))
			return true;
	return false;
}

static void storm_check(struct storm *st, u32 i, u32 j)
{
	struct vcpu *v = st->dom[i]->vcpu[j];
	s_time_t now = hal_now_ns();
	u64 ran = sw_ran(v);

	if (!waits_in_vain(st, v) || st->cap[i] || ran != st->ran[i][j])
		st->wasted[i][j] = now;
	HOST_CHECK(now - st->wasted[i][j] <= IDLE_BOUND);
	st->ran[i][j] = ran;
}

static void storm_set_up(struct storm *st, const struct share_case *c)
{
	/* The machine follows the seed too, before there is a generator. */
	u32 threads = 1 + c->seed % 2, cores = 1 + c->seed / 2 % 3, sockets = 1 + c->seed / 6 % 3;

	st->cpus = threads * cores * sockets;
	sw_start_cfg(&(struct host_config){ .seed = c->seed, .cpus = st->cpus,
					    .ram_bytes = 16 << 20, .threads_per_core = threads,
					    .cores_per_socket = cores, .cmdline = c->cmdline });
	for (u32 i = 0; i < STORM_DOMAINS; i++) {
		st->dom[i] = sw_domain(1 + i, STORM_VCPUS);
		st->cap[i] = host_random_below(3) ? 0 : 5 + host_random_below(150);
		sw_set_params(st->dom[i], 1 + host_random_below(2000), st->cap[i]);
		for (u32 j = 0; j < STORM_VCPUS; j++) {
			storm_affinity(st, st->dom[i]->vcpu[j]);
			sw_run_guest(st->dom[i]->vcpu[j], guest_moods, NULL);
		}
	}
}

void share_storm(void *arg)
{
	struct storm st = { 0 };
	s_time_t begin;

	storm_set_up(&st, arg);
	begin = hal_now_ns();
	for (u32 n = 0; n < 1500; n++) {
		host_run(hal_now_ns() + STORM_STEP);
		for (u32 i = 0; i < STORM_DOMAINS; i++)
			for (u32 j = 0; j < STORM_VCPUS; j++)
				storm_check(&st, i, j);
		if (!host_random_below(20))
			storm_event(&st);
	}
	for (u32 i = 0; i < STORM_DOMAINS; i++) {
		u64 ran = 0;

		for (u32 j = 0; j < STORM_VCPUS; j++)
			ran += sw_ran(st.dom[i]->vcpu[j]);
		/* Two periods of 10 ms more than its share, and what a shortest slice overdraws. */
		if (st.cap[i])
			HOST_CHECK(ran <= (u64)(hal_now_ns() - begin + 25 * MS) * st.cap[i] / 100 +
				   2 * MS);
	}
	for (u32 i = 0; i < STORM_DOMAINS; i++)
		sw_domain_destroy(st.dom[i]);
}
