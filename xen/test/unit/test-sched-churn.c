/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Everything that a toolstack may do to the scheduler, in random order, while vCPUs compute, nap
 * and yield: pools, CPUs, domains, affinities, parameters. An oracle looks for lost vCPUs: a
 * runnable vCPU must not wait while a CPU that it may use idles, for longer than a bound. With
 * arinc653 it must run in each frame, whatever the CPUs do.
 *
 * `make churn` runs it for hours of virtual time. CHURN_SECONDS and CHURN_SEEDS are the length and
 * the number of runs for each policy of pool 0, CHURN_FIRST is the first seed, CHURN_POLICY the
 * only policy. CHURN_TELL=1 prints a line for each run.
 */
#include "unit.h"

#include <xen/console.h>
#include <xen/errno.h>
#include <xen/format.h>
#include <xen/hal/cpu.h>
#include <xen/hal/vcpu.h>
#include <xen/printk.h>

#include "sched-world.h"

#define CPUS 8
#define DOMS 5
#define POOLS 4
#define VCPUS_MAX 4
#define WINDOW (1 * MS)
/* Of arinc653: each vCPU that there can be has a window. */
#define FRAME (DOMS * VCPUS_MAX * WINDOW)

struct setting {
	u64 seed;
	const struct sched_policy *policy;
	s64 seconds;
};

static struct domain *dom[DOMS];
static struct scheduler *pool[POOLS];
static bool paused[DOMS];
static s_time_t changed;	/* the last time that anything but the vCPUs did something */
static u64 looks, waits_seen;

static const struct sched_policy *policy_of(u32 n)
{
	n %= sw_nr_policies() + 1;
	return n < sw_nr_policies() ? sw_policy(n) : &sched_arinc653;
}

/* Whatever its runstate says: a vCPU that was not woken would still be in its former state. */
static bool waits(const struct vcpu *v)
{
	return vcpu_runnable(v) && !v->unit.running;
}

/*
 * How long an idle CPU may overlook a vCPU. credit2 tells one idle CPU of another run queue, which
 * may take another vCPU instead; the rest of a slice then passes in the vCPU's own queue.
 */
static s64 bound_of(const struct scheduler *s)
{
	return s->ops == &sched_credit2 ? 12 * MS : 2 * MS;
}

/* A frame may be cut by a new schedule, which begins with the next one. */
static bool misses_windows(const struct vcpu *v)
{
	const struct scheduler *s = v->unit.sched;
	s_time_t since = max((s_time_t)v->runstate.state_entry_time, changed);
	cpumask_t forbidden;

	cpumask_andnot(&forbidden, &s->cpus, &v->unit.hard);
	return !cpumask_empty(&s->cpus) && cpumask_empty(&forbidden) &&
	       hal_now_ns() - since > 2 * FRAME + MS;
}

static bool waits_long(const struct vcpu *v)
{
	return waits(v) && hal_now_ns() - (s_time_t)v->runstate.state_entry_time >
	       bound_of(v->unit.sched);
}

/* With null, a CPU belongs to one vCPU, also while that sleeps. */
static bool is_owned(u32 cpu)
{
	for (u32 i = 0; i < DOMS; i++)
		for (u32 n = 0; dom[i] && n < dom[i]->max_vcpus; n++)
			if (dom[i]->vcpu[n]->unit.cpu == cpu && !waits_long(dom[i]->vcpu[n]))
				return true;
	return false;
}

/* A CPU that has idled, and might have run @v, for longer than the bound; NR_CPUS: none. */
static u32 overlooked_by(const struct vcpu *v)
{
	const struct scheduler *s = v->unit.sched;
	s_time_t now = hal_now_ns(), since;
	u32 cpu;

	if (!waits(v))
		return NR_CPUS;
	waits_seen++;
	if (s->ops == &sched_arinc653)
		return misses_windows(v) ? cpumask_first(&s->cpus) : NR_CPUS;
	cpumask_for_each(cpu, &s->cpus) {
		const struct vcpu *idle = sched_idle_vcpu(cpu);

		if (host_cpu_current(cpu) != idle || !cpumask_test(&v->unit.hard, cpu) ||
		    (s->ops == &sched_null && is_owned(cpu)))
			continue;
		since = max((s_time_t)v->runstate.state_entry_time,
			    (s_time_t)idle->runstate.state_entry_time);
		if (now - max(since, changed) > bound_of(s))
			return cpu;
	}
	return NR_CPUS;
}

/* A vCPU that is just being woken is in its former state since long: look twice. */
static void look_for_lost(struct vcpu *v)
{
	u64 entered = v->runstate.state_entry_time;
	u32 cpu = overlooked_by(v);

	if (cpu == NR_CPUS)
		return;
	host_run(hal_now_ns() + 100 * US);
	if (overlooked_by(v) == NR_CPUS || v->runstate.state_entry_time != entered)
		return;
	printk(LOG_ERR "d%uv%u has been overlooked by CPU %u (pool %u, %s)\n", v->domain->id, v->id,
	       cpu, v->unit.sched->pool_id, v->unit.sched->ops->name);
	keyhandler_run('r');
	host_run(hal_now_ns() + 100);	/* which prints the queues */
	HOST_CHECK(!"a lost vCPU");
}

