/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The 16550 and compatible chips. Every wait is bounded: a port that stops answering costs output
 * and once some milliseconds, but never hangs the machine. Registers: TI PC16550D data sheet.
 */
#include "ns16550.h"

#include <xen/format.h>
#include <xen/hal/cpu.h>
#include <xen/hal/io.h>
#include <xen/printk.h>

enum { RBR = 0, THR = 0, DLL = 0, IER = 1, DLM = 1, IIR = 2, FCR = 2, LCR = 3, MCR = 4, LSR = 5 };

#define IER_RX 0x01
#define IER_TX 0x02
#define IIR_NONE 0x01
#define FCR_ENABLE_CLEAR 0x07
#define LCR_DLAB 0x80
#define MCR_DTR_RTS_OUT2 0x0b	/* OUT2 lets the interrupt through on PCs */
#define LSR_RX 0x01
#define LSR_THR_EMPTY 0x20
#define LSR_TX_EMPTY 0x40	/* and no byte is on the wire */

#define FIFO_SIZE 16
#define TX_POLLS 200000		/* more than 16 bytes at 9600 baud take, at 1 us for each read */
#define SERVICE_ROUNDS 256
/* After a loss output resumes when the ring has this much room: one note for many lines. */
#define RESUME_ROOM (UART_TX_RING / 4)

static u8 reg_read(const struct uart *u, u32 reg)
{
	reg <<= u->reg_shift;
	if (u->port)
		return inb((u16)(u->port + reg));
	return u->reg_width == 4 ? (u8)readl(u->regs + reg) : readb(u->regs + reg);
}

static void reg_write(const struct uart *u, u32 reg, u8 v)
{
	reg <<= u->reg_shift;
	if (u->port)
		outb(v, (u16)(u->port + reg));
	else if (u->reg_width == 4)
		writel(v, u->regs + reg);
	else
		writeb(v, u->regs + reg);
}

static bool answers(const struct uart *u)
{
	if (!u->port && !u->regs)
		return false;
	if (reg_read(u, LSR) == 0xff)
		return false;
	/* The four interrupt enables that exist keep what is written. */
	reg_write(u, LCR, u->line_control);
	reg_write(u, IER, 0x0f);
	if ((reg_read(u, IER) & 0x0f) != 0x0f)
		return false;
	reg_write(u, IER, 0);
	return !(reg_read(u, IER) & 0x0f);
}

static void set_speed(const struct uart *u)
{
	u32 divisor;

	reg_write(u, LCR, u->line_control | LCR_DLAB);
	divisor = reg_read(u, DLL) | (u32)reg_read(u, DLM) << 8;
	if (u->baud || !divisor) {
		u32 baud = u->baud ? u->baud : 115200;

		divisor = (u->clock + baud * 8) / (baud * 16);
		divisor = divisor ? min(divisor, 0xffffU) : 1;
		reg_write(u, DLL, (u8)divisor);
		reg_write(u, DLM, (u8)(divisor >> 8));
	}
	reg_write(u, LCR, u->line_control);
}

bool uart_setup(struct uart *u)
{
	u->present = answers(u);
	if (!u->present)
		return false;
	set_speed(u);
	reg_write(u, FCR, FCR_ENABLE_CLEAR);
	reg_write(u, MCR, MCR_DTR_RTS_OUT2);
	return true;
}

/* Wait for a bit of LSR. A port that was stuck is polled only once, until it works again. */
static bool wait_for(struct uart *u, u8 bit)
{
	for (u32 i = u->stuck ? TX_POLLS - 1 : 0; i < TX_POLLS; i++) {
		if (reg_read(u, LSR) & bit) {
			u->stuck = false;
			return true;
		}
		hal_cpu_relax();
	}
	u->stuck = true;
	return false;
}

static void send_polled(struct uart *u, const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (i % FIFO_SIZE == 0 && !wait_for(u, LSR_THR_EMPTY))
			return;
		reg_write(u, THR, (u8)s[i]);
	}
}

/* Move up to FIFO_SIZE bytes from the ring to the port, whose FIFO must be empty. */
static void fill_fifo(struct uart *u)
{
	for (u32 i = 0; i < FIFO_SIZE && u->tx_tail != u->tx_head; i++)
		reg_write(u, THR, (u8)u->tx[u->tx_tail++ % UART_TX_RING]);
}

