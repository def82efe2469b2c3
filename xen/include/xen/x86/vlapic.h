/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest's local APIC: a pure state machine. Time is passed as an argument; all effects outside it
 * go through struct vlapic_ops. Register facts: Intel SDM vol. 3, "Advanced Programmable Interrupt
 * Controller", and AMD APM vol. 2, chapter 16.
 *
 * Access: any CPU may post interrupts with vlapic_set_irq() and match destinations; everything else
 * belongs to the CPU that runs or holds the vCPU. Fields are marked [atomic] any CPU, [owner] the
 * vCPU's CPU writes and others may read a stale value.
 */
#ifndef XEN_X86_VLAPIC_H
#define XEN_X86_VLAPIC_H

#include <xen/compiler.h>
#include <xen/x86/regs.h>
#include <xen/x86/save.h>

/** Input clock of the APIC timer: a tick of the undivided timer is one nanosecond. */
#define VLAPIC_BUS_HZ 1000000000UL
/** Address of the register page after reset. */
#define VLAPIC_DEFAULT_BASE 0xfee00000UL
/** Minimum period of a periodic timer (ns), so that a guest cannot flood its host. */
#define VLAPIC_MIN_PERIOD 20000

#define MSR_X2APIC_FIRST 0x800
#define MSR_X2APIC_LAST 0x83f

/** Register numbers: offset / 16, which is also the x2APIC MSR - 0x800. */
enum vlapic_reg {
	APIC_REG_ID = 0x02, APIC_REG_VERSION = 0x03, APIC_REG_TPR = 0x08, APIC_REG_ARB = 0x09,
	APIC_REG_PPR = 0x0a, APIC_REG_EOI = 0x0b, APIC_REG_LDR = 0x0d, APIC_REG_DFR = 0x0e,
	APIC_REG_SPIV = 0x0f, APIC_REG_ISR = 0x10, APIC_REG_TMR = 0x18, APIC_REG_IRR = 0x20,
	APIC_REG_ESR = 0x28, APIC_REG_ICR = 0x30, APIC_REG_ICR2 = 0x31, APIC_REG_LVTT = 0x32,
	APIC_REG_LVT_THERMAL = 0x33, APIC_REG_LVT_PERF = 0x34, APIC_REG_LVT0 = 0x35,
	APIC_REG_LVT1 = 0x36, APIC_REG_LVT_ERROR = 0x37, APIC_REG_TMICT = 0x38,
	APIC_REG_TMCCT = 0x39, APIC_REG_TDCR = 0x3e, APIC_REG_SELF_IPI = 0x3f,
};

/** Delivery modes, as encoded in ICR, LVT, RTE and MSI data. */
enum apic_delivery {
	APIC_DM_FIXED = 0, APIC_DM_LOWEST = 1, APIC_DM_SMI = 2, APIC_DM_NMI = 4,
	APIC_DM_INIT = 5, APIC_DM_STARTUP = 6, APIC_DM_EXTINT = 7,
};

enum apic_shorthand { APIC_DEST_FIELD, APIC_DEST_SELF, APIC_DEST_ALL, APIC_DEST_ALL_BUT_SELF };

/** An interrupt message, decoded: from ICR, an IO-APIC entry or an MSI. */
struct apic_msg {
	u32 dest;		/* APIC id or logical destination */
	u8 vector;
	u8 mode;		/* enum apic_delivery */
	u8 shorthand;		/* enum apic_shorthand; only from ICR */
	bool logical;
	bool level;		/* trigger mode */
	bool assert;		/* level bit: false is the INIT de-assert */
	bool wide;		/* dest is 32 bits wide (x2APIC), else 8 */
};

/**
 * The registers as a guest's loads see them, in the layout of the APIC's page: each is the first
 * word of 16 bytes. Processors that virtualise interrupts (AVIC, APICv) share the page.
 */
struct vlapic_page {
	struct {
		u32 val;
		u32 reserved[3];
	} reg[PAGE_SIZE / 16];
};
BUILD_BUG_ON(sizeof(struct vlapic_page) != PAGE_SIZE);

/** Effects of the APIC outside itself. Called on the vCPU's CPU, post() on any CPU. Every slot must
 * be filled. */
