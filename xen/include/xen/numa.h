/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The map of NUMA nodes, made of ACPI's tables. hal/numa.h tells the machine's nodes. */
#ifndef XEN_NUMA_H
#define XEN_NUMA_H

#include <xen/acpi.h>
#include <xen/mm.h>

#define NUMA_LOCAL_DISTANCE 10
#define NUMA_REMOTE_DISTANCE 20	/* when the firmware gives none */

/** Memory [start, end) of a node. */
struct numa_range {
	u64 start, end;
	u8 node;
};

/** Nodes, numbered from 0 in the order of the firmware's proximity domains. */
struct numa_map {
	u32 nr_nodes, nr_ranges;
	u32 domain[MAX_NUMNODES];
	u8 distance[MAX_NUMNODES][MAX_NUMNODES];
	struct numa_range range[ACPI_MAX_MEM_AFFINITY];	/* ascending */
};

/**
 * Build the map from decoded tables (either may be NULL). Invalid data (no table, no memory, too
 * many domains, memory that belongs to two) give one node without ranges and -XEN_EINVAL.
 */
int numa_map_build(struct numa_map *map, const struct acpi_srat *srat,
		   const struct acpi_slit *slit);
/** Node of an address; 0 if it is in no range. */
u8 numa_map_node(const struct numa_map *map, paddr_t pa);
/** Node of a proximity domain, or NUMA_NO_NODE. */
u8 numa_map_domain(const struct numa_map *map, u32 domain);

#endif
