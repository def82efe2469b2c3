/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading the NUMA nodes from ACPI, and what boot code asks of them. */
#ifndef ASM_X86_NUMA_H
#define ASM_X86_NUMA_H

#include <xen/hal/numa.h>

/** Read the tables. After acpi_init, before memory is given to the allocator. Boot only. */
void numa_init(void);
/** Node of the memory at @pa; 0 when unknown. */
u8 numa_node_of(paddr_t pa);
/** Node of the CPU with that APIC id; 0 when unknown. */
u8 numa_node_of_apic(u32 apic_id);

#endif
