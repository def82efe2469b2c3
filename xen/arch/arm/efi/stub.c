/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Started by UEFI: load what the configuration names, take the memory map, leave the firmware, and
 * start as any boot loader would: from a copy of the image at a suitable address, the MMU off, with
 * a device tree. The code runs where the firmware has put it, so it may use strings, but no table
 * of pointers.
 */
#include <xen/dt_efi.h>
#include <xen/format.h>
#include <xen/string.h>
#include <xen/types.h>
#include <asm/layout.h>
#include <asm/sections.h>
#include <asm/sysreg.h>

#include "efi.h"

#define TREE_MAX (1UL << 21)
#define TREE_SPARE (64UL << 10)	/* for what is added to the firmware's tree */
#define MAP_PAGES 16
#define NAME_MAX 256

u64 efi_main(void *handle, struct efi_system *system);
/** v8/efi.S: switch the MMU off and go on at @entry with @tree in X0, with interrupts off. */
void __noreturn efi_leave(u64 tree, u64 entry);

static struct efi_system *sys;
static struct efi_boot boot;
static struct efi_config config;
static struct fdt_writer writer;
static struct efi_file *folder_root;
static u16 folder[NAME_MAX];	/* of the image on its volume, with a backslash at its end */

static void say(const char *s)
{
	u16 text[2] = { 0 };

	for (; *s; s++) {
		if (*s == '\n') {
			text[0] = '\r';
			sys->out->output(sys->out, text);
		}
		text[0] = (u8)*s;
		sys->out->output(sys->out, text);
	}
}

static u64 fail(const char *what, const char *why)
{
	say("Xenolith: ");
	say(what);
	say(": ");
	say(why);
	say("\n");
	return EFI_LOAD_ERROR;
}

static void *allocate(u64 bytes)
{
	u64 at, pages = DIV_ROUND_UP(bytes, PAGE_SIZE);

	if (sys->boot->allocate_pages(EFI_ANY_PAGES, EFI_LOADER_DATA, pages, &at))
		return NULL;
	return (void *)at;
}

static bool same_guid(const struct efi_guid *a, const struct efi_guid *b)
{
	return !memcmp(a, b, sizeof(*a));
}

static bool find_tree(struct fdt *t)
{
	static const struct efi_guid guid = { 0xb1b621d5, 0xf19c, 0x41a5,
					      { 0x83, 0x0b, 0xd9, 0x15, 0x2c, 0x69, 0xaa, 0xe0 } };

	for (u64 i = 0; i < sys->nr_tables; i++)
		if (same_guid(&sys->table[i].guid, &guid))
			return fdt_open(t, sys->table[i].table, TREE_MAX) == FDT_OK;
	return false;
}

/* The name of the image's folder, from the path that it was loaded by. */
static void find_folder(const struct efi_path *p)
{
	u32 n = 0, end = 0;

	for (; p->type != EFI_PATH_END;
	     p = (const void *)((const u8 *)p + (p->length[0] | p->length[1] << 8))) {
		u32 chars = ((p->length[0] | p->length[1] << 8) - 4u) / 2;

		if (p->type != EFI_PATH_MEDIA || p->subtype != EFI_PATH_MEDIA_FILE)
			continue;
		for (u32 i = 0; i < chars && p->name[i] && n < NAME_MAX - 1; i++) {
			folder[n++] = p->name[i];
			end = folder[n - 1] == '\\' ? n : end;
		}
	}
	folder[end] = 0;
}

static bool open_folder(void *handle)
{
	static const struct efi_guid image_guid = { 0x5b1b31a1, 0x9562, 0x11d2,
		{ 0x8e, 0x3f, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b } };
	static const struct efi_guid volume_guid = { 0x964e5b22, 0x6459, 0x11d2,
		{ 0x8e, 0x39, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b } };
	struct efi_loaded_image *image;
	struct efi_volume *volume;

	if (sys->boot->handle_protocol(handle, &image_guid, (void **)&image) || !image->device ||
	    sys->boot->handle_protocol(image->device, &volume_guid, (void **)&volume) ||
	    volume->open(volume, &folder_root))
		return false;
	find_folder(image->path);
	return true;
}

/* The file @name, below the image's folder unless it begins with a backslash. */
static struct efi_file *open_file(struct efi_text name)
{
	static u16 path[2 * NAME_MAX];
	struct efi_file *file;
	u32 n = 0;

	for (; folder[n] && !(name.len && name.at[0] == '\\'); n++)
		path[n] = folder[n];
	for (u32 i = 0; i < name.len && n < 2 * NAME_MAX - 1; i++)
		path[n++] = name.at[i] == '/' ? '\\' : (u8)name.at[i];
	path[n] = 0;
	return folder_root->open(folder_root, &file, path, EFI_FILE_READ, 0) ? NULL : file;
}

/* A whole file into memory of its own; no bytes: it cannot be read. */
static struct dt_range load(struct efi_text name)
{
	struct efi_file *file = open_file(name);
	struct dt_range r = { 0 };
	u64 size, got;
	void *at;

	if (!file)
		return r;
	if (!file->set_position(file, EFI_FILE_END) && !file->get_position(file, &size) && size &&
	    !file->set_position(file, 0) && (at = allocate(size))) {
		got = size;
		if (!file->read(file, &got, at) && got == size)
			r = (struct dt_range){ (u64)at, size };
	}
	file->close(file);
	return r;
}

