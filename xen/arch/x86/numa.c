/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine's NUMA map; constant after boot. */
#include <xen/numa.h>
#include <xen/param.h>
#include <xen/printk.h>
#include <xen/string.h>

#include <asm/numa.h>

static struct numa_map map;
static bool numa_wanted = true;

/* A flag or "noacpi" (a word of Xen's), which also leaves one node. */
static const char *__init parse_numa(const char *v)
{
	int flag = strcmp(v, "noacpi") ? param_flag(v) : 0;

	if (!strncmp(v, "fake=", 5))
		return "made-up nodes are not built yet; start the machine with real ones";
	if (flag < 0)
		return "not one of on, off, noacpi";
	numa_wanted = flag;
	return NULL;
}
PARAM_CUSTOM_FN("numa", numa, parse_numa);

u32 hal_numa_nr_nodes(void) { return map.nr_nodes; }

u8 hal_numa_distance(u32 from, u32 to)
{
	ASSERT(from < map.nr_nodes && to < map.nr_nodes);
	return map.distance[from][to];
}

u8 numa_node_of(paddr_t pa) { return numa_map_node(&map, pa); }

u64 hal_numa_node_bytes(u32 node)
{
	u64 sum = 0;

	ASSERT(node < map.nr_nodes);
	for (u32 i = 0; i < map.nr_ranges; i++)
		if (map.range[i].node == node)
			sum += map.range[i].end - map.range[i].start;
	return map.nr_ranges ? sum : total_page_count() << PAGE_SHIFT;
}

u8 numa_node_of_apic(u32 apic_id)
{
	const struct acpi_srat *s = acpi_srat();
	u8 node;

	for (u32 i = 0; s && i < s->nr_cpus; i++) {
		if (s->cpu[i].apic_id != apic_id)
			continue;
		node = numa_map_domain(&map, s->cpu[i].domain);
		return node == NUMA_NO_NODE ? 0 : node;
	}
	return 0;
}

void __init numa_init(void)
{
	const struct acpi_srat *srat = numa_wanted ? acpi_srat() : NULL;

	if (numa_map_build(&map, srat, acpi_slit()) && srat)
		printk(LOG_WARN "NUMA: the SRAT makes no sense, one node assumed\n");
	else
		printk(LOG_INFO "NUMA: %u node%s, %u memory ranges, distances from %s\n",
		       map.nr_nodes, map.nr_nodes == 1 ? "" : "s", map.nr_ranges,
		       acpi_slit() ? "the SLIT" : "defaults");
}
