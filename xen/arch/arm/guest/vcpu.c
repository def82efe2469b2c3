/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Domains and vCPUs on ARMv8: creation and destruction, switching between them, running them. */
#include <xen/bitmap.h>
#include <xen/errno.h>
#include <xen/format.h>
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

#define MAX_VMIDS 65536	/* of 16 bits */
#define MIN_VMIDS 256	/* of 8 bits */
#define MMFR1_VMID_SHIFT 4
#define MMFR1_VMID_16 2UL
#define VTCR_VS BIT(19)	/* VMIDs have 16 bits */

/* 40 bits of input, walks from level 1, inner shareable write-back, 4 KiB (ARM ARM, D19.2.168). */
#define VTCR_VALUE (BIT(31) | (64 - GUEST_PHYS_BITS) | 1UL << 6 | 1UL << 8 | 1UL << 10 | 3UL << 12)

static DEFINE_SPINLOCK(vmid_lock, LOCK_RANK_NONE);
/* Number 0 is for "no guest". [vmid_lock] */
static unsigned long vmids_used[MAX_VMIDS / BITS_PER_LONG] = { 1 };
static u32 nr_vmids;	/* [const after boot] */

static u32 vmids_of_this_cpu(void)
{
	u64 kind = sysreg_read(id_aa64mmfr1_el1) >> MMFR1_VMID_SHIFT & 0xf;

	return kind == MMFR1_VMID_16 ? MAX_VMIDS : MIN_VMIDS;
}

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
	for (u32 i = 0; i < nr_vmids / BITS_PER_LONG && vmid < 0; i++)
		if (~vmids_used[i]) {
			u32 bit = (u32)__builtin_ctzl(~vmids_used[i]);

			vmids_used[i] |= BIT(bit);
			vmid = (int)(i * BITS_PER_LONG + bit);
		}
	spin_unlock(&vmid_lock);
	return vmid;
}

int hal_domain_init(struct domain *d, const struct domain_config *cfg)
{
	struct arm_domain *ad = to_ad(d);
	int vmid = take_vmid();

	if (vmid < 0) {
		printk(LOG_WARN "d%u: all %u VMIDs are in use\n", d->id, nr_vmids - 1);
		return vmid;
	}
	ad->vmid = (u16)vmid;
	/* The hardware domain sees the machine's time, a guest's begins with it. */
	ad->cntvoff = d->is_hardware ? 0 : hal_cycles_now();
	guest_firmware_init(ad, cfg->max_vcpus);
	guest_sysregs_init_domain(ad);
	return guest_vgic_init(d, cfg);
}

void hal_domain_relinquish(struct domain *d) { guest_irqs_take(d); }

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
	guest_sysregs_init(av);
	vgic_vcpu_init(&to_ad(v->domain)->vgic, v->id, &av->vgic);
	if (!to_ad(v->domain)->vttbr)
		to_ad(v->domain)->vttbr = mfn_to_paddr(v->domain->p2m->root).v |
					  (u64)to_ad(v->domain)->vmid << 48;
	hal_vcpu_update_time(v);
	if (!v->id)
		hal_domain_update_wallclock(v->domain);
	return 0;
}

