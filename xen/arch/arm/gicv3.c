/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GIC version 3 (IHI0069): distributor, redistributors, CPU interface in system registers. */
#include <asm/gic.h>

#include <xen/hal/io.h>
#include <xen/hal/cpu.h>
#include <xen/ops.h>
#include <xen/percpu.h>
#include <xen/printk.h>
#include <asm/mm.h>
#include <asm/setup.h>
#include <asm/smp.h>
#include <asm/sysreg.h>

#define GICD_CTLR 0x0000
#define GICD_TYPER 0x0004
#define GICD_IGROUPR 0x0080
#define GICD_ISENABLER 0x0100
#define GICD_ICENABLER 0x0180
#define GICD_ICPENDR 0x0280
#define GICD_ISACTIVER 0x0300
#define GICD_ICACTIVER 0x0380
#define GICD_IPRIORITYR 0x0400
#define GICD_ICFGR 0x0c00
#define GICD_IROUTER 0x6000
#define GICD_CTLR_ENABLE 0x13	/* both group 1 bits, affinity routing */
#define GICD_CTLR_RWP BIT(31)

#define GICR_TYPER 0x0008
#define GICR_WAKER 0x0014
#define GICR_SGI_FRAME 0x10000
#define GICR_TYPER_LAST BIT(4)
#define GICR_TYPER_VLPIS BIT(1)
#define GICR_WAKER_SLEEP BIT(1)
#define GICR_WAKER_ASLEEP BIT(2)
#define GICR_FRAMES 0x20000

#define ICC_SRE_EL2 S3_4_C12_C9_5
#define ICC_SRE_EL1 S3_0_C12_C12_5
#define ICC_PMR_EL1 S3_0_C4_C6_0
#define ICC_BPR1_EL1 S3_0_C12_C12_3
#define ICC_CTLR_EL1 S3_0_C12_C12_4
#define ICC_IGRPEN1_EL1 S3_0_C12_C12_7
#define ICC_IAR1_EL1 S3_0_C12_C12_0
#define ICC_EOIR1_EL1 S3_0_C12_C12_1
#define ICC_DIR_EL1 S3_0_C12_C11_1
#define ICC_SGI1R_EL1 S3_0_C12_C11_5
#define ICC_CTLR_EOIMODE BIT(1)
#define ICH_HCR_EL2 S3_4_C12_C11_0
#define ICH_VTR_EL2 S3_4_C12_C11_1
#define ICH_ELRSR_EL2 S3_4_C12_C11_5	/* list registers that hold nothing */
#define ICH_VMCR_EL2 S3_4_C12_C11_7

#define ICH_HCR_EN BIT(0)
#define ICH_HCR_UIE BIT(1)

#define LR_HWIRQ_SHIFT 32
#define LR_PRIORITY_SHIFT 48
#define LR_GROUP1 BIT(60)
#define LR_HW BIT(61)
#define LR_STATE_SHIFT 62

/* Registers are named by tokens, which must be expanded before they become text. */
#define READ(reg) sysreg_read_(reg)
#define sysreg_read_(reg) sysreg_read(reg)
#define WRITE(reg, v) sysreg_write_(reg, v)
#define sysreg_write_(reg, v) sysreg_write(reg, v)

static char *dist;
static DEFINE_PER_CPU(char *, redist);
static u32 priority_regs;

static void wait_write(const char *base)
{
	while (readl(base + GICD_CTLR) & GICD_CTLR_RWP)
		hal_cpu_relax();
}

