/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models of SMMUs of version 1 and 2, as the specification (IHI 0062) describes them: registers
 * with what writes to them do, stream mapping, a walk of second-stage tables, a TLB that keeps what
 * it was not told to forget, and faults with their interrupts. A write to a register that a driver
 * has no business with fails the test.
 */
#ifndef TEST_UNIT_SMMU2_MODEL_H
#define TEST_UNIT_SMMU2_MODEL_H

#include <xen/types.h>

#define MODEL_UNITS 2
#define MODEL_REGISTERS 0x20000UL	/* two halves of 16 pages of 4 KiB */
#define MODEL_BASE 0xe0200000UL		/* of unit 0; the next one follows */
#define MODEL_TLB 64

/** A unit. A test may change its identification before a driver sees it. */
struct model_unit {
	u8 regs[MODEL_REGISTERS] __attribute__((aligned(65536)));
	u32 version;
	u32 nr_groups, nr_banks;
	u32 kept;		/* bits of SMR that exist, beside the valid bit */
	bool stuck;		/* invalidations never end */
	u32 syncs, nr_tlb;
	struct { u32 vmid; u64 page, entry; } tlb[MODEL_TLB];
	void (*handler)(void *arg);	/* of its interrupts */
	void *arg;
};
extern struct model_unit model_units[MODEL_UNITS];

/** Units as after a reset: all accesses pass. Unit 0 is of version 2 and has 4 groups, 3 banks and
 * 48 bits of addresses, unit 1 of version 1 with 8 groups, 2 banks and 40 bits. */
void model_reset(void);
/** Registers of a global page or a bank's page. */
u32 model_get(const struct model_unit *u, u32 reg);
void model_set(struct model_unit *u, u32 reg, u32 v);
/** An access by a device: true, and the address that it reached, or false. */
bool model_dma(struct model_unit *u, u16 stream, u64 address, bool write, u64 *reached);

#endif
