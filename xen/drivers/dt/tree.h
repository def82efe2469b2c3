/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the readers of a machine's device tree share. */
#ifndef DRIVERS_DT_TREE_H
#define DRIVERS_DT_TREE_H

#include <xen/acpi_iommu.h>
#include <xen/dt_machine.h>

/** The nodes from the root down to @n's parent; returns how many, 0 for the root. */
u32 dt_ancestors(const struct fdt *t, fdt_node_t n, fdt_node_t up[FDT_MAX_DEPTH]);
/** The property @name of @n, a number of cells; @absent when it does not exist. */
u32 dt_cells(const struct fdt *t, fdt_node_t n, const char *name, u32 absent);
/** True unless the node's "status" says that the device must not be used. */
bool dt_is_enabled(const struct fdt *t, fdt_node_t n);
/** 2 or 3: the node is a GIC of that version; 0: it is not one. */
u32 dt_gic_version(const struct fdt *t, fdt_node_t n);
/** Registers @index of the IOMMUs in the tree, used or not; false after the last. */
bool dt_iommu_registers(const struct fdt *t, u32 index, struct dt_range *r);
/** Does a guest get the device @n, or pages in which it has registers (@m's passed ones)? */
bool dt_is_passed(const struct fdt *t, const struct dt_machine *m, fdt_node_t n);
/** Fill in the streams of the units that @out has, whose nodes are @units. NULL, or a phrase that
 * says what is wrong with the tree. */
const char *dt_find_streams(const struct fdt *t, const fdt_node_t *units, struct acpi_iommus *out);

#endif
