/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See sched-world.h. Stubs replace the event channels, so that only the scheduler runs. */
#include "sched-world.h"

#include <xen/evtchn.h>
#include <xen/mm.h>
#include <xen/xmalloc.h>
#include <xen/hal/vcpu.h>

bool evtchn_vcpu_pending(const struct vcpu *v) { return false; }
bool evtchn_port_valid(const struct domain *d, u32 port) { return port < 64; }
bool evtchn_port_pending(struct domain *d, u32 port) { return false; }

void sw_start_cfg(const struct host_config *cfg)
{
	host_boot(cfg);
	host_start();
	domains_init();
}

void sw_start(u64 seed, u32 cpus, const char *cmdline)
{
	sw_start_cfg(&(struct host_config){
		.seed = seed, .cpus = cpus, .ram_bytes = 16 << 20, .cmdline = cmdline });
}

struct domain *sw_domain(u16 id, u32 vcpus)
{
	return sw_domain_in(id, vcpus, sched_pool(0));
}

struct domain *sw_domain_in(u16 id, u32 vcpus, struct scheduler *s)
{
	return sw_domain_on(id, vcpus, s, NUMA_NO_NODE);
}

struct domain *sw_domain_on(u16 id, u32 vcpus, struct scheduler *s, u8 node)
{
	struct domain *d = hal_domain_alloc();

	d->id = id;
	d->node_affinity = node;
	d->refs = 1;
	d->handle[0] = (u8)id;
	d->max_vcpus = vcpus;
	d->vcpu = xzalloc_array(struct vcpu *, vcpus);
	spin_lock_init(&d->lock, "domain", LOCK_RANK_DOMAIN);
	HOST_CHECK(sched_domain_init(d, s) == 0);
	for (u32 i = 0; i < vcpus; i++) {
		struct vcpu *v = hal_vcpu_alloc();

		v->id = i;
		v->domain = d;
		v->is_initialised = true;
		vcpu_timers_init(v);
		HOST_CHECK(sched_vcpu_init(v) == 0);
		d->vcpu[i] = v;
	}
	return d;
}

void sw_domain_destroy(struct domain *d)
{
	for (u32 i = 0; i < d->max_vcpus; i++) {
		vcpu_timers_kill(d->vcpu[i]);
		sched_vcpu_destroy(d->vcpu[i]);
		hal_vcpu_free(d->vcpu[i]);
	}
	sched_domain_destroy(d);
	xfree(d->vcpu);
	hal_domain_free(d);
}

static const struct sched_policy *const general[] = {
	&sched_credit2, &sched_null, &sched_rtds, &sched_credit,
};

const struct sched_policy *sw_policy(u32 n)
{
	return general[n % ARRAY_SIZE(general)];
}

u32 sw_nr_policies(void)
{
	return ARRAY_SIZE(general);
}

void sw_run_guest(struct vcpu *v, host_guest_fn fn, void *arg)
{
	host_guest_set(v, fn, arg);
	__atomic_fetch_and(&v->pause_flags, ~VPF_DOWN, __ATOMIC_SEQ_CST);
	vcpu_wake(v);
}

void guest_spin(struct vcpu *v, void *arg)
{
	host_guest_compute(v, 5 * MS);
}

u64 sw_ran(const struct vcpu *v)
{
	return vcpu_cpu_time(v);
}

void sw_set_params(struct domain *d, u32 weight, u32 cap)
{
	struct sched_domain_params p = { .weight = weight, .cap = cap };

	HOST_CHECK(sched_set_domain_params(d, &p) == 0);
}

static cpumask_t mask_of(const char *cpus)
{
	cpumask_t m;

	cpumask_clear(&m);
	HOST_CHECK(bitmap_parse_list(cpus, m.bits, NR_CPUS) == 0);
	return m;
}

void sw_set_hard(struct vcpu *v, const char *cpus)
{
	cpumask_t m = mask_of(cpus);

	HOST_CHECK(vcpu_set_affinity(v, &m, NULL) == 0);
}

void sw_set_soft(struct vcpu *v, const char *cpus)
{
	cpumask_t m = mask_of(cpus);

	HOST_CHECK(vcpu_set_affinity(v, NULL, &m) == 0);
}
