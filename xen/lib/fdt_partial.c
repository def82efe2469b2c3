/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copying a guest's partial device tree into its tree. */
#include <xen/compiler.h>
#include <xen/fdt_partial.h>
#include <xen/fdt_write.h>
#include <xen/string.h>

static void copy_node(const struct fdt *t, fdt_node_t n, struct fdt_writer *w)
{
	struct fdt_prop p;
	fdt_node_t c;

	fdt_write_node(w, fdt_node_name(t, n));
	for (bool more = fdt_first_prop(t, n, &p); more; more = fdt_next_prop(t, &p))
		if (strncmp(p.name, "xen,", 4))
			fdt_write_prop(w, p.name, p.value, p.len);
	fdt_for_each_child(c, t, n)
		copy_node(t, c, w);
	fdt_write_close(w);
}

void fdt_write_partial(struct fdt_writer *w, const struct fdt *t)
{
	static const char *const tops[] = { "/aliases", "/passthrough" };

	for (u32 i = 0; i < ARRAY_SIZE(tops); i++) {
		fdt_node_t n = fdt_find_path(t, tops[i]);

		if (fdt_node_ok(n))
			copy_node(t, n, w);
	}
}
