/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine of a guest on ARM: guest physical addresses and interrupts that the ABI fixes
 * (public/arch-arm.h, which finish.c compares with these; tests of the host cannot include it).
 */
#ifndef BUILDER_ARM64_LAYOUT_H
#define BUILDER_ARM64_LAYOUT_H

#include "builder/private.h"

#define GICD_BASE 0x03001000UL
#define GICV2_DIST_BYTES 0x1000UL
#define GICV2_CPU_BASE 0x03002000UL
#define GICV2_CPU_BYTES 0x2000UL
#define GICV3_DIST_BYTES 0x10000UL
#define GICV3_REDIST_BASE 0x03020000UL
#define GICV3_REDIST_BYTES 0x20000UL	/* of each vCPU (GICv3 architecture, 12.10) */
#define GRANT_TABLE_BASE 0x38000000UL
#define GRANT_TABLE_BYTES 0x01000000UL
#define RINGS_BASE 0x39000000UL		/* the console's page, then xenstore's */
#define RAM0_BASE 0x40000000UL
#define RAM0_BYTES 0xc0000000UL
#define RAM1_BASE 0x200000000UL
#define RAM1_BYTES 0xfe00000000UL

#define PPI_TIMER_SECURE 29
#define PPI_TIMER_PHYS 30
#define PPI_TIMER_VIRT 27
#define PPI_EVENTS 31

/** Room for the device tree: 128 vCPUs and the longest command line take 30 KiB. */
#define TREE_BYTES (64U << 10)

/** Write the device tree of a planned domain into plan->info, of TREE_BYTES. False: no room. */
bool bld_tree_write(struct bld_plan *plan, const struct bld_platform *platform);

#endif
