/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls to the guest's firmware: SMCCC (DEN0028) and PSCI 1.0 (DEN0022). */
#include <xen/arm/vgic.h>
#include <xen/arm/vpsci.h>
#include <xen/assert.h>
#include <xen/nospec.h>

#define SMCCC_VERSION 0x80000000
#define SMCCC_ARCH_FEATURES 0x80000001
#define SMCCC_1_1 0x10001
#define NOT_SUPPORTED (-1L)

#define PSCI_VERSION 0x84000000
#define PSCI_CPU_SUSPEND_32 0x84000001
#define PSCI_CPU_SUSPEND_64 0xc4000001
#define PSCI_CPU_OFF 0x84000002
#define PSCI_CPU_ON_32 0x84000003
#define PSCI_CPU_ON_64 0xc4000003
#define PSCI_AFFINITY_INFO_32 0x84000004
#define PSCI_AFFINITY_INFO_64 0xc4000004
#define PSCI_MIGRATE_INFO_TYPE 0x84000006
#define PSCI_SYSTEM_OFF 0x84000008
#define PSCI_SYSTEM_RESET 0x84000009
#define PSCI_FEATURES 0x8400000a
#define PSCI_1_0 0x10000

#define PSCI_SUCCESS 0
#define PSCI_INVALID_PARAMS (-2L)
#define PSCI_ALREADY_ON (-4L)
#define PSCI_INVALID_ADDRESS (-9L)
#define MIGRATE_NOT_NEEDED 2
#define AFFINITY_ON 0
#define AFFINITY_OFF 1

/* Fields of power_state in its original format that are zero (DEN0022, 5.4.2). */
#define POWER_STATE_RESERVED 0xfcfe0000UL

/* The number of the vCPU that @mpidr names; nr_vcpus: there is none. */
static u32 by_mpidr(struct vpsci *p, u64 mpidr)
{
	u64 vcpu = (mpidr >> 8 & 0xff) * 16 + (mpidr & 0xf);

	if (vcpu >= p->nr_vcpus)
		return p->nr_vcpus;
	vcpu = array_index_nospec((u32)vcpu, p->nr_vcpus);
	if (vgic_mpidr((u32)vcpu) != mpidr || p->ops->power(p, (u32)vcpu) == VPSCI_ABSENT)
		return p->nr_vcpus;
	return (u32)vcpu;
}

static long cpu_on(struct vpsci *p, u64 mpidr, u64 entry, u64 arg)
{
	u32 vcpu = by_mpidr(p, mpidr);

	if (vcpu == p->nr_vcpus)
		return PSCI_INVALID_PARAMS;
	if (entry % 4)
		return PSCI_INVALID_ADDRESS;
	return p->ops->turn_on(p, vcpu, entry, arg) ? PSCI_SUCCESS : PSCI_ALREADY_ON;
}

/* All states are standby here, those that power down too: it continues at the next interrupt. */
static long cpu_suspend(struct vpsci *p, u32 vcpu, u64 state)
{
	if (state & POWER_STATE_RESERVED)
		return PSCI_INVALID_PARAMS;
	p->ops->suspend(p, vcpu);
	return PSCI_SUCCESS;
}

static long affinity_info(struct vpsci *p, u64 mpidr, u64 level)
{
	u32 vcpu = by_mpidr(p, mpidr);

	if (level > 0 || vcpu == p->nr_vcpus)
		return PSCI_INVALID_PARAMS;
	return p->ops->power(p, vcpu) == VPSCI_OFF ? AFFINITY_OFF : AFFINITY_ON;
}

static long features(u32 fn)
{
	switch (fn) {
	case SMCCC_VERSION:
	case SMCCC_ARCH_FEATURES:
	case PSCI_VERSION:
	case PSCI_CPU_SUSPEND_32:
	case PSCI_CPU_SUSPEND_64:
	case PSCI_CPU_OFF:
	case PSCI_CPU_ON_32:
	case PSCI_CPU_ON_64:
	case PSCI_AFFINITY_INFO_32:
	case PSCI_AFFINITY_INFO_64:
	case PSCI_MIGRATE_INFO_TYPE:
	case PSCI_SYSTEM_OFF:
	case PSCI_SYSTEM_RESET:
	case PSCI_FEATURES:
		return 0;
	default:
		return NOT_SUPPORTED;
	}
}

static long call(struct vpsci *p, u32 vcpu, u32 fn, const u64 *x)
{
	switch (fn) {
	case SMCCC_VERSION:
		return SMCCC_1_1;
	case PSCI_VERSION:
		return PSCI_1_0;
	case PSCI_CPU_SUSPEND_32:
	case PSCI_CPU_SUSPEND_64:
		return cpu_suspend(p, vcpu, (u32)x[1]);
	case PSCI_CPU_OFF:
		/* It does not return: CPU_ON sets its registers. */
		p->ops->turn_off(p, vcpu);
		return PSCI_SUCCESS;
	case PSCI_CPU_ON_32:
		return cpu_on(p, (u32)x[1], (u32)x[2], (u32)x[3]);
	case PSCI_CPU_ON_64:
		return cpu_on(p, x[1], x[2], x[3]);
	case PSCI_AFFINITY_INFO_32:
		return affinity_info(p, (u32)x[1], (u32)x[2]);
	case PSCI_AFFINITY_INFO_64:
		return affinity_info(p, x[1], x[2]);
	case PSCI_MIGRATE_INFO_TYPE:
		return MIGRATE_NOT_NEEDED;
	case PSCI_SYSTEM_OFF:
	case PSCI_SYSTEM_RESET:
		p->ops->shut_down(p, fn == PSCI_SYSTEM_RESET);
		return PSCI_SUCCESS;
	case SMCCC_ARCH_FEATURES:
	case PSCI_FEATURES:
		return features((u32)x[1]);
	default:
		return NOT_SUPPORTED;
	}
}

void vpsci_call(struct vpsci *p, u32 vcpu, struct cpu_regs *r)
{
	ASSERT(vcpu < p->nr_vcpus);
	r->x[0] = (u64)call(p, vcpu, (u32)r->x[0], r->x);
}