static void drain_ring(struct uart *u)
{
	while (u->tx_tail != u->tx_head && wait_for(u, LSR_THR_EMPTY))
		fill_fifo(u);
}

static u32 ring_room(const struct uart *u)
{
	ASSERT(u->tx_head - u->tx_tail <= UART_TX_RING);
	return UART_TX_RING - (u->tx_head - u->tx_tail);
}

static void ring_put(struct uart *u, char c)
{
	ASSERT(ring_room(u));
	u->tx[u->tx_head++ % UART_TX_RING] = c;
}

/* If output was dropped, note it as soon as the ring has enough room. False until then. */
static bool note_dropped(struct uart *u)
{
	char note[64];
	int n;

	if (!u->dropped)
		return true;
	if (ring_room(u) < RESUME_ROOM)
		return false;
	n = scnprintf(note, sizeof(note), "\n[%lu characters were dropped]\n",
		      (unsigned long)u->dropped);
	for (int i = 0; i < n; i++)
		ring_put(u, note[i]);
	u->dropped = 0;
	return true;
}

/* Make room for a character, without waiting if the port can take some now. */
static bool make_room(struct uart *u)
{
	if (!ring_room(u) && (reg_read(u, LSR) & LSR_THR_EMPTY ||
			      (!u->lossy && wait_for(u, LSR_THR_EMPTY))))
		fill_fifo(u);
	return ring_room(u);
}

static void send_queued(struct uart *u, const char *s, size_t len)
{
	for (; len && note_dropped(u) && make_room(u); len--)
		ring_put(u, *s++);
	u->dropped += len;
	if (reg_read(u, LSR) & LSR_THR_EMPTY)
		fill_fifo(u);
	if (u->tx_tail != u->tx_head && !u->polled)
		reg_write(u, IER, IER_RX | IER_TX);
}

void uart_write(struct uart *u, const char *s, size_t len)
{
	u64 flags;

	if (!u->queued) {	/* the console lock suffices; panics ignore it */
		send_polled(u, s, len);
		return;
	}
	flags = spin_lock_irqsave(&u->lock);
	send_queued(u, s, len);
	spin_unlock_irqrestore(&u->lock, flags);
}

void uart_sync(struct uart *u)
{
	u->queued = false;
	drain_ring(u);
	wait_for(u, LSR_TX_EMPTY);
}

/* Move output from the ring to the port if it is ready. True when some was moved. */
static bool service_output(struct uart *u, u8 status)
{
	bool some = u->tx_tail != u->tx_head;

	if (!u->queued || !(status & LSR_THR_EMPTY))
		return false;
	fill_fifo(u);
	if (u->tx_tail == u->tx_head && !u->polled)
		reg_write(u, IER, IER_RX);
	return some;
}

void uart_service(struct uart *u)
{
	bool more = true;

	for (u32 i = 0; more && i < SERVICE_ROUNDS; i++) {
		u64 flags = spin_lock_irqsave(&u->lock);
		u8 status = reg_read(u, LSR);
		bool gone = status == 0xff, input = !gone && status & LSR_RX;
		char c = 0;

		/* Reading IIR acknowledges the output interrupt. */
		more = !gone && (!(reg_read(u, IIR) & IIR_NONE) || input);
		if (input)
			c = (char)reg_read(u, RBR);
		if (!gone)
			more |= service_output(u, status);
		spin_unlock_irqrestore(&u->lock, flags);
		if (input)
			console_input(c);
	}
}

bool uart_has_output(const struct uart *u)
{
	return u->queued && READ_ONCE(u->tx_tail) != READ_ONCE(u->tx_head);
}

void uart_start(struct uart *u, bool polled, bool queue)
{
	u64 flags = spin_lock_irqsave(&u->lock);

	u->polled = polled;
	u->queued = queue;
	reg_read(u, LSR);
	reg_read(u, RBR);
	reg_read(u, IIR);
	reg_write(u, IER, polled ? 0 : IER_RX);
	spin_unlock_irqrestore(&u->lock, flags);
}
