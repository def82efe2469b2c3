/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GIC version 2 (IHI0048): distributor, CPU interface and virtual interface control in memory. */
#include <asm/gic.h>

#include <xen/hal/cpu.h>
#include <xen/hal/io.h>
#include <xen/ops.h>
#include <xen/percpu.h>
#include <xen/printk.h>
#include <asm/mm.h>
#include <asm/setup.h>
#include <asm/smp.h>
#include <asm/sysreg.h>

#define GICD_CTLR 0x000
#define GICD_TYPER 0x004
#define GICD_ISENABLER 0x100
#define GICD_ICENABLER 0x180
#define GICD_ICPENDR 0x280
#define GICD_ISACTIVER 0x300
#define GICD_ICACTIVER 0x380
#define GICD_IPRIORITYR 0x400
#define GICD_ITARGETSR 0x800
#define GICD_ICFGR 0xc00
#define GICD_SGIR 0xf00

#define GICC_CTLR 0x0000
#define GICC_PMR 0x0004
#define GICC_BPR 0x0008
#define GICC_IAR 0x000c
#define GICC_EOIR 0x0010
#define GICC_DIR 0x1000
#define GICC_CTLR_ENABLE BIT(0)
#define GICC_CTLR_EOIMODE BIT(9)
#define IAR_IRQ 0x3ff

#define GICH_HCR 0x000
#define GICH_VTR 0x004
#define GICH_VMCR 0x008
#define GICH_ELSR 0x030	/* list registers that hold nothing */
#define GICH_APR 0x0f0
#define GICH_LR 0x100
#define GICH_HCR_EN BIT(0)
#define GICH_HCR_UIE BIT(1)
#define GICH_VTR_LRS 0x3f

#define LR_VIRQ_MASK 0x3ffU
#define LR_SOURCE_SHIFT 10	/* the hardware interrupt, or an SGI's sender */
#define LR_HWIRQ_SHIFT 10
#define LR_PRIORITY_SHIFT 23	/* of which five bits exist */
#define LR_STATE_SHIFT 28
#define LR_HW BIT(31)

/* Frames, by their places in the tree. */
enum { FRAME_DIST, FRAME_CPU, FRAME_HYP, FRAMES = GIC2_GUEST_FRAME + 1 };
static const u32 frame_bytes[] = { 0x1000, GIC2_CPU_BYTES, 0x1000 };

static char *dist, *cpu_if, *hyp_if;
static DEFINE_PER_CPU(u32, iface);	/* the bit that SGIR and ITARGETSR have for the CPU */
static DEFINE_PER_CPU(u32, acked);	/* IAR's value, which has an SGI's sender */

static char *__init map_frame(u32 i)
{
	char *p = hal_map_mmio(paddr_make(machine.gic[i].start), frame_bytes[i]);

	if (!p)
		panic("GIC: the frame at %#lx cannot be mapped", machine.gic[i].start);
	return p;
}

static void __init v2_init(void)
{
	if (machine.nr_gic < FRAMES)
		panic("GIC: no interface for virtual machines (%u frames of %u)", machine.nr_gic,
		      (u32)FRAMES);
	dist = map_frame(FRAME_DIST);
	cpu_if = map_frame(FRAME_CPU);
	hyp_if = map_frame(FRAME_HYP);
	gic_nr_irqs = min(((readl(dist + GICD_TYPER) & 0x1f) + 1) * 32, (u32)GIC_MAX_IRQS);
	writel(0, dist + GICD_CTLR);
	for (u32 i = GIC_NR_LOCAL; i < gic_nr_irqs; i += 32) {
		writel(~0U, dist + GICD_ICENABLER + i / 8);
		writel(~0U, dist + GICD_ICACTIVER + i / 8);
	}
	for (u32 i = GIC_NR_LOCAL; i < gic_nr_irqs; i += 4)
		writel(GIC_PRIORITY * 0x01010101U, dist + GICD_IPRIORITYR + i);
	writel(1, dist + GICD_CTLR);
	gic_nr_lrs = min((readl(hyp_if + GICH_VTR) & GICH_VTR_LRS) + 1, (u32)GIC_MAX_LRS);
}

/* The targets of the CPU's own interrupts are itself. */
static u32 find_iface(void)
{
	u32 mask = 0;

	for (u32 i = 0; i < GIC_NR_LOCAL && !mask; i += 4)
		mask = readl(dist + GICD_ITARGETSR + i);
	mask |= mask >> 16;
	mask |= mask >> 8;
	mask &= 0xff;
	/* A GIC with one CPU interface has zeroes there. */
	return mask ? mask : 1;
}

static void v2_cpu_up(void)
{
	this_cpu(iface) = find_iface();
	writel(~0U, dist + GICD_ICENABLER);
	writel(~0U, dist + GICD_ICACTIVER);
	for (u32 i = 0; i < GIC_NR_LOCAL; i += 4)
		writel(GIC_PRIORITY * 0x01010101U, dist + GICD_IPRIORITYR + i);
	writel((1U << SGI_USED) - 1, dist + GICD_ISENABLER);
	writel(0, hyp_if + GICH_HCR);
	for (u32 lr = 0; lr < gic_nr_lrs; lr++)
		writel(0, hyp_if + GICH_LR + 4 * lr);
	writel(0, cpu_if + GICC_BPR);
	writel(0xff, cpu_if + GICC_PMR);
	writel(GICC_CTLR_ENABLE | GICC_CTLR_EOIMODE, cpu_if + GICC_CTLR);
}

static u32 v2_ack(void)
{
	u32 v = readl(cpu_if + GICC_IAR);

	dsb_sy();
	if ((v & IAR_IRQ) >= GIC_MAX_IRQS)
		return GIC_NO_IRQ;
	this_cpu(acked) = v;
	writel(v, cpu_if + GICC_EOIR);
	return v & IAR_IRQ;
}

