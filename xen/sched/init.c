/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scheduler start-up: choice of policy, idle vCPUs, scheduling data of domains and vCPUs. */
#include <xen/errno.h>
#include <xen/param.h>
#include <xen/printk.h>
#include <xen/string.h>
#include <xen/xmalloc.h>
#include <xen/hal/cpu.h>
#include <xen/hal/time.h>
#include <xen/hal/vcpu.h>

#include "internal.h"

#define BOOT_POOL 0U

static const struct sched_policy *const policies[] = { &sched_credit2, &sched_null };

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

static const struct sched_policy *choose_policy(void)
{
	const struct sched_policy *p = sched_find_policy(policy_opt);

	if (p)
		return p;
	p = &sched_credit2;
	if (policy_opt[0])
		printk(LOG_WARN "sched=%s is unknown (valid: credit2, null); using %s\n",
		       policy_opt, p->name);
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
	v->unit.cpu = v->unit.last_cpu = cpu;
	cpumask_set(&v->unit.hard, cpu);
	cpumask_set(&v->unit.soft, cpu);
	v->unit.sched = sched_cpus[cpu].sched;
	idle_domain->vcpu[cpu] = v;
	return v;
}

int sched_cpu_prepare(u32 cpu)
{
	struct sched_cpu *sc = &sched_cpus[cpu];
	int rc;

	if (sc->idle)
		return 0;
	rc = sched_cpu_join(cpu, sched_pool(BOOT_POOL));
	if (rc)
		return rc;
	sched_timer_prepare(cpu);
	sc->idle = create_idle_vcpu(cpu);
	if (!sc->idle)
		return -XEN_ENOMEM;
	sc->curr = sc->idle;
	return 0;
}

void sched_init(void)
{
	const struct sched_policy *policy = choose_policy();
	int err;

	if (!sched_create(policy, BOOT_POOL, &err))
		panic("scheduling policy %s failed to start: error %d", policy->name, err);
	create_idle_domain();
	if (sched_cpu_prepare(hal_smp_cpu_id()))
		panic("no memory for the scheduler");
	sched_boot_cpu_online();
	sched_register_keys();
	sched_charge_init();
	printk(LOG_INFO "Scheduler: %s\n", policy->name);
}

int sched_domain_init(struct domain *d, struct scheduler *s)
{
	struct sched_domain_desc desc = { .domid = d->id };
	int rc;

	ASSERT(!d->sched);
	memcpy(desc.handle, d->handle, sizeof(desc.handle));
	rc = s->ops->domain_init(s, &desc, &d->sched_priv);
	if (rc)
		return rc;
	d->sched = s;
	__atomic_fetch_add(&sched_instance(s)->nr_domains, 1, __ATOMIC_RELAXED);
	return 0;
}

void sched_domain_destroy(struct domain *d)
{
	struct scheduler *s = d->sched;

	if (!s)
		return;
	s->ops->domain_free(s, d->sched_priv);
	d->sched_priv = NULL;
	d->sched = NULL;
	__atomic_fetch_sub(&sched_instance(s)->nr_domains, 1, __ATOMIC_RELAXED);
}

void sched_domain_handle(struct domain *d)
{
	ASSERT(d->sched);
	d->sched->ops->domain_handle(d->sched, d->sched_priv, d->handle, hal_now_ns());
}

int sched_vcpu_init(struct vcpu *v)
{
	struct sched_unit *u = &v->unit;
	struct scheduler *s = v->domain->sched;
	struct sched_instance *in = sched_instance(s);
	struct spinlock *l;
	u64 flags;
	int rc;

	ASSERT(s && !u->priv);
	if (cpumask_empty(&s->cpus))
		return -XEN_EINVAL;
	u->id = v->id;
	u->domid = v->domain->id;
	u->sched = s;
	u->dom_priv = v->domain->sched_priv;
	u->cpu = cpumask_first(&s->cpus);
	u->last_cpu = NR_CPUS;
	cpumask_setall(&u->hard);
	cpumask_setall(&u->soft);
	v->pause_flags = VPF_DOWN;
	v->runstate.state = RUNSTATE_offline;
	v->runstate.state_entry_time = hal_now_ns();

	rc = s->ops->unit_alloc(s, u);
	if (rc)
		return rc;
	l = sched_unit_lock(u, &flags);
	u->cpu = s->ops->pick_cpu(s, u, hal_now_ns());
	spin_unlock_irqrestore(l, flags);

	l = sched_unit_lock(u, &flags);
	s->ops->unit_insert(s, u, hal_now_ns());
	u->inserted = true;
	spin_unlock_irqrestore(l, flags);
	spin_lock(&in->units_lock);
	list_add_tail(&u->link, &in->units);
	spin_unlock(&in->units_lock);
	return 0;
}

void sched_vcpu_destroy(struct vcpu *v)
{
	struct sched_unit *u = &v->unit;
	struct sched_instance *in;
	struct spinlock *l;
	u64 flags;

	if (!u->priv)
		return;
	in = sched_instance(u->sched);
	spin_lock(&in->units_lock);
	list_del_init(&u->link);
	spin_unlock(&in->units_lock);
	__atomic_fetch_or(&v->pause_flags, VPF_DOWN, __ATOMIC_SEQ_CST);
	vcpu_sleep_sync(v);
	l = sched_unit_lock(u, &flags);
	ASSERT(u->inserted && !u->running && v != hal_current_vcpu());
	u->inserted = false;
	u->sched->ops->unit_remove(u->sched, u, hal_now_ns());
	spin_unlock_irqrestore(l, flags);
	u->sched->ops->unit_free(u->sched, u);
	u->priv = NULL;
}

u32 sched_id(const struct domain *d)
{
	return d->sched->ops->id;
}

const char *sched_name(const struct domain *d)
{
	return d->sched->ops->name;
}
