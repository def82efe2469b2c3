/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ARM's SMMUs of version 1 and 2: registers. Facts: Arm System Memory Management Unit Architecture
 * Specification, SMMU architecture version 2.0, document IHI 0062.
 *
 * A unit's registers are pages of 4 or 64 KiB. The first half is global: page 0 (identification,
 * faults, stream mapping) and page 1 (attributes of context banks). The second half has a page for
 * each context bank.
 */
#ifndef DRIVERS_IOMMU_SMMU2_H
#define DRIVERS_IOMMU_SMMU2_H

#include <xen/hal/io.h>
#include <xen/spinlock.h>
#include <xen/timer.h>
#include <xen/types.h>

#include "private.h"

#define SMMU2_MAX_GROUPS 128U
#define SMMU2_MAX_BANKS 128U

/* Page 0. */
#define SMMU2_CR0 0x00
#define SMMU2_IDR0 0x20
#define SMMU2_IDR1 0x24
#define SMMU2_IDR2 0x28
#define SMMU2_GFAR 0x40
#define SMMU2_GFSR 0x48
#define SMMU2_GFSYNR0 0x50
#define SMMU2_GFSYNR1 0x54
#define SMMU2_TLBIVMID 0x64
#define SMMU2_TLBIALLNSNH 0x68
#define SMMU2_TLBIALLH 0x6c
#define SMMU2_TLBGSYNC 0x70
#define SMMU2_TLBGSTATUS 0x74
#define SMMU2_SMR(n) (0x800 + 4 * (n))
#define SMMU2_S2CR(n) (0xc00 + 4 * (n))
/* Page 1. */
#define SMMU2_CBAR(n) (4 * (n))
#define SMMU2_CBFRSYNRA(n) (0x400 + 4 * (n))
#define SMMU2_CBA2R(n) (0x800 + 4 * (n))
/* The page of a context bank. */
#define SMMU2_SCTLR 0x00
#define SMMU2_TTBR0 0x20
#define SMMU2_TCR 0x30
#define SMMU2_FSR 0x58
#define SMMU2_FAR 0x60
#define SMMU2_FSYNR0 0x68

#define CR0_BYPASS BIT(0)		/* "CLIENTPD": no access is checked */
#define CR0_FAULTS_ABORT BIT(1)
#define CR0_FAULTS_INTERRUPT BIT(2)
#define CR0_CONFIG_FAULTS_ABORT BIT(4)
#define CR0_CONFIG_FAULTS_INTERRUPT BIT(5)
#define CR0_UNKNOWN_FAULT BIT(10)	/* "USFCFG": streams that match nothing */
#define CR0_PRIVATE_VMIDS BIT(11)	/* CPUs' broadcast invalidations are not for the unit */
#define CR0_PRIVATE_TLB BIT(12)
#define CR0_CONFLICT_FAULT BIT(21)	/* "SMCFCFG": streams that match twice */

#define TLBGSTATUS_ACTIVE BIT(0)
#define SMR_VALID BIT(31)
#define SMR_MASK_SHIFT 16
#define S2CR_TRANSLATE(bank) (bank)
#define S2CR_FAULT (2U << 16)
#define CBAR_STAGE2(vmid) (vmid)
#define CBA2R_64 BIT(0)
#define SCTLR_ENABLE BIT(0)
#define SCTLR_FAULTS_ABORT BIT(5)
#define SCTLR_FAULTS_INTERRUPT BIT(6)
#define SCTLR_GO_ON BIT(8)		/* "HUPCF": while a fault is not read yet */
#define FSR_CAUSES 0x1feU
#define GFSR_CAUSES 0xffU
#define GFSYNR0_WRITE BIT(1)
#define FSYNR0_WRITE BIT(4)

/**
 * Streams that the unit cannot or need not tell apart: those that equal @stream in all bits that
 * are not in @mask. Space 0 is the quarantine, which is not a context bank's. [lock]
 */
struct smmu2_group {
	u16 stream, mask;
	u16 space;		/* of at least one of the streams */
	u16 active;		/* that their accesses use; 0: they are refused */
	u32 agree;		/* streams that are in @space; at least 1 */
};

/** A context bank: second-stage tables of a space. [lock] */
struct smmu2_bank {
	u16 space;		/* 0: the bank is free */
	mfn_t root;		/* of the space's tables */
	u32 groups;		/* whose accesses use it */
};

/** One unit. */
struct smmu2_unit {
	u8 *regs;		/* [const] */
	const struct acpi_iommu_unit *firmware;	/* [const] */
	u32 page_shift;		/* [const] of its pages of registers */
	u64 banks_at;		/* [const] offset of the second half */
	u32 nr_banks, nr_groups, nr_mappings;	/* [const] the last: registers for streams */
	bool matching;		/* [const] streams are compared, else they are an index */
	u16 stream_mask;	/* [const] bits that a stream can have */
	struct spinlock lock;
	struct smmu2_group group[SMMU2_MAX_GROUPS];
	struct smmu2_bank bank[SMMU2_MAX_BANKS];
	bool interrupts;	/* faults raise interrupts [lock] */
	u32 faults;		/* since the timer looked last [lock] */
	struct timer timer;	/* looks for faults when no interrupt does */
};

static inline u8 *smmu2_page1(const struct smmu2_unit *u)
{
	return u->regs + (1UL << u->page_shift);
}

static inline u8 *smmu2_bank_page(const struct smmu2_unit *u, u32 bank)
{
	return u->regs + u->banks_at + ((u64)bank << u->page_shift);
}

/** Write what decides which faults interrupt, of the unit or of a bank. [lock] */
void smmu2_write_control(const struct smmu2_unit *u);
void smmu2_enable_bank(const struct smmu2_unit *u, u32 bank);

/** Fill in the groups of unit @index from what firmware says. NULL, or why that cannot be. Boot. */
const char *smmu2_make_groups(struct smmu2_unit *u, const struct acpi_iommus *m, u32 index);
/** The group that @stream is in; NULL: the unit does not know it, and refuses its accesses. */
struct smmu2_group *smmu2_group_of(struct smmu2_unit *u, u16 stream);
/** The number of the registers that map a group. */
u32 smmu2_mapping(const struct smmu2_unit *u, const struct smmu2_group *g);
/** The space that all streams of @g are in; 0: the quarantine, or they are in several. */
u16 smmu2_common_space(const struct smmu2_group *g);
/** All streams are in quarantine again. Boot. */
void smmu2_forget_streams(void);
/** The space that @stream is in, by the calls of smmu2_move(); 0: the quarantine. */
u16 smmu2_space_of(u16 stream);
/** Note for all @units that @stream is in @space; @active of their groups is left to the caller. */
void smmu2_move(struct smmu2_unit *units, u32 nr, u16 stream, u16 space);

/** Report faults from now on, by interrupt or each second. NULL, or why an interrupt is missing. */
const char *smmu2_faults_start(struct smmu2_unit *u);

#endif