static u64 bad_line(const char *error, u32 line)
{
	char text[128];

	scnprintf(text, sizeof(text), "line %u: %s", line, error);
	return fail("xenolith.cfg", text);
}

static u64 load_modules(void)
{
	for (u32 i = 0; i < config.nr_modules; i++) {
		struct efi_text rest = config.module[i], name = efi_text_word(&rest);
		struct dt_range at = load(name);
		char text[NAME_MAX];

		if (rest.len >= EFI_TEXT_MAX)
			return fail("xenolith.cfg", "the arguments of a module are too long");
		if (!at.size) {
			u32 n = min(name.len, NAME_MAX - 1U);

			memcpy(text, name.at, n);
			text[n] = '\0';
			return fail(text, "there is no such file, it is empty, or memory is short");
		}
		boot.module[boot.nr_modules++] = (struct efi_module){ at, rest };
	}
	return 0;
}

/* Without a configuration the device tree has to name the modules, as GRUB does. */
static u64 load_config(void *handle)
{
	static const char name[] = "xenolith.cfg";
	struct dt_range text = { 0 };
	const char *error;
	u32 line;

	if (open_folder(handle))
		text = load((struct efi_text){ name, sizeof(name) - 1 });
	if (!text.size) {
		say("Xenolith: no xenolith.cfg beside the image: "
		    "the device tree has to name the modules\n");
		return 0;
	}
	error = efi_config_read((const char *)text.start, (u32)text.size, &config, &line);
	if (error)
		return bad_line(error, line);
	if (config.options.len >= EFI_TEXT_MAX)
		return fail("xenolith.cfg", "the options are too long");
	boot.options = config.options;
	return load_modules();
}

static bool is_usable(const struct efi_memory_descriptor *d)
{
	return d->attribute & EFI_MEMORY_WB &&
	       (d->type == EFI_CONVENTIONAL ||
		(d->type >= EFI_LOADER_CODE && d->type <= EFI_BOOT_DATA));
}

/* The map's entries in ascending order: the one that follows @after. */
static const struct efi_memory_descriptor *next_entry(const u8 *map, u64 bytes, u64 step, u64 after,
						      bool first)
{
	const struct efi_memory_descriptor *best = NULL;

	for (u64 at = 0; at + sizeof(*best) <= bytes; at += step) {
		const struct efi_memory_descriptor *d = (const void *)(map + at);

		if ((first || d->start > after) && (!best || d->start < best->start))
			best = d;
	}
	return best;
}

static const char *take_memory(const u8 *map, u64 bytes, u64 step)
{
	const struct efi_memory_descriptor *d = next_entry(map, bytes, step, 0, true);

	for (; d; d = next_entry(map, bytes, step, d->start, false))
		if (is_usable(d) && !efi_add_memory(&boot, d->start, d->pages << PAGE_SHIFT))
			return "its memory map has too many pieces";
	return NULL;
}

/* The last calls: the map's key is stale as soon as anything is allocated. */
static const char *leave_firmware(void *handle, u8 *map)
{
	u64 bytes, key, step;
	u32 version;

	for (u32 tries = 0; tries < 3; tries++) {
		bytes = MAP_PAGES * PAGE_SIZE;
		if (sys->boot->get_memory_map(&bytes, map, &key, &step, &version))
			return "its memory map is too large";
		if (!sys->boot->exit_boot_services(handle, key))
			return take_memory(map, bytes, step);
	}
	return "it does not end its boot services";
}

static void clean(const void *va, u64 len)
{
	u64 line = 4UL << (sysreg_read(ctr_el0) >> 16 & 0xf), end = (u64)va + len;

	for (u64 p = ROUND_DOWN((u64)va, line); p < end; p += line)
		__asm__ volatile("dc civac, %0" : : "r"(p) : "memory");
	dsb_sy();
}

u64 efi_main(void *handle, struct efi_system *system)
{
	u64 size = (u64)(image_end - image_start), tree_size, copy, rc;
	struct fdt tree;
	const char *error;
	u8 *map, *out;

	sys = system;
	if (sysreg_read(currentel) >> 2 != 2)
		return fail("the firmware runs at EL1", "EL2 is needed; enable virtualization "
			    "(QEMU: -machine virt,virtualization=on)");
	if (!find_tree(&tree))
		return fail("the firmware has no device tree", "ACPI is not supported; "
			    "let it give one (QEMU: -machine acpi=off)");
	rc = load_config(handle);
	if (rc)
		return rc;
	tree_size = tree.size + TREE_SPARE;
	map = allocate(MAP_PAGES * PAGE_SIZE);
	out = allocate(tree_size);
	/* So aligned, it does not reach into another GiB. */
	copy = (u64)allocate(2 * XEN_IMAGE_MAX);
	if (!map || !out || !copy)
		return fail("memory is short", "give the machine more");
	copy = ROUND_UP(copy, (u64)XEN_IMAGE_MAX);
	error = leave_firmware(handle, map);
	/* From here on nobody can be told of an error but by the boot itself. */
	memcpy((void *)copy, image_start, size);
	fdt_write_begin(&writer, out, (u32)tree_size);
	dt_write_efi(&writer, &tree, &boot);
	if (error || !fdt_write_end(&writer))
		out = NULL;
	clean((void *)copy, size);
	clean(out ? out : (u8 *)copy, tree_size);
	efi_leave((u64)out, copy);
}
