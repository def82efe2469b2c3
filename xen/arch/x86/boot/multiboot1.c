/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Multiboot 1 information (Multiboot Specification 0.6.96, section 3.3). */
#include <xen/string.h>
#include "boot.h"

#define MB1_HAS_MEMORY	BIT(0)
#define MB1_HAS_CMDLINE	BIT(2)
#define MB1_HAS_MODULES	BIT(3)
#define MB1_HAS_MAP	BIT(6)
#define MB1_HAS_LOADER	BIT(9)

struct mb1_info {
	u32 flags;
	u32 mem_lower, mem_upper;	/* KiB */
	u32 boot_device;
	u32 cmdline;
	u32 mods_count, mods_addr;
	u32 syms[4];
	u32 mmap_length, mmap_addr;
	u32 drives_length, drives_addr;
	u32 config_table;
	u32 boot_loader_name;
};

struct mb1_module {
	u32 start, end, cmdline, reserved;
};

/* @size does not count itself. */
struct mb1_map_entry {
	u32 size;
	u64 start, length;
	u32 type;
} __packed;

static void parse_map(const struct mb1_info *mbi)
{
	const char *map = boot_ptr(mbi->mmap_addr, mbi->mmap_length);
	u32 pos = 0;

	if (map == NULL) {
		boot_fault("the loader's memory map is not in memory");
		return;
	}
	while (pos + sizeof(struct mb1_map_entry) <= mbi->mmap_length) {
		const struct mb1_map_entry *e = (const void *)(map + pos);

		if (e->size < sizeof(*e) - sizeof(e->size) || e->size > mbi->mmap_length) {
			boot_fault("an entry of the loader's memory map has size %u", e->size);
			return;
		}
		boot_add_region(e->start, e->length, e->type);
		pos += e->size + sizeof(e->size);
	}
}

static void parse_modules(const struct mb1_info *mbi, bool has_name)
{
	const struct mb1_module *m = boot_ptr(mbi->mods_addr, mbi->mods_count * sizeof(*m));

	if (m == NULL && mbi->mods_count) {
		boot_fault("the loader's module list is not in memory");
		return;
	}
	for (u32 i = 0; i < mbi->mods_count; i++)
		boot_add_module(m[i].start, m[i].end, boot_ptr(m[i].cmdline, 1), has_name);
}

void boot_parse_multiboot1(u32 info)
{
	const struct mb1_info *mbi = boot_ptr(info, sizeof(*mbi));
	const char *loader = "";
	bool has_name;

	boot_info.protocol = BOOT_MULTIBOOT1;
	if (mbi == NULL) {
		boot_fault("the loader passed no Multiboot information");
		return;
	}
	if ((mbi->flags & MB1_HAS_LOADER) && mbi->boot_loader_name)
		loader = boot_ptr(mbi->boot_loader_name, 1);
	boot_set_loader(loader);
	/* GRUB 2 leaves out the file's name; GRUB Legacy and QEMU put it first. */
	has_name = strncmp(boot_info.loader, "GRUB 2", 6) != 0;
	if (mbi->flags & MB1_HAS_CMDLINE)
		boot_set_cmdline(boot_ptr(mbi->cmdline, 1), has_name);
	if (mbi->flags & MB1_HAS_MAP) {
		parse_map(mbi);
	} else if (mbi->flags & MB1_HAS_MEMORY) {
		boot_add_region(0, mbi->mem_lower * 1024UL, 1);
		boot_add_region(1UL << 20, mbi->mem_upper * 1024UL, 1);
	}
	if (mbi->flags & MB1_HAS_MODULES)
		parse_modules(mbi, has_name);
}