struct vlapic_ops {
	/**
	 * The APIC itself has an interrupt for its vCPU, from a local source or an IPI to self. All
	 * posts take the same path, which ends in vlapic_set_irq() or in the processor's
	 * equivalent.
	 */
	void (*post)(void *ctx, u8 vector, bool level);
	/** Send an IPI. Never called for the self shorthand with fixed mode. */
	void (*ipi)(void *ctx, const struct apic_msg *msg);
	/** A level-triggered interrupt was completed: tell the IO-APICs. */
	void (*eoi)(void *ctx, u8 vector);
	/** Request vlapic_timer_fired() at @deadline; INT64_MAX: none. */
	void (*set_timer)(void *ctx, s_time_t deadline);
	/**
	 * System time at which the guest's TSC reads @tsc; round up, saturate; may be in the past.
	 */
	s_time_t (*tsc_to_time)(void *ctx, u64 tsc);
	/** vlapic_takes_extint() may have changed. */
	void (*lint0_changed)(void *ctx);
};

struct vlapic {
	/* [atomic] posted by any CPU */
	u32 irr_words __aligned(64);	/* which registers of IRR may have bits: set after those,
					 * cleared only before another look at them */
	u32 esr_pending;	/* errors since the last write to ESR */

	/* [owner] */
	struct vlapic_page *page __aligned(64);	/* [const]; IRR and TMR in it are [atomic] */
	u32 isr_words;		/* which registers of ISR have bits */
	s16 isr_top;		/* highest vector in service, -1 none */
	bool enabled;		/* base MSR and SPIV both enable it */
	bool x2apic;
	u32 id;			/* [const] APIC id */
	u64 base_msr;
	u8 timer_shift;		/* log2 of the divider */
	u64 tsc_deadline;
	s_time_t timer_deadline;	/* INT64_MAX: not running */
	s_time_t timer_period;		/* ns; meaningful in periodic mode */
	u64 base_reserved;	/* [const] bits of the base MSR above the physical address width */

	const struct vlapic_ops *ops;	/* [const] */
	void *ctx;			/* [const] */
};

/** APIC id of a vCPU: twice its number, as toolstacks for Xen put it into the guest's MADT. */
static inline u32 vcpu_apic_id(u32 vcpu_id) { return vcpu_id * 2; }

/**
 * Register @reg in the page. TMCCT and ARB are computed on reading; all others are kept current.
 */
static inline u32 *vlapic_reg(const struct vlapic *vl, u32 reg)
{
	return &vl->page->reg[reg].val;
}

/**
 * Set up as after power-on: xAPIC mode, software-disabled, LVTs masked. @bsp sets the bootstrap
 * flag. @phys_bits: guest physical address width. @page must live as long as the APIC.
 */
void vlapic_init(struct vlapic *vl, struct vlapic_page *page, u32 apic_id, bool bsp, u32 phys_bits,
		 const struct vlapic_ops *ops, void *ctx);
/** INIT: registers as after power-on; id, base MSR and x2APIC mode stay. Stops the timer. */
void vlapic_reset(struct vlapic *vl);

/* --- interrupts in and out --- */

/**
 * Request @vector: set its bit in IRR. Any CPU, any context. True when it was not yet requested:
 * the caller should make the vCPU notice it (kick or unblock). A vector below 16 records a "receive
 * illegal vector" error instead (SDM 11.5.3). While the APIC is disabled nothing happens.
 */
bool vlapic_set_irq(struct vlapic *vl, u8 vector, bool level);

/** Slow half of the two below: highest requested vector, -1 none. */
int vlapic_scan_irr(struct vlapic *vl);
/** Is a vector requested? */
static inline bool vlapic_requested(const struct vlapic *vl)
{
	return READ_ONCE(vl->irr_words) != 0;
}

/** Highest requested vector regardless of priority, -1 none. */
static inline int vlapic_highest_irr(struct vlapic *vl)
{
	return likely(!vlapic_requested(vl)) ? -1 : vlapic_scan_irr(vl);
}

/** Highest vector that may be delivered now, given TPR and the vectors in service; -1 none. */
static inline int vlapic_pending(struct vlapic *vl)
{
	int v = vlapic_highest_irr(vl);

	return v >= 0 && (v & 0xf0) > (int)(*vlapic_reg(vl, APIC_REG_PPR) & 0xf0) && vl->enabled
		       ? v : -1;
}

/**
 * Hand @vector, from vlapic_pending(), to the CPU: move it from requested to in service. False if
 * it is no longer requested. Call this before the guest can run: from then on a post of the same
 * vector is another interrupt, and must not be merged with this one.
 */
bool vlapic_ack(struct vlapic *vl, u8 vector);
/** The CPU did not take the vector handed to it last: mark it as requested again. */
void vlapic_unack(struct vlapic *vl, u8 vector);
/** End the highest interrupt in service. */
void vlapic_eoi(struct vlapic *vl);

