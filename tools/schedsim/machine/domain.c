/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Domains, vCPUs and CPU pools of the simulated machine, through the scheduler core's interface. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xen/errno.h>
#include <xen/mm.h>
#include <xen/trace.h>
#include <xen/hal/vcpu.h>

#include "private.h"

static struct domain **domains;		/* [DOMID_FIRST_RESERVED] */

struct domain *hal_domain_alloc(void) { return calloc(1, sizeof(struct domain)); }

struct vcpu *hal_vcpu_alloc(void)
{
	struct machine_vcpu *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->runs_on = NONE;
	return &m->v;
}

void domain_pages_init(struct domain *d) {}

/* A guest that has something to do does not block in the first place. */
bool hal_vcpu_has_pending(const struct vcpu *v) { return false; }

/* @range says what values there may be. */
static bool failed(int rc, const char *what, const char *range, const char **why)
{
	static char text[160];

	if (!rc)
		return false;
	snprintf(text, sizeof(text), "%s: %s", what,
		 rc == -XEN_EINVAL ? range :
		 rc == -XEN_EOPNOTSUPP ? "the policy has no such parameters; leave them "
					       "out, or name another --policy" :
		 rc == -XEN_ENOMEM ? "no memory" : "refused");
	*why = text;
	return true;
}

bool machine_domain_create(u16 domid, u32 vcpus, u32 pool, const char **why)
{
	struct domain *d = hal_domain_alloc();
	struct scheduler *s = sched_pool(pool);

	if (!domains)
		domains = calloc(DOMID_FIRST_RESERVED, sizeof(*domains));
	*why = "no memory for the domain";
	if (!d || !domains)
		return false;
	*why = "there is no such pool";
	if (!s || domid >= DOMID_FIRST_RESERVED || domains[domid])
		return false;
	d->id = domid;
	d->node_affinity = NUMA_NO_NODE;
	d->max_vcpus = vcpus;
	d->vcpu = calloc(vcpus, sizeof(*d->vcpu));
	d->handle[0] = (u8)domid;
	d->handle[1] = (u8)(domid >> 8);
	spin_lock_init(&d->lock, "domain", LOCK_RANK_DOMAIN);
	if (!d->vcpu ||
	    failed(sched_domain_init(d, s), "the policy refuses the domain", "refused", why))
		return false;
	domains[domid] = d;
	trace_domain_add(domid);
	return true;
}

void machine_domain_forget_uuid(u16 domid)
{
	memset(domains[domid]->handle, 0, sizeof(domains[domid]->handle));
	sched_domain_handle(domains[domid]);
}

struct machine_vcpu *machine_vcpu_create(u16 domid, u32 id, void *guest, const char **why)
{
	struct domain *d = domains[domid];
	struct vcpu *v = hal_vcpu_alloc();

	*why = "no memory for the vCPU";
	if (!v)
		return NULL;
	ASSERT(id < d->max_vcpus && !d->vcpu[id]);
	machine_of(v)->guest = guest;
	v->id = id;
	v->domain = d;
	v->is_initialised = true;
	if (failed(sched_vcpu_init(v), "the policy refuses the vCPU", "refused", why)) {
		free(v);
		return NULL;
	}
	d->vcpu[id] = v;
	return machine_of(v);
}

static bool set_share(struct domain *d, const struct machine_params *p, const char **why)
{
	struct sched_domain_params sp = { .weight = p->weight, .cap = p->cap };

	if (!p->weight && !p->cap)
		return true;
	return !failed(sched_set_domain_params(d, &sp), "weight and cap",
		       "a weight is 1 to 65535, a cap 0 (none) to 65535 percent of a CPU", why);
}

static bool set_reservation(struct domain *d, const struct machine_params *p, const char **why)
{
	struct vcpu *v;

	if (!p->period && !p->budget)
		return true;
	for_each_vcpu(d, v) {
		struct sched_unit_params up = {
			.period_ns = p->period, .budget_ns = p->budget, .extra = p->extratime,
		};

		if (failed(sched_set_vcpu_params(v, &up), "period and budget",
			   "each must be at least 10us, and the budget at most the period", why))
			return false;
	}
	return true;
}

bool machine_set_params(u16 domid, const struct machine_params *p, const char **why)
{
	struct domain *d = domains[domid];

	return set_share(d, p, why) && set_reservation(d, p, why);
}

