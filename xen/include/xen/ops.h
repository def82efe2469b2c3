/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tables of function pointers. Callers use every slot without a check, so an empty slot must be
 * found before the first call: each table is registered where it is defined, and the boot checks
 * all tables.
 */
#ifndef XEN_OPS_H
#define XEN_OPS_H

#include <xen/compiler.h>

struct ops_table {
	const char *name;
	const void *const *slot;	/* the first pointer */
	size_t bytes;			/* from there to the end of the table */
};

/** Register @table, whose members from @first to the end are all pointers. */
#define OPS_TABLE(table, first)                                                          \
	BUILD_BUG_ON((sizeof(table) - offsetof(typeof(table), first)) % sizeof(void *)); \
	static const struct ops_table ops_table_##table __used __aligned(8)              \
		__section("ops_tables") = {                                              \
		#table, (const void *const *)&(table).first,                             \
		sizeof(table) - offsetof(typeof(table), first) }

/** The number of the first empty slot of @t, counted from 0, or -1 when all are filled. */
s32 ops_first_empty(const struct ops_table *t);

/** Panic when a registered table has an empty slot. Boot, before the first use of a table. */
void ops_check_all(void);

#endif
