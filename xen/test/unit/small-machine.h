/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The device tree of a small ARM machine, for tests of what reads machines' trees. */
#ifndef TEST_SMALL_MACHINE_H
#define TEST_SMALL_MACHINE_H

#include <xen/dt_machine.h>

/** What small_machine_make() has written and read. */
extern struct fdt small_tree;
extern struct dt_machine small_machine;
/** Set: the frame for MSIs lies at another address for the CPUs than its node says. */
extern bool small_machine_moved_frame;

/** Write and read the machine with a GIC of @version: 1 GiB of memory at 0x40000000, a CPU, a
 * console at 0x9000000, an SMMU, a clock on a bus, and a PCI host bridge. */
void small_machine_make(u32 version);

#endif
