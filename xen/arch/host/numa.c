/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NUMA nodes of the simulated machine: each has some of its sockets. */
#include <xen/mm.h>
#include <xen/numa.h>
#include <xen/hal/numa.h>
#include <xen/hal/smp.h>

#include "private.h"

u32 hal_numa_nr_nodes(void) { return hal_cpu_to_node(host_cfg.cpus - 1) + 1; }

u8 hal_numa_distance(u32 from, u32 to)
{
	return from == to ? NUMA_LOCAL_DISTANCE : NUMA_REMOTE_DISTANCE;
}

u64 hal_numa_node_bytes(u32 node)
{
	return (total_page_count() << PAGE_SHIFT) / hal_numa_nr_nodes();
}
