/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks at boot that no table of function pointers has an empty slot. */
#include <xen/ops.h>
#include <xen/printk.h>

/* Defined by the linker; weak because a program may contain no table. */
extern const struct ops_table __start_ops_tables[] __attribute__((weak));
extern const struct ops_table __stop_ops_tables[] __attribute__((weak));

s32 ops_first_empty(const struct ops_table *t)
{
	u32 nr = (u32)(t->bytes / sizeof(*t->slot));

	ASSERT(t->bytes % sizeof(*t->slot) == 0);
	for (u32 i = 0; i < nr; i++)
		if (!t->slot[i])
			return (s32)i;
	return -1;
}

void ops_check_all(void)
{
	for (const struct ops_table *t = __start_ops_tables; t != __stop_ops_tables; t++)
		if (ops_first_empty(t) >= 0)
			panic("slot %d of the table %s is empty", ops_first_empty(t), t->name);
}
