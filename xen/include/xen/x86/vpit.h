/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The 8254 interval timer (ports 0x40-0x43) and its bits in port 0x61. Channel 0 interrupts,
 * channel 2 has a gate; kernels calibrate their TSC against it. Counting is computed from the time
 * of each access. Facts: Intel 82C54 data sheet. BCD counting is not modelled. Locking: the caller
 * serialises; the callbacks run inside.
 */
#ifndef XEN_X86_VPIT_H
#define XEN_X86_VPIT_H

#include <xen/x86/save.h>

#define PIT_HZ 1193182U
/** Minimum time between interrupts of channel 0 (ns), whatever the guest programs. */
#define VPIT_MIN_PERIOD 50000

/** Every slot must be filled. */
struct vpit_ops {
	/** A rising edge at the output of channel 0. */
	void (*irq)(void *ctx);
	/** Request vpit_fired() at @deadline; INT64_MAX: none. */
	void (*set_timer)(void *ctx, s_time_t deadline);
};

/** Byte order of accesses to a counter; also the state of a two-byte access in progress. */
enum vpit_access {
	PIT_NONE, PIT_LOW, PIT_HIGH, PIT_WORD_LOW, PIT_WORD_HIGH,
};

struct vpit_channel {
	u32 count;		/* 1..65536 */
	s_time_t start;		/* time when it began to count from @count */
	u64 frozen;		/* ticks counted when the gate stopped it */
	u16 latched;
	u8 latch_state;		/* enum vpit_access of the latched count, PIT_NONE: not latched */
	bool status_latched;
	u8 status;
	u8 read_state, write_state, write_latch;
	u8 rw_mode;		/* 1 low, 2 high, 3 both */
	u8 mode;		/* 0..5 */
	bool bcd, gate, loaded;
};

struct vpit {
	struct vpit_channel ch[3];
	bool speaker;
	s_time_t deadline;	/* next interrupt of channel 0 */
	const struct vpit_ops *ops;
	void *ctx;
};

void vpit_init(struct vpit *p, s_time_t now, const struct vpit_ops *ops, void *ctx);
/** @port 0x40..0x43 or 0x61. */
u8 vpit_read(struct vpit *p, u32 port, s_time_t now);
void vpit_write(struct vpit *p, u32 port, u8 val, s_time_t now);
void vpit_fired(struct vpit *p, s_time_t now);

/** Loading restarts the counters. */
extern const struct save_kind vpit_record;

#endif
