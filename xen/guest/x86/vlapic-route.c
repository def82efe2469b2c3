/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finding the local APICs that an interrupt message reaches. */
#include "vlapic-private.h"

#include <xen/assert.h>
#include <xen/bitmap.h>
#include <xen/string.h>

bool vlapic_match_dest(const struct vlapic *vl, u32 dest, bool logical, bool wide)
{
	u32 ldr = READ_ONCE(*vlapic_reg(vl, APIC_REG_LDR));

	if (dest == (wide ? ~0u : 0xffu))
		return true;
	if (!logical)
		return vl->id == dest;
	if (READ_ONCE(vl->x2apic))
		return dest >> 16 == ldr >> 16 && (dest & ldr & 0xffff);
	ldr >>= 24;
	switch (READ_ONCE(*vlapic_reg(vl, APIC_REG_DFR)) >> 28) {
	case 0xf:
		return dest <= 0xff && (ldr & dest);
	case 0:
		return dest <= 0xff && ldr >> 4 == dest >> 4 && (ldr & dest & 0xf);
	default:
		return false;
	}
}

static bool is_destination(const struct vlapic *vl, const struct apic_msg *msg,
			   const struct vlapic *self)
{
	switch (msg->shorthand) {
	case APIC_DEST_SELF:
		return vl == self;
	case APIC_DEST_ALL:
		return true;
	case APIC_DEST_ALL_BUT_SELF:
		return vl != self;
	default:
		return vlapic_match_dest(vl, msg->dest, msg->logical, msg->wide);
	}
}

/* Keep only the lowest-priority destination in @mask; the search starts at a varying index. */
static void arbitrate(struct vlapic *const *vls, u32 n, u32 start, unsigned long *mask)
{
	u32 best = n, best_ppr = ~0u;

	for (u32 k = 0; k < n; k++) {
		u32 i = start + k < n ? start + k : start + k - n;
		u32 ppr;

		if (!bit_test(mask, i) || !READ_ONCE(vls[i]->enabled))
			continue;
		ppr = READ_ONCE(*vlapic_reg(vls[i], APIC_REG_PPR));
		if (ppr < best_ppr) {
			best_ppr = ppr;
			best = i;
		}
	}
	ASSERT(best == n || bit_test(mask, best));
	memset(mask, 0, BITMAP_LONGS(n) * sizeof(*mask));
	if (best < n)
		bit_set(mask, best);
}

u32 vlapic_route(struct vlapic *const *vls, u32 n, const struct apic_msg *msg,
		 const struct vlapic *self, unsigned long *mask)
{
	u32 found = 0, guess = msg->dest / 2;

	memset(mask, 0, BITMAP_LONGS(n) * sizeof(*mask));
	if (msg->shorthand == APIC_DEST_FIELD && !msg->logical && guess < n && vls[guess] &&
	    vls[guess]->id == msg->dest && msg->dest != (msg->wide ? ~0u : 0xffu)) {
		bit_set(mask, guess);
		return 1;
	}
	for (u32 i = 0; i < n; i++) {
		if (!vls[i] || !is_destination(vls[i], msg, self))
			continue;
		bit_set(mask, i);
		found++;
	}
	if (msg->mode != APIC_DM_LOWEST || found <= 1)
		return found;
	arbitrate(vls, n, msg->vector % n, mask);
	return bitmap_find_next(mask, n, 0) < n;
}
