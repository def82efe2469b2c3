/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupts of guests: between the model of their controller and the list registers. A vCPU's
 * interface stays loaded while the vCPU has a CPU. Its registers are looked at when something new
 * is to be offered, or when somebody looks at the model, and at no other exit.
 */
#include <xen/errno.h>
#include <xen/hal/smp.h>
#include <xen/hal/vcpu.h>
#include <xen/ops.h>
#include <xen/p2m.h>
#include <xen/printk.h>
#include <xen/xmalloc.h>
#include <asm/setup.h>

#include "private.h"

/* Frames of the guest's interrupt controller (ABI: public/arch-arm.h). */
#define GUEST_GICD 0x03001000
#define GUEST_GICC 0x03002000
#define GUEST_GICR 0x03020000
#define GUEST_SPIS 32U

static __noinline void wake_or_interrupt(struct vcpu *v)
{
	vcpu_unblock(v);
	if (v != current_vcpu() && READ_ONCE(v->running))
		hal_smp_kick(vcpu_cpu(v));
}

static void kick(struct vgic *g, u32 vcpu)
{
	struct vcpu *v = container_of(g, struct arm_domain, vgic)->d.vcpu[vcpu];

	/* The running one is in the hypervisor now, and looks before it goes back. */
	if (v && (v != current_vcpu() || unlikely(READ_ONCE(v->pause_flags) & VPF_BLOCKED)))
		wake_or_interrupt(v);
}

static const struct vgic_ops ops = { kick, guest_irq_enable, guest_irq_end, guest_irq_route };
OPS_TABLE(ops, kick);

/* Version 2: the guest's accesses to its CPU interface go to the machine's virtual one. */
static int map_cpu_interface(struct domain *d, u64 at)
{
	return p2m_map_range(d->p2m, gpaddr_to_gfn(gpaddr_make(at)),
			     paddr_to_mfn(paddr_make(machine.gic[GIC2_GUEST_FRAME].start)),
			     GIC2_CPU_BYTES >> PAGE_SHIFT, P2M_MMIO_DIRECT);
}

int guest_vgic_init(struct domain *d, const struct domain_config *cfg)
{
	struct arm_domain *ad = to_ad(d);
	u32 spis = d->is_hardware ? gic_nr_irqs - GIC_NR_LOCAL : max(cfg->nr_spis, GUEST_SPIS);

	if (gic->version == 2 && cfg->max_vcpus > VGIC2_MAX_VCPUS) {
		printk(LOG_WARN "d%u: a GICv2 has %u CPUs at most, not %u: give it fewer vCPUs\n",
		       d->id, VGIC2_MAX_VCPUS, cfg->max_vcpus);
		return -XEN_EINVAL;
	}
	/* The last of the architecture's numbers are not whole words of bits. */
	spis = ROUND_DOWN(min(spis, (u32)VGIC_MAX_SPIS), 32);
	ad->vgic_vcpu = xzalloc_array(struct vgic_vcpu *, cfg->max_vcpus);
	ad->spi = xzalloc_array(struct vgic_irq, spis);
	if (!ad->vgic_vcpu || !ad->spi)
		return -XEN_ENOMEM;
	vgic_init(&ad->vgic, &ops, gic->version, cfg->max_vcpus, ad->vgic_vcpu, spis,
		  ad->spi);
	if (d->is_hardware && gic->version == 3 &&
	    (u64)cfg->max_vcpus * VGIC_REDIST_BYTES > machine.gic[1].size) {
		printk(LOG_ERR "d%u: the machine's redistributors leave room for %lu vCPUs, not "
		       "%u: set dom0_max_vcpus= to less\n", d->id,
		       machine.gic[1].size / VGIC_REDIST_BYTES, cfg->max_vcpus);
		return -XEN_EINVAL;
	}
	ad->gicd = d->is_hardware ? machine.gic[0].start : GUEST_GICD;
	ad->gicr = d->is_hardware ? machine.gic[1].start :
		   gic->version == 2 ? GUEST_GICC : GUEST_GICR;
	return gic->version == 2 ? map_cpu_interface(d, ad->gicr) : 0;
}

bool guest_lrs_pending(const struct arm_vcpu *av)
{
	return av->vgic.lrs_used && gic->lrs_left(av->vgic.lrs_used).pending;
}

void guest_sync_interrupts(struct arm_vcpu *av)
{
	u32 used = av->vgic.lrs_used;

	ASSERT(&av->v == current_vcpu());
	if (used)
		vgic_take_back(&to_ad(av->v.domain)->vgic, av->v.id, gic->lrs_left(used));
}

void guest_offer_interrupts(struct arm_vcpu *av)
{
	struct vgic_lrs left = gic->lrs_left(av->vgic.lrs_used);
	struct vgic_lr lr[VGIC_MAX_LRS];
	u32 filled = vgic_refill(&to_ad(av->v.domain)->vgic, av->v.id, gic_nr_lrs, left, lr);
	bool more = filled & VGIC_MORE;

	for (filled &= ~VGIC_MORE; filled; filled &= filled - 1) {
		u32 i = (u32)__builtin_ctz(filled);

		gic->write_lr(i, &lr[i]);
	}
	if (unlikely(more != av->refill)) {
		av->refill = more;
		gic->want_refill(more);
	}
}

/* Its purpose is the exit: what waits for a list register gets one at the next entry. Until then
 * the line stays high. */
static void maintenance(u32 irq)
{
	struct vcpu *v = hal_current_vcpu();

	if (is_idle_vcpu(v))
		return;
	to_av(v)->refill = false;
	gic->want_refill(false);
}

static u32 maintenance_ppi(void)
{
	return dt_gic_irq(&machine_tree, machine.gic_node, 0);
}

void guest_interrupts_cpu_up(void)
{
	if (maintenance_ppi())
		gic->enable(maintenance_ppi(), true);
}

void __init guest_interrupts_init(void)
{
	if (maintenance_ppi())
		irq_set_handler(maintenance_ppi(), maintenance);
	else
		printk(LOG_WARN "The GIC's node has no maintenance interrupt: guests' interrupts "
		       "may be late\n");
}
