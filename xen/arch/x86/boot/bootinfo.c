/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The normalised boot information: collecting, checking and showing it. */
#include <xen/types.h>
#include <public/arch-x86/hvm/start_info.h>
#include <xen/format.h>
#include <xen/printk.h>
#include <xen/string.h>
#include <asm/sections.h>
#include "boot.h"

#define RAM XEN_HVM_MEMMAP_TYPE_RAM
#define LOW_MEMORY (1UL << 20)

struct boot_info boot_info;

static char fault_text[160];

/* As the loader gave them: unsorted, perhaps overlapping. */
static struct boot_region raw[BOOT_MAX_REGIONS] __initdata;
static u32 nr_raw __initdata;
static u64 edges[2 * BOOT_MAX_REGIONS] __initdata;

void boot_fault(const char *fmt, ...)
{
	va_list ap;

	if (fault_text[0])
		return;
	va_start(ap, fmt);
	vscnprintf(fault_text, sizeof(fault_text), fmt, ap);
	va_end(ap);
}

void boot_add_region(u64 start, u64 size, u32 type)
{
	if (size == 0)
		return;
	if (size > ~start)
		size = ~start;
	if (nr_raw == BOOT_MAX_REGIONS) {
		boot_fault("the memory map has more than %u entries", BOOT_MAX_REGIONS);
		return;
	}
	raw[nr_raw++] = (struct boot_region){ start, size, type };
}

static void copy_text(char *dst, size_t size, const char *s, const char *what)
{
	size_t len = strnlen(s, size);

	if (len == size) {
		boot_fault("%s is longer than %u characters; shorten it", what, (u32)size - 1);
		len = size - 1;
	}
	memcpy(dst, s, len);
	dst[len] = '\0';
}

static const char *skip_word(const char *s)
{
	while (*s == ' ')
		s++;
	while (*s && *s != ' ')
		s++;
	while (*s == ' ')
		s++;
	return s;
}

void boot_set_cmdline(const char *s, bool has_name)
{
	if (s == NULL)
		return;
	copy_text(boot_info.cmdline, sizeof(boot_info.cmdline), has_name ? skip_word(s) : s,
		  "the command line");
}

void boot_set_loader(const char *s)
{
	if (s)
		scnprintf(boot_info.loader, sizeof(boot_info.loader), "%s", s);
}

/* Debian's GRUB menus put this word where other loaders put the file's name. */
static bool starts_with_placeholder(const char *s)
{
	static const char word[] = "placeholder";
	size_t len = sizeof(word) - 1;

	return !strncmp(s, word, len) && (s[len] == ' ' || s[len] == '\0');
}

void boot_add_module(u64 start, u64 end, const char *cmdline, bool has_name)
{
	struct boot_module *m = &boot_info.modules[boot_info.nr_modules];

	if (boot_info.nr_modules == BOOT_MAX_MODULES) {
		boot_fault("more than %u modules; pass fewer", BOOT_MAX_MODULES);
		return;
	}
	boot_info.nr_modules++;
	m->start = paddr_make(start);
	m->end = paddr_make(end);
	if (cmdline == NULL)
		return;
	if (has_name || starts_with_placeholder(cmdline))
		cmdline = skip_word(cmdline);
	copy_text(m->cmdline, sizeof(m->cmdline), cmdline, "a module's command line");
}

static void __init sort_edges(u32 n)
{
	for (u32 i = 1; i < n; i++) {
		u64 v = edges[i];
		u32 j = i;

		for (; j > 0 && edges[j - 1] > v; j--)
			edges[j] = edges[j - 1];
		edges[j] = v;
	}
}

/*
 * Type of [start, end) when entries overlap: any type takes precedence over RAM, a higher one over
 * a lower.
 */
static u32 __init type_between(u64 start, u64 end)
{
	u32 type = 0;

	for (u32 i = 0; i < nr_raw; i++)
		if (raw[i].start <= start && raw[i].start + raw[i].size >= end)
			type = max(type, raw[i].type);
	return type;
}

/* Sort the regions, resolve overlaps and join neighbours of one type. */
static void __init normalise_regions(void)
{
	struct boot_region *last = NULL;
	u32 n = 0;

	for (u32 i = 0; i < nr_raw; i++) {
		edges[n++] = raw[i].start;
		edges[n++] = raw[i].start + raw[i].size;
	}
	sort_edges(n);
	for (u32 i = 0; i + 1 < n; i++) {
		u32 type = type_between(edges[i], edges[i + 1]);

		if (edges[i] == edges[i + 1] || type == 0)
			continue;
		if (last && last->type == type && last->start + last->size == edges[i]) {
			last->size += edges[i + 1] - edges[i];
			continue;
		}
		if (boot_info.nr_regions == BOOT_MAX_REGIONS) {
			boot_fault("the memory map has too many overlaps");
			return;
		}
		last = &boot_info.regions[boot_info.nr_regions++];
		*last = (struct boot_region){ edges[i], edges[i + 1] - edges[i], type };
	}
}

