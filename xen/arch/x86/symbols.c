/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Look up function names in the table that scripts/symbols.py linked in. */
#include <asm/sections.h>
#include <asm/symbols.h>

/* Ascending offsets from image_start, each with the position of its name in symbol_names. */
extern const u32 symbol_count, symbol_offsets[], symbol_name_offsets[];
extern const char symbol_names[];

const char *symbol_lookup(u64 addr, u64 *offset, u64 *size)
{
	u64 off = addr - (u64)image_start;
	u32 low = 0, high = symbol_count;

	if (high == 0 || addr < (u64)image_start || addr >= (u64)init_text_end ||
	    off < symbol_offsets[0])
		return NULL;
	/* Find the last entry at or below the offset. Invariant: entry [low] is at or below it. */
	while (high - low > 1) {
		u32 mid = low + (high - low) / 2;

		if (symbol_offsets[mid] <= off)
			low = mid;
		else
			high = mid;
	}
	*offset = off - symbol_offsets[low];
	*size = (low + 1 < symbol_count ? symbol_offsets[low + 1]
					: (u32)(init_text_end - image_start)) -
		symbol_offsets[low];
	return symbol_names + symbol_name_offsets[low];
}
