/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's timers (ARM ARM, D11.2). The virtual one is in the processor while the vCPU is on its
 * CPU. When it fires, it is masked, as its line would stay high until the guest sets it anew, and
 * the guest gets an interrupt: the guest's end of interrupt then needs no exit. Off its CPU, and
 * always for the physical timer, a timer of the hypervisor takes its place.
 */
#include <xen/hal/cpu.h>
#include <xen/hal/smp.h>
#include <xen/hal/time.h>
#include <xen/hal/vcpu.h>

#include "private.h"

static bool may_fire(const struct arm_timer *t)
{
	return (t->ctl & (ARM_TIMER_ENABLE | ARM_TIMER_MASK)) == ARM_TIMER_ENABLE;
}

/* Only a vCPU off its CPU has the virtual timer armed here. When it comes to one, the processor's
 * timer must not fire for the same time again. */
static void virt_due(void *arg)
{
	struct arm_vcpu *av = arg;

	av->virt.ctl |= ARM_TIMER_MASK;
	vgic_raise(&to_ad(av->v.domain)->vgic, av->v.id, VIRQ_TIMER_VIRT);
}

static void phys_due(void *arg)
{
	struct arm_vcpu *av = arg;

	vgic_raise(&to_ad(av->v.domain)->vgic, av->v.id, VIRQ_TIMER_PHYS);
}

void vtimers_init(struct arm_vcpu *av)
{
	timer_init(&av->virt_timer, virt_due, av, hal_smp_cpu_id());
	timer_init(&av->phys_timer, phys_due, av, hal_smp_cpu_id());
	timer_charge_to(&av->virt_timer, &av->v);
	timer_charge_to(&av->phys_timer, &av->v);
}

void vtimers_destroy(struct arm_vcpu *av)
{
	timer_kill(&av->virt_timer);
	timer_kill(&av->phys_timer);
}

void vtimers_save(struct arm_vcpu *av)
{
	struct arm_timer *t = &av->virt;

	t->ctl = sysreg_read(cntv_ctl_el0);
	t->cval = sysreg_read(cntv_cval_el0);
	sysreg_write(cntv_ctl_el0, 0);
	isb();
	if (may_fire(t))
		timer_set(&av->virt_timer,
			  hal_cycles_to_ns(t->cval + to_ad(av->v.domain)->cntvoff));
}

void vtimers_load(struct arm_vcpu *av)
{
	if (timer_is_active(&av->virt_timer))
		timer_stop(&av->virt_timer);
	sysreg_write(cntv_cval_el0, av->virt.cval);
	sysreg_write(cntv_ctl_el0, av->virt.ctl);
	/* The vCPU's timers move with it, so that setting them stays local. */
	if (unlikely(av->virt_timer.cpu != hal_smp_cpu_id())) {
		timer_migrate(&av->virt_timer, hal_smp_cpu_id());
		timer_migrate(&av->phys_timer, hal_smp_cpu_id());
	}
}

void vtimer_irq(u32 irq)
{
	struct vcpu *v = current_vcpu();
	u64 ctl = sysreg_read(cntv_ctl_el0);

	/* The line may have risen just before the vCPU was switched away. */
	if (is_idle_vcpu(v) || !(ctl & ARM_TIMER_STATUS))
		return;
	sysreg_write(cntv_ctl_el0, ctl | ARM_TIMER_MASK);
	isb();
	vgic_raise(&to_ad(v->domain)->vgic, v->id, VIRQ_TIMER_VIRT);
}

void vtimer_phys_changed(struct arm_vcpu *av)
{
	const struct arm_timer *t = &av->sysreg.phys;

	if (may_fire(t))
		timer_set(&av->phys_timer, hal_cycles_to_ns(t->cval));
	else
		timer_stop(&av->phys_timer);
}
