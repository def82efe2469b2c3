/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pair of 8259A interrupt controllers (ports 0x20, 0x21, 0xa0, 0xa1) with the edge/level
 * registers of chipsets (0x4d0, 0x4d1). Facts: Intel 8259A data sheet.
 * Locking: the caller serialises; the callback runs inside.
 */
#ifndef XEN_X86_VPIC_H
#define XEN_X86_VPIC_H

#include <xen/x86/save.h>

/** Every slot must be filled. */
struct vpic_ops {
	/** The INT output of the master changed: LINT0 of the bootstrap CPU. */
	void (*set_output)(void *ctx, bool asserted);
};

/** One chip. */
struct vpic_chip {
	u8 irr, imr, isr;
	u8 lines;		/* input levels, for level-triggered inputs */
	u8 irq_base;		/* vector of input 0 */
	u8 elcr;		/* inputs that are level-triggered */
	u8 init_state;		/* 0: done; else number of the ICW (2..4) expected next */
	bool icw1_needs_icw4, icw1_single;
	u8 lowest;		/* input of lowest priority */
	u8 lowest_before;	/* the same before the last acknowledgement */
	s8 acked;		/* the input that was acknowledged then, -1: none of this chip */
	bool read_isr, poll, auto_eoi, rotate_on_auto_eoi, special_nested, special_mask;
};

struct vpic {
	struct vpic_chip chip[2];	/* master, slave on the master's input 2 */
	bool output;
	const struct vpic_ops *ops;
	void *ctx;
};

void vpic_init(struct vpic *p, const struct vpic_ops *ops, void *ctx);
/** @port is one of the six; others read as all ones. */
u8 vpic_read(struct vpic *p, u32 port);
void vpic_write(struct vpic *p, u32 port, u8 val);
/** Set input @irq 0..15 (2 is the cascade and ignored). */
void vpic_set_irq(struct vpic *p, u32 irq, bool asserted);
/** The vector that vpic_ack() would give now. */
u8 vpic_vector(const struct vpic *p);
/** The CPU acknowledges: the vector; spurious interrupts give input 7 of a chip. */
u8 vpic_ack(struct vpic *p);
/**
 * The CPU has not taken the vector that it acknowledged last: it is only requested again. Between
 * the two calls only inputs may have changed.
 */
void vpic_unack(struct vpic *p);

/** Two records: instance 0 is the master, 1 the slave. */
extern const struct save_kind vpic_record;

#endif
