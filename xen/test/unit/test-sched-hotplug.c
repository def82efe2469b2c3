/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CPUs go offline and come online again while vCPUs run and their timers are armed. */
#include "unit.h"

#include <xen/errno.h>
#include <xen/format.h>
#include <xen/hal/cpu.h>
#include <xen/hal/vcpu.h>

#include "sched-world.h"

#define CPUS 6

static void run(void (*fn)(void *arg), void *arg)
{
	const struct host_outcome *o = host_isolated(fn, arg);

	if (o->status)
		print_message("%s", o->console);
	assert_int_equal(o->status, 0);
}

static void run_seeds(void (*fn)(void *arg))
{
	for (u64 seed = 1; seed <= 15; seed++)
		run(fn, &seed);
}

static void start(void *seed, const char *more)
{
	char cmdline[64];

	scnprintf(cmdline, sizeof(cmdline), "sched=%s %s", sw_policy((u32)*(u64 *)seed)->name,
		  more);
	sw_start_cfg(&(struct host_config){ .seed = *(u64 *)seed, .cpus = CPUS,
					    .threads_per_core = 2, .cores_per_socket = 2,
					    .ram_bytes = 16 << 20, .cmdline = cmdline });
	cpus_settle_at_boot();
}

static void guest_works(struct vcpu *v, void *arg)
{
	HOST_CHECK(!cpumask_test(&cpu_parked_map, hal_smp_cpu_id()));
	++*(u32 *)arg;
	host_guest_compute(v, 20 * US + host_random_below(80 * US));
}

/* Sleeps, and is woken by a timer that is on the CPU where it last ran. */
static void wakes(void *arg)
{
	struct vcpu *v = arg;

	vcpu_unblock(v);
}

static void guest_naps(struct vcpu *v, void *arg)
{
	++*(u32 *)arg;
	timer_migrate(&v->singleshot_timer, hal_smp_cpu_id());
	timer_set(&v->singleshot_timer, hal_now_ns() + 100 * US + host_random_below(400 * US));
	vcpu_block(v);
}

static void errors(void *seed)
{
	struct scheduler *s;
	int err;

	start(seed, "");
	HOST_CHECK(cpu_offline(0) == -XEN_EINVAL && cpu_offline(CPUS) == -XEN_EINVAL);
	HOST_CHECK(cpu_offline(NR_CPUS) == -XEN_EINVAL && cpu_online(UINT32_MAX) == -XEN_EINVAL);
	HOST_CHECK(cpu_online(3) == -XEN_EEXIST);
	HOST_CHECK(cpu_offline(3) == 0 && cpu_offline(3) == -XEN_EEXIST && !cpu_in_use(3));
	HOST_CHECK(cpu_online(3) == 0 && cpu_in_use(3));
	/* A CPU of another pool stays; a free one can go, and comes back to pool 0. */
	s = sched_create(&sched_credit2, 1, &err);
	HOST_CHECK(sched_cpu_leave(4) == 0 && sched_cpu_join(4, s) == 0);
	sched_cpu_online(4);
	HOST_CHECK(cpu_offline(4) == -XEN_ENODEV && sched_cpu_leave(4) == 0);
	HOST_CHECK(sched_destroy(s) == 0 && cpu_offline(4) == 0 && cpu_online(4) == 0);
	HOST_CHECK(cpumask_test(&sched_pool(0)->cpus, 4));
	/* The last one of pool 0, when domains are there. */
	sw_domain(1, 1);
	s = sched_create(&sched_null, 1, &err);
	HOST_CHECK(sched_cpu_leave(0) == 0 && sched_cpu_join(0, s) == 0);
	sched_cpu_online(0);
	for (u32 cpu = 1; cpu < CPUS - 1; cpu++)
		HOST_CHECK(cpu_offline(cpu) == 0);
	HOST_CHECK(cpu_offline(CPUS - 1) == -XEN_EBUSY && cpu_in_use(CPUS - 1));
}

static void test_errors(void **state)
{
	run_seeds(errors);
}

/* All CPUs but the first come and go in any order. A napping vCPU's timer must not get lost. */
static void under_load(void *seed)
{
	u32 work[4] = { 0 }, before[4];
	struct domain *d;
	cpumask_t free;

	start(seed, "");
	d = sw_domain(1, 4);
	for (u32 i = 0; i < 4; i++) {
		struct vcpu *v = d->vcpu[i];

		if (i < 2)
			timer_init(&v->singleshot_timer, wakes, v, 0);
		sw_run_guest(v, i < 2 ? guest_naps : guest_works, &work[i]);
	}
	for (u32 step = 0; step < 300; step++) {
		u32 cpu = 1 + host_random_below(CPUS - 1);

		host_run(hal_now_ns() + host_random_below(100 * US));
		if (cpu_in_use(cpu))
			HOST_CHECK(cpu_offline(cpu) == 0);
		else
			HOST_CHECK(cpu_online(cpu) == 0);
		sched_free_cpus(&free);
		HOST_CHECK(cpumask_empty(&free));
	}
	for (u32 cpu = 1; cpu < CPUS; cpu++)
		HOST_CHECK(cpu_in_use(cpu) || cpu_online(cpu) == 0);
	memcpy(before, work, sizeof(work));
	host_run(hal_now_ns() + 5 * MS);
	for (u32 i = 0; i < 4; i++)
		HOST_CHECK(work[i] > before[i]);
}

static void test_under_load(void **state)
{
	run_seeds(under_load);
}

static void fires(void *arg)
{
	*(u32 *)arg += hal_smp_cpu_id() == 0;
}

