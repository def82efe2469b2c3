/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The boot loader's modules, by their number. */
#include "build.h"

u32 __init boot_nr_modules(void)
{
	u32 nr;

	hal_boot_modules(&nr);
	return nr;
}

const struct boot_module *__init boot_module(u32 index)
{
	u32 nr;
	const struct boot_module *m = hal_boot_modules(&nr);

	ASSERT(nr <= BOOT_MAX_MODULES && (index < nr || index == MANIFEST_NO_MODULE));
	return index == MANIFEST_NO_MODULE ? NULL : &m[index];
}

const void *__init boot_module_data(const struct boot_module *m, u64 *len)
{
	ASSERT(m->start.v < m->end.v);
	*len = m->end.v - m->start.v;
	return hal_direct_map + m->start.v;
}
