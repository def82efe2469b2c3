/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IO-APIC redirection entries by GSI. The caller holds irq.c's lock. */
#ifndef ARCH_X86_IOAPIC_H
#define ARCH_X86_IOAPIC_H

#include <xen/types.h>

/** Find and mask all; the number of GSIs. Boot only. */
u32 ioapic_init(void);
/** True when an IO-APIC has that input. */
bool ioapic_has(u32 gsi);
/** Write the whole entry, masked or not. */
void ioapic_route(u32 gsi, u8 vector, u8 apic_id, bool level, bool low, bool masked);
void ioapic_set_mask(u32 gsi, bool masked);

#endif
