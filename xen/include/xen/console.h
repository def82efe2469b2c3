/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Console: the ring, the serial back end, input routing and debug keys. */
#ifndef XEN_CONSOLE_H
#define XEN_CONSOLE_H

#include <xen/compiler.h>

/** A device that can show characters without blocking for ever. */
struct console_dev {
	const char *name;
	/** Write @len bytes, polled; any context with the console lock held. */
	void (*write)(const char *s, size_t len);
	/** Send what is buffered, wait until it has left, and buffer no more; takes no locks and
	 * may be called again. NULL for devices that never buffer. */
	void (*sync)(void);
};

/** Send all further output to @dev too, after replaying what the ring holds. Boot only. */
void console_register(const struct console_dev *dev);

/** Take a character typed on the console. IRQ context. Ctrl-A three times switches between the
 * hypervisor's debug keys and the hardware domain (console_set_guest_rx()). */
void console_input(char c);

/** Set the handler of characters for the hardware domain. Called by domain/. */
void console_set_guest_rx(void (*handler)(char c));

/** Copy the ring from the free-running index *@index on and advance it; returns bytes copied. */
size_t console_ring_read(char *buf, size_t len, u32 *index, bool clear);

/** Characters written by guest @domid through CONSOLEIO_write; buffered until newline, control
 * characters removed, rate-limited, prefixed "(dN) ". The hardware domain's go out raw. */
void console_guest_write(u16 domid, const char *s, size_t len, bool raw);

/** Wait until all output has left the machine; from now on print directly and without locks. For
 * use before the machine stops: it may lose power right after. */
void console_force_sync(void);

/** Register a debug key: @fn runs in a tasklet on the CPU that received the key. */
void keyhandler_register(char key, void (*fn)(char key), const char *what);
/** Run a debug key's handler (also XEN_SYSCTL_debug_keys). -XEN_ENOENT when none. */
int keyhandler_run(char key);

#endif
