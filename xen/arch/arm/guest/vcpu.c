/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Domains and vCPUs on ARMv8: creation and destruction, switching between them, running them. */
#include <xen/bitmap.h>
#include <xen/errno.h>
#include <xen/hal/cpu.h>
#include <xen/hal/smp.h>
#include <xen/hal/time.h>
#include <xen/hal/vcpu.h>
#include <xen/ops.h>
#include <xen/p2m.h>
#include <xen/p2m_fmt.h>
#include <xen/softirq.h>
#include <xen/string.h>
#include <xen/xmalloc.h>
#include <asm/mm.h>
#include <asm/setup.h>
#include <asm/smp.h>

#include "private.h"

/* Frames of the guest's interrupt controller (ABI: public/arch-arm.h). */
#define GUEST_GICD 0x03001000
#define GUEST_GICC 0x03002000
#define GUEST_GICR 0x03020000
#define GUEST_SPIS 32

#define NR_VMIDS 256	/* of 8 bits; 0 is the hypervisor's, for "no guest" */

/* 40 bits of input, walks from level 1, inner shareable write-back, 4 KiB (ARM ARM, D19.2.168). */
#define VTCR_VALUE (BIT(31) | (64 - GUEST_PHYS_BITS) | 1UL << 6 | 1UL << 8 | 1UL << 10 | 3UL << 12)

static DEFINE_SPINLOCK(vmid_lock, LOCK_RANK_NONE);
static unsigned long vmids_used[NR_VMIDS / BITS_PER_LONG];	/* [vmid_lock] */

struct domain *hal_domain_alloc(void)
{
	struct arm_domain *ad = xzalloc(struct arm_domain);

	return ad ? &ad->d : NULL;
}

void hal_domain_free(struct domain *d) { xfree(to_ad(d)); }

struct vcpu *hal_vcpu_alloc(void)
{
	struct arm_vcpu *av = xzalloc(struct arm_vcpu);

	return av ? &av->v : NULL;
}

void hal_vcpu_free(struct vcpu *v) { xfree(to_av(v)); }

static int take_vmid(void)
{
	int vmid = -XEN_ENOSPC;

	spin_lock(&vmid_lock);
	for (int i = 1; i < NR_VMIDS && vmid < 0; i++)
		if (!(vmids_used[i / BITS_PER_LONG] & BIT(i % BITS_PER_LONG))) {
			vmids_used[i / BITS_PER_LONG] |= BIT(i % BITS_PER_LONG);
			vmid = i;
		}
	spin_unlock(&vmid_lock);
	return vmid;
}

static void kick(struct vgic *g, u32 vcpu)
{
	struct arm_domain *ad = container_of(g, struct arm_domain, vgic);
	struct vcpu *v = ad->d.vcpu[vcpu];

	if (!v)
		return;
	vcpu_unblock(v);
	if (READ_ONCE(v->running))
		hal_smp_kick(vcpu_cpu(v));
}

const struct vgic_ops guest_vgic_ops = { kick, guest_irq_enable, guest_irq_end, guest_irq_route };
OPS_TABLE(guest_vgic_ops, kick);

/* Version 2: the guest's accesses to its CPU interface go to the machine's virtual one. */
static int map_cpu_interface(struct domain *d, u64 at)
{
	return p2m_map_range(d->p2m, gpaddr_to_gfn(gpaddr_make(at)),
			     paddr_to_mfn(paddr_make(machine.gic[GIC2_GUEST_FRAME].start)),
			     GIC2_CPU_BYTES >> PAGE_SHIFT, P2M_MMIO_DIRECT);
}

