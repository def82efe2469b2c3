/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Domains and vCPUs of the simulated machine; synthetic guests. */
#include <xen/errno.h>
#include <xen/ioreq.h>
#include <xen/printk.h>
#include <xen/rcu.h>
#include <xen/softirq.h>
#include <xen/xmalloc.h>
#include <xen/hal/cpu.h>
#include <xen/hal/smp.h>
#include <xen/hal/vcpu.h>

#include "private.h"

struct domain *hal_domain_alloc(void)
{
	struct host_domain *hd = xzalloc(struct host_domain);

	return hd ? &hd->d : NULL;
}

void hal_domain_free(struct domain *d)
{
	xfree(container_of(d, struct host_domain, d));
}

struct vcpu *hal_vcpu_alloc(void)
{
	struct host_vcpu *hv = xzalloc(struct host_vcpu);

	if (!hv)
		return NULL;
	hv->loaded_on = NO_CPU;
	return &hv->v;
}

void hal_vcpu_free(struct vcpu *v)
{
	xfree(host_vcpu(v));
}

int hal_domain_init(struct domain *d, const struct domain_config *cfg) { return 0; }
void hal_domain_destroy(struct domain *d) {}
int hal_vcpu_init(struct vcpu *v) { return 0; }
void hal_vcpu_destroy(struct vcpu *v) {}
void hal_vcpu_update_time(struct vcpu *v) {}

/*
 * Saving and loading take time, in which other CPUs run: this port can then catch a vCPU whose
 * state is still on one CPU while another CPU loads it.
 */
void hal_context_switch(struct vcpu *prev, struct vcpu *next)
{
	u32 cpu = hal_smp_cpu_id();
	struct host_vcpu *p = host_vcpu(prev), *n = host_vcpu(next);

	BUG_ON(hal_irq_is_enabled());
	host_log(EV_VCPU, prev->domain->id << 16 | prev->id, next->domain->id << 16 | next->id);
	if (!is_idle_vcpu(prev)) {
		BUG_ON(p->loaded_on != cpu);
		hal_irq_save();
		p->loaded_on = NO_CPU;
		hal_irq_save();
	}
	if (!is_idle_vcpu(next)) {
		if (n->loaded_on != NO_CPU)
			panic("d%uv%u loaded on CPU %u while on CPU %u", next->domain->id, next->id,
			      cpu, n->loaded_on);
		if (!cpumask_test(&next->part_of->hard, cpu) &&
		    !(READ_ONCE(container_of(next->part_of, struct vcpu, unit)->pause_flags) &
		      VPF_MIGRATING))
			panic("d%uv%u loaded on CPU %u against its affinity", next->domain->id,
			      next->id, cpu);
		hal_irq_save();
		n->loaded_on = cpu;
	}
}

void host_guest_set(struct vcpu *v, host_guest_fn fn, void *arg)
{
	host_vcpu(v)->arg = arg;
	host_vcpu(v)->fn = fn;
}

/* Its end is a time: a sum that wraps would be in the past, and the guest would wake for ever. */
void host_guest_compute(struct vcpu *v, s_time_t ns)
{
	host_vcpu(v)->compute_left = min(ns, INT64_MAX / 2);
}

u64 host_guest_upcalls(const struct vcpu *v) { return host_vcpu(v)->upcalls; }
s_time_t host_guest_entered(const struct vcpu *v) { return host_vcpu(v)->entered; }

static u64 ask(struct vcpu *v, const void *arg)
{
	struct host_vcpu *hv = host_vcpu(v);
	u64 number = ++hv->requests;

	vcpu_wait_for_device(v);
	__atomic_store_n(&hv->asked, number, __ATOMIC_SEQ_CST);
	return number;
}

u32 host_guest_access(struct vcpu *v, const struct ioreq_access *a)
{
	BUG_ON(v != hal_current_vcpu() || host_vcpu(v)->asked);
	return ioreq_send(v, a, ask, NULL);
}

bool hal_ioreq_answer(struct vcpu *v, u64 number, u64 data)
{
	struct host_vcpu *hv = host_vcpu(v);

	if (!number || !__atomic_compare_exchange_n(&hv->asked, &number, 0, false,
						    __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
		return false;
	vcpu_device_answered(v);
	return true;
}

/* Guest mode: the CPU belongs to the guest until the work is done or an interrupt arrives. */
static void guest_computes(struct host_vcpu *hv)
{
	s_time_t start;

	hal_irq_disable();
	rcu_idle_enter();
	if (!softirq_pending()) {
		start = host_clock;
		host_wait(host_clock + hv->compute_left);
		hv->compute_left -= min(host_clock - start, hv->compute_left);
	}
	rcu_idle_exit();
	hal_irq_enable();
}

void hal_vcpu_run(struct vcpu *v)
{
	struct host_vcpu *hv = host_vcpu(v);

	BUG_ON(!hal_irq_is_enabled() || v != hal_current_vcpu());
	BUG_ON(hv->loaded_on != hal_smp_cpu_id());
	hv->entered = host_clock;
	if (hv->irq_pending) {
		hv->irq_pending = false;
		hv->upcalls++;
		host_log(EV_GUEST, v->domain->id << 16 | v->id, hv->upcalls);
	}
	if (hv->compute_left > 0)
		guest_computes(hv);
	else if (hv->fn)
		hv->fn(v, hv->arg);
	else
		vcpu_block(v);
}

void hal_vcpu_event_notify(struct vcpu *v)
{
	host_vcpu(v)->irq_pending = true;
	vcpu_unblock(v);
	if (READ_ONCE(v->running))
		hal_smp_kick(vcpu_cpu(v));
}

bool hal_vcpu_has_pending(const struct vcpu *v)
{
	return host_vcpu(v)->irq_pending;
}

/* Synthetic guests cannot hold interrupts back. */
bool hal_vcpu_takes_pending(const struct vcpu *v)
{
	return hal_vcpu_has_pending(v);
}

void hal_domain_report(const struct domain *d)
{
	printk(LOG_G_INFO "d%u: upcalls %lu\n", d->id,
	       d->vcpu[0] ? host_vcpu(d->vcpu[0])->upcalls : 0);
}

void hal_vcpu_nmi(struct vcpu *v)
{
	hal_vcpu_event_notify(v);
}
