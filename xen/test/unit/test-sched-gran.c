/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Core and socket scheduling: the CPUs of a core or socket run vCPUs of one unit only. */
#include "unit.h"

#include <xen/errno.h>
#include <xen/format.h>
#include <xen/softirq.h>
#include <xen/hal/cpu.h>
#include <xen/hal/smp.h>
#include <xen/hal/vcpu.h>

#include "sched-world.h"

#define CPUS 8U			/* two sockets of two cores of two threads */
#define DOMAINS 4U
#define VCPUS 5U

struct setting {
	u64 seed;
	const struct sched_policy *policy;
	const char *gran;
	u32 width;
	const char *more;	/* of the command line */
};

static const struct setting *set;

static void begin(void *arg)
{
	char cmdline[96];

	set = arg;
	scnprintf(cmdline, sizeof(cmdline), "sched=%s sched-gran=%s %s", set->policy->name,
		  set->gran, set->more ? set->more : "");
	sw_start_cfg(&(struct host_config){ .seed = set->seed, .cpus = CPUS, .threads_per_core = 2,
					    .cores_per_socket = 2, .ram_bytes = 16 << 20,
					    .cmdline = cmdline });
	cpus_settle_at_boot();
	HOST_CHECK(sched_width == set->width);
}

static void play(void (*fn)(void *arg), u32 seeds)
{
	static const struct setting grans[] = { { .gran = "core", .width = 2 },
						{ .gran = "socket", .width = 4 } };

	for (u32 n = 0; n < sw_nr_policies() * ARRAY_SIZE(grans); n++) {
		for (u64 seed = 1; seed <= seeds; seed++) {
			struct setting s = grans[n % ARRAY_SIZE(grans)];
			const struct host_outcome *o;

			s.seed = seed;
			s.policy = sw_policy(n / ARRAY_SIZE(grans));
			o = host_isolated(fn, &s);
			if (o->status)
				fail_msg("%s, %s, seed %lu: %s", s.policy->name, s.gran,
					 (unsigned long)seed, o->console);
		}
	}
}

/* ---- What must hold at any time */

static bool idles(const struct vcpu *v) { return v->unit.is_idle; }

/* The CPUs of each core or socket run vCPUs of one unit, each in its place. */
static void check_exclusive(void)
{
	for (u32 first = 0; first < CPUS; first += set->width) {
		const struct sched_unit *owner = NULL;

		for (u32 i = 0; i < set->width; i++) {
			const struct vcpu *v = host_cpu_current(first + i);

			if (idles(v))
				continue;
			HOST_CHECK(!owner || v->part_of == owner);
			HOST_CHECK(v->id % set->width == i && v->running);
			HOST_CHECK(v->part_of->running && v->part_of->cpu == first);
			owner = v->part_of;
		}
	}
}

struct load {
	struct vcpu *v;
	u32 work;
	struct timer alarm;
};

static void wakes(void *arg)
{
	vcpu_unblock(arg);
}

/* Computes, sleeps and yields at random. */
static void guest_mixed(struct vcpu *v, void *arg)
{
	struct load *l = arg;

	check_exclusive();
	l->work++;
	switch (host_random_below(4)) {
	case 0:
		timer_migrate(&l->alarm, hal_smp_cpu_id());
		timer_set(&l->alarm, hal_now_ns() + host_random_below(300 * US));
		vcpu_block(v);
		break;
	case 1:
		vcpu_yield(v);
		/* fall through */
	default:
		host_guest_compute(v, 1 * US + host_random_below(100 * US));
	}
}

static struct load loads[DOMAINS][VCPUS];
static struct domain *domains[DOMAINS];

static void start_domain(u32 i)
{
	u32 n = 1 + host_random_below(VCPUS);

	domains[i] = sw_domain((u16)(1 + i), n);
	for (u32 k = 0; k < n; k++) {
		struct load *l = &loads[i][k];

		*l = (struct load){ .v = domains[i]->vcpu[k] };
		timer_init(&l->alarm, wakes, l->v, 0);
		sw_run_guest(l->v, guest_mixed, l);
	}
}

static void end_domain(u32 i)
{
	domain_pause(domains[i]);
	for (u32 k = 0; k < domains[i]->max_vcpus; k++)
		timer_kill(&loads[i][k].alarm);
	sw_domain_destroy(domains[i]);
	domains[i] = NULL;
}

