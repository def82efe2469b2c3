/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interrupts of the machine: from the controller to who handles them. */
#include <xen/hal/cpu.h>
#include <xen/errno.h>
#include <xen/hal/irq.h>
#include <xen/ops.h>
#include <xen/percpu.h>
#include <xen/printk.h>
#include <asm/cpu.h>
#include <asm/gic.h>
#include <asm/setup.h>
#include <asm/traps.h>

const struct gic_driver *gic;
u32 gic_nr_irqs, gic_nr_lrs;

static struct {
	irq_fn *fn;
	bool for_guest;		/* which ends it */
} handler[GIC_MAX_IRQS];	/* set once, before the interrupt is enabled */
static u64 unexpected;			/* atomic */

void __init gic_init(void)
{
	gic = machine.gic_version == 3 ? &gic_v3 : &gic_v2;
	gic->init();
	gic->cpu_up();
	printk(LOG_INFO "%s: %u interrupts, %u list registers\n", gic->name, gic_nr_irqs,
	       gic_nr_lrs);
}

void __init irq_set_handler(u32 irq, irq_fn *fn)
{
	ASSERT(irq < GIC_MAX_IRQS && !handler[irq].fn && fn);
	handler[irq].fn = fn;
}

bool irq_set_guest_handler(u32 irq, irq_fn *fn)
{
	ASSERT(irq >= GIC_NR_LOCAL && irq < GIC_MAX_IRQS && fn);
	if (handler[irq].fn)
		return handler[irq].fn == fn;
	handler[irq].for_guest = true;
	WRITE_ONCE(handler[irq].fn, fn);
	return true;
}

/* Drivers' interrupts. [set at boot] */
static struct {
	void (*fn)(void *arg);
	void *arg;
} line_of[GIC_MAX_IRQS];

static void line_arrived(u32 irq)
{
	line_of[irq].fn(line_of[irq].arg);
}

int __init hal_irq_request(const struct hal_irq_line *line, void (*fn)(void *arg), void *arg)
{
	u32 irq = line->number;

	if (irq < GIC_NR_LOCAL || irq >= gic_nr_irqs)
		return -XEN_EINVAL;
	if (handler[irq].fn)
		return -XEN_EBUSY;
	line_of[irq].fn = fn;
	line_of[irq].arg = arg;
	irq_set_handler(irq, line_arrived);
	gic->set_level(irq, line->level);
	gic->route(irq, 0);
	gic->enable(irq, true);
	return 0;
}

static inline void handle(u32 irq)
{
	if (likely(handler[irq].fn))
		handler[irq].fn(irq);
	else if (!(__atomic_fetch_add(&unexpected, 1, __ATOMIC_RELAXED) & 0xfff))
		printk(LOG_WARN "Interrupt %u has no handler\n", irq);
}

void el2_interrupt(void)
{
	u32 irq;

	this_cpu(percpu_irq_depth)++;
	irq = gic->ack();
	if (likely(irq != GIC_NO_IRQ)) {
		handle(irq);
		if (!handler[irq].for_guest)
			gic->deactivate(irq);
	}
	this_cpu(percpu_irq_depth)--;
}
