/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The PC's ports that reset the processor or close the A20 gate: the keyboard controller (0x60,
 * 0x64), system control port A (0x92), the chipset's reset control (0xcf9) and the reset register
 * of the ACPI tables. The hardware domain's writes are checked before they reach the machine.
 */
#ifndef XEN_X86_RESET_PORTS_H
#define XEN_X86_RESET_PORTS_H

#include <xen/types.h>

/** One for the domain that owns the real ports; the caller orders the accesses. */
struct reset_ports {
	u16 acpi_port;		/* the tables' reset register; 0: none, or not a port */
	u8 acpi_value;		/* the value that resets when written to it */
	bool output_next;	/* the byte for port 0x60 sets the controller's output lines */
};

enum reset_verdict {
	RESET_PASS,		/* pass the byte on, as returned */
	RESET_NOW,		/* it orders a reset */
};

/** Must writes to @port be checked? */
bool reset_port_watched(const struct reset_ports *r, u16 port);
/** Check a byte for a watched port. *@val changes if it would close the A20 gate. */
enum reset_verdict reset_port_write(struct reset_ports *r, u16 port, u8 *val);

#endif
