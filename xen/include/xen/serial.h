/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Serial ports as consoles: com1=, com2= and console= on the command line. */
#ifndef XEN_SERIAL_H
#define XEN_SERIAL_H

#include <xen/pci.h>

/**
 * Find the ports that console= names (com1 when it is not given) and register them, polled.
 * After params_parse; needs nothing else. A port that is not there is left out.
 */
void serial_init_early(void);

/** Does a serial port that the hypervisor uses have @port among its eight registers? */
bool serial_owns_port(u16 port);

/** Is the PCI function @a a card whose serial port the hypervisor uses? */
bool serial_owns_pci(struct pci_addr a);

/**
 * Second part: ports in memory, input, and output by interrupt (unless sync_console). After the
 * interrupt controllers and timers work, on the boot CPU.
 */
void serial_init_late(void);

/**
 * Guests are about to run. A port that cannot keep up with the log has been waited for so far; from
 * now on it costs lines, which are counted, and never time. (With sync_console it still waits.)
 */
void serial_boot_done(void);

#endif