static void look(void)
{
	looks++;
	for (u32 i = 0; i < DOMS; i++)
		for (u32 n = 0; dom[i] && n < dom[i]->max_vcpus; n++)
			look_for_lost(dom[i]->vcpu[n]);
}

/* Guests. */
static void wakes(void *arg)
{
	vcpu_unblock(arg);
}

static void guest_mixed(struct vcpu *v, void *arg)
{
	u32 what = host_random_below(8);

	host_guest_compute(v, host_random_below(2 * MS));
	if (what == 0)
		vcpu_yield(v);
	if (what > 5) {
		timer_migrate(&v->singleshot_timer, hal_smp_cpu_id());
		timer_set(&v->singleshot_timer, hal_now_ns() + host_random_below(20 * MS));
		vcpu_block(v);
	}
}

static void guest_busy(struct vcpu *v, void *arg)
{
	host_guest_compute(v, 20 * MS);
}

static struct scheduler *any_pool(bool with_cpus)
{
	struct scheduler *s = pool[host_random_below(POOLS)];

	return s && (!with_cpus || !cpumask_empty(&s->cpus)) ? s : pool[0];
}

static void op_domain(u32 i)
{
	if (dom[i]) {
		if (paused[i])
			domain_unpause(dom[i]);
		sw_domain_destroy(dom[i]);
		dom[i] = NULL;
		return;
	}
	dom[i] = sw_domain_in((u16)(1 + i), 1 + host_random_below(VCPUS_MAX), any_pool(true));
	paused[i] = false;
	for (u32 n = 0; n < dom[i]->max_vcpus; n++) {
		struct vcpu *v = dom[i]->vcpu[n];

		timer_init(&v->singleshot_timer, wakes, v, 0);
		sw_run_guest(v, host_random_below(4) ? guest_mixed : guest_busy, NULL);
	}
}

/* Only arinc653 has a schedule; it outlives the domains that it names. */
static void give_schedule(struct scheduler *s)
{
	struct sched_schedule sc = { .frame_ns = FRAME, .nr = DOMS * VCPUS_MAX };
	struct sched_global_params p = { .schedule = &sc };

	if (s->ops != &sched_arinc653)
		return;
	for (u32 i = 0; i < sc.nr; i++) {
		sc.window[i].handle[0] = (u8)(1 + i / VCPUS_MAX);
		sc.window[i].unit_id = i % VCPUS_MAX;
		sc.window[i].length_ns = WINDOW;
	}
	HOST_CHECK(sched_set_global_params(s, &p) == 0);
}

static void op_pool(const struct setting *set)
{
	u32 i = 1 + host_random_below(POOLS - 1);
	int err;

	if (!pool[i]) {
		pool[i] = sched_create(host_random_below(2) ? set->policy
							    : policy_of(host_random()),
				       SCHED_POOL_ANY, &err);
		HOST_CHECK(pool[i]);
		give_schedule(pool[i]);
		return;
	}
	for (u32 n = 0; n < DOMS; n++)
		if (dom[n] && dom[n]->sched == pool[i])
			HOST_CHECK(sched_move_domain(dom[n], pool[0]) == 0);
	while (!cpumask_empty(&pool[i]->cpus))
		HOST_CHECK(sched_cpu_leave(cpumask_first(&pool[i]->cpus)) == 0);
	HOST_CHECK(sched_destroy(pool[i]) == 0);
	pool[i] = NULL;
}

static void op_cpu(void)
{
	u32 cpu = host_random_below(CPUS);
	struct scheduler *s;
	cpumask_t free;
	int rc;

	sched_free_cpus(&free);
	if (cpumask_test(&free, cpu)) {
		s = any_pool(false);
		HOST_CHECK(sched_cpu_join(cpu, s) == 0);
		sched_cpu_online(cpu);
		return;
	}
	/* Pool 0 keeps a CPU, as other domains come there. */
	if (cpumask_test(&pool[0]->cpus, cpu) && cpumask_weight(&pool[0]->cpus) == 1)
		return;
	rc = cpu_in_use(cpu) ? sched_cpu_leave(cpu) : cpu_online(cpu);
	HOST_CHECK(rc == 0 || rc == -XEN_EBUSY);
}

static void op_hotplug(void)
{
	u32 cpu = 1 + host_random_below(CPUS - 1);
	bool last = cpumask_test(&pool[0]->cpus, cpu) && cpumask_weight(&pool[0]->cpus) == 1;
	int rc = last ? -XEN_EBUSY : cpu_in_use(cpu) ? cpu_offline(cpu) : cpu_online(cpu);

	HOST_CHECK(rc == 0 || rc == -XEN_EBUSY || rc == -XEN_ENODEV);
}

