/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NUMA: the nodes of processors and memory (SRAT), and the distances of nodes (SLIT). */
#include <xen/acpi.h>
#include <xen/errno.h>
#include <xen/string.h>

#include "bytes.h"

#define SRAT_ENTRIES 48
#define SLIT_MATRIX 44
#define LOCAL_DISTANCE 10
#define AFFINITY_ENABLED 1
#define MEM_HOTPLUG 2
#define MEM_NONVOLATILE 4

enum srat_type { SRAT_CPU = 0, SRAT_MEMORY = 1, SRAT_X2APIC = 2 };

static const u8 min_size[] = { [SRAT_CPU] = 16, [SRAT_MEMORY] = 40, [SRAT_X2APIC] = 24 };

static void add_cpu(struct acpi_srat *s, u32 apic_id, u32 domain)
{
	if (s->nr_cpus == ARRAY_SIZE(s->cpu))
		s->dropped++;
	else
		s->cpu[s->nr_cpus++] = (struct acpi_srat_cpu){ apic_id, domain };
}

static void add_memory(struct acpi_srat *s, const u8 *e, u32 domain)
{
	u64 base = load64(e + 8), size = load64(e + 16);
	u32 flags = load32(e + 28);

	if (!(flags & AFFINITY_ENABLED) || flags & MEM_NONVOLATILE || !size)
		return;
	if (s->nr_mems == ARRAY_SIZE(s->mem) || base + size < base)
		s->dropped++;
	else
		s->mem[s->nr_mems++] = (struct acpi_srat_mem){
			paddr_make(base), size, domain, flags & MEM_HOTPLUG,
		};
}

/* In the first revision a proximity domain has one byte; its other bytes are undefined. */
static void add_entry(struct acpi_srat *s, const u8 *e, bool wide)
{
	if (e[0] >= ARRAY_SIZE(min_size))
		return;
	if (e[1] < min_size[e[0]]) {
		s->dropped++;
		return;
	}
	if (e[0] == SRAT_CPU && load32(e + 4) & AFFINITY_ENABLED)
		add_cpu(s, e[3], wide ? e[2] | (load32(e + 8) & 0xffffff00U) : e[2]);
	else if (e[0] == SRAT_X2APIC && load32(e + 12) & AFFINITY_ENABLED)
		add_cpu(s, load32(e + 8), load32(e + 4));
	else if (e[0] == SRAT_MEMORY)
		add_memory(s, e, wide ? load32(e + 2) : e[2]);
}

int acpi_parse_srat(const u8 *p, size_t len, struct acpi_srat *out)
{
	size_t at = SRAT_ENTRIES;

	if (len < SRAT_ENTRIES || memcmp(p, "SRAT", 4))
		return -XEN_EINVAL;
	memset(out, 0, sizeof(*out));
	while (len - at >= 2) {
		u8 size = p[at + 1];

		if (size < 2 || size > len - at)
			return -XEN_EINVAL;
		add_entry(out, p + at, p[8] >= 2);
		at += size;
	}
	return 0;
}

int acpi_parse_slit(const u8 *p, size_t len, struct acpi_slit *out)
{
	u64 nr;

	if (len < SLIT_MATRIX || memcmp(p, "SLIT", 4))
		return -XEN_EINVAL;
	nr = load64(p + 36);
	if (!nr || nr > ACPI_MAX_LOCALITIES || nr * nr > len - SLIT_MATRIX)
		return -XEN_EINVAL;
	memset(out, 0, sizeof(*out));
	out->nr = (u32)nr;
	for (u32 i = 0; i < nr; i++)
		for (u32 j = 0; j < nr; j++) {
			u8 d = p[SLIT_MATRIX + i * nr + j];

			if (i == j ? d != LOCAL_DISTANCE : d < LOCAL_DISTANCE)
				return -XEN_EINVAL;
			out->distance[i][j] = d;
		}
	return 0;
}
