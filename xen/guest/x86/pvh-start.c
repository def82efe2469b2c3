/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writing a PVH kernel's start info. */
#include <xen/assert.h>
#include <xen/string.h>
#include <xen/x86/pvh-start.h>

#include <public/xen.h>

_Static_assert(GUEST_REGION_RAM == XEN_HVM_MEMMAP_TYPE_RAM &&
	       GUEST_REGION_ACPI == XEN_HVM_MEMMAP_TYPE_ACPI, "the ABI's types are ACPI's");

static void fill_map(struct pvh_start *s, const struct guest_map *m)
{
	ASSERT(m->nr <= GUEST_MAP_MAX);
	for (u32 i = 0; i < m->nr; i++)
		s->map[i] = (struct hvm_memmap_table_entry){ .addr = m->region[i].start,
							     .size = m->region[i].size,
							     .type = m->region[i].type };
}

void pvh_start_fill(struct pvh_start *s, u64 at, const struct guest_map *m,
		    const struct boot_args *args)
{
	ASSERT(at < 1UL << 32 && args->initrd < 1UL << 32);
	memset(s, 0, sizeof(*s));
	s->info.magic = XEN_HVM_START_MAGIC_VALUE;
	s->info.version = 1;
	s->info.flags = (args->is_hardware ? SIF_INITDOMAIN : 0) |
			(args->is_privileged ? SIF_PRIVILEGED : 0);
	s->info.rsdp_paddr = args->tables;
	s->info.memmap_paddr = at + offsetof(struct pvh_start, map);
	s->info.memmap_entries = m->nr;
	if (args->initrd_len) {
		s->info.nr_modules = 1;
		s->info.modlist_paddr = at + offsetof(struct pvh_start, module);
		s->module.paddr = args->initrd;
		s->module.size = args->initrd_len;
	}
	if (args->cmdline) {
		s->info.cmdline_paddr = at + offsetof(struct pvh_start, cmdline);
		memcpy(s->cmdline, args->cmdline,
		       min(strlen(args->cmdline), sizeof(s->cmdline) - 1));
	}
	fill_map(s, m);
}