static void v3_init(void)
{
	dist = hal_map_mmio(paddr_make(machine.gic[0].start), machine.gic[0].size);
	if (!dist)
		panic("GIC: the distributor at %#lx cannot be mapped", machine.gic[0].start);
	gic_nr_irqs = min(((readl(dist + GICD_TYPER) & 0x1f) + 1) * 32, (u32)GIC_MAX_IRQS);
	writel(0, dist + GICD_CTLR);
	wait_write(dist);
	for (u32 i = GIC_NR_LOCAL; i < gic_nr_irqs; i += 32) {
		writel(~0U, dist + GICD_ICENABLER + i / 8);
		writel(~0U, dist + GICD_ICACTIVER + i / 8);
		writel(~0U, dist + GICD_IGROUPR + i / 8);
	}
	for (u32 i = GIC_NR_LOCAL; i < gic_nr_irqs; i += 4)
		writel(GIC_PRIORITY * 0x01010101U, dist + GICD_IPRIORITYR + i);
	writel(GICD_CTLR_ENABLE, dist + GICD_CTLR);
	wait_write(dist);
	gic_nr_lrs = min((u32)(READ(ICH_VTR_EL2) & 0x1f) + 1, (u32)GIC_MAX_LRS);
	/* Bits of preemption: 32 of them for each register. */
	priority_regs = 1U << ((READ(ICH_VTR_EL2) >> 26 & 7) + 1 - 5);
}

#define FOR_LRS(f, g)                                                            \
	f(0, C12_0, g) f(1, C12_1, g) f(2, C12_2, g) f(3, C12_3, g) f(4, C12_4, g) \
	f(5, C12_5, g) f(6, C12_6, g) f(7, C12_7, g) f(8, C13_0, g) f(9, C13_1, g) \
	f(10, C13_2, g) f(11, C13_3, g) f(12, C13_4, g) f(13, C13_5, g)           \
	f(14, C13_6, g) f(15, C13_7, g)
#define WRITE_LR(i, name, v) case i: sysreg_write(S3_4_C12_##name, v); break;
#define READ_LR(i, name, v) case i: v = sysreg_read(S3_4_C12_##name); break;

static void set_lr(u32 i, u64 v)
{
	ASSERT(i < gic_nr_lrs);
	/* Mostly it is the first one. */
	if (likely(!i)) {
		sysreg_write(S3_4_C12_C12_0, v);
		return;
	}
	switch (i) {
	FOR_LRS(WRITE_LR, v)
	}
}

static u64 read_lr(u32 i)
{
	u64 v = 0;

	ASSERT(i < gic_nr_lrs);
	if (likely(!i))
		return sysreg_read(S3_4_C12_C12_0);
	switch (i) {
	FOR_LRS(READ_LR, v)
	}
	return v;
}

/* Affinity fields as redistributors and SGI1R have them. */
static u32 affinity32(u64 mpidr)
{
	return (u32)(mpidr >> 8 & 0xff000000) | (u32)(mpidr & 0xffffff);
}

static char *find_redist(u64 mpidr)
{
	for (u32 i = 1; i <= machine.gic_redist_regions; i++) {
		const struct dt_range *r = &machine.gic[i];
		static char *region[DT_MAX_GIC_REGIONS];
		u64 at = 0, type;

		if (!region[i])
			region[i] = hal_map_mmio(paddr_make(r->start), r->size);
		if (!region[i])
			panic("GIC: the redistributors at %#lx cannot be mapped", r->start);
		do {
			type = readq(region[i] + at + GICR_TYPER);
			if (type >> 32 == affinity32(mpidr))
				return region[i] + at;
			at += machine.gic_redist_stride ? machine.gic_redist_stride :
			      type & GICR_TYPER_VLPIS ? 2 * GICR_FRAMES : GICR_FRAMES;
		} while (!(type & GICR_TYPER_LAST) && at + GICR_FRAMES <= r->size);
	}
	panic("GIC: CPU %#lx has no redistributor", mpidr);
}