/* ---- Everything at random */

static void change_affinity(void)
{
	struct domain *d = domains[host_random_below(DOMAINS)];
	cpumask_t mask, pool;
	struct vcpu *v;

	if (!d)
		return;
	v = d->vcpu[host_random_below(d->max_vcpus)];
	cpumask_clear(&mask);
	for (u32 cpu = 0; cpu < CPUS; cpu++)
		if (!host_random_below(3))
			cpumask_set(&mask, cpu);
	sched_pool_cpus(d->sched, &pool);
	HOST_CHECK((vcpu_set_affinity(v, &mask, NULL) == 0) == cpumask_intersects(&mask, &pool));
}

static void change_cpus(void)
{
	u32 cpu = set->width + host_random_below(CPUS - set->width);
	cpumask_t all, free;

	if (cpu_in_use(cpu))
		HOST_CHECK(cpu_offline(cpu) == 0);
	else
		HOST_CHECK(cpu_online(cpu) == 0);
	sched_siblings(cpu, &all);
	HOST_CHECK(cpumask_weight(&all) == set->width);
	for (u32 i = 0; i < CPUS; i++)
		HOST_CHECK(!cpumask_test(&all, i) || cpu_in_use(i) == cpu_in_use(cpu));
	sched_free_cpus(&free);
	HOST_CHECK(cpumask_empty(&free));
}

static void change_pause(void)
{
	struct domain *d = domains[host_random_below(DOMAINS)];
	struct vcpu *v;

	if (!d)
		return;
	v = d->vcpu[host_random_below(d->max_vcpus)];
	vcpu_pause(v);
	HOST_CHECK(!v->running);
	host_run(hal_now_ns() + host_random_below(200 * US));
	HOST_CHECK(!v->running);
	vcpu_unpause(v);
}

/* A core or socket is a pool for a while, in which a domain is. */
static void change_pools(void)
{
	u32 cpu = host_random_below(CPUS), i = host_random_below(DOMAINS);
	struct scheduler *s;
	cpumask_t cpus;
	int err;

	sched_pool_cpus(sched_pool(0), &cpus);
	if (!domains[i] || !cpumask_test(&cpus, cpu) || cpumask_weight(&cpus) <= set->width)
		return;
	HOST_CHECK(sched_cpu_leave(cpu) == 0);
	s = sched_create(sw_policy(host_random_below(4)), SCHED_POOL_ANY, &err);
	HOST_CHECK(s && sched_cpu_join(cpu, s) == 0);
	sched_cpu_online(cpu);
	HOST_CHECK(sched_move_domain(domains[i], s) == 0);
	host_run(hal_now_ns() + host_random_below(500 * US));
	HOST_CHECK(sched_cpu_leave(cpu) == -XEN_EBUSY);
	HOST_CHECK(sched_move_domain(domains[i], sched_pool(0)) == 0);
	HOST_CHECK(sched_cpu_leave(cpu) == 0 && sched_destroy(s) == 0);
	HOST_CHECK(sched_cpu_join(cpu, sched_pool(0)) == 0);
	sched_cpu_online(cpu);
}

static void change_domains(void)
{
	u32 i = host_random_below(DOMAINS);

	if (domains[i])
		end_domain(i);
	else
		start_domain(i);
}

static void all_work(void)
{
	u32 before[DOMAINS][VCPUS];

	for (u32 cpu = 0; cpu < CPUS; cpu++)
		HOST_CHECK(cpu_in_use(cpu) || cpu_online(cpu) == 0);
	for (u32 i = 0; i < DOMAINS; i++)
		for (u32 k = 0; domains[i] && k < domains[i]->max_vcpus; k++) {
			sw_set_hard(domains[i]->vcpu[k], "0-7");
			before[i][k] = loads[i][k].work;
		}
	host_run(hal_now_ns() + 300 * MS);
	/* null has no CPUs for more units than there are cores. */
	for (u32 i = 0; i < DOMAINS && set->policy != &sched_null; i++)
		for (u32 k = 0; domains[i] && k < domains[i]->max_vcpus; k++)
			HOST_CHECK(loads[i][k].work > before[i][k]);
}

