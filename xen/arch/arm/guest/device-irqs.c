/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine's interrupts that belong to domains. Each has the number of the machine's in its
 * domain too, and is linked to it in the list register, so that the guest's end deactivates it.
 */
#include <xen/cpumask.h>
#include <xen/errno.h>
#include <xen/hal/smp.h>
#include <xen/hal/vcpu.h>

#include "private.h"

static DEFINE_SPINLOCK(config_lock, LOCK_RANK_NONE);
/* Whose it is. Changed under the control lock or at boot, while the interrupt is disabled. */
static struct vgic *owner[GIC_MAX_IRQS];
/* It was the hardware domain's, and will be again. [control lock] */
static bool lent[GIC_MAX_IRQS];

void guest_irq_enable(struct vgic *g, u32 hwirq, bool on, bool edge)
{
	if (on) {
		/* The trigger shares a register with those of other interrupts. */
		spin_lock(&config_lock);
		gic->set_level(hwirq, !edge);
		spin_unlock(&config_lock);
	}
	gic->enable(hwirq, on);
}

void guest_irq_end(struct vgic *g, u32 hwirq)
{
	gic->deactivate(hwirq);
}

void guest_irq_route(struct vgic *g, u32 hwirq, u32 vcpu)
{
	const struct vcpu *v = READ_ONCE(container_of(g, struct arm_domain, vgic)->d.vcpu[vcpu]);

	/* A vCPU that is being created brings its interrupts along when it first runs. */
	gic->route(hwirq, v ? vcpu_cpu(v) : 0);
}

static void device_irq(u32 irq)
{
	struct vgic *g = READ_ONCE(owner[irq]);

	/* It was on its way when it was disabled. */
	if (unlikely(!g))
		gic->deactivate(irq);
	else
		vgic_raise_hw(g, irq);
}

/* The hardware domain goes without an interrupt that it does not use until the other one ends. */
static int take_from_hardware(u32 irq)
{
	struct vgic *g = owner[irq];

	ASSERT(hardware_domain && g == &to_ad(hardware_domain)->vgic);
	if (READ_ONCE(g->spi_enabled[irq / 32 - 1]) >> irq % 32 & 1)
		return -XEN_EBUSY;
	/* Should the domain enable it now, it loses what comes until the interrupt is its again. */
	WRITE_ONCE(owner[irq], NULL);
	smp_wait_for_handlers();
	if (gic->is_active(irq) || !vgic_release_hw(g, irq)) {
		WRITE_ONCE(owner[irq], g);
		return -XEN_EBUSY;
	}
	gic->forget(irq);
	lent[irq] = true;
	return 0;
}

int guest_irq_give(struct domain *d, u32 irq)
{
	struct vgic *g = &to_ad(d)->vgic;
	int rc;

	if (irq < GIC_NR_LOCAL || irq >= gic_nr_irqs || irq - GIC_NR_LOCAL >= g->nr_spis)
		return -XEN_EINVAL;
	if (owner[irq] == g)
		return 0;
	if (owner[irq] && (!hardware_domain || owner[irq] != &to_ad(hardware_domain)->vgic))
		return -XEN_EBUSY;
	if (owner[irq] && (rc = take_from_hardware(irq)))
		return rc;
	if (!irq_set_guest_handler(irq, device_irq))
		return -XEN_EBUSY;
	WRITE_ONCE(owner[irq], g);
	vgic_give_hw(g, irq, irq);
	return 0;
}

/* The hardware domain's again. */
static void give_back(u32 irq)
{
	struct vgic *g = &to_ad(hardware_domain)->vgic;

	lent[irq] = false;
	WRITE_ONCE(owner[irq], g);
	vgic_give_hw(g, irq, irq);
}

void guest_irqs_take(struct domain *d)
{
	struct vgic *g = &to_ad(d)->vgic;

	ASSERT(d->dying && !d->is_hardware);
	if (!g->nr_hw)
		return;
	for (u32 irq = GIC_NR_LOCAL; irq < gic_nr_irqs; irq++)
		if (owner[irq] == g)
			gic->enable(irq, false);
	smp_wait_for_handlers();
	for (u32 irq = GIC_NR_LOCAL; irq < gic_nr_irqs; irq++) {
		if (owner[irq] != g)
			continue;
		vgic_drop_hw(g, irq);
		gic->forget(irq);
		WRITE_ONCE(owner[irq], NULL);
		if (lent[irq])
			give_back(irq);
	}
	ASSERT(!g->nr_hw);
}
