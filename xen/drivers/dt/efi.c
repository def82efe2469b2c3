/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tree of the firmware, as the boot wants it. */
#include <xen/compiler.h>
#include <xen/dt_efi.h>
#include <xen/string.h>

#include "tree.h"

bool efi_add_memory(struct efi_boot *b, u64 start, u64 bytes)
{
	struct dt_range *last = b->nr_banks ? &b->bank[b->nr_banks - 1] : NULL;

	if (!bytes)
		return true;
	if (last && last->start + last->size == start) {
		last->size += bytes;
		return true;
	}
	if (b->nr_banks == DT_MAX_BANKS)
		return false;
	b->bank[b->nr_banks++] = (struct dt_range){ start, bytes };
	return true;
}

static bool is_memory(const struct fdt *t, fdt_node_t n)
{
	const char *type = fdt_get_string(t, n, "device_type");

	return type && !strcmp(type, "memory");
}

static void copy_props(const struct fdt *t, fdt_node_t n, struct fdt_writer *w)
{
	struct fdt_prop p;

	for (bool more = fdt_first_prop(t, n, &p); more; more = fdt_next_prop(t, &p))
		fdt_write_prop(w, p.name, p.value, p.len);
}

static void copy_node(const struct fdt *t, fdt_node_t n, struct fdt_writer *w)
{
	fdt_node_t c;

	fdt_write_node(w, fdt_node_name(t, n));
	copy_props(t, n, w);
	fdt_for_each_child(c, t, n)
		copy_node(t, c, w);
	fdt_write_close(w);
}

static void write_text(struct fdt_writer *w, const char *name, struct efi_text text)
{
	char copy[EFI_TEXT_MAX];

	if (text.len >= sizeof(copy)) {
		w->failed = true;
		return;
	}
	if (text.len)
		memcpy(copy, text.at, text.len);
	copy[text.len] = '\0';
	fdt_write_string(w, name, copy);
}

/* The console of the firmware's tree stays. */
static void write_chosen(const struct fdt *t, const struct efi_boot *b, u32 address_cells,
			 u32 size_cells, struct fdt_writer *w)
{
	fdt_node_t old = fdt_find_path(t, "/chosen");
	const char *console = fdt_node_ok(old) ? fdt_get_string(t, old, "stdout-path") : NULL;

	fdt_write_node(w, "chosen");
	fdt_write_u32(w, "#address-cells", address_cells);
	fdt_write_u32(w, "#size-cells", size_cells);
	fdt_write_prop(w, "ranges", NULL, 0);
	if (console)
		fdt_write_string(w, "stdout-path", console);
	write_text(w, "xen,xen-bootargs", b->options);
	for (u32 i = 0; i < b->nr_modules; i++) {
		const struct dt_range *at = &b->module[i].at;

		fdt_write_node_at(w, "module", at->start);
		fdt_write_string(w, "compatible", "multiboot,module");
		fdt_write_reg(w, "reg", (u64[]){ at->start, at->size }, 1, address_cells,
			      size_cells);
		write_text(w, "bootargs", b->module[i].args);
		fdt_write_close(w);
	}
	fdt_write_close(w);
}

void dt_write_efi(struct fdt_writer *w, const struct fdt *t, const struct efi_boot *b)
{
	u32 address_cells = dt_cells(t, fdt_root(t), "#address-cells", 2);
	u32 size_cells = dt_cells(t, fdt_root(t), "#size-cells", 1);
	fdt_node_t chosen = fdt_find_path(t, "/chosen"), c;

	if (address_cells - 1 > 1 || size_cells - 1 > 1) {
		w->failed = true;
		return;
	}
	copy_props(t, fdt_root(t), w);
	fdt_for_each_child(c, t, fdt_root(t))
		if (!is_memory(t, c) && !(b->nr_modules && c.v == chosen.v))
			copy_node(t, c, w);
	for (u32 i = 0; i < b->nr_banks; i++) {
		fdt_write_node_at(w, "memory", b->bank[i].start);
		fdt_write_string(w, "device_type", "memory");
		fdt_write_reg(w, "reg", (u64[]){ b->bank[i].start, b->bank[i].size }, 1,
			      address_cells, size_cells);
		fdt_write_close(w);
	}
	if (b->nr_modules)
		write_chosen(t, b, address_cells, size_cells, w);
}
