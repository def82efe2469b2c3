/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interrupt lines for drivers; the architecture defines which lines exist. */
#ifndef XEN_HAL_IRQ_H
#define XEN_HAL_IRQ_H

#include <xen/types.h>

/**
 * Handle a classic PC line (0 to 15), edge or level as the firmware reports. @fn runs in IRQ
 * context on the boot CPU; a level line is unmasked after it returns. >= 0, or negative as
 * irq_request_gsi.
 */
int hal_irq_request_isa(u8 irq, void (*fn)(void *arg), void *arg);

#endif