static void op_affinity(struct vcpu *v)
{
	cpumask_t hard = { { host_random() & 0xff } }, soft = { { host_random() & 0xff } };
	int rc;

	if (!host_random_below(3))
		cpumask_setall(&hard);
	rc = vcpu_set_affinity(v, &hard, &soft);
	HOST_CHECK(rc == 0 || rc == -XEN_EINVAL);
}

/* What the policy has no parameters for is refused. */
static void op_params(struct vcpu *v)
{
	struct sched_domain_params d = { .weight = 1 + host_random_below(2000) };
	struct sched_unit_params u = { .period_ns = 10 * MS, .extra = true };
	int rc;

	u.budget_ns = 1 * MS + host_random_below(9 * MS);
	rc = host_random_below(2) ? sched_set_domain_params(v->domain, &d)
				  : sched_set_vcpu_params(v, &u);
	HOST_CHECK(rc == 0 || rc == -XEN_EOPNOTSUPP);
}

static void op_pause(u32 i)
{
	if (paused[i])
		domain_unpause(dom[i]);
	else
		domain_pause(dom[i]);
	paused[i] = !paused[i];
}

static void op_pause_one(struct vcpu *v)
{
	vcpu_pause(v);
	host_run(hal_now_ns() + host_random_below(300 * US));
	vcpu_unpause(v);
}

static void one_change(const struct setting *set)
{
	u32 i = host_random_below(DOMS), what = host_random_below(16);
	struct scheduler *to = any_pool(true);
	struct vcpu *v = dom[i] ? dom[i]->vcpu[host_random_below(dom[i]->max_vcpus)] : NULL;

	if (what == 0 || !v)
		op_domain(i);
	else if (what == 1)
		op_pool(set);
	else if (what < 5)
		op_cpu();
	else if (what < 7)
		op_hotplug();
	else if (what < 9 && dom[i]->sched != to)
		HOST_CHECK(sched_move_domain(dom[i], to) == 0);
	else if (what < 12)
		op_affinity(v);
	else if (what < 13 && v->unit.sched->ops == &sched_arinc653)
		give_schedule(v->unit.sched);
	else if (what < 13)
		op_params(v);
	else if (what < 14)
		op_pause(i);
	else
		op_pause_one(v);
	changed = hal_now_ns();
}

static void churn(void *arg)
{
	const struct setting *set = arg;
	char cmdline[48];
	s_time_t end;

	scnprintf(cmdline, sizeof(cmdline), "sched=%s loglvl=error", set->policy->name);
	sw_start_cfg(&(struct host_config){ .seed = set->seed, .cpus = CPUS, .threads_per_core = 2,
					    .cores_per_socket = 2, .ram_bytes = 32 << 20,
					    .cmdline = cmdline });
	cpus_settle_at_boot();
	pool[0] = sched_pool(0);
	give_schedule(pool[0]);
	for (u32 i = 0; i < DOMS; i++)
		op_domain(i);
	for (end = hal_now_ns() + set->seconds * SEC; hal_now_ns() < end;) {
		/* Mostly in quick succession; now and then long enough for the oracle. */
		u32 quiet = host_random_below(8) ? 0 : 1 + host_random_below(8);

		one_change(set);
		host_run(hal_now_ns() + host_random_below(2 * MS));
		look();
		for (; quiet; quiet--) {
			host_run(hal_now_ns() + 10 * MS);
			look();
		}
	}
	HOST_CHECK(looks > 100 && waits_seen > 10);
}

static u32 env_or(const char *name, u32 fallback)
{
	const char *s = getenv(name);

	return s ? (u32)strtoul(s, NULL, 0) : fallback;
}

static void run_one(const struct sched_policy *policy, u64 seed, u32 seconds)
{
	struct setting set = { seed, policy, seconds };
	const struct host_outcome *o = host_isolated(churn, &set);

	if (o->status)
		fail_msg("%s, seed %lu: %s", policy->name, (unsigned long)seed, o->console);
	if (env_or("CHURN_TELL", 0))
		print_message("CHURN %s seed %lu %u s passed\n", policy->name, (unsigned long)seed,
			      seconds);
}

static void test_churn(void **state)
{
	u32 seconds = env_or("CHURN_SECONDS", 4), seeds = env_or("CHURN_SEEDS", 4);
	u32 first = env_or("CHURN_FIRST", 1);
	const char *only = getenv("CHURN_POLICY");
	u32 runs = 0;

	for (u32 n = 0; n <= sw_nr_policies(); n++)
		for (u64 seed = first; seed < first + seeds; seed++)
			if (!only || !strcmp(only, policy_of(n)->name)) {
				run_one(policy_of(n), seed, seconds);
				runs++;
			}
	assert_true(runs);	/* else CHURN_POLICY is misspelt, or there are no seeds */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_churn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
