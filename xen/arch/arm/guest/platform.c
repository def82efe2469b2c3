/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls about the guest's platform. What is specific to x86 in them does not exist here. */
#include <xen/errno.h>
#include <xen/evtchn.h>
#include <xen/hal/numa.h>
#include <xen/hal/time.h>
#include <xen/hal/vcpu.h>
#include <xen/hypercall.h>
#include <xen/printk.h>
#include <xen/shared_info.h>

#include <asm/setup.h>
#include <asm/time.h>

#include "private.h"

#include <public/hvm/params.h>
#include <public/sysctl.h>

static u8 native_gic(void)
{
	return gic->version == 2 ? XEN_DOMCTL_CONFIG_GIC_V2 : XEN_DOMCTL_CONFIG_GIC_V3;
}

int hal_domain_config_check(struct xen_domctl_createdomain *c, struct domain_config *cfg)
{
	struct xen_arch_domainconfig *a = &c->arch;
	u32 spis = gic_nr_irqs - GIC_NR_LOCAL;

	if (a->gic_version != XEN_DOMCTL_CONFIG_GIC_NATIVE && a->gic_version != native_gic()) {
		printk(LOG_WARN "createdomain refused: the guest's GIC can only be of version %u, "
		       "as the machine's\n", gic->version);
		return -XEN_EOPNOTSUPP;
	}
	if (a->tee_type != XEN_DOMCTL_CONFIG_TEE_NONE || a->nr_spis > spis) {
		printk(LOG_WARN "createdomain refused: a guest has no TEE, and at most the "
		       "machine's %u shared interrupts\n", spis);
		return -XEN_EOPNOTSUPP;
	}
	cfg->nr_spis = ROUND_UP(a->nr_spis, 32);
	/* What the toolstack must write into the guest's device tree. */
	a->gic_version = native_gic();
	a->clock_frequency = machine.timer_hz;
	return 0;
}

void hal_domain_info(const struct domain *d, struct xen_domctl_getdomaininfo *info)
{
	info->gpaddr_bits = GUEST_PHYS_BITS;
	info->arch_config.gic_version = native_gic();
	info->arch_config.nr_spis = to_ad(d)->vgic.nr_spis;
}

long hal_sysctl(struct vcpu *v, struct xen_sysctl *op, bool *copy) { return -XEN_ENOSYS; }

void hal_physinfo(struct xen_sysctl_physinfo *info)
{
	info->cpu_khz = hal_cycles_khz();
	info->capabilities |= XEN_SYSCTL_PHYSCAP_hvm;
}

long hal_hvm_op(struct vcpu *v, u32 cmd, guest_ptr_t arg) { return -XEN_ENOSYS; }

/* An access to memory that is not there ends in an abort at once, so no model can answer it. */
int hal_ioreq_supported(const struct domain *d)
{
	return -XEN_EOPNOTSUPP;
}

bool hal_ioreq_answer(struct vcpu *v, u64 number, u64 data)
{
	return false;
}

long hal_dm_op(struct domain *d, const struct xen_dm_op *op)
{
	return -XEN_EOPNOTSUPP;
}

/* The toolstack may name the interrupt of events; this one is in the guest's device tree. */
int hal_hvm_param_set(struct domain *d, u32 index, u64 value)
{
	if (index != HVM_PARAM_CALLBACK_IRQ)
		return 0;
	return value >> 56 == HVM_PARAM_CALLBACK_TYPE_PPI && (value & 0xff) == VIRQ_EVENTS
		       ? 0 : -XEN_EINVAL;
}

/* The memory map is in the device tree. */
long hal_memory_map_op(struct vcpu *v, u32 cmd, guest_ptr_t arg) { return -XEN_ENOSYS; }
long hal_platform_op(struct vcpu *v, struct hypercall *hc) { return -XEN_ENOSYS; }
long hal_physdev_op(struct vcpu *v, struct hypercall *hc) { return -XEN_ENOSYS; }
const char *hal_capabilities(void) { return "xen-3.0-aarch64 "; }

/* Guests' lines come from the vGIC alone. */
int hal_pirq_bind(struct vcpu *v, u32 pirq, bool share) { return -XEN_EOPNOTSUPP; }
void hal_pirq_unbind(struct domain *d, u32 pirq) {}

/* Only the DMA of functions changes hands so far. */
int hal_pci_give(struct domain *d, struct pci_addr a) { return 0; }

/* System time for a guest that reads its virtual counter; the page changes only when it moves. */
void hal_vcpu_update_time(struct vcpu *v)
{
	struct vcpu_time_info *t = &v->vcpu_info->time;
	u64 stamp = hal_cycles_now();
	u32 version = t->version | 1;

	WRITE_ONCE(t->version, version);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	t->tsc_timestamp = stamp - to_ad(v->domain)->cntvoff;
	t->system_time = (u64)hal_cycles_to_ns(stamp);
	t->tsc_to_system_mul = time_scale()->mul;
	t->tsc_shift = timescale_shift(time_scale());
	__atomic_thread_fence(__ATOMIC_RELEASE);
	WRITE_ONCE(t->version, version + 1);
}

static DEFINE_SPINLOCK(wallclock_lock, LOCK_RANK_NONE);

void hal_domain_update_wallclock(struct domain *d)
{
	struct shared_wallclock c = shared_wallclock(d);
	u32 version, nsec;
	u64 sec;

	spin_lock(&wallclock_lock);
	version = *c.version | 1;
	hal_wallclock_get(&sec, &nsec);
	sec += (u64)d->time_offset_seconds;
	WRITE_ONCE(*c.version, version);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	*c.sec = (u32)sec;
	*c.sec_hi = (u32)(sec >> 32);
	*c.nsec = nsec;
	__atomic_thread_fence(__ATOMIC_RELEASE);
	WRITE_ONCE(*c.version, version + 1);
	spin_unlock(&wallclock_lock);
}
