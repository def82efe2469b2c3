/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Recognising the hardware domain's commands to switch the machine off or reset it. */
#ifndef ASM_X86_MACHINE_H
#define ASM_X86_MACHINE_H

#include <xen/types.h>

/** Is @port part of a register that puts the machine to sleep? After acpi_init. */
bool machine_is_sleep_port(u16 port);
/** Would writing the 16 bits @val to @port switch the machine off (ACPI S5)? */
bool machine_is_power_off(u16 port, u16 val);
/** The port of the ACPI reset register and the value that resets; 0 when there is none. */
u16 machine_reset_port(u8 *val);

#endif
