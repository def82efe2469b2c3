/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Maps the firmware's proximity domains to nodes numbered from 0. Pure. */
#include <xen/errno.h>
#include <xen/numa.h>
#include <xen/string.h>

static void one_node(struct numa_map *map)
{
	memset(map, 0, sizeof(*map));
	map->nr_nodes = 1;
	map->distance[0][0] = NUMA_LOCAL_DISTANCE;
}

u8 numa_map_domain(const struct numa_map *map, u32 domain)
{
	for (u32 i = 0; i < map->nr_nodes; i++)
		if (map->domain[i] == domain)
			return (u8)i;
	return NUMA_NO_NODE;
}

/* Keep domain[] ascending, so that the numbers do not depend on the order of entries. */
static bool add_domain(struct numa_map *map, u32 domain)
{
	u32 at = map->nr_nodes;

	if (numa_map_domain(map, domain) != NUMA_NO_NODE)
		return true;
	if (at == MAX_NUMNODES)
		return false;
	for (; at && map->domain[at - 1] > domain; at--)
		map->domain[at] = map->domain[at - 1];
	map->domain[at] = domain;
	map->nr_nodes++;
	return true;
}

static bool add_domains(struct numa_map *map, const struct acpi_srat *srat)
{
	for (u32 i = 0; i < srat->nr_mems; i++)
		if (!add_domain(map, srat->mem[i].domain))
			return false;
	for (u32 i = 0; i < srat->nr_cpus; i++)
		if (!add_domain(map, srat->cpu[i].domain))
			return false;
	return true;
}

static void add_range(struct numa_map *map, struct numa_range r)
{
	u32 at = map->nr_ranges++;

	for (; at && map->range[at - 1].start > r.start; at--)
		map->range[at] = map->range[at - 1];
	map->range[at] = r;
}

static bool add_ranges(struct numa_map *map, const struct acpi_srat *srat)
{
	for (u32 i = 0; i < srat->nr_mems; i++) {
		const struct acpi_srat_mem *m = &srat->mem[i];

		add_range(map, (struct numa_range){
			m->base.v, m->base.v + m->size, numa_map_domain(map, m->domain),
		});
	}
	for (u32 i = 1; i < map->nr_ranges; i++)
		for (u32 j = 0; j < i; j++)
			if (map->range[i].start < map->range[j].end &&
			    map->range[i].node != map->range[j].node)
				return false;
	return map->nr_ranges != 0;
}

static void set_distances(struct numa_map *map, const struct acpi_slit *slit)
{
	for (u32 i = 0; i < map->nr_nodes; i++)
		for (u32 j = 0; j < map->nr_nodes; j++) {
			u32 a = map->domain[i], b = map->domain[j];

			map->distance[i][j] = i == j ? NUMA_LOCAL_DISTANCE : NUMA_REMOTE_DISTANCE;
			if (slit && a < slit->nr && b < slit->nr)
				map->distance[i][j] = slit->distance[a][b];
		}
}

int numa_map_build(struct numa_map *map, const struct acpi_srat *srat,
		   const struct acpi_slit *slit)
{
	memset(map, 0, sizeof(*map));
	if (!srat || !add_domains(map, srat) || !add_ranges(map, srat)) {
		one_node(map);
		return -XEN_EINVAL;
	}
	set_distances(map, slit);
	return 0;
}

u8 numa_map_node(const struct numa_map *map, paddr_t pa)
{
	for (u32 i = 0; i < map->nr_ranges; i++)
		if (pa.v >= map->range[i].start && pa.v < map->range[i].end)
			return map->range[i].node;
	return 0;
}
