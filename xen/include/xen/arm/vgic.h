/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest's interrupt controller: GICv3 with affinity routing and one security state (IHI0069), or
 * GICv2 without security extensions (IHI0048). Version 2 keeps a request for each sender of a
 * software-generated interrupt, and a mask of vCPUs for each shared one; the first of them gets it.
 *
 * The model holds the state of every interrupt. A list register is a copy of one interrupt's state
 * for the time that the guest may change it without an exit: vgic_refill() fills them before the
 * guest runs, if there is anything new, and learns what has become of the others. The guest's
 * acknowledgements and ends of interrupt happen in the processor.
 */
#ifndef XEN_ARM_VGIC_H
#define XEN_ARM_VGIC_H

#include <xen/spinlock.h>

#define VGIC_NR_LOCAL 32
#define VGIC_MAX_SPIS 960
#define VGIC_MAX_LRS 16
#define VGIC_WORDS ((VGIC_NR_LOCAL + VGIC_MAX_SPIS) / 32)

/** Sizes of the register frames, bytes. */
#define VGIC_DIST_BYTES 0x10000
#define VGIC2_DIST_BYTES 0x1000
#define VGIC_REDIST_BYTES 0x20000

/** vCPUs that version 2 can address. */
#define VGIC2_MAX_VCPUS 8

struct vgic;

/** One interrupt of the guest [vgic's lock]. */
struct vgic_irq {
	u8 priority;
	bool edge;		/* edge-triggered by GICD_ICFGR */
	bool latch;		/* pending by an edge, or by a write to ISPENDR */
	bool line;		/* the level of its input */
	bool active;
	bool offered;		/* in a list register, and not yet taken by the guest */
	s8 lr;			/* its list register on @owner; -1: none */
	u16 owner;		/* vCPU whose list register holds it */
	u16 target;		/* vCPU that a shared one goes to */
	u16 hwirq;		/* the machine's interrupt that it is given for; 0: none */
	bool hw_active;		/* that one has come, and no list register ends it yet */
	u8 sources;		/* v2, SGIs: vCPUs that have sent it and wait */
	u64 route;		/* GICD_IROUTER as written; v2: GICD_ITARGETSR's byte */
};

/** State of a list register, as the processor's two bits have it; 0: it is free. */
#define VGIC_LR_PENDING 1U
#define VGIC_LR_ACTIVE 2U

/** What a vCPU's list registers hold, bit i for register i; an interrupt can be both. */
struct vgic_lrs {
	u32 pending, active;
};

/** What goes into a list register. Aligned, as it is filled and copied whole. */
struct vgic_lr {
	u16 virq;
	u16 hwirq;		/* the guest's end deactivates this one too; 0: none */
	u8 priority;
	u8 source;		/* v2, SGIs: the sender */
	u8 state;
} __aligned(8);

/** The part of a vCPU [vgic's lock, but for what says otherwise]. */
struct vgic_vcpu {
	struct vgic_irq local[VGIC_NR_LOCAL];
	u32 enabled;		/* of its local interrupts; read without the lock */
	u32 ready[VGIC_WORDS];	/* interrupts that are to be offered and in no list register */
	u32 lrs_used;		/* bit i: list register i holds an interrupt; its CPU's to change */
	u32 lrs_hw;		/* of these: linked to the machine's interrupt */
	u16 lr_irq[VGIC_MAX_LRS];
	u32 ready_words;	/* atomic: words of @ready that are not 0; bit 31: look at the list
				 * registers, as one of their interrupts has come again */
	bool asleep;		/* GICR_WAKER.ProcessorSleep */
};

/** What the model needs of its surroundings. */
struct vgic_ops {
	/** vCPU @vcpu has something new to be offered: wake it, or make it leave the guest. The
	 * lock is held. */
	void (*kick)(struct vgic *g, u32 vcpu);
	/** Let the machine's interrupt @hwirq be signalled, by edges or by level, or not. The lock
	 * is held. */
	void (*enable_hw)(struct vgic *g, u32 hwirq, bool on, bool edge);
	/** End (deactivate) @hwirq, which the guest drops without taking it. The lock is held. */
	void (*end_hw)(struct vgic *g, u32 hwirq);
	/** Send @hwirq to the CPU of @vcpu, which exists. The lock is held. */
	void (*route_hw)(struct vgic *g, u32 hwirq, u32 vcpu);
};

struct vgic {
	struct spinlock lock;
	const struct vgic_ops *ops;	/* [const] */
	u32 version;			/* [const] 2 or 3 */
	u32 nr_vcpus, nr_spis;		/* [const] */
	bool enabled;			/* GICD_CTLR.EnableGrp1, v2: EnableGrp0 [lock] */
	u32 nr_hw;			/* interrupts with @hwirq [lock; read without it] */
	struct vgic_irq *spi;		/* [nr_spis] */
	u32 spi_enabled[VGIC_MAX_SPIS / 32];	/* [lock; read without it] */
	struct vgic_vcpu **vcpu;	/* [nr_vcpus], NULL until created */
};

