/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A model of an IOMMU that posts interrupts (asm/posting.h). */
#include <asm/posting.h>

#include <xen/assert.h>

/* Without the bits that software may use (8 to 11), and without FPD, which only hides faults. */
#define ENTRY_RESERVED_LOW (0xfcUL | 0x3000UL | 0x3fff000000UL)
#define ENTRY_RESERVED_HIGH 0xfff00000UL
/* Of the control word: between SN and NV, and after NV. */
#define DESC_RESERVED (0xfffcUL | 0xff000000UL)
/* This model knows one way of checking the source: all 16 bits. */
#define SOURCE_OTHERS (BIT(16) | BIT(17) | BIT(19))

struct remap_entry remap_posted(u64 desc, u8 vector, u16 device, bool urgent)
{
	ASSERT(!(desc & 63));
	return (struct remap_entry){
		.low = REMAP_PRESENT | REMAP_POSTED | (urgent ? REMAP_URGENT : 0) |
		       (u64)vector << REMAP_VECTOR_SHIFT |
		       (u64)((u32)desc >> 6) << REMAP_DESC_LOW_SHIFT,
		.high = REMAP_CHECK_SOURCE | device | desc >> 32 << REMAP_DESC_HIGH_SHIFT,
	};
}

static u64 descriptor_of(const struct remap_entry *e)
{
	return (e->low >> REMAP_DESC_LOW_SHIFT) << 6 | e->high >> REMAP_DESC_HIGH_SHIFT << 32;
}

static enum posting check_entry(const struct remap_entry *e, u16 device)
{
	if (!(e->low & REMAP_PRESENT))
		return POSTING_NOT_PRESENT;
	if (!(e->low & REMAP_POSTED))
		return POSTING_NOT_POSTED;
	if ((e->low & ENTRY_RESERVED_LOW) || (e->high & (ENTRY_RESERVED_HIGH | SOURCE_OTHERS)))
		return POSTING_RESERVED;
	if ((e->high & REMAP_CHECK_SOURCE) && (u16)e->high != device)
		return POSTING_OTHER_DEVICE;
	return POSTING_SET;
}

enum posting posting_request(const struct remap_entry *e, u16 device,
			     struct posted_desc *(*desc_at)(u64 address), struct posted_target *to)
{
	enum posting result = check_entry(e, device);
	u8 vector = (u8)(e->low >> REMAP_VECTOR_SHIFT);
	struct posted_desc *d;
	u64 old;

	if (result != POSTING_SET)
		return result;
	d = desc_at(descriptor_of(e));
	if (!d)
		return POSTING_NO_DESCRIPTOR;
	old = d->control;
	if ((old & DESC_RESERVED) || d->reserved[0] || d->reserved[1] || d->reserved[2])
		return POSTING_RESERVED;
	/* One step: nothing else of this process runs in between. */
	d->pir[vector / 32] |= 1U << (vector % 32);
	if ((old & POSTED_ON) || ((old & POSTED_SN) && !(e->low & REMAP_URGENT)))
		return POSTING_SET;
	d->control = old | POSTED_ON;
	*to = (struct posted_target){ .cpu = (u32)(old >> POSTED_NDST_SHIFT),
				      .vector = (u8)(old >> POSTED_NV_SHIFT) };
	return POSTING_NOTIFIES;
}
