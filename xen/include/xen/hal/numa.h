/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine's NUMA nodes, as its firmware describes them. Constant after boot; any context. */
#ifndef XEN_HAL_NUMA_H
#define XEN_HAL_NUMA_H

#include <xen/types.h>

/** Number of nodes, at least 1; they are numbered from 0. hal_cpu_to_node() (hal/smp.h) has the
 * node of a CPU. */
u32 hal_numa_nr_nodes(void);
/** Distance in the units of ACPI's SLIT (ACPI 6.4, section 5.2.17): 10 is local. Both nodes are
 * below hal_numa_nr_nodes(). */
u8 hal_numa_distance(u32 from, u32 to);
/** Bytes of RAM of @node by the firmware's tables; without tables all RAM. */
u64 hal_numa_node_bytes(u32 node);

#endif
