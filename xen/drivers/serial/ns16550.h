/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One 16550-compatible port, wherever it is attached. */
#ifndef DRIVERS_SERIAL_NS16550_H
#define DRIVERS_SERIAL_NS16550_H

#include <xen/console.h>
#include <xen/spinlock.h>
#include <xen/timer.h>

#define UART_TX_RING 16384	/* power of two */

/** Settings are constant after setup; the rest under @lock. */
struct uart {
	struct console_dev dev;
	struct spinlock lock;
	u16 port;			/* I/O base, 0 when the registers are in memory */
	paddr_t mmio;			/* 0 when they are ports */
	volatile u8 *regs;		/* mapped @mmio */
	u8 reg_shift;			/* registers are 1 << reg_shift bytes apart */
	u8 reg_width;			/* bytes of an access: 1, or 4 in memory */
	u32 clock;			/* Hz */
	u32 baud;			/* 0: keep what the firmware has set */
	u8 line_control;		/* LCR: data, parity and stop bits */
	u32 irq;			/* as in its settings; 0: poll */
	bool wanted, present;
	bool on_pci;			/* on the card at @bdf of segment 0 */
	u16 bdf;

	bool queued;			/* output passes through the ring */
	bool polled;			/* a timer serves the port, whose interrupts are off */
	bool lossy;			/* a full ring costs output, never time */
	u64 dropped;			/* characters dropped since the last one that had room */
	bool stuck;			/* the last wait for room timed out */
	u32 tx_head, tx_tail;		/* free-running; head is where bytes go in */
	struct timer poll;		/* serves a port without an interrupt */
	char tx[UART_TX_RING];
};

/** Look for the port and program it. False when nothing answers. */
bool uart_setup(struct uart *u);
/**
 * Write all of @s. Before uart_start() it waits for each byte, with a bounded number of polls.
 * After that it waits in the same way while the ring is full, or if the port is lossy drops and
 * counts the characters.
 */
void uart_write(struct uart *u, const char *s, size_t len);
/** Write directly from now on. Sends the contents of the ring and waits, for a bounded time, until
 * they are on the wire. Takes no lock: the machine may be going down during a write. */
void uart_sync(struct uart *u);
/** Serve the port: pass input to console_input(), send output from the ring. */
void uart_service(struct uart *u);
/** True when the ring holds output, so that a polled port must be served again soon. */
bool uart_has_output(const struct uart *u);
/** From now on uart_service() is called: by the port's interrupts, or (@polled) by a timer. Output
 * goes through the ring when @queue. */
void uart_start(struct uart *u, bool polled, bool queue);

/** Set @u's address from the @nth serial port on a PCI card. 0 or -XEN_ENODEV. */
int uart_find_pci(struct uart *u, u32 nth);

#endif