bool machine_set_windows(const struct machine_window *w, u32 nr, const char **why)
{
	static struct sched_schedule schedule;
	struct sched_global_params p = { .schedule = &schedule };
	struct scheduler *s = sched_pool(0);

	*why = "the policy has no windows; leave them out, or take --policy arinc653";
	if (s->ops->id != XEN_SCHEDULER_ARINC653)
		return false;
	*why = "there are more windows than a frame can have";
	if (nr > SCHED_MAX_WINDOWS)
		return false;
	schedule.nr = nr;
	for (u32 i = 0; i < nr; i++) {
		struct sched_window *to = &schedule.window[i];

		memcpy(to->handle, domains[w[i].domid]->handle, sizeof(to->handle));
		to->unit_id = w[i].vcpu;
		to->length_ns = w[i].length;
		schedule.frame_ns += w[i].length;
	}
	return !failed(sched_set_global_params(s, &p), "the windows",
		       "one has no length, or all together are longer than a frame can be", why);
}

bool machine_set_affinity(struct machine_vcpu *v, const u64 *hard, const u64 *soft,
			  const char **why)
{
	cpumask_t h = {}, s = {};

	if (hard)
		memcpy(&h, hard, MACHINE_MAX_CPUS / 8);
	if (soft)
		memcpy(&s, soft, MACHINE_MAX_CPUS / 8);
	return !failed(vcpu_set_affinity(&v->v, hard ? &h : NULL, soft ? &s : NULL),
		       "affinity", "none of these CPUs is in the pool", why);
}

void machine_vcpu_destroy(struct machine_vcpu *v)
{
	v->v.domain->vcpu[v->v.id] = NULL;
	sched_vcpu_destroy(&v->v);
	free(v);
}

void machine_domain_destroy(u16 domid)
{
	struct domain *d = domains[domid];
	struct vcpu *v;

	for_each_vcpu(d, v) {
		sched_vcpu_destroy(v);
		free(machine_of(v));
	}
	sched_domain_destroy(d);
	trace_domain_remove(domid);
	domains[domid] = NULL;
	free(d->vcpu);
	free(d);
}

/* ---- vCPUs */

void machine_up(struct machine_vcpu *v)
{
	__atomic_fetch_and(&v->v.pause_flags, ~VPF_DOWN, __ATOMIC_SEQ_CST);
	vcpu_wake(&v->v);
}

void machine_down(struct machine_vcpu *v)
{
	__atomic_fetch_or(&v->v.pause_flags, VPF_DOWN, __ATOMIC_SEQ_CST);
	vcpu_sleep_nosync(&v->v);
}

void machine_block(struct machine_vcpu *v) { vcpu_block(&v->v); }
void machine_unblock(struct machine_vcpu *v) { vcpu_unblock(&v->v); }
void machine_yield(struct machine_vcpu *v) { vcpu_yield(&v->v); }
void machine_pause(struct machine_vcpu *v) { vcpu_pause_nosync(&v->v); }
void machine_unpause(struct machine_vcpu *v) { vcpu_unpause(&v->v); }

u32 machine_vcpu_cpu(const struct machine_vcpu *v) { return vcpu_cpu(&v->v); }

u32 machine_vcpu_runs_on(const struct machine_vcpu *v)
{
	return v->runs_on == NONE ? MACHINE_MAX_CPUS : v->runs_on;
}

bool machine_vcpu_runnable(const struct machine_vcpu *v) { return vcpu_runnable(&v->v); }

bool machine_vcpu_may_use(const struct machine_vcpu *v, u32 cpu)
{
	const struct sched_unit *u = v->v.part_of;

	return cpumask_test(&u->hard, cpu) && cpumask_test(&u->sched->cpus, machine_first_cpu(cpu));
}

u64 machine_vcpu_moves(const struct machine_vcpu *v) { return v->moves; }
s64 machine_vcpu_ran(const struct machine_vcpu *v) { return (s64)vcpu_cpu_time(&v->v); }
u16 machine_vcpu_domid(const struct machine_vcpu *v) { return v->v.domain->id; }
u32 machine_vcpu_id(const struct machine_vcpu *v) { return v->v.id; }

/* ---- CPU pools */

bool machine_cpu_in_pool(u32 cpu, u32 pool)
{
	struct scheduler *s = sched_pool(pool);

	return s && cpumask_test(&s->cpus, machine_first_cpu(cpu));
}

bool machine_has_policy(const char *name) { return sched_find_policy(name) != NULL; }

bool machine_pool_create(u32 pool, const char *policy, const char **why)
{
	const struct sched_policy *p = sched_find_policy(policy);
	int err = 0;

	*why = "there is no such policy";
	if (!p)
		return false;
	*why = "the pool exists, or there is no memory";
	return sched_create(p, pool, &err) != NULL;
}

bool machine_pool_destroy(u32 pool)
{
	struct scheduler *s = sched_pool(pool);

	return s && !sched_destroy(s);
}

bool machine_cpu_leave(u32 cpu) { return !sched_cpu_leave(cpu); }

bool machine_cpu_join(u32 cpu, u32 pool)
{
	struct scheduler *s = sched_pool(pool);

	if (!s || sched_cpu_join(cpu, s))
		return false;
	sched_cpu_online(cpu);
	return true;
}
