/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The MC146818 real-time clock and CMOS memory (ports 0x70, 0x71), interrupt 8. The time shown is
 * the wall clock plus an offset the guest sets. Facts: Motorola MC146818A data sheet.
 * Locking: the caller serialises; the callbacks run inside.
 */
#ifndef XEN_X86_VRTC_H
#define XEN_X86_VRTC_H

#include <xen/x86/save.h>

#define VRTC_CMOS_SIZE 128

/** Every slot must be filled. */
struct vrtc_ops {
	/** Level of interrupt 8; falls when the guest reads register C. */
	void (*set_irq)(void *ctx, bool asserted);
	/** Request vrtc_fired() at @deadline; INT64_MAX: none. */
	void (*set_timer)(void *ctx, s_time_t deadline);
};

struct vrtc {
	u8 cmos[VRTC_CMOS_SIZE];	/* time registers are current only while SET is on */
	u8 index;
	s64 offset;		/* seconds from the wall clock to the guest's */
	s64 wall_ns;		/* wall clock (ns since 1970) at system time 0 */
	s_time_t last_update;	/* update and alarm flags are correct up to this time */
	s_time_t last_periodic;
	bool irq;
	const struct vrtc_ops *ops;
	void *ctx;
};

/** @wall_ns: UTC in ns since 1970 at system time 0. @offset: seconds, 0 for UTC. */
void vrtc_init(struct vrtc *r, s64 wall_ns, s64 offset, s_time_t now, const struct vrtc_ops *ops,
	       void *ctx);
/** The wall clock was set. */
void vrtc_set_wallclock(struct vrtc *r, s64 wall_ns, s_time_t now);
/** Does CMOS register @index belong to the clock? The others only store what is written. */
bool vrtc_is_clock(u8 index);
/** @port 0x70 or 0x71. */
u8 vrtc_read(struct vrtc *r, u32 port, s_time_t now);
void vrtc_write(struct vrtc *r, u32 port, u8 val, s_time_t now);
void vrtc_fired(struct vrtc *r, s_time_t now);

/** The clock registers and the offset; the ABI has no place for the other bytes of CMOS memory. */
extern const struct save_kind vrtc_record;

#endif
