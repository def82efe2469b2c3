/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest's IO-APICs, modelled on the 82093AA and its ICH successors (version 0x20, with the EOI
 * register). A domain has a group of them: usually one with 24 or 48 pins; the hardware domain has
 * the host's layout.
 *
 * Locking: every call holds the one lock that the domain has for its group; the callbacks run under
 * it.
 */
#ifndef XEN_X86_VIOAPIC_H
#define XEN_X86_VIOAPIC_H

#include <xen/bitmap.h>
#include <xen/x86/save.h>
#include <xen/x86/vlapic.h>

#define VIOAPIC_DEFAULT_BASE 0xfec00000UL
#define VIOAPIC_DEFAULT_PINS 24
#define VIOAPIC_MAX_PINS 128
#define VIOAPIC_MAX 8

/** Redirection table entry. */
#define RTE_VECTOR(r) ((u8)(r))
#define RTE_MODE(r) ((u8)((r) >> 8 & 7))
#define RTE_LOGICAL (1UL << 11)
#define RTE_BUSY (1UL << 12)
#define RTE_ACTIVE_LOW (1UL << 13)
#define RTE_REMOTE_IRR (1UL << 14)
#define RTE_LEVEL (1UL << 15)
#define RTE_MASKED (1UL << 16)
#define RTE_DEST(r) ((u32)((r) >> 56))

/** Every slot must be filled. */
struct vioapic_ops {
	/** Send an interrupt to the local APICs (level is the trigger mode). */
	void (*deliver)(void *ctx, const struct apic_msg *msg);
	/**
	 * The guest changed an entry (other than remote IRR): bind or unbind the source of @gsi.
	 */
	void (*rte_changed)(void *ctx, u32 gsi, u64 old, u64 new);
	/** The guest completed the level-triggered @gsi; called before it may fire again. */
	void (*eoi)(void *ctx, u32 gsi);
};

struct vioapic {
	gpaddr_t base;		/* [const] */
	u32 gsi_base, nr_pins;	/* [const] */
	u32 id;			/* APIC id, bits 27:24 */
	u8 select;		/* IOREGSEL */
	u64 rte[VIOAPIC_MAX_PINS];
	DECLARE_BITMAP(line, VIOAPIC_MAX_PINS);		/* asserted inputs */
	DECLARE_BITMAP(remote_irr, VIOAPIC_MAX_PINS);	/* bits of rte[], for fast search */
};

struct vioapic_group {
	u32 nr;			/* [const] after the last vioapic_add() */
	struct vioapic apic[VIOAPIC_MAX];
	const struct vioapic_ops *ops;
	void *ctx;
};

void vioapic_group_init(struct vioapic_group *g, const struct vioapic_ops *ops, void *ctx);
/** -XEN_EINVAL: no pins, too many, or GSIs or page shared with another; -XEN_ENOSPC: no room. */
int vioapic_add(struct vioapic_group *g, gpaddr_t base, u32 gsi_base, u32 nr_pins, u32 id);
/** All entries masked, as after power-on. Lines stay as they are. */
void vioapic_group_reset(struct vioapic_group *g);

/** The IO-APIC whose page holds @addr, or NULL. */
struct vioapic *vioapic_at(struct vioapic_group *g, gpaddr_t addr);
/** @offset within its page. */
u64 vioapic_mmio_read(const struct vioapic *a, u32 offset, u32 size);
void vioapic_mmio_write(struct vioapic_group *g, struct vioapic *a, u32 offset, u32 size, u64 val);

/**
 * Set the input of @gsi; edges fire when it rises, levels while it is high. An unknown GSI is
 * ignored.
 */
void vioapic_set_line(struct vioapic_group *g, u32 gsi, bool asserted);
/** A rising and a falling edge. */
void vioapic_pulse(struct vioapic_group *g, u32 gsi);
/** A local APIC completed the level-triggered @vector. */
void vioapic_eoi(struct vioapic_group *g, u8 vector);
/** Entry of @gsi; a masked entry when there is no such pin. */
u64 vioapic_rte(const struct vioapic_group *g, u32 gsi);

/** For a group with one IO-APIC of at most 48 pins; -XEN_EOPNOTSUPP for all others. */
extern const struct save_kind vioapic_record;

#endif