static void anything(void *arg)
{
	static void (*const change[])(void) = {
		change_affinity, change_cpus, change_pause, change_pools, change_domains,
	};

	begin(arg);
	for (u32 i = 0; i < DOMAINS - 1; i++)
		start_domain(i);
	for (u32 step = 0; step < 150; step++) {
		host_run(hal_now_ns() + host_random_below(200 * US));
		check_exclusive();
		change[host_random_below(ARRAY_SIZE(change))]();
		check_exclusive();
	}
	all_work();
}

static void test_anything(void **state)
{
	play(anything, 15);
}

/* ---- vCPUs of a unit run together */

/* A domain of one vCPU has a whole core; one as wide as a core has all its vCPUs on it at once. */
static void together(void *arg)
{
	struct domain *wide, *narrow;
	u64 ran[2] = { 0 };

	begin(arg);
	for (u32 cpu = set->width; cpu < CPUS; cpu += set->width)
		HOST_CHECK(cpu_offline(cpu) == 0);
	wide = sw_domain(1, set->width);
	narrow = sw_domain(2, 1);
	for (u32 i = 0; i < set->width; i++)
		sw_run_guest(wide->vcpu[i], guest_spin, NULL);
	sw_run_guest(narrow->vcpu[0], guest_spin, NULL);
	for (u32 step = 0; step < 2000; step++) {
		host_run(hal_now_ns() + 500 * US);
		check_exclusive();
		ran[0] += wide->vcpu[0]->running;
		ran[1] += narrow->vcpu[0]->running;
	}
	for (u32 i = 1; i < set->width; i++) {
		s64 apart = (s64)(sw_ran(wide->vcpu[i]) - sw_ran(wide->vcpu[0]));

		HOST_CHECK(apart < 2 * MS && apart > -2 * MS);
	}
	if (set->policy == &sched_null)
		HOST_CHECK(ran[0] > 1990 && !ran[1]);
	else if (set->policy != &sched_rtds)
		HOST_CHECK(ran[0] > 800 && ran[1] > 800);
	else
		HOST_CHECK(ran[0] > 700 && ran[1] > 700);
}

static void test_together(void **state)
{
	play(together, 2);
}

static void guest_sleeps(struct vcpu *v, void *arg)
{
	++*(u32 *)arg;
	vcpu_block(v);
}

/* A vCPU that wakes while its unit has the core runs at once, and sleeps without a switch. */
static void sibling_wakes(void *arg)
{
	struct domain *d;
	u32 woken = 0;

	begin(arg);
	d = sw_domain(1, 2);
	sw_run_guest(d->vcpu[0], guest_spin, NULL);
	sw_run_guest(d->vcpu[1], guest_sleeps, &woken);
	host_run(hal_now_ns() + 10 * MS);
	HOST_CHECK(woken == 1 && d->vcpu[0]->running && !d->vcpu[1]->running);
	HOST_CHECK(vcpu_cpu(d->vcpu[1]) == vcpu_cpu(d->vcpu[0]) + 1);
	for (u32 i = 0; i < 100; i++) {
		vcpu_unblock(d->vcpu[1]);
		hal_vcpu_event_notify(d->vcpu[1]);
		host_run(hal_now_ns() + 50 * US);
		HOST_CHECK(woken >= 2 + i && d->vcpu[0]->running && !d->vcpu[1]->running);
	}
	/* The first one sleeps, and the second has the core alone. */
	sw_run_guest(d->vcpu[1], guest_spin, NULL);
	vcpu_unblock(d->vcpu[1]);
	hal_vcpu_event_notify(d->vcpu[1]);
	vcpu_pause(d->vcpu[0]);
	host_run(hal_now_ns() + 10 * MS);
	HOST_CHECK(!d->vcpu[0]->running && d->vcpu[1]->running);
}

static void test_sibling_wakes(void **state)
{
	play(sibling_wakes, 4);
}

/* ---- CPUs, pools and affinities are of whole cores */

static cpumask_t cpus_of(const char *list)
{
	cpumask_t m;

	cpumask_clear(&m);
	HOST_CHECK(bitmap_parse_list(list, m.bits, NR_CPUS) == 0);
	return m;
}

