/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of the hypervisor's own functions, for backtraces. */
#ifndef XEN_SYMBOLS_H
#define XEN_SYMBOLS_H

#include <xen/compiler.h>

/** The table that scripts/symbols.py links in: ascending offsets from the image's start, each with
 * the position of its name. */
struct symbol_table {
	u32 count;
	const u32 *offset, *name_offset;
	const char *names;
};

/** Name of the function at @off, in code that ends at @end; *@into is the offset into it. NULL when
 * there is none. The name lies in the table. Any context. */
const char *symbol_find(const struct symbol_table *t, u64 off, u64 end, u64 *into, u64 *size);

#endif