/** Task priority register (8 bits); CR8 is its upper half. */
static inline u8 vlapic_tpr(const struct vlapic *vl) { return (u8)*vlapic_reg(vl, APIC_REG_TPR); }
void vlapic_set_tpr(struct vlapic *vl, u8 tpr);
static inline u8 vlapic_cr8(const struct vlapic *vl) { return vlapic_tpr(vl) >> 4; }
/** Take over what the guest wrote to CR8 without an exit (SVM's V_TPR). @cr8: 4 bits. */
static inline void vlapic_sync_cr8(struct vlapic *vl, u8 cr8)
{
	if (unlikely(vlapic_cr8(vl) != cr8))
		vlapic_set_tpr(vl, (u8)(cr8 << 4));
}

/**
 * Does an interrupt of the 8259s, which are wired to LINT0, reach the CPU now? It does as ExtINT,
 * and while the APIC is switched off by its base MSR (SDM 11.4.3).
 */
bool vlapic_takes_extint(const struct vlapic *vl);

/* --- destinations: any CPU --- */

/** Is @vl a destination of @dest? @wide: 32-bit destination (from an x2APIC or remapped). */
bool vlapic_match_dest(const struct vlapic *vl, u32 dest, bool logical, bool wide);
/**
 * Find the destinations of @msg among @vls (NULL slots skipped), sent by @self (NULL: a device);
 * sets their indices in @mask (BITMAP_LONGS(n), cleared first). Lowest-priority messages get one
 * destination, ties broken by the vector so that they spread. Returns the number found.
 * When vls[i]'s id is vcpu_apic_id(i), a physical destination is found without a search.
 */
u32 vlapic_route(struct vlapic *const *vls, u32 n, const struct apic_msg *msg,
		 const struct vlapic *self, unsigned long *mask);

/* --- registers --- */

/** Does the guest access the registers by MMIO now, and at which address? */
static inline bool vlapic_mmio_active(const struct vlapic *vl)
{
	return (vl->base_msr & (APIC_BASE_EN | APIC_BASE_EXTD)) == APIC_BASE_EN;
}
static inline gpaddr_t vlapic_mmio_base(const struct vlapic *vl)
{
	return gpaddr_make(vl->base_msr & PAGE_MASK);
}

/** @offset within the page, any; @size 1..8. Reads between registers give 0. */
u64 vlapic_mmio_read(struct vlapic *vl, u32 offset, u32 size, s_time_t now);
void vlapic_mmio_write(struct vlapic *vl, u32 offset, u32 size, u64 val, s_time_t now);

static inline bool vlapic_owns_msr(u32 msr)
{
	return (msr >= MSR_X2APIC_FIRST && msr <= MSR_X2APIC_LAST) || msr == MSR_APIC_BASE ||
	       msr == MSR_TSC_DEADLINE;
}
/** MSRs of vlapic_owns_msr(). 0, or -XEN_EINVAL: the guest gets #GP(0). */
int vlapic_msr_read(struct vlapic *vl, u32 msr, u64 *val, s_time_t now);
int vlapic_msr_write(struct vlapic *vl, u32 msr, u64 val, s_time_t now);
/** Write IA32_APIC_BASE. -XEN_EINVAL (#GP) for reserved bits and illegal mode changes. */
int vlapic_base_write(struct vlapic *vl, u64 val);

/* --- registers that a processor reads and writes for the guest: the owner, outside of it --- */

/**
 * The processor has changed ISR, IRR, TPR and PPR. @in_service and @requested are its highest
 * vectors of the first two, 0 when there are none (SDM 25.4.2, "Guest interrupt status").
 */
void vlapic_take_over(struct vlapic *vl, u8 in_service, u8 requested);
/** The processor has changed TPR, but not PPR. */
void vlapic_tpr_changed(struct vlapic *vl);
/** The processor has ended the service of @vector. */
void vlapic_ended(struct vlapic *vl, u8 vector);
/**
 * The processor has stored in the page what the guest wrote to register @reg, and leaves the rest
 * of the write to software. @before: the register's value until then.
 */
void vlapic_written(struct vlapic *vl, u32 reg, u32 before, s_time_t now);

/* --- timer --- */

/** The deadline requested with set_timer was reached (early calls are harmless). */
void vlapic_timer_fired(struct vlapic *vl, s_time_t now);

/* --- save and restore --- */

/** Two records: the mode and the TSC deadline; the registers, interrupts and timer. Each can be
 * loaded alone; a stream with both loads the mode first. */
extern const struct save_kind vlapic_record;
extern const struct save_kind vlapic_regs_record;

#endif