static void v3_cpu_up(void)
{
	char *r = find_redist(cpu_mpidr(hal_smp_cpu_id())), *sgi = r + GICR_SGI_FRAME;

	this_cpu(redist) = r;
	writel(readl(r + GICR_WAKER) & ~GICR_WAKER_SLEEP, r + GICR_WAKER);
	while (readl(r + GICR_WAKER) & GICR_WAKER_ASLEEP)
		hal_cpu_relax();
	writel(~0U, sgi + GICD_ICENABLER);
	writel(~0U, sgi + GICD_ICACTIVER);
	writel(~0U, sgi + GICD_IGROUPR);
	for (u32 i = 0; i < GIC_NR_LOCAL; i += 4)
		writel(GIC_PRIORITY * 0x01010101U, sgi + GICD_IPRIORITYR + i);
	writel((1U << SGI_USED) - 1, sgi + GICD_ISENABLER);
	wait_write(r);
	/* System registers for EL2 and EL1. */
	WRITE(ICC_SRE_EL2, 0xf);
	isb();
	WRITE(ICC_BPR1_EL1, 0);
	WRITE(ICC_PMR_EL1, 0xff);
	WRITE(ICC_CTLR_EL1, ICC_CTLR_EOIMODE);
	WRITE(ICC_IGRPEN1_EL1, 1);
	WRITE(ICH_HCR_EL2, 0);
	for (u32 i = 0; i < gic_nr_lrs; i++)
		set_lr(i, 0);
	isb();
}

static u32 v3_ack(void)
{
	u32 irq = (u32)READ(ICC_IAR1_EL1) & 0xffffff;

	dsb_sy();
	if (irq >= GIC_MAX_IRQS)
		return GIC_NO_IRQ;
	WRITE(ICC_EOIR1_EL1, irq);
	isb();
	return irq;
}

static void v3_deactivate(u32 irq)
{
	WRITE(ICC_DIR_EL1, irq);
	isb();
}

static void v3_send_sgi(u32 cpu, u32 sgi)
{
	u64 mpidr = cpu_mpidr(cpu), aff0 = mpidr & 0xff;

	/* What was written before is seen by who takes the interrupt. */
	__asm__ volatile("dsb ishst" ::: "memory");
	WRITE(ICC_SGI1R_EL1, (mpidr >> 32 & 0xff) << 48 | (mpidr >> 16 & 0xff) << 32 |
				     (aff0 >> 4) << 44 | (u64)sgi << 24 |
				     (mpidr >> 8 & 0xff) << 16 | BIT(aff0 & 15));
	isb();
}

static char *bank_of(u32 irq)
{
	return irq < GIC_NR_LOCAL ? this_cpu(redist) + GICR_SGI_FRAME : dist;
}

static void v3_enable(u32 irq, bool on)
{
	ASSERT(irq < gic_nr_irqs);
	writel(1U << irq % 32, bank_of(irq) + (on ? GICD_ISENABLER : GICD_ICENABLER) +
				       irq / 32 * 4);
	wait_write(irq < GIC_NR_LOCAL ? this_cpu(redist) : dist);
}

static void v3_set_level(u32 irq, bool level)
{
	char *p = bank_of(irq) + GICD_ICFGR + irq / 16 * 4;
	u32 bit = 2U << irq % 16 * 2;

	ASSERT(irq >= GIC_NR_SGIS && irq < gic_nr_irqs);
	writel(level ? readl(p) & ~bit : readl(p) | bit, p);
}

static void v3_forget(u32 irq)
{
	ASSERT(irq >= GIC_NR_LOCAL && irq < gic_nr_irqs);
	writel(1U << irq % 32, dist + GICD_ICPENDR + irq / 32 * 4);
	writel(1U << irq % 32, dist + GICD_ICACTIVER + irq / 32 * 4);
}

static bool v3_is_active(u32 irq)
{
	ASSERT(irq >= GIC_NR_LOCAL && irq < gic_nr_irqs);
	return readl(dist + GICD_ISACTIVER + irq / 32 * 4) >> irq % 32 & 1;
}

static void v3_route(u32 irq, u32 cpu)
{
	ASSERT(irq >= GIC_NR_LOCAL && irq < gic_nr_irqs);
	writeq(cpu_mpidr(cpu) & 0xff00ffffffUL, dist + GICD_IROUTER + irq * 8);
}

static void v3_want_refill(bool on)
{
	WRITE(ICH_HCR_EL2, ICH_HCR_EN | (on ? ICH_HCR_UIE : 0));
}