/** Affinity fields of MPIDR_EL1 for vCPU @vcpu: 16 to a cluster, as SGIs need. */
static inline u64 vgic_mpidr(u32 vcpu)
{
	return (vcpu & 0xf) | (u64)(vcpu >> 4 & 0xff) << 8;
}

/** Set up the model of @version; @spi and @vcpu are zeroed arrays of the given sizes, and the
 * caller's. Version 2 has at most VGIC2_MAX_VCPUS. */
void vgic_init(struct vgic *g, const struct vgic_ops *ops, u32 version, u32 nr_vcpus,
	       struct vgic_vcpu **vcpu, u32 nr_spis, struct vgic_irq *spi);
/** Add vCPU @id. */
void vgic_vcpu_init(struct vgic *g, u32 id, struct vgic_vcpu *v);

/** Raise an edge at interrupt @irq, a local one of @vcpu or a shared one. True: a vCPU is kicked,
 * as it has something new to be offered. Any context. */
bool vgic_raise(struct vgic *g, u32 vcpu, u32 irq);
/** Set the level of an input. Any context. */
void vgic_set_line(struct vgic *g, u32 vcpu, u32 irq, bool high);

/** Give the guest the machine's interrupt @hwirq as its shared interrupt @irq, which exists and has
 * none, and route it. It is enabled while the guest enables its own. */
void vgic_give_hw(struct vgic *g, u32 irq, u32 hwirq);
/** Undo vgic_give_hw() while the guest runs. The machine's interrupt is neither active nor being
 * raised. False, and nothing done: the guest has enabled its own. */
bool vgic_release_hw(struct vgic *g, u32 irq);
/** The same, whatever its state. The vCPUs will not run any more, and the machine's interrupt is
 * disabled and not being raised; if it is active, the caller ends it. */
void vgic_drop_hw(struct vgic *g, u32 irq);
/** The machine's interrupt of @irq has come, and is active until the guest ends it. Any context. */
void vgic_raise_hw(struct vgic *g, u32 irq);
/** @vcpu has gone to another CPU: the machine's interrupts for it follow. */
void vgic_vcpu_moved(struct vgic *g, u32 vcpu);

/** Is anything to be offered that the guest would take if it had interrupts on? Any context. */
static inline bool vgic_has_ready(const struct vgic_vcpu *v)
{
	return __atomic_load_n(&v->ready_words, __ATOMIC_ACQUIRE);
}

/**
 * For @vcpu, which is about to run and has something ready. @now: what is left in the list
 * registers that it uses (lrs_used). Fills @lr[i], which is to be written, for each bit i of the
 * result but VGIC_MORE: that says that there were too few of them, so that an exit is needed when
 * they are free. On the vCPU's CPU.
 */
#define VGIC_MORE (1U << 31)
u32 vgic_refill(struct vgic *g, u32 vcpu, u32 nr_lrs, struct vgic_lrs now, struct vgic_lr *lr);
/** Take @now into the model only, for those who look at it. On the vCPU's CPU. */
void vgic_take_back(struct vgic *g, u32 vcpu, struct vgic_lrs now);
/**
 * Does an access at @offset of the distributor, or of a redistributor, depend on what the list
 * registers hold? vgic_take_back() comes before such an access. Reads of pending bits (from 0x200)
 * and of active ones (0x300 to 0x3ff) do; of writes only those of active bits, as pending ones are
 * the model's own.
 */
static inline bool vgic_depends_on_lrs(u32 offset, bool write)
{
	u32 at = offset % VGIC_DIST_BYTES;

	return at >= (write ? 0x300U : 0x200U) && at < 0x400U;
}

/** An access of @size bytes (1, 2, 4 or 8) at @offset of the distributor. False: there is no such
 * register, or not of this size; reads give 0. @vcpu does it. */
bool vgic_dist_read(struct vgic *g, u32 vcpu, u32 offset, u32 size, u64 *v);
bool vgic_dist_write(struct vgic *g, u32 vcpu, u32 offset, u32 size, u64 v);
/** The same in the redistributor of vCPU @of. */
bool vgic_redist_read(struct vgic *g, u32 of, u32 offset, u32 size, u64 *v);
bool vgic_redist_write(struct vgic *g, u32 of, u32 offset, u32 size, u64 v);
/** @vcpu writes @v to ICC_SGI1R_EL1. */
void vgic_send_sgi(struct vgic *g, u32 vcpu, u64 v);

/** The same for version 2, whose distributor shows each vCPU its own local interrupts. */
bool vgic2_read(struct vgic *g, u32 vcpu, u32 offset, u32 size, u64 *v);
bool vgic2_write(struct vgic *g, u32 vcpu, u32 offset, u32 size, u64 v);

#endif