void __init boot_info_parse(u32 magic, u32 info)
{
	switch (magic) {
	case MULTIBOOT1_MAGIC:
		boot_parse_multiboot1(info);
		break;
	case MULTIBOOT2_MAGIC:
		boot_parse_multiboot2(info);
		break;
	case XEN_HVM_START_MAGIC_VALUE:
		boot_parse_pvh(info);
		break;
	default:
		boot_fault("the loader speaks neither Multiboot nor PVH (magic %#x)", magic);
	}
	boot_open_bundle();
	normalise_regions();
}

static bool __init in_one_ram_region(u64 start, u64 end)
{
	for (u32 i = 0; i < boot_info.nr_regions; i++) {
		const struct boot_region *r = &boot_info.regions[i];

		if (r->type == RAM && start >= r->start && end <= r->start + r->size)
			return true;
	}
	return false;
}

static bool overlap(u64 a, u64 a_end, u64 b, u64 b_end) { return a < b_end && b < a_end; }

static void __init check_module(u32 i)
{
	const struct boot_module *m = &boot_info.modules[i];
	u64 start = m->start.v, end = m->end.v;

	if (end <= start)
		boot_reject("module %u is empty; is its file empty?", i + 1);
	if (start < LOW_MEMORY)
		boot_reject("module %u at %#lx lies in the first MiB; load it higher", i + 1,
			    start);
	if (overlap(start, end, image_start_pa(), image_end_pa()))
		boot_reject("module %u [%#lx, %#lx) overlaps the hypervisor [%#lx, %#lx); "
			    "load it higher",
			    i + 1, start, end, image_start_pa(), image_end_pa());
	if (!in_one_ram_region(start, end))
		boot_reject("module %u [%#lx, %#lx) is not in RAM; give the machine more memory",
			    i + 1, start, end);
	for (u32 j = 0; j < i; j++)
		if (overlap(start, end, boot_info.modules[j].start.v, boot_info.modules[j].end.v))
			boot_reject("module %u [%#lx, %#lx) overlaps module %u; load it elsewhere",
				    i + 1, start, end, j + 1);
}

void __init boot_info_check(void)
{
	bool usable = false;

	if (fault_text[0])
		boot_reject("%s", fault_text);
	for (u32 i = 0; i < boot_info.nr_regions; i++) {
		const struct boot_region *r = &boot_info.regions[i];

		usable |= r->type == RAM && r->start + r->size > LOW_MEMORY;
	}
	if (!usable)
		boot_reject("the memory map has no usable RAM above 1 MiB");
	if (!in_one_ram_region(image_start_pa(), image_end_pa()))
		boot_reject("the hypervisor [%#lx, %#lx) is not in RAM of the memory map",
			    image_start_pa(), image_end_pa());
	if (boot_info.nr_modules == 0)
		boot_reject("no module; add the hardware domain's kernel as the first one");
	for (u32 i = 0; i < boot_info.nr_modules; i++)
		check_module(i);
}

void __init boot_info_print(void)
{
	static const char *const types[] = {
		"?", "RAM", "reserved", "ACPI", "ACPI NVS", "unusable", "disabled", "persistent",
	};
	static const char *const protocols[] = { "Multiboot 1", "Multiboot 2", "PVH" };

	printk(LOG_INFO "Boot protocol: %s, loader: %s\n", protocols[boot_info.protocol],
	       boot_info.loader[0] ? boot_info.loader : "unknown");
	printk(LOG_INFO "Command line: %s\n", boot_info.cmdline);
	for (u32 i = 0; i < boot_info.nr_regions; i++) {
		const struct boot_region *r = &boot_info.regions[i];

		printk(LOG_INFO "Memory %016lx-%016lx %s\n", r->start, r->start + r->size - 1,
		       r->type < ARRAY_SIZE(types) ? types[r->type] : "unknown");
	}
	for (u32 i = 0; i < boot_info.nr_modules; i++)
		printk(LOG_INFO "Module %u at %#lx, %lu KiB: %s\n", i + 1,
		       boot_info.modules[i].start.v,
		       (boot_info.modules[i].end.v - boot_info.modules[i].start.v) / 1024,
		       boot_info.modules[i].cmdline);
}
