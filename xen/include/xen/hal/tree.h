/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine's device tree, on machines that have one. */
#ifndef XEN_HAL_TREE_H
#define XEN_HAL_TREE_H

#include <xen/fdt.h>

/** The tree, constant. Boot. */
const struct fdt *hal_machine_tree(void);

#endif
