/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls to the guest's firmware: SMCCC (DEN0028) and PSCI 1.0 (DEN0022). */
#include <xen/hal/vcpu.h>
#include <xen/printk.h>

#include "private.h"

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

#define PSCI_SUCCESS 0
#define PSCI_INVALID_PARAMS (-2L)
#define PSCI_ALREADY_ON (-4L)
#define PSCI_INVALID_ADDRESS (-9L)
#define MIGRATE_NOT_NEEDED 2
#define AFFINITY_ON 0
#define AFFINITY_OFF 1

static struct vcpu *by_mpidr(struct domain *d, u64 mpidr)
{
	struct vcpu *v = domain_vcpu(d, (u32)((mpidr >> 8 & 0xff) * 16 + (mpidr & 0xf)));

	return v && vgic_mpidr(v->id) == mpidr ? v : NULL;
}

static bool is_down(const struct vcpu *v)
{
	return READ_ONCE(v->pause_flags) & VPF_DOWN;
}

static long cpu_on(struct arm_vcpu *av, u64 mpidr, u64 entry, u64 arg)
{
	struct domain *d = av->v.domain;
	struct vcpu *v = by_mpidr(d, mpidr);
	long rc = PSCI_SUCCESS;

	if (!v)
		return PSCI_INVALID_PARAMS;
	if (entry % 4)
		return PSCI_INVALID_ADDRESS;
	spin_lock(&d->lock);
	if (!is_down(v)) {
		rc = PSCI_ALREADY_ON;
	} else {
		/* It may still be leaving its CPU after CPU_OFF. */
		spin_unlock(&d->lock);
		vcpu_sleep_sync(v);
		spin_lock(&d->lock);
		if (is_down(v)) {
			guest_vcpu_reset(to_av(v), entry, arg);
			__atomic_fetch_and(&v->pause_flags, ~VPF_DOWN, __ATOMIC_SEQ_CST);
		} else {
			rc = PSCI_ALREADY_ON;
		}
	}
	spin_unlock(&d->lock);
	if (rc == PSCI_SUCCESS)
		vcpu_wake(v);
	return rc;
}

static long cpu_off(struct arm_vcpu *av)
{
	__atomic_fetch_or(&av->v.pause_flags, VPF_DOWN, __ATOMIC_SEQ_CST);
	vcpu_sleep_nosync(&av->v);
	/* It does not return: CPU_ON sets its registers. */
	return PSCI_SUCCESS;
}

static long affinity_info(struct arm_vcpu *av, u64 mpidr, u64 level)
{
	struct vcpu *v = by_mpidr(av->v.domain, mpidr);

	if (level > 0 || !v)
		return PSCI_INVALID_PARAMS;
	return is_down(v) ? AFFINITY_OFF : AFFINITY_ON;
}

static long features(u32 fn)
{
	switch (fn) {
	case SMCCC_VERSION:
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

static long call(struct arm_vcpu *av, u32 fn)
{
	const u64 *x = av->regs.x;

	switch (fn) {
	case SMCCC_VERSION:
		return SMCCC_1_1;
	case PSCI_VERSION:
		return 1 << 16;
	case PSCI_CPU_SUSPEND_32:
	case PSCI_CPU_SUSPEND_64:
		/* All states are standby here: it continues at the next interrupt. */
		vcpu_block(&av->v);
		return PSCI_SUCCESS;
	case PSCI_CPU_OFF:
		return cpu_off(av);
	case PSCI_CPU_ON_32:
		return cpu_on(av, (u32)x[1], (u32)x[2], (u32)x[3]);
	case PSCI_CPU_ON_64:
		return cpu_on(av, x[1], x[2], x[3]);
	case PSCI_AFFINITY_INFO_32:
		return affinity_info(av, (u32)x[1], (u32)x[2]);
	case PSCI_AFFINITY_INFO_64:
		return affinity_info(av, x[1], x[2]);
	case PSCI_MIGRATE_INFO_TYPE:
		return MIGRATE_NOT_NEEDED;
	case PSCI_SYSTEM_OFF:
		domain_shutdown(av->v.domain, SHUTDOWN_poweroff);
		return PSCI_SUCCESS;
	case PSCI_SYSTEM_RESET:
		domain_shutdown(av->v.domain, SHUTDOWN_reboot);
		return PSCI_SUCCESS;
	case PSCI_FEATURES:
		return features((u32)x[1]);
	default:
		return NOT_SUPPORTED;
	}
}

void guest_smccc(struct arm_vcpu *av)
{
	u32 fn = (u32)av->regs.x[0];
	long rc;

	av->exits[EXIT_PSCI]++;
	rc = fn == SMCCC_ARCH_FEATURES ? features((u32)av->regs.x[1]) : call(av, fn);
	av->regs.x[0] = (u64)rc;
}
