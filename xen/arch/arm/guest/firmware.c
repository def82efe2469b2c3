/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What calls to a guest's firmware do to its domain. */
#include <xen/hal/vcpu.h>
#include <xen/ops.h>

#include "private.h"

static struct domain *to_domain(struct vpsci *p)
{
	return &container_of(p, struct arm_domain, psci)->d;
}

static bool is_down(const struct vcpu *v)
{
	return READ_ONCE(v->pause_flags) & VPF_DOWN;
}

static enum vpsci_power power(struct vpsci *p, u32 vcpu)
{
	struct vcpu *v = domain_vcpu(to_domain(p), vcpu);

	return !v ? VPSCI_ABSENT : is_down(v) ? VPSCI_OFF : VPSCI_ON;
}

static bool turn_on(struct vpsci *p, u32 vcpu, u64 entry, u64 arg)
{
	struct domain *d = to_domain(p);
	struct vcpu *v = domain_vcpu(d, vcpu);
	bool was_down;

	ASSERT(v);
	if (!is_down(v))
		return false;
	/* It may still be leaving its CPU after CPU_OFF. */
	vcpu_sleep_sync(v);
	spin_lock(&d->lock);
	was_down = is_down(v);
	if (was_down) {
		guest_vcpu_reset(to_av(v), entry, arg);
		__atomic_fetch_and(&v->pause_flags, ~VPF_DOWN, __ATOMIC_SEQ_CST);
	}
	spin_unlock(&d->lock);
	if (was_down)
		vcpu_wake(v);
	return was_down;
}

static void turn_off(struct vpsci *p, u32 vcpu)
{
	struct vcpu *v = domain_vcpu(to_domain(p), vcpu);

	ASSERT(v == current_vcpu());
	__atomic_fetch_or(&v->pause_flags, VPF_DOWN, __ATOMIC_SEQ_CST);
	vcpu_sleep_nosync(v);
}

static void suspend(struct vpsci *p, u32 vcpu)
{
	vcpu_block(domain_vcpu(to_domain(p), vcpu));
}

static void shut_down(struct vpsci *p, bool reset)
{
	domain_shutdown(to_domain(p), reset ? SHUTDOWN_reboot : SHUTDOWN_poweroff);
}

static const struct vpsci_ops ops = { power, turn_on, turn_off, suspend, shut_down };
OPS_TABLE(ops, power);

void guest_firmware_init(struct arm_domain *ad, u32 nr_vcpus)
{
	ad->psci = (struct vpsci){ .ops = &ops, .nr_vcpus = nr_vcpus };
}

void guest_firmware(struct arm_vcpu *av)
{
	av->exits[EXIT_PSCI]++;
	vpsci_call(&to_ad(av->v.domain)->psci, av->v.id, &av->regs);
}