static int init_vgic(struct domain *d, const struct domain_config *cfg)
{
	struct arm_domain *ad = to_ad(d);
	u32 spis = d->is_hardware ? min(gic_nr_irqs - GIC_NR_LOCAL, (u32)VGIC_MAX_SPIS)
				  : GUEST_SPIS;

	if (gic->version == 2 && cfg->max_vcpus > VGIC2_MAX_VCPUS) {
		printk(LOG_WARN "d%u: a GICv2 has %u CPUs at most, not %u: give it fewer vCPUs\n",
		       d->id, VGIC2_MAX_VCPUS, cfg->max_vcpus);
		return -XEN_EINVAL;
	}
	ad->vgic_vcpu = xzalloc_array(struct vgic_vcpu *, cfg->max_vcpus);
	ad->spi = xzalloc_array(struct vgic_irq, spis);
	if (!ad->vgic_vcpu || !ad->spi)
		return -XEN_ENOMEM;
	vgic_init(&ad->vgic, &guest_vgic_ops, gic->version, cfg->max_vcpus, ad->vgic_vcpu, spis,
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

int hal_domain_init(struct domain *d, const struct domain_config *cfg)
{
	struct arm_domain *ad = to_ad(d);
	int vmid = take_vmid();

	if (vmid < 0) {
		printk(LOG_WARN "d%u: all %u VMIDs are in use\n", d->id, NR_VMIDS - 1);
		return vmid;
	}
	ad->vmid = (u16)vmid;
	/* The hardware domain sees the machine's time, a guest's begins with it. */
	ad->cntvoff = d->is_hardware ? 0 : hal_cycles_now();
	return init_vgic(d, cfg);
}

void hal_domain_destroy(struct domain *d)
{
	struct arm_domain *ad = to_ad(d);

	if (ad->vmid) {
		spin_lock(&vmid_lock);
		vmids_used[ad->vmid / BITS_PER_LONG] &= ~BIT(ad->vmid % BITS_PER_LONG);
		spin_unlock(&vmid_lock);
		ad->vmid = 0;
	}
	xfree(ad->vgic_vcpu);
	xfree(ad->spi);
	ad->vgic_vcpu = NULL;
	ad->spi = NULL;
}

int hal_vcpu_init(struct vcpu *v)
{
	struct arm_vcpu *av = to_av(v);

	gic->vcpu_init(&av->gic);
	vtimers_init(av);
	vgic_vcpu_init(&to_ad(v->domain)->vgic, v->id, &av->vgic);
	if (!to_ad(v->domain)->vttbr)
		to_ad(v->domain)->vttbr = mfn_to_paddr(v->domain->p2m->root).v |
					  (u64)to_ad(v->domain)->vmid << 48;
	hal_vcpu_update_time(v);
	return 0;
}

void hal_vcpu_destroy(struct vcpu *v)
{
	struct arm_vcpu *av = to_av(v);

	ASSERT(!READ_ONCE(v->running));
	if (av->virt.timer.fn)
		vtimers_destroy(av);
}

/* SCTLR_EL1 after reset: RES1 bits, everything off (ARM ARM, D19.2.118). */
#define SCTLR_EL1_RESET 0x30d00800
#define PSTATE_EL1H_MASKED 0x3c5

void guest_vcpu_reset(struct arm_vcpu *av, u64 pc, u64 arg)
{
	memset(&av->regs, 0, sizeof(av->regs));
	memset(&av->el1, 0, sizeof(av->el1));
	av->el1.sctlr = SCTLR_EL1_RESET;
	av->regs.pc = pc;
	av->regs.pstate = PSTATE_EL1H_MASKED;
	av->regs.x[0] = arg;
	av->virt.ctl = av->phys.ctl = 0;
	av->v.is_initialised = true;
}

#define EL1_REGS(f, s)                                                                        \
	f(sctlr_el1, (s)->sctlr) f(actlr_el1, (s)->actlr) f(cpacr_el1, (s)->cpacr)            \
	f(ttbr0_el1, (s)->ttbr0) f(ttbr1_el1, (s)->ttbr1) f(tcr_el1, (s)->tcr)                \
	f(mair_el1, (s)->mair) f(amair_el1, (s)->amair) f(vbar_el1, (s)->vbar)                \
	f(contextidr_el1, (s)->contextidr) f(esr_el1, (s)->esr) f(far_el1, (s)->far)          \
	f(afsr0_el1, (s)->afsr0) f(afsr1_el1, (s)->afsr1) f(par_el1, (s)->par)                \
	f(elr_el1, (s)->elr) f(spsr_el1, (s)->spsr) f(sp_el0, (s)->sp_el0)                    \
	f(sp_el1, (s)->sp_el1) f(tpidr_el0, (s)->tpidr_el0) f(tpidrro_el0, (s)->tpidrro_el0)  \
	f(tpidr_el1, (s)->tpidr_el1) f(csselr_el1, (s)->csselr) f(mdscr_el1, (s)->mdscr)      \
	f(cntkctl_el1, (s)->cntkctl)
#define SAVE(reg, field) field = sysreg_read(reg);
#define LOAD(reg, field) sysreg_write(reg, field);

void fp_save(u64 *regs);
void fp_load(const u64 *regs);

static void switch_from(struct arm_vcpu *av)
{
	EL1_REGS(SAVE, &av->el1)
	vtimers_save(av);
	fp_save(av->fp);
	av->fpcr = sysreg_read(fpcr);
	av->fpsr = sysreg_read(fpsr);
	sysreg_write(hcr_el2, HCR_RW | HCR_FMO | HCR_IMO | HCR_AMO);
	sysreg_write(vttbr_el2, 0);
}

static void switch_to(struct arm_vcpu *av)
{
	const struct arm_domain *ad = to_ad(av->v.domain);

	EL1_REGS(LOAD, &av->el1)
	sysreg_write(vmpidr_el2, BIT(31) | vgic_mpidr(av->v.id));
	sysreg_write(vpidr_el2, sysreg_read(midr_el1));
	sysreg_write(cntvoff_el2, ad->cntvoff);
	fp_load(av->fp);
	sysreg_write(fpcr, av->fpcr);
	sysreg_write(fpsr, av->fpsr);
	sysreg_write(vttbr_el2, ad->vttbr);
	sysreg_write(hcr_el2, HCR_VM | HCR_SWIO | HCR_FMO | HCR_IMO | HCR_AMO | HCR_FB |
				      HCR_BSU_IS | HCR_TWI | HCR_TWE | HCR_TID3 | HCR_TSC |
				      HCR_TIDCP | HCR_TACR | HCR_RW);
	vtimers_load(av);
	if (unlikely(av->irq_cpu != hal_smp_cpu_id())) {
		av->irq_cpu = hal_smp_cpu_id();
		vgic_vcpu_moved(&to_ad(av->v.domain)->vgic, av->v.id);
	}
	isb();
}

void hal_context_switch(struct vcpu *prev, struct vcpu *next)
{
	ASSERT(prev != next);
	if (!is_idle_vcpu(prev))
		switch_from(to_av(prev));
	hal_set_current(next);
	if (!is_idle_vcpu(next))
		switch_to(to_av(next));
}

/* Before the guest runs: what is ready goes into free list registers. */
static void offer_interrupts(struct arm_vcpu *av)
{
	struct arm_domain *ad = to_ad(av->v.domain);
	struct vgic_lr lr[VGIC_MAX_LRS];
	u32 filled;
	bool more;

	if (likely(!vgic_has_ready(&ad->vgic, av->v.id)))
		return;
	filled = vgic_offer(&ad->vgic, av->v.id, min(gic->nr_lrs(), (u32)VGIC_MAX_LRS), lr, &more);
	for (u32 bits = filled; bits; bits &= bits - 1) {
		u32 i = (u32)__builtin_ctz(bits);

		gic->write_lr(&av->gic, i, &(struct gic_lr){
			.virq = lr[i].virq, .priority = lr[i].priority, .pending = lr[i].pending,
			.active = lr[i].active, .hw = lr[i].hw, .hwirq = lr[i].hwirq,
			.source = lr[i].source });
	}
	av->lrs_busy |= filled;
	av->lrs_pending |= filled;
	gic->want_refill(&av->gic, more);
}

static void take_back_interrupts(struct arm_vcpu *av)
{
	struct arm_domain *ad = to_ad(av->v.domain);

	av->lrs_pending = 0;
	for (u32 bits = av->lrs_busy; bits; bits &= bits - 1) {
		u32 i = (u32)__builtin_ctz(bits);
		struct gic_lr lr;

		gic->read_lr(&av->gic, i, &lr);
		av->lrs_pending |= lr.pending ? 1U << i : 0;
		if (vgic_take_back(&ad->vgic, av->v.id, i,
				   &(struct vgic_lr){ .virq = (u16)lr.virq, .pending = lr.pending,
						      .active = lr.active })) {
			gic->clear_lr(&av->gic, i);
			av->lrs_busy &= ~(1U << i);
		}
	}
}

/* Into the guest and out again; false when there is other work. */
static bool enter(struct arm_vcpu *av)
{
	u32 kind;

	hal_irq_disable();
	if (unlikely(softirq_pending())) {
		hal_irq_enable();
		return false;
	}
	offer_interrupts(av);
	gic->load(&av->gic);
	kind = guest_enter(&av->regs);
	gic->save(&av->gic);
	take_back_interrupts(av);
	if (kind == GUEST_SYNC) {
		hal_irq_enable();
		guest_handle_sync(av);
		return true;
	}
	av->exits[kind == GUEST_IRQ ? EXIT_INTERRUPT : EXIT_OTHER]++;
	/* An interrupt is taken here; an SError of the guest's is reported to it as lost. */
	hal_irq_enable();
	if (kind == GUEST_SERROR)
		domain_crash(av->v.domain, "vCPU %u: SError, ESR %#lx", av->v.id,
			     sysreg_read(esr_el2));
	return true;
}

void hal_vcpu_run(struct vcpu *v)
{
	ASSERT(v == hal_current_vcpu() && !is_idle_vcpu(v));
	while (enter(to_av(v)))
		;
}

void hal_vcpu_event_notify(struct vcpu *v)
{
	vgic_raise(&to_ad(v->domain)->vgic, v->id, VIRQ_EVENTS);
	vcpu_unblock(v);
	if (READ_ONCE(v->running))
		hal_smp_kick(vcpu_cpu(v));
}

bool hal_vcpu_has_pending(const struct vcpu *v)
{
	return vgic_has_ready(&to_ad(v->domain)->vgic, v->id) ||
	       READ_ONCE(to_av(v)->lrs_pending);
}

/* There is no interrupt of this kind. */
void hal_vcpu_nmi(struct vcpu *v) {}

void hal_domain_report(const struct domain *d)
{
	static const char *const names[EXIT_CLASSES] = { "other", "interrupt", "hypercall", "psci",
							 "wait", "sysreg", "data", "insn" };
	u64 sum[EXIT_CLASSES] = { 0 };
	struct vcpu *v;

	for_each_vcpu(d, v)
		for (u32 i = 0; i < EXIT_CLASSES; i++)
			sum[i] += READ_ONCE(to_av(v)->exits[i]);
	for (u32 i = 0; i < EXIT_CLASSES; i++)
		if (sum[i])
			printk(LOG_G_INFO "d%u: %lu exits: %s\n", d->id, sum[i], names[i]);
}

const struct p2m_fmt *hal_p2m_fmt(const struct domain *d)
{
	return &p2m_fmt_lpae;
}

/*
 * All CPUs of the inner shareable domain drop what they hold for this VMID: the instruction is
 * broadcast, so nobody is interrupted. First the entries of the second stage, then those that
 * combine both (ARM ARM, D8.13.5).
 */
void hal_p2m_flush(struct p2m *p, gfn_t start, u64 n)
{
	u64 flags = hal_irq_save(), old = sysreg_read(vttbr_el2);

	dsb_ish();
	sysreg_write(vttbr_el2, mfn_to_paddr(p->root).v | (u64)to_ad(p->domain)->vmid << 48);
	isb();
	__asm__ volatile("tlbi vmalls12e1is" ::: "memory");
	dsb_ish();
	sysreg_write(vttbr_el2, old);
	isb();
	hal_irq_restore(flags);
}

/* Its purpose is the exit: what waits for a list register gets one at the next entry. */
static void maintenance(u32 irq) {}

static u32 maintenance_ppi(void)
{
	return dt_gic_irq(&machine_tree, machine.gic_node, 0);
}

void guests_cpu_up(void)
{
	u64 parange = min(sysreg_read(id_aa64mmfr0_el1) & 0xf, 5UL);

	sysreg_write(vtcr_el2, VTCR_VALUE | parange << 16);
	sysreg_write(vttbr_el2, 0);
	isb();
	gic->enable(machine.timer_ppi[2], true);
	if (maintenance_ppi())
		gic->enable(maintenance_ppi(), true);
}

void __init guests_init(void)
{
	if ((sysreg_read(id_aa64mmfr0_el1) & 0xf) < 2)
		panic("the processor has fewer than 40 bits of physical address");
	irq_set_handler(machine.timer_ppi[2], vtimer_irq);
	if (maintenance_ppi())
		irq_set_handler(maintenance_ppi(), maintenance);
	else
		printk(LOG_WARN "The GIC's node has no maintenance interrupt: guests' interrupts "
		       "may be late\n");
	guests_cpu_up();
	printk(LOG_INFO "Guests run at EL1 with %u bits of physical address\n", GUEST_PHYS_BITS);
}
