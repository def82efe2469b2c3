/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables of layouts and calls, made by gen.py from layouts.toml and the ABI's headers. */
#include "private.h"

#include <xen/printk.h>

#include <public/domctl.h>
#include <public/event_channel.h>
#include <public/grant_table.h>
#include <public/hvm/hvm_op.h>
#include <public/memory.h>
#include <public/physdev.h>
#include <public/platform.h>
#include <public/sched.h>
#include <public/sysctl.h>
#include <public/vcpu.h>
#include <public/version.h>

#define COMPAT_TABLES
#include <generated/compat_layouts.h>

const struct compat_call *compat_find_call(u32 nr, u32 arg0)
{
	for (u32 i = 0; i < ARRAY_SIZE(calls); i++)
		if (calls[i].nr == nr && (arg0 & calls[i].mask) == calls[i].cmd)
			return &calls[i];
	return NULL;
}

const struct compat_layout *compat_layout_by_id(u32 id)
{
	ASSERT(id && id < ARRAY_SIZE(layouts));
	ASSERT(layouts[id].compat_bytes && layouts[id].compat_bytes <= COMPAT_MAX_BYTES);
	return &layouts[id];
}

u32 compat_nr_layouts(void)
{
	return ARRAY_SIZE(layouts);
}
