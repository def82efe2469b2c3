/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The serial port that a device tree names as its console. No table of pointers: the code also
 * runs before its image is mapped. */
#include <xen/compiler.h>
#include <xen/dt_machine.h>
#include <xen/string.h>

#include "tree.h"

/* The node that stdout-path or an alias names: a path or an alias, and options after a colon. */
static fdt_node_t console_node(const struct fdt *t)
{
	fdt_node_t chosen = fdt_find_path(t, "/chosen"), aliases = fdt_find_path(t, "/aliases");
	const char *path = NULL, *end;
	char name[128];

	if (fdt_node_ok(chosen))
		path = fdt_get_string(t, chosen, "stdout-path");
	if (!path)
		path = "serial0";
	end = strchr(path, ':');
	if (strlen(path) >= sizeof(name))
		return FDT_NO_NODE;
	memset(name, 0, sizeof(name));
	memcpy(name, path, end ? (size_t)(end - path) : strlen(path));
	if (name[0] == '/')
		return fdt_find_path(t, name);
	path = fdt_node_ok(aliases) ? fdt_get_string(t, aliases, name) : NULL;
	return path ? fdt_find_path(t, path) : FDT_NO_NODE;
}

static enum dt_uart_kind kind_of(const struct fdt *t, fdt_node_t n)
{
	if (fdt_is_compatible(t, n, "arm,pl011") || fdt_is_compatible(t, n, "arm,sbsa-uart"))
		return DT_UART_PL011;
	return fdt_is_compatible(t, n, "ns16550a") || fdt_is_compatible(t, n, "ns16550") ||
	       fdt_is_compatible(t, n, "snps,dw-apb-uart") ? DT_UART_NS16550 : DT_UART_OTHER;
}

void dt_uart_find(const struct fdt *t, struct dt_uart *u)
{
	memset(u, 0, sizeof(*u));
	u->node = console_node(t);
	u->reg_width = 1;
	if (!fdt_node_ok(u->node) || !dt_is_enabled(t, u->node) || !dt_reg(t, u->node, 0, &u->regs))
		return;
	u->kind = kind_of(t, u->node);
	u->irq = dt_gic_irq(t, u->node, 0);
	fdt_get_u32(t, u->node, "reg-shift", &u->reg_shift);
	fdt_get_u32(t, u->node, "reg-io-width", &u->reg_width);
}
