/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The running image's table of function names. */
#include <asm/symbols.h>
#include <asm/sections.h>

extern const u32 symbol_count, symbol_offsets[], symbol_name_offsets[];
extern const char symbol_names[];

const char *symbol_lookup(u64 addr, u64 *into, u64 *size)
{
	const struct symbol_table t = { symbol_count, symbol_offsets, symbol_name_offsets,
					symbol_names };

	return symbol_find(&t, addr - (u64)image_start, (u64)(text_end - image_start), into,
			   size);
}