static void whole_cores(void *arg)
{
	struct scheduler *s;
	cpumask_t cpus, want;
	struct domain *d;
	int err;

	begin(arg);
	HOST_CHECK(cpumask_weight(&sched_pool(0)->cpus) == CPUS / set->width);
	sched_pool_cpus(sched_pool(0), &cpus);
	HOST_CHECK(cpumask_equal(&cpus, &cpu_online_map));
	/* The boot CPU's core stays; another goes as a whole. */
	HOST_CHECK(cpu_offline(1) == -XEN_EINVAL && cpu_offline(7) == 0);
	HOST_CHECK(cpu_offline(6) == -XEN_EEXIST && !cpu_in_use(6) && cpu_online(6) == 0);
	HOST_CHECK(cpu_in_use(7) && cpu_online(7) == -XEN_EEXIST);
	HOST_CHECK(cpus_set_smt(false) == -XEN_EINVAL && cpus_set_smt(true) == -XEN_EINVAL);
	/* A pool of the CPUs of one core. */
	s = sched_create(set->policy, 1, &err);
	HOST_CHECK(sched_cpu_leave(7) == 0 && sched_cpu_leave(6) == -XEN_EINVAL);
	HOST_CHECK(sched_cpu_join(6, s) == 0);
	sched_cpu_online(7);
	sched_pool_cpus(s, &cpus);
	want = cpus_of(set->width == 2 ? "6-7" : "4-7");
	HOST_CHECK(cpumask_equal(&cpus, &want));
	HOST_CHECK(sched_cpu_leave(6) == 0 && sched_destroy(s) == 0);
	HOST_CHECK(sched_cpu_join(7, sched_pool(0)) == 0);
	sched_cpu_online(6);
	/* A CPU means its core, and the affinity of a vCPU is that of its unit. */
	d = sw_domain(1, 5);
	sw_set_hard(d->vcpu[1], "5");
	want = cpus_of(set->width == 2 ? "4-5" : "4-7");
	HOST_CHECK(cpumask_equal(&d->vcpu[0]->part_of->hard, &want));
	HOST_CHECK(d->vcpu[0]->part_of == d->vcpu[1]->part_of);
	HOST_CHECK(d->vcpu[4]->part_of != d->vcpu[1]->part_of);
	for (u32 i = 0; i < 5; i++)
		sw_run_guest(d->vcpu[i], guest_spin, NULL);
	host_run(hal_now_ns() + 20 * MS);
	HOST_CHECK(d->vcpu[1]->last_cpu == 5 && d->vcpu[0]->last_cpu == 4);
	sw_domain_destroy(d);
}

static void test_whole_cores(void **state)
{
	play(whole_cores, 1);
}

/* ---- A domain moves while a unit of it leaves its CPUs */

static s64 work_in(u32 *work, s64 ns)
{
	u32 before = *work;

	host_run(hal_now_ns() + ns);
	return (s64)*work - before;
}

static void guest_counts(struct vcpu *v, void *arg)
{
	++*(u32 *)arg;
	host_guest_compute(v, 10 * US);
}

/* The second vCPU alone is on its CPU, so it may be off before the first CPU has decided. */
static void moves_while_leaving(void *arg)
{
	struct scheduler *pool[2] = { NULL };
	struct domain *d;
	u32 slept = 0, work = 0;
	int err;

	begin(arg);
	pool[0] = sched_pool(0);
	pool[1] = sched_create(set->policy, 1, &err);
	for (u32 cpu = CPUS / 2; cpu < CPUS; cpu += set->width) {
		HOST_CHECK(sched_cpu_leave(cpu) == 0 && sched_cpu_join(cpu, pool[1]) == 0);
		sched_cpu_online(cpu);
	}
	d = sw_domain(1, 2);
	sw_run_guest(d->vcpu[0], guest_sleeps, &slept);
	sw_run_guest(d->vcpu[1], guest_counts, &work);
	for (u32 step = 1; step <= 100; step++) {
		struct sched_unit *u = d->vcpu[0]->part_of;
		cpumask_t others;

		HOST_CHECK(work_in(&work, 1 * MS + host_random_below(100 * US)) > 0);
		sched_pool_cpus(d->sched, &others);
		for (u32 i = 0; i < set->width; i++)
			cpumask_unset(&others, u->cpu + i);
		/* A pool of one socket has no other. */
		HOST_CHECK(cpumask_empty(&others) || !vcpu_set_affinity(d->vcpu[0], &others, NULL));
		HOST_CHECK(sched_move_domain(d, pool[step % 2]) == 0);
	}
	HOST_CHECK(work_in(&work, 100 * MS) > 0);
}

