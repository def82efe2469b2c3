/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupt posting by an IOMMU, as Intel's specification of VT-d describes it (chapter 5.2): a
 * device's interrupt finds a remapping entry in posted format, and the IOMMU requests a vector in a
 * vCPU's descriptor (struct posted_desc) without software. No emulator has this, and no hardware
 * has confirmed this model.
 */
#ifndef ASM_HOST_POSTING_H
#define ASM_HOST_POSTING_H

#include <xen/x86/posted.h>

/** A remapping entry (VT-d specification, section 9.11). */
struct remap_entry {
	u64 low, high;
};

#define REMAP_PRESENT BIT(0)
#define REMAP_URGENT BIT(14)		/* notifies even where the descriptor suppresses that */
#define REMAP_POSTED BIT(15)
#define REMAP_VECTOR_SHIFT 16		/* of the guest, 8 bits */
#define REMAP_DESC_LOW_SHIFT 38		/* bits 6 to 31 of the descriptor's physical address */
#define REMAP_DESC_HIGH_SHIFT 32	/* in the upper half: its bits 32 to 63 */
/** In the upper half: the device must be the one in bits 0 to 15. */
#define REMAP_CHECK_SOURCE BIT(18)

/** The entry for @device, which requests @vector of the descriptor at @desc (64-byte aligned). */
struct remap_entry remap_posted(u64 desc, u8 vector, u16 device, bool urgent);

enum posting {
	POSTING_SET,		/* the vector is requested; nobody is told */
	POSTING_NOTIFIES,	/* and @to is told */
	/* Blocked and recorded as a fault: */
	POSTING_NOT_PRESENT,	/* the entry */
	POSTING_NOT_POSTED,	/* the entry, which asks for plain remapping */
	POSTING_RESERVED,	/* a reserved bit of the entry or of the descriptor is set */
	POSTING_OTHER_DEVICE,	/* the entry is not for this device */
	POSTING_NO_DESCRIPTOR,	/* there is no memory at that address */
};

/**
 * Carry out an interrupt of @device. The vector's bit and the control word change in one step that
 * others see whole. @desc_at finds the descriptor at a physical address, or NULL.
 */
enum posting posting_request(const struct remap_entry *e, u16 device,
			     struct posted_desc *(*desc_at)(u64 address), struct posted_target *to);

#endif
