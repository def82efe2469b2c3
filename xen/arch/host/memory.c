/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The arena that represents RAM. */
#include <xen/mm.h>
#include <xen/hal/cpu.h>
#include <xen/hal/smp.h>

#include "libc.h"
#include "private.h"

char *hal_direct_map;

void host_memory_init(void)
{
	u64 frames = host_cfg.ram_bytes >> PAGE_SHIFT, nodes, share;

	if (!frames)
		return;
	hal_direct_map = libc_map(frames << PAGE_SHIFT);
	frame_table = libc_map(frames * sizeof(struct page_info));
	max_mfn = frames;
	/* Frame 0 is left out: it is not RAM on a PC either, and using it would hide mistakes. */
	nodes = hal_cpu_to_node(host_cfg.cpus - 1) + 1;
	share = frames / nodes;
	for (u64 n = 0; n < nodes; n++)
		heap_add_region(mfn_make(n ? n * share : 1),
				mfn_make(n == nodes - 1 ? frames : (n + 1) * share), (u8)n, true);
}

mfn_t hal_virt_to_mfn(const void *va)
{
	return mfn_make((u64)((const char *)va - hal_direct_map) >> PAGE_SHIFT);
}

void hal_zero_pages(void *va, u64 n)
{
	memset(va, 0, n << PAGE_SHIFT);
}
