/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looking up function names in a table of offsets. */
#include <xen/symbols.h>

const char *symbol_find(const struct symbol_table *t, u64 off, u64 end, u64 *into, u64 *size)
{
	u32 low = 0, high = t->count;

	if (!high || off >= end || off < t->offset[0])
		return NULL;
	/* Find the last entry at or below the offset. Invariant: entry [low] is at or below it. */
	while (high - low > 1) {
		u32 mid = low + (high - low) / 2;

		if (t->offset[mid] <= off)
			low = mid;
		else
			high = mid;
	}
	*into = off - t->offset[low];
	*size = (low + 1 < t->count ? t->offset[low + 1] : end) - t->offset[low];
	return t->names + t->name_offset[low];
}