void hal_vcpu_destroy(struct vcpu *v)
{
	struct arm_vcpu *av = to_av(v);

	ASSERT(!READ_ONCE(v->running));
	if (av->virt_timer.fn)
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
	av->virt.ctl = av->sysreg.phys.ctl = av->sysreg.mdscr = 0;
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
	f(tpidr_el1, (s)->tpidr_el1) f(csselr_el1, (s)->csselr) f(cntkctl_el1, (s)->cntkctl)
#define SAVE(reg, field) field = sysreg_read(reg);
#define LOAD(reg, field) sysreg_write(reg, field);

void fp_save(u64 *regs);
void fp_load(const u64 *regs);

static void switch_from(struct arm_vcpu *av)
{
	EL1_REGS(SAVE, &av->el1)
	WRITE_ONCE(av->lrs_pending, guest_lrs_pending(av));
	gic->save(&av->gic, av->vgic.lrs_used);
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
	sysreg_write(cntvoff_el2, ad->cntvoff);
	sysreg_write(mdscr_el1, av->sysreg.mdscr);
	fp_load(av->fp);
	sysreg_write(fpcr, av->fpcr);
	sysreg_write(fpsr, av->fpsr);
	sysreg_write(vttbr_el2, ad->vttbr);
	sysreg_write(hcr_el2, HCR_VM | HCR_SWIO | HCR_FMO | HCR_IMO | HCR_AMO | HCR_FB |
				      HCR_BSU_IS | HCR_TWI | HCR_TWE | HCR_TID3 | HCR_TSC |
				      HCR_TIDCP | HCR_TACR | HCR_TLOR | HCR_TERR | HCR_RW);
	gic->load(&av->gic, av->vgic.lrs_used);
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

/* Into the guest and out again; false when there is other work. */
static bool enter(struct arm_vcpu *av)
{
	u32 kind;

	hal_irq_disable();
	if (unlikely(softirq_pending())) {
		hal_irq_enable();
		return false;
	}
	if (unlikely(vgic_has_ready(&av->vgic)))
		guest_offer_interrupts(av);
	kind = guest_enter(&av->regs);
	if (kind == GUEST_SYNC) {
		hal_irq_enable();
		guest_handle_sync(av);
		return true;
	}
	if (kind == GUEST_IRQ) {
		av->exits[EXIT_INTERRUPT]++;
		el2_interrupt();
		return true;
	}
	av->exits[EXIT_OTHER]++;
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
	if (vgic_raise(&to_ad(v->domain)->vgic, v->id, VIRQ_EVENTS))
		return;
	/* It is to look at its events even where it does not take their interrupt. */
	vcpu_unblock(v);
	/* The current one looks before it runs again. */
	if (v != current_vcpu() && READ_ONCE(v->running))
		hal_smp_kick(vcpu_cpu(v));
}

bool hal_vcpu_has_pending(const struct vcpu *v)
{
	if (vgic_has_ready(&to_av(v)->vgic))
		return true;
	return v == current_vcpu() ? guest_lrs_pending(to_av(v))
				       : READ_ONCE(to_av(v)->lrs_pending);
}

bool hal_vcpu_takes_pending(const struct vcpu *v)
{
	ASSERT(v == hal_current_vcpu());
	return hal_vcpu_has_pending(v) && !(to_av(v)->regs.pstate & PSR_I);
}

/* There is no interrupt of this kind. */
void hal_vcpu_nmi(struct vcpu *v) {}

void hal_domain_report(const struct domain *d)
{
	static const char *const names[EXIT_CLASSES] = { "other", "interrupt", "hypercall", "psci",
							 "wait", "sysreg", "data", "insn" };
	u64 sum[EXIT_CLASSES] = { 0 }, total = 0;
	char buf[256];
	struct vcpu *v;
	int n;

	for_each_vcpu(d, v)
		for (u32 i = 0; i < EXIT_CLASSES; i++)
			sum[i] += READ_ONCE(to_av(v)->exits[i]);
	for (u32 i = 0; i < EXIT_CLASSES; i++)
		total += sum[i];
	n = scnprintf(buf, sizeof(buf), "total=%lu", total);
	for (u32 i = 0; i < EXIT_CLASSES; i++)
		if (sum[i])
			n += scnprintf(buf + n, sizeof(buf) - (size_t)n, " %s=%lu", names[i],
				       sum[i]);
	printk(LOG_G_INFO "d%u exits: %s\n", d->id, buf);
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

void guests_cpu_up(void)
{
	u64 parange = min(sysreg_read(id_aa64mmfr0_el1) & 0xf, 5UL);

	if (vmids_of_this_cpu() < nr_vmids)
		panic("CPU %u has VMIDs of 8 bits, and the first one of 16", hal_smp_cpu_id());
	sysreg_write(vtcr_el2, VTCR_VALUE | parange << 16 | (nr_vmids == MAX_VMIDS ? VTCR_VS : 0));
	sysreg_write(vttbr_el2, 0);
	/* Guests see the CPU's own MIDR_EL1. */
	sysreg_write(vpidr_el2, sysreg_read(midr_el1));
	isb();
	gic->enable(machine.timer_ppi[2], true);
	guest_interrupts_cpu_up();
}

void __init guests_init(void)
{
	if ((sysreg_read(id_aa64mmfr0_el1) & 0xf) < 2)
		panic("the processor has fewer than 40 bits of physical address");
	nr_vmids = vmids_of_this_cpu();
	irq_set_handler(machine.timer_ppi[2], vtimer_irq);
	guest_interrupts_init();
	guests_cpu_up();
	printk(LOG_INFO "Guests run at EL1 with %u bits of physical address, %u VMIDs\n",
	       GUEST_PHYS_BITS, nr_vmids - 1);
}