static void v3_load(const struct gic_vcpu *g, u32 used)
{
	WRITE(ICC_SRE_EL1, g->sre);
	WRITE(ICH_VMCR_EL2, g->vmcr);
	sysreg_write(S3_4_C12_C8_0, g->ap0[0]);
	sysreg_write(S3_4_C12_C9_0, g->ap1[0]);
	if (priority_regs > 1) {
		sysreg_write(S3_4_C12_C8_1, g->ap0[1]);
		sysreg_write(S3_4_C12_C9_1, g->ap1[1]);
	}
	if (priority_regs > 2) {
		sysreg_write(S3_4_C12_C8_2, g->ap0[2]);
		sysreg_write(S3_4_C12_C8_3, g->ap0[3]);
		sysreg_write(S3_4_C12_C9_2, g->ap1[2]);
		sysreg_write(S3_4_C12_C9_3, g->ap1[3]);
	}
	for (; used; used &= used - 1) {
		u32 i = (u32)__builtin_ctz(used);

		set_lr(i, g->lr[i]);
	}
	v3_want_refill(g->refill);
}

static void v3_save(struct gic_vcpu *g, u32 used)
{
	g->vmcr = READ(ICH_VMCR_EL2);
	for (; used; used &= used - 1) {
		u32 i = (u32)__builtin_ctz(used);

		g->lr[i] = read_lr(i);
		set_lr(i, 0);
	}
	g->ap0[0] = sysreg_read(S3_4_C12_C8_0);
	g->ap1[0] = sysreg_read(S3_4_C12_C9_0);
	if (priority_regs > 1) {
		g->ap0[1] = sysreg_read(S3_4_C12_C8_1);
		g->ap1[1] = sysreg_read(S3_4_C12_C9_1);
	}
	if (priority_regs > 2) {
		g->ap0[2] = sysreg_read(S3_4_C12_C8_2);
		g->ap0[3] = sysreg_read(S3_4_C12_C8_3);
		g->ap1[2] = sysreg_read(S3_4_C12_C9_2);
		g->ap1[3] = sysreg_read(S3_4_C12_C9_3);
	}
	g->refill = READ(ICH_HCR_EL2) & ICH_HCR_UIE;
	WRITE(ICH_HCR_EL2, 0);
}

static void v3_vcpu_init(struct gic_vcpu *g)
{
	/* The guest's interface starts disabled, with all priorities masked. */
	g->vmcr = 0;
	g->sre = 7;
}

static void v3_write_lr(u32 i, const struct vgic_lr *lr)
{
	u64 v = lr->virq | LR_GROUP1 | (u64)lr->priority << LR_PRIORITY_SHIFT |
		(u64)lr->state << LR_STATE_SHIFT;

	ASSERT(lr->state);
	if (lr->hwirq)
		v |= LR_HW | (u64)lr->hwirq << LR_HWIRQ_SHIFT;
	set_lr(i, v);
}

static struct vgic_lrs v3_lrs_left(u32 used)
{
	struct vgic_lrs left = { 0, 0 };

	ASSERT(!(used >> gic_nr_lrs));
	for (u32 held = used & ~(u32)READ(ICH_ELRSR_EL2); held; held &= held - 1) {
		u32 i = (u32)__builtin_ctz(held);
		u64 v = read_lr(i);

		left.pending |= (u32)(v >> LR_STATE_SHIFT & 1) << i;
		left.active |= (u32)(v >> (LR_STATE_SHIFT + 1)) << i;
	}
	return left;
}

const struct gic_driver gic_v3 = {
	.name = "GICv3",
	.version = 3,
	.init = v3_init,
	.cpu_up = v3_cpu_up,
	.ack = v3_ack,
	.deactivate = v3_deactivate,
	.send_sgi = v3_send_sgi,
	.enable = v3_enable,
	.set_level = v3_set_level,
	.forget = v3_forget,
	.is_active = v3_is_active,
	.route = v3_route,
	.load = v3_load,
	.save = v3_save,
	.vcpu_init = v3_vcpu_init,
	.write_lr = v3_write_lr,
	.lrs_left = v3_lrs_left,
	.want_refill = v3_want_refill,
};
OPS_TABLE(gic_v3, init);
