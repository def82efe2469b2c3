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

#define CTL_ENABLE BIT(0)
#define CTL_MASK BIT(1)
#define CTL_STATUS BIT(2)

static void due(void *arg)
{
	struct vtimer *t = arg;
	struct arm_vcpu *av = t->virq == VIRQ_TIMER_VIRT ? container_of(t, struct arm_vcpu, virt)
							 : container_of(t, struct arm_vcpu, phys);

	/* Only a vCPU off its CPU has the virtual timer armed here. When it comes to one, the
	 * processor's timer must not fire for the same time again. */
	if (t == &av->virt)
		t->ctl |= CTL_MASK;
	vgic_raise(&to_ad(av->v.domain)->vgic, av->v.id, t->virq);
}

void vtimers_init(struct arm_vcpu *av)
{
	av->virt.virq = VIRQ_TIMER_VIRT;
	av->phys.virq = VIRQ_TIMER_PHYS;
	timer_init(&av->virt.timer, due, &av->virt, hal_smp_cpu_id());
	timer_init(&av->phys.timer, due, &av->phys, hal_smp_cpu_id());
	timer_charge_to(&av->virt.timer, &av->v);
	timer_charge_to(&av->phys.timer, &av->v);
}

void vtimers_destroy(struct arm_vcpu *av)
{
	timer_kill(&av->virt.timer);
	timer_kill(&av->phys.timer);
}

void vtimers_save(struct arm_vcpu *av)
{
	struct vtimer *t = &av->virt;

	t->ctl = sysreg_read(cntv_ctl_el0);
	t->cval = sysreg_read(cntv_cval_el0);
	sysreg_write(cntv_ctl_el0, 0);
	isb();
	if ((t->ctl & (CTL_ENABLE | CTL_MASK)) == CTL_ENABLE)
		timer_set(&t->timer,
			  hal_cycles_to_ns(t->cval + to_ad(av->v.domain)->cntvoff));
}

void vtimers_load(struct arm_vcpu *av)
{
	struct vtimer *t = &av->virt;

	timer_stop(&t->timer);
	sysreg_write(cntv_cval_el0, t->cval);
	sysreg_write(cntv_ctl_el0, t->ctl);
	/* The vCPU's timers move with it, so that setting them stays local. */
	if (t->timer.cpu != hal_smp_cpu_id())
		timer_migrate(&t->timer, hal_smp_cpu_id());
	if (av->phys.timer.cpu != hal_smp_cpu_id())
		timer_migrate(&av->phys.timer, hal_smp_cpu_id());
}

void vtimer_irq(u32 irq)
{
	struct vcpu *v = current_vcpu();
	u64 ctl = sysreg_read(cntv_ctl_el0);

	/* The line may have risen just before the vCPU was switched away. */
	if (is_idle_vcpu(v) || !(ctl & CTL_STATUS))
		return;
	sysreg_write(cntv_ctl_el0, ctl | CTL_MASK);
	isb();
	vgic_raise(&to_ad(v->domain)->vgic, v->id, VIRQ_TIMER_VIRT);
}

u64 vtimer_count(const struct arm_vcpu *av)
{
	return hal_cycles_now();
}

u64 vtimer_ctl(const struct arm_vcpu *av, const struct vtimer *t)
{
	bool fired = t->ctl & CTL_ENABLE && hal_cycles_now() >= t->cval;

	return (t->ctl & (CTL_ENABLE | CTL_MASK)) | (fired ? CTL_STATUS : 0);
}

void vtimer_phys_changed(struct arm_vcpu *av)
{
	struct vtimer *t = &av->phys;

	if ((t->ctl & (CTL_ENABLE | CTL_MASK)) == CTL_ENABLE)
		timer_set(&t->timer, hal_cycles_to_ns(t->cval));
	else
		timer_stop(&t->timer);
}
