/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scheduler start-up: choice of policy, idle vCPUs. */
#include <xen/errno.h>
#include <xen/format.h>
#include <xen/param.h>
#include <xen/printk.h>
#include <xen/string.h>
#include <xen/xmalloc.h>
#include <xen/hal/cpu.h>
#include <xen/hal/time.h>
#include <xen/hal/vcpu.h>

#include "internal.h"

static const struct sched_policy *const policies[] = {
	&sched_credit2, &sched_credit, &sched_null, &sched_rtds, &sched_arinc653,
};

static char policy_opt[16];
PARAM_STRING_VAR("sched", sched, policy_opt);

static struct domain *idle_domain;

const struct sched_policy *sched_find_policy(const char *name)
{
	for (u32 i = 0; i < ARRAY_SIZE(policies); i++)
		if (!strcmp(name, policies[i]->name))
			return policies[i];
	return NULL;
}

const struct sched_policy *sched_policy_by_id(u32 id)
{
	for (u32 i = 0; i < ARRAY_SIZE(policies); i++)
		if (policies[i]->id == id)
			return policies[i];
	return NULL;
}

static const struct sched_policy *choose_policy(void)
{
	const struct sched_policy *p = sched_find_policy(policy_opt);
	char names[64];
	int n = 0;

	if (p)
		return p;
	p = &sched_credit2;
	for (u32 i = 0; i < ARRAY_SIZE(policies); i++)
		n += scnprintf(names + n, sizeof(names) - n, "%s%s", i ? ", " : "",
			       policies[i]->name);
	if (policy_opt[0])
		printk(LOG_WARN "sched=%s is unknown (valid: %s); using %s\n", policy_opt, names,
		       p->name);
	return p;
}

static void create_idle_domain(void)
{
	struct domain *d = hal_domain_alloc();

	if (!d)
		panic("no memory for the idle domain");
	d->id = DOMID_IDLE;
	d->is_idle = true;
	d->refs = 1;
	d->max_vcpus = NR_CPUS;
	d->vcpu = xzalloc_array(struct vcpu *, NR_CPUS);
	if (!d->vcpu)
		panic("no memory for the idle domain");
	spin_lock_init(&d->lock, "idle domain", LOCK_RANK_DOMAIN);
	domain_pages_init(d);
	list_init(&d->link);
	idle_domain = d;
}

static struct vcpu *create_idle_vcpu(u32 cpu)
{
	struct vcpu *v = hal_vcpu_alloc();

	if (!v)
		return NULL;
	v->id = cpu;
	v->domain = idle_domain;
	v->is_initialised = true;
	v->runstate.state = RUNSTATE_runnable;
	v->runstate.state_entry_time = hal_now_ns();
	v->unit.id = cpu;
	v->unit.domid = DOMID_IDLE;
	v->unit.is_idle = true;
	v->unit.runnable = true;
	v->part_of = &v->unit;
	v->unit.cpu = v->last_cpu = cpu;
	cpumask_set(&v->unit.hard, cpu);
	cpumask_set(&v->unit.soft, cpu);
	idle_domain->vcpu[cpu] = v;
	return v;
}

int sched_cpu_prepare(u32 cpu)
{
	struct sched_cpu *sc = &sched_cpus[cpu];

	if (!sc->idle) {
		sched_cpu_init(cpu);
		sched_timer_prepare(cpu);
		sc->idle = sc->curr = create_idle_vcpu(cpu);
		if (!sc->idle)
			return -XEN_ENOMEM;
	}
	return sc->sched ? 0 : sched_cpu_join(cpu, sched_pool(SCHED_BOOT_POOL));
}

void sched_init(void)
{
	const struct sched_policy *policy = choose_policy();
	int err;

	if (!sched_create(policy, SCHED_BOOT_POOL, &err))
		panic("scheduling policy %s failed to start: error %d", policy->name, err);
	create_idle_domain();
	if (sched_cpu_prepare(hal_smp_cpu_id()))
		panic("no memory for the scheduler");
	sched_boot_cpu_online();
	sched_register_keys();
	sched_charge_init();
	sched_watchdog_init();
	printk(LOG_INFO "Scheduler: %s\n", policy->name);
}
