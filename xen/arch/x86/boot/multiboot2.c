/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Multiboot 2 information (Multiboot2 Specification 2.0, section 3.6): a list of tags. */
#include <xen/string.h>
#include "boot.h"

enum {
	MB2_TAG_END = 0,
	MB2_TAG_CMDLINE = 1,
	MB2_TAG_LOADER = 2,
	MB2_TAG_MODULE = 3,
	MB2_TAG_BASIC_MEMORY = 4,
	MB2_TAG_MAP = 6,
	MB2_TAG_ACPI_OLD = 14,
	MB2_TAG_ACPI_NEW = 15,
};

struct mb2_info {
	u32 total_size, reserved;
};

struct mb2_tag {
	u32 type, size;
};

struct mb2_module {
	struct mb2_tag tag;
	u32 start, end;
	char cmdline[];
};

struct mb2_map {
	struct mb2_tag tag;
	u32 entry_size, entry_version;
};

struct mb2_map_entry {
	u64 start, length;
	u32 type, reserved;
};

/* The tag holds a copy of the RSDP. Keep what it says, as the loader's memory is reused. */
static u8 rsdp_copy[64] __aligned(16);

static void parse_map(const struct mb2_map *map)
{
	const char *p = (const char *)(map + 1);
	const char *end = (const char *)map + map->tag.size;

	if (map->tag.size < sizeof(*map) || map->entry_size < sizeof(struct mb2_map_entry)) {
		boot_fault("the loader's memory map has entries of %u bytes", map->entry_size);
		return;
	}
	for (; p + map->entry_size <= end; p += map->entry_size) {
		const struct mb2_map_entry *e = (const void *)p;

		boot_add_region(e->start, e->length, e->type);
	}
}

static void parse_tag(const struct mb2_tag *tag)
{
	const struct mb2_module *mod = (const void *)tag;
	const char *text = (const char *)(tag + 1);
	u32 len = tag->size - sizeof(*tag);

	switch (tag->type) {
	case MB2_TAG_CMDLINE:
		if (strnlen(text, len) < len)
			boot_set_cmdline(text, false);
		break;
	case MB2_TAG_LOADER:
		if (strnlen(text, len) < len)
			boot_set_loader(text);
		break;
	case MB2_TAG_MODULE:
		if (tag->size > sizeof(*mod) &&
		    strnlen(mod->cmdline, tag->size - sizeof(*mod)) < tag->size - sizeof(*mod))
			boot_add_module(mod->start, mod->end, mod->cmdline, false);
		else
			boot_fault("a module tag of the loader has size %u", tag->size);
		break;
	case MB2_TAG_MAP:
		parse_map((const void *)tag);
		break;
	case MB2_TAG_ACPI_OLD:
		if (boot_info.rsdp.v)
			break;
		/* fallthrough */
	case MB2_TAG_ACPI_NEW:
		if (len > sizeof(rsdp_copy))
			break;
		memcpy(rsdp_copy, text, len);
		boot_info.rsdp = paddr_make((u64)rsdp_copy - XEN_LINK_BASE);
		break;
	}
}

void boot_parse_multiboot2(u32 info)
{
	const struct mb2_info *mbi = boot_ptr(info, sizeof(*mbi));
	u32 pos = sizeof(*mbi);

	boot_info.protocol = BOOT_MULTIBOOT2;
	if (mbi == NULL || boot_ptr(info, mbi->total_size) == NULL) {
		boot_fault("the loader passed no Multiboot 2 information");
		return;
	}
	while (pos + sizeof(struct mb2_tag) <= mbi->total_size) {
		const struct mb2_tag *tag = (const void *)((const char *)mbi + pos);

		if (tag->type == MB2_TAG_END)
			return;
		if (tag->size < sizeof(*tag) || tag->size > mbi->total_size - pos) {
			boot_fault("tag %u of the loader's information has size %u", tag->type,
				   tag->size);
			return;
		}
		parse_tag(tag);
		pos += ROUND_UP(tag->size, 8U);
	}
}
