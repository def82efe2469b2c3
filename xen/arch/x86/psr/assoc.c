/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The register that says for whom a CPU uses the cache. While nothing is monitored or allocated,
 * context switches know nothing of it: only when psr= switched something on, the slot switch_to of
 * the vendor table is replaced by one that looks at the register first. It is written only when its
 * value changes.
 *
 * An idle CPU keeps the last guest's numbers, as a guest that comes back soon finds the register
 * right. What the hypervisor does between two guests therefore counts for the first.
 */
#include <xen/hal/cpu.h>
#include <xen/hal/smp.h>
#include <xen/hal/vcpu.h>
#include <xen/percpu.h>

#include <asm/hvm.h>

#include "private.h"

#define PQR_UNKNOWN ~0UL

/* [own CPU] what the register holds; the CPU's socket. */
static DEFINE_PER_CPU(u64, cpu_pqr);
static DEFINE_PER_CPU(u32, cpu_socket);

static struct hvm_ops ops_with_psr;
static const struct hvm_ops *vendor;

static __noinline void write_pqr(u64 pqr)
{
	psr.provider->associate(pqr);
	this_cpu(cpu_pqr) = pqr;
}

static inline void set_pqr(u64 pqr)
{
	if (unlikely(this_cpu(cpu_pqr) != pqr))
		write_pqr(pqr);
}

static u64 pqr_of(const struct domain *d)
{
	const struct psr_domain *pd = &to_xd(d)->psr;

	return READ_ONCE(pd->rmid) | (u64)READ_ONCE(pd->cos[this_cpu(cpu_socket)]) << 32;
}

static void switch_to(struct x86_vcpu *xv)
{
	ASSERT(&xv->v == hal_current_vcpu() && !is_idle_vcpu(&xv->v));
	set_pqr(pqr_of(xv->v.domain));
	vendor->switch_to(xv);
}

static void refresh(void *unused)
{
	const struct vcpu *v = hal_current_vcpu();

	set_pqr(is_idle_vcpu(v) ? 0 : pqr_of(v->domain));
}

static void reset(void *unused)
{
	this_cpu(cpu_socket) = hal_cpu_to_socket(hal_smp_cpu_id());
	ASSERT(psr.sockets & BIT(this_cpu(cpu_socket)));
	this_cpu(cpu_pqr) = PQR_UNKNOWN;
	set_pqr(0);
}

void psr_assoc_init(void)
{
	ASSERT(psr.provider && !vendor);
	hal_smp_call(&cpu_online_map, reset, NULL, true);
	vendor = hvm;
	ops_with_psr = *hvm;
	ops_with_psr.switch_to = switch_to;
	hvm = &ops_with_psr;
}

void psr_assoc_refresh(void)
{
	hal_smp_call(&cpu_online_map, refresh, NULL, true);
}

void psr_on_socket(u32 socket, void (*fn)(void *arg), void *arg)
{
	u32 cpu = cpumask_first(&cpu_online_map);
	cpumask_t one;

	ASSERT(psr.sockets & BIT(socket));
	while (hal_cpu_to_socket(cpu) != socket)
		cpu = cpumask_next(&cpu_online_map, cpu + 1);
	ASSERT(cpu < NR_CPUS);
	cpumask_clear(&one);
	cpumask_set(&one, cpu);
	hal_smp_call(&one, fn, arg, true);
}

void psr_on_each_socket(void (*fn)(void *arg), void *arg)
{
	for (u32 socket = 0; socket < PSR_MAX_SOCKETS; socket++)
		if (psr.sockets & BIT(socket))
			psr_on_socket(socket, fn, arg);
}
