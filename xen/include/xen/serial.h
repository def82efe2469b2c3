/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Serial ports as consoles: com1=, com2= and console= on the command line. */
#ifndef XEN_SERIAL_H
#define XEN_SERIAL_H

#include <xen/pci.h>

/**
 * Find the ports that console= names (com1 when it is not given) and register them, polled.
 * After params_parse; needs nothing else. A port that does not exist is left out.
 */
void serial_init_early(void);

/** True when I/O port @port is a register of a serial port that the hypervisor uses. */
bool serial_owns_port(u16 port);

/** True when the hypervisor uses a serial port of the PCI function @a. */
bool serial_owns_pci(struct pci_addr a);

/**
 * Second part: ports in memory, input, and output by interrupt (unless sync_console). After the
 * interrupt controllers and timers work, on the boot CPU.
 */
void serial_init_late(void);

/**
 * Call before guests run. So far the log waits for a port that cannot keep up; from now on lines
 * are dropped and counted instead. (With sync_console the log still waits.)
 */
void serial_boot_done(void);

#endif
