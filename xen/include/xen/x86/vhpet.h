/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The high precision event timer: a 64-bit counter of 100 MHz and three comparators that may each
 * be periodic. Facts: IA-PC HPET specification 1.0a. No FSB (MSI) delivery.
 * Locking: the caller serialises; the callbacks run inside.
 */
#ifndef XEN_X86_VHPET_H
#define XEN_X86_VHPET_H

#include <xen/x86/save.h>

#define VHPET_DEFAULT_BASE 0xfed00000UL
#define VHPET_TICK_NS 10
#define VHPET_TIMERS 3
/** Minimum time between interrupts of a comparator (ns), whatever the guest programs. */
#define VHPET_MIN_PERIOD 50000

/** Every slot must be filled. */
struct vhpet_ops {
	/** Set the line of @gsi. An edge is true followed by false. */
	void (*set_irq)(void *ctx, u32 gsi, bool asserted);
	/** Request vhpet_fired(@timer) at @deadline; INT64_MAX: none. */
	void (*set_timer)(void *ctx, u32 timer, s_time_t deadline);
};

struct vhpet_timer {
	u64 config;		/* as read, with the capability bits */
	u64 cmp;		/* the comparator's next match */
	u64 period;		/* last value written to the comparator */
	s_time_t deadline;
};

struct vhpet {
	u64 config;		/* 0 enable, 1 legacy replacement */
	u64 isr;
	u64 counter;		/* while stopped; else its value at @start */
	s_time_t start;
	struct vhpet_timer t[VHPET_TIMERS];
	const struct vhpet_ops *ops;
	void *ctx;
};

void vhpet_init(struct vhpet *h, const struct vhpet_ops *ops, void *ctx);
/** @offset within 1 KiB; @size 4 or 8, aligned to itself; others read 0 and write nothing. */
u64 vhpet_mmio_read(struct vhpet *h, u32 offset, u32 size, s_time_t now);
void vhpet_mmio_write(struct vhpet *h, u32 offset, u32 size, u64 val, s_time_t now);
void vhpet_fired(struct vhpet *h, u32 timer, s_time_t now);
/** True when the HPET replaces the chipset's timer (IRQ 0) and clock (IRQ 8) interrupts. */
static inline bool vhpet_legacy(const struct vhpet *h) { return (h->config & 3) == 3; }

/** A record with another tick length is refused. */
extern const struct save_kind vhpet_record;

#endif