static void test_moves_while_leaving(void **state)
{
	play(moves_while_leaving, 4);
}

/* ---- A unit ends its turn before it has come */

struct mover {
	struct domain *d;
	struct scheduler *to[2];
	u32 moves;
};

/* Its own core cannot be left meanwhile, so the unit that is to follow it there does not come. */
static void guest_moves(struct vcpu *v, void *arg)
{
	struct mover *m = arg;

	for (u32 i = 0; i < 4; i++) {
		HOST_CHECK(sched_move_domain(m->d, m->to[i % 2]) == 0);
		for (u32 wait = host_random_below(64); wait; wait--)
			hal_cpu_relax();
	}
	m->moves++;
	host_guest_compute(v, 10 * US);
}

static void moved_by_neighbour(void *arg)
{
	struct domain *owner;
	struct mover m = { 0 };
	int err;

	begin(arg);
	m.to[0] = sched_create(set->policy, 1, &err);
	m.to[1] = sched_pool(0);
	for (u32 cpu = set->width; cpu < CPUS; cpu += set->width) {
		HOST_CHECK(sched_cpu_leave(cpu) == 0 && sched_cpu_join(cpu, m.to[0]) == 0);
		sched_cpu_online(cpu);
	}
	owner = sw_domain(1, 2);
	m.d = sw_domain(2, 2);
	for (u32 i = 0; i < 2; i++)
		sw_run_guest(m.d->vcpu[i], guest_spin, NULL);
	sw_run_guest(owner->vcpu[0], guest_spin, NULL);
	sw_run_guest(owner->vcpu[1], guest_moves, &m);
	for (u32 step = 0; step < 5; step++) {
		u32 before = m.moves;

		host_run(hal_now_ns() + 10 * MS);
		HOST_CHECK(m.moves > before || set->policy == &sched_null);
	}
}

/* A vCPU moves the domain whose unit is about to follow it on its own core, and goes on. */
static void test_moved_by_neighbour(void **state)
{
	play(moved_by_neighbour, 2);
}

/* ---- Settings that cannot be honoured */

static void starts(void *arg)
{
	begin(arg);
}

static void expect_message(const struct setting *s, const char *message)
{
	const struct host_outcome *o = host_isolated(starts, (void *)s);

	assert_int_equal(o->status, 0);
	if (!strstr(o->console, message))
		fail_msg("%s: %s", s->gran, o->console);
}

static void uneven(void *arg)
{
	sw_start_cfg(&(struct host_config){ .seed = 1, .cpus = 3, .threads_per_core = 2,
					    .cores_per_socket = 2, .ram_bytes = 16 << 20,
					    .cmdline = "sched-gran=core" });
	cpus_settle_at_boot();
	HOST_CHECK(sched_width == 1);
}

static void test_settings(void **state)
{
	struct setting s = { 1, &sched_credit2, "cpu", 1, NULL };
	const struct host_outcome *o;

	expect_message(&s, "Scheduler: credit2");
	s.gran = "node";
	expect_message(&s, "sched-gran=node is ignored: not one of cpu, core, socket");
	s.gran = "core";
	s.more = "smt=off";
	expect_message(&s, "sched-gran=core is ignored: smt=off");
	s.more = NULL;
	s.width = 2;
	expect_message(&s, "Scheduling by core: 2 CPUs each");
	s.gran = "socket";
	s.width = 4;
	expect_message(&s, "Scheduling by socket: 4 CPUs each");
	o = host_isolated(uneven, NULL);
	assert_int_equal(o->status, 0);
	assert_non_null(strstr(o->console, "not all cores have the same number of CPUs"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_moved_by_neighbour),
		cmocka_unit_test(test_sibling_wakes),
		cmocka_unit_test(test_anything),
		cmocka_unit_test(test_together),
		cmocka_unit_test(test_whole_cores),
		cmocka_unit_test(test_moves_while_leaving),
		cmocka_unit_test(test_settings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