/* A parked CPU does nothing: no decision, no timer; its vCPUs' timers fire on the first CPU. */
static void parked_is_quiet(void *seed)
{
	static u32 fired_on;
	struct timer t;

	start(seed, "");
	for (u32 cpu = 1; cpu < CPUS; cpu++)
		HOST_CHECK(cpu_offline(cpu) == 0);
	host_run(hal_now_ns() + 1 * MS);
	HOST_CHECK(host_run_until_idle() == HOST_STOP_IDLE);
	for (u32 cpu = 1; cpu < CPUS; cpu++)
		HOST_CHECK(cpu_online(cpu) == 0);
	timer_init(&t, fires, &fired_on, 5);
	timer_set(&t, hal_now_ns() + 10 * MS);
	HOST_CHECK(cpu_offline(5) == 0 && t.cpu == 0);
	host_run(hal_now_ns() + 20 * MS);
	HOST_CHECK(fired_on == 1);
}

static void test_parked_is_quiet(void **state)
{
	run_seeds(parked_is_quiet);
}

/* A vCPU takes its own CPU offline: the call is repeated from another CPU. */
struct own {
	u32 off;
	bool again;
	u32 cpu;
};

static void guest_offlines(struct vcpu *v, void *arg)
{
	struct own *o = arg;
	int rc;

	host_guest_compute(v, 30 * US);
	if (!control_trylock())
		return;
	if (!o->again)
		o->cpu = hal_smp_cpu_id();
	/* With null, a CPU besides its own must stay for each vCPU. */
	if (o->cpu && (o->again || cpumask_weight(&cpu_parked_map) < CPUS - 3)) {
		rc = cpu_offline(o->cpu);
		HOST_CHECK(o->again ? rc == 0 && o->cpu != hal_smp_cpu_id() : rc == -XEN_ERESTART);
		o->again = rc == -XEN_ERESTART;
		o->off += !rc;
	} else {
		/* Begin again, on another CPU than the first, which stays. */
		for (u32 cpu = 1; cpu < CPUS; cpu++)
			HOST_CHECK(cpu_in_use(cpu) || cpu_online(cpu) == 0);
		sw_set_hard(v, "1-5");
	}
	control_unlock();
}

static void own_cpu(void *seed)
{
	struct own o = { 0 };
	u32 work = 0;
	struct domain *d;

	start(seed, "");
	d = sw_domain(1, 2);
	sw_run_guest(d->vcpu[0], guest_offlines, &o);
	sw_run_guest(d->vcpu[1], guest_works, &work);
	host_run(hal_now_ns() + 20 * MS);
	HOST_CHECK(o.off > 3 && work > 50);
}

static void test_own_cpu(void **state)
{
	run_seeds(own_cpu);
}

static void smt(void *seed)
{
	cpumask_t use;

	start(seed, "smt=off");
	cpus_in_use(&use);
	HOST_CHECK(use.bits[0] == 0x15);
	HOST_CHECK(cpu_online(1) == -XEN_EPERM && cpu_online(0) == -XEN_EEXIST);
	HOST_CHECK(cpu_offline(2) == 0 && cpu_online(2) == 0);
	HOST_CHECK(cpus_set_smt(true) == 0);
	cpus_in_use(&use);
	HOST_CHECK(use.bits[0] == 0x3f && sched_pool(0)->cpus.bits[0] == 0x3f);
	HOST_CHECK(cpus_set_smt(false) == 0 && cpus_set_smt(false) == 0);
	cpus_in_use(&use);
	HOST_CHECK(use.bits[0] == 0x15 && sched_pool(0)->cpus.bits[0] == 0x15);
}

static void test_smt(void **state)
{
	run_seeds(smt);
}

/* A second thread that cannot be parked: no other is parked either. */
static void smt_refused(void *seed)
{
	struct scheduler *s;
	int err;

	start(seed, "");
	s = sched_create(&sched_credit2, 1, &err);
	HOST_CHECK(sched_cpu_leave(3) == 0 && sched_cpu_join(3, s) == 0);
	sched_cpu_online(3);
	HOST_CHECK(cpus_set_smt(false) == -XEN_ENODEV && cpumask_empty(&cpu_parked_map));
	/* SMT is still on, so a second thread may come back. */
	HOST_CHECK(cpu_offline(1) == 0 && cpu_online(1) == 0);
	HOST_CHECK(sched_cpu_leave(3) == 0 && sched_cpu_join(3, sched_pool(0)) == 0);
	sched_cpu_online(3);
	/* Pool 0 has second threads alone, and a domain. */
	sw_domain(1, 1);
	for (u32 cpu = 0; cpu < CPUS; cpu += 2) {
		HOST_CHECK(sched_cpu_leave(cpu) == 0 && sched_cpu_join(cpu, s) == 0);
		sched_cpu_online(cpu);
	}
	HOST_CHECK(cpus_set_smt(false) == -XEN_EBUSY && cpumask_empty(&cpu_parked_map));
	HOST_CHECK(cpu_offline(1) == 0 && cpu_online(1) == 0);
}

static void test_smt_refused(void **state)
{
	run_seeds(smt_refused);
}

static void no_smt(void *arg)
{
	sw_start_cfg(&(struct host_config){ .seed = 1, .cpus = 4, .ram_bytes = 16 << 20,
					    .cmdline = "smt=off" });
	cpus_settle_at_boot();
	HOST_CHECK(cpus_set_smt(true) == -XEN_EOPNOTSUPP && cpumask_empty(&cpu_parked_map));
}

static void test_no_smt(void **state)
{
	run(no_smt, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_under_load),
		cmocka_unit_test(test_parked_is_quiet),
		cmocka_unit_test(test_own_cpu),
		cmocka_unit_test(test_smt),
		cmocka_unit_test(test_smt_refused),
		cmocka_unit_test(test_no_smt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
