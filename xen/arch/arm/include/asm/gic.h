/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine's interrupt controller, version 2 (IHI0048) or 3 (IHI0069), behind one table. An
 * interrupt's priority is dropped when it is acknowledged here, and it is deactivated when it has
 * been handled: by its handler's end, or by the guest that it is for.
 */
#ifndef ASM_ARM_GIC_H
#define ASM_ARM_GIC_H

#include <xen/arm/vgic.h>
#include <xen/cpumask.h>

#define GIC_NR_SGIS 16
#define GIC_NR_LOCAL 32		/* SGIs and PPIs: each CPU has its own */
#define GIC_MAX_IRQS 1020
#define GIC_NO_IRQ 1023
#define GIC_PRIORITY 0xa0

/** Version 2: which region of the tree's node is the guests' CPU interface, and its bytes. */
#define GIC2_GUEST_FRAME 3
#define GIC2_CPU_BYTES 0x2000

/** What the messages between CPUs mean. */
enum { SGI_KICK, SGI_CALL, SGI_STOP, SGI_USED };

#define GIC_MAX_LRS 16

/** The virtual CPU interface of a vCPU while it is not loaded. Opaque outside the drivers. */
struct gic_vcpu {
	u64 lr[GIC_MAX_LRS];
	u64 ap0[4], ap1[4];
	u64 vmcr, sre;
	bool refill;
};

struct gic_driver {
	const char *name;
	u32 version;	/* of the machine's controller, and of its guests' */
	/** Map and reset the controller; the boot CPU's part is done by @cpu_up. Boot. */
	void (*init)(void);
	/** Set up the running CPU's interface. */
	void (*cpu_up)(void);
	/** The most urgent interrupt, with its priority dropped; GIC_NO_IRQ: none. IRQ context. */
	u32 (*ack)(void);
	/** End an interrupt that @ack returned; a shared one on any CPU. */
	void (*deactivate)(u32 irq);
	/** Send @sgi to @cpu, which is online and not the sender. Any context. */
	void (*send_sgi)(u32 cpu, u32 sgi);
	/** Let @irq be signalled or not; a local one on the running CPU. */
	void (*enable)(u32 irq, bool on);
	void (*set_level)(u32 irq, bool level);
	/** A shared interrupt that is disabled: it is neither pending nor active any more. */
	void (*forget)(u32 irq);
	/** Has a shared interrupt come and not been ended? */
	bool (*is_active)(u32 irq);
	/** Send a shared interrupt to @cpu. */
	void (*route)(u32 irq, u32 cpu);
	/** A vCPU's interface into and out of the registers, when it comes to a CPU and leaves it;
	 * interrupts off. Of its list registers only those of @used (bits) hold anything; without a
	 * vCPU's interface none does. */
	void (*load)(const struct gic_vcpu *g, u32 used);
	void (*save)(struct gic_vcpu *g, u32 used);
	/** State after reset. */
	void (*vcpu_init)(struct gic_vcpu *g);
	/** Fill list register @i of the interface that is loaded. */
	void (*write_lr)(u32 i, const struct vgic_lr *lr);
	/** What is left in the list registers @used (bits). */
	struct vgic_lrs (*lrs_left)(u32 used);
	/** Interrupt while at most one list register is in use, as more interrupts wait. */
	void (*want_refill)(bool on);
};

extern const struct gic_driver *gic;
extern const struct gic_driver gic_v2, gic_v3;

/** Number of interrupts of the controller, INTIDs below it. */
extern u32 gic_nr_irqs;
/** Number of list registers, at most GIC_MAX_LRS. */
extern u32 gic_nr_lrs;

/** Choose the driver and set the controller up. Boot CPU. */
void gic_init(void);

/** Handle @irq, shared or local, on the running CPU (if local). IRQ context. */
typedef void irq_fn(u32 irq);
/** Set the handler of an interrupt, for all CPUs; enable it by gic->enable(). Boot. */
void irq_set_handler(u32 irq, irq_fn *fn);
/** The same for a shared interrupt that a guest gets: the guest ends it. False: it has another
 * handler already. It is disabled; under the control lock, or at boot. */
bool irq_set_guest_handler(u32 irq, irq_fn *fn);

#endif
