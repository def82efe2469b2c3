/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NUMA nodes: the memory and CPUs that are near each other. */
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

/** After acpi_init, before memory is given to the allocator. Boot only. */
void numa_init(void);
u32 numa_nr_nodes(void);
/** Distance as in the SLIT; 10 is local. Both below numa_nr_nodes(). */
u8 numa_distance(u32 from, u32 to);
/** Bytes of RAM of @node by the firmware's tables; without tables all RAM. */
u64 numa_node_bytes(u32 node);
/** Node of the memory at @pa; 0 when unknown. */
u8 numa_node_of(paddr_t pa);
/** Node of the CPU with that APIC id; 0 when unknown. */
u8 numa_node_of_apic(u32 apic_id);

#endif
