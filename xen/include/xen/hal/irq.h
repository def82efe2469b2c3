/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interrupt lines for drivers; the architecture defines which lines exist. */
#ifndef XEN_HAL_IRQ_H
#define XEN_HAL_IRQ_H

#include <xen/types.h>

/** A line as firmware describes it. */
struct hal_irq_line {
	u32 number;	/* x86: global system interrupt (ACPI 6.4, section 5.2.13); ARM: INTID */
	bool level, active_low;
};

/**
 * The line that an ISA interrupt, 0 to 15, means on this machine, after the firmware's overrides.
 * False: the machine has no such interrupt. Boot, after acpi_init.
 */
bool hal_irq_isa_line(u8 irq, struct hal_irq_line *line);

/**
 * Handle @line, which is then unmasked, for good. @fn runs in IRQ context on the boot CPU; a level
 * line is masked while it runs. 0, or -XEN_EINVAL (no such line), -XEN_EBUSY (it has an owner),
 * -XEN_ENOSPC. Boot, any context but IRQ.
 */
int hal_irq_request(const struct hal_irq_line *line, void (*fn)(void *arg), void *arg);

/** What a device writes to raise an interrupt. */
struct hal_msi {
	u64 address;
	u32 data;
};

/**
 * Handle the interrupts of a device that writes @msi, for good; @fn runs as above. 0 or
 * -XEN_ENOSPC. Machines with PCI. Boot, any context but IRQ.
 */
int hal_irq_request_msi(void (*fn)(void *arg), void *arg, struct hal_msi *msi);

#endif