static void v2_deactivate(u32 irq)
{
	/* An SGI is ended before the next interrupt is acknowledged: its sender is needed. */
	ASSERT(irq >= GIC_NR_SGIS || (this_cpu(acked) & IAR_IRQ) == irq);
	writel(irq < GIC_NR_SGIS ? this_cpu(acked) : irq, cpu_if + GICC_DIR);
}

static void v2_send_sgi(u32 cpu, u32 sgi)
{
	/* What was written before is seen by who takes the interrupt. */
	dsb_sy();
	writel(per_cpu(iface, cpu) << 16 | sgi, dist + GICD_SGIR);
}

static void v2_enable(u32 irq, bool on)
{
	ASSERT(irq < gic_nr_irqs);
	writel(1U << irq % 32, dist + (on ? GICD_ISENABLER : GICD_ICENABLER) + irq / 32 * 4);
}

static void v2_set_level(u32 irq, bool level)
{
	char *p = dist + GICD_ICFGR + irq / 16 * 4;
	u32 bit = 2U << irq % 16 * 2;

	ASSERT(irq >= GIC_NR_SGIS && irq < gic_nr_irqs);
	writel(level ? readl(p) & ~bit : readl(p) | bit, p);
}

static void v2_forget(u32 irq)
{
	ASSERT(irq >= GIC_NR_LOCAL && irq < gic_nr_irqs);
	writel(1U << irq % 32, dist + GICD_ICPENDR + irq / 32 * 4);
	writel(1U << irq % 32, dist + GICD_ICACTIVER + irq / 32 * 4);
}

static bool v2_is_active(u32 irq)
{
	ASSERT(irq >= GIC_NR_LOCAL && irq < gic_nr_irqs);
	return readl(dist + GICD_ISACTIVER + irq / 32 * 4) >> irq % 32 & 1;
}

static void v2_route(u32 irq, u32 cpu)
{
	ASSERT(irq >= GIC_NR_LOCAL && irq < gic_nr_irqs);
	writeb((u8)per_cpu(iface, cpu), dist + GICD_ITARGETSR + irq);
}

static void v2_want_refill(bool on)
{
	writel(GICH_HCR_EN | (on ? GICH_HCR_UIE : 0), hyp_if + GICH_HCR);
}

static void v2_load(const struct gic_vcpu *g, u32 used)
{
	writel((u32)g->vmcr, hyp_if + GICH_VMCR);
	writel((u32)g->ap1[0], hyp_if + GICH_APR);
	for (; used; used &= used - 1) {
		u32 i = (u32)__builtin_ctz(used);

		writel((u32)g->lr[i], hyp_if + GICH_LR + 4 * i);
	}
	v2_want_refill(g->refill);
}

static void v2_save(struct gic_vcpu *g, u32 used)
{
	g->vmcr = readl(hyp_if + GICH_VMCR);
	g->ap1[0] = readl(hyp_if + GICH_APR);
	for (; used; used &= used - 1) {
		u32 i = (u32)__builtin_ctz(used);

		g->lr[i] = readl(hyp_if + GICH_LR + 4 * i);
		writel(0, hyp_if + GICH_LR + 4 * i);
	}
	g->refill = readl(hyp_if + GICH_HCR) & GICH_HCR_UIE;
	writel(0, hyp_if + GICH_HCR);
}

static void v2_vcpu_init(struct gic_vcpu *g)
{
	/* The guest's interface starts disabled, with all priorities masked. */
	g->vmcr = 0;
}

/* All are of group 0, as a GIC without security extensions has it. */
static void v2_write_lr(u32 i, const struct vgic_lr *lr)
{
	ASSERT(i < gic_nr_lrs && lr->state);
	ASSERT(lr->virq <= LR_VIRQ_MASK && (!lr->source || lr->virq < GIC_NR_SGIS));
	writel(lr->virq | (u32)(lr->priority >> 3) << LR_PRIORITY_SHIFT |
	       (u32)lr->state << LR_STATE_SHIFT |
	       (lr->hwirq ? LR_HW | (u32)lr->hwirq << LR_HWIRQ_SHIFT
			  : (u32)lr->source << LR_SOURCE_SHIFT), hyp_if + GICH_LR + 4 * i);
}

static struct vgic_lrs v2_lrs_left(u32 used)
{
	struct vgic_lrs left = { 0, 0 };

	ASSERT(!(used >> gic_nr_lrs));
	for (u32 held = used & ~readl(hyp_if + GICH_ELSR); held; held &= held - 1) {
		u32 i = (u32)__builtin_ctz(held), v = readl(hyp_if + GICH_LR + 4 * i);

		left.pending |= (v >> LR_STATE_SHIFT & 1) << i;
		left.active |= (v >> LR_STATE_SHIFT >> 1 & 1) << i;
	}
	return left;
}

const struct gic_driver gic_v2 = {
	.name = "GICv2",
	.version = 2,
	.init = v2_init,
	.cpu_up = v2_cpu_up,
	.ack = v2_ack,
	.deactivate = v2_deactivate,
	.send_sgi = v2_send_sgi,
	.enable = v2_enable,
	.set_level = v2_set_level,
	.forget = v2_forget,
	.is_active = v2_is_active,
	.route = v2_route,
	.load = v2_load,
	.save = v2_save,
	.vcpu_init = v2_vcpu_init,
	.write_lr = v2_write_lr,
	.lrs_left = v2_lrs_left,
	.want_refill = v2_want_refill,
};
OPS_TABLE(gic_v2, init);
