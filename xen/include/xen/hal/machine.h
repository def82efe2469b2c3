/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine as a whole. */
#ifndef XEN_HAL_MACHINE_H
#define XEN_HAL_MACHINE_H

#include <xen/types.h>

/** Reboot or power off, trying every method the firmware offers. Never returns. */
void hal_machine_restart(void) __attribute__((noreturn));
void hal_machine_power_off(void) __attribute__((noreturn));

#endif
