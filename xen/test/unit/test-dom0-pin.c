/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dom0_vcpus_pin: each vCPU is pinned to the CPU of its number, counted round, and runs there. */
#include "unit.h"

#include <xen/dom0_params.h>
#include <xen/hal/cpu.h>

#include "sched-world.h"

#define CPUS 3
#define VCPUS 5

static struct domain *pinned_domain(void)
{
	struct domain *d = sw_domain(0, VCPUS);

	for (u32 i = 0; i < VCPUS; i++) {
		dom0_pin_vcpu(d->vcpu[i]);
		sw_run_guest(d->vcpu[i], guest_spin, NULL);
	}
	host_run(hal_now_ns() + 200 * MS);
	return d;
}

static bool is_only(const cpumask_t *m, u32 cpu)
{
	return cpumask_weight(m) == 1 && cpumask_test(m, cpu);
}

static void pins(void *arg)
{
	struct domain *d;

	sw_start(1, CPUS, arg);
	cpus_settle_at_boot();
	d = pinned_domain();
	for (u32 i = 0; i < VCPUS; i++) {
		HOST_CHECK(is_only(&d->vcpu[i]->unit.hard, i % CPUS));
		HOST_CHECK(d->vcpu[i]->last_cpu == i % CPUS && sw_ran(d->vcpu[i]));
	}
	sw_domain_destroy(d);
	/* CPUs that are not in use do not count. */
	HOST_CHECK(cpu_offline(1) == 0);
	d = pinned_domain();
	for (u32 i = 0; i < VCPUS; i++)
		HOST_CHECK(is_only(&d->vcpu[i]->unit.hard, i % 2 ? 2 : 0));
}

static void pins_nothing(void *arg)
{
	struct domain *d;

	sw_start(1, CPUS, arg);
	d = pinned_domain();
	for (u32 i = 0; i < VCPUS; i++)
		HOST_CHECK(cpumask_weight(&d->vcpu[i]->unit.hard) == NR_CPUS);
}

static void run(void (*fn)(void *arg), const char *cmdline)
{
	const struct host_outcome *o = host_isolated(fn, (void *)cmdline);

	if (o->status)
		fail_msg("%s: %s", cmdline, o->console);
}

static void test_pins(void **state)
{
	run(pins, "dom0_vcpus_pin");
	run(pins, "dom0_vcpus_pin=yes sched=credit");
	run(pins, "dom0_vcpus_pin sched=rtds");
}

static void test_pins_nothing(void **state)
{
	run(pins_nothing, "");
	run(pins_nothing, "no-dom0_vcpus_pin");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pins),
		cmocka_unit_test(test_pins_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
