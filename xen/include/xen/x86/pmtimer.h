/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ACPI power-management timer (3.579545 MHz, 24 or 32 bits) and the PM1a event block that
 * reports its overflow and the power and sleep buttons. ACPI specification, chapter 4.8.
 * Locking: the caller serialises; the callbacks run inside.
 */
#ifndef XEN_X86_PMTIMER_H
#define XEN_X86_PMTIMER_H

#include <xen/x86/save.h>

#define PMTIMER_HZ 3579545U

#define PM1_TMR (1u << 0)
#define PM1_GBL (1u << 5)
#define PM1_POWER_BUTTON (1u << 8)
#define PM1_SLEEP_BUTTON (1u << 9)

/** Every slot must be filled. */
struct pmtimer_ops {
	/** Level of the system control interrupt. */
	void (*set_sci)(void *ctx, bool asserted);
	/** Request pmtimer_fired() at @deadline; INT64_MAX: none. */
	void (*set_timer)(void *ctx, s_time_t deadline);
};

struct pmtimer {
	s_time_t origin;	/* time when the counter was @base */
	u32 base;
	bool wide;		/* 32 bits, else 24 */
	u16 sts, en;		/* PM1a status and enable */
	bool sci;
	s_time_t next_msb;	/* time of the top bit's next change; INT64_MAX: not watched */
	const struct pmtimer_ops *ops;
	void *ctx;
};

/** @ops may be NULL when there is no event block. */
void pmtimer_init(struct pmtimer *pt, bool wide, s_time_t now, const struct pmtimer_ops *ops,
		  void *ctx);
/** The counter now. */
u32 pmtimer_read(const struct pmtimer *pt, s_time_t now);
/** The event block: status in the lower, enable in the upper half; @size 1, 2 or 4 at @offset. */
u32 pmtimer_event_read(struct pmtimer *pt, u32 offset, u32 size);
void pmtimer_event_write(struct pmtimer *pt, u32 offset, u32 size, u32 val, s_time_t now);
/** Raise a fixed event (PM1_*_BUTTON). */
void pmtimer_raise(struct pmtimer *pt, u16 event);
void pmtimer_fired(struct pmtimer *pt, s_time_t now);

extern const struct save_kind pmtimer_record;

#endif
