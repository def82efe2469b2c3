/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The console ring, the devices that show it, and where typed characters go. */
#include "console_out.h"

#include <xen/console.h>
#include <xen/hal/cpu.h>
#include <xen/printk.h>
#include <xen/spinlock.h>
#include <xen/string.h>

#define RING_SIZE (128U << 10)
#define MAX_DEVICES 4
#define SWITCH_KEY 0x01		/* Ctrl-A */
#define SWITCH_COUNT 3

static DEFINE_SPINLOCK(lock, LOCK_RANK_CONSOLE);

/* All [lock]. Indexes run freely; the ring's size divides their range. */
static char ring[RING_SIZE];
static u32 ring_prod, ring_cons;
static const struct console_dev *devices[MAX_DEVICES];
static u32 nr_devices;

static bool sync_mode;

u64 console_lock(void)
{
	return READ_ONCE(sync_mode) ? hal_irq_save() : spin_lock_irqsave(&lock);
}

void console_unlock(u64 flags)
{
	/* The mode may have changed since console_lock(), so ask the lock itself. */
	if (spin_is_locked_by_me(&lock))
		spin_unlock_irqrestore(&lock, flags);
	else
		hal_irq_restore(flags);
}

static void ring_put(const char *s, size_t len)
{
	for (; len; len--)
		ring[ring_prod++ % RING_SIZE] = *s++;
	if (ring_prod - ring_cons > RING_SIZE)
		ring_cons = ring_prod - RING_SIZE;
}

void console_emit(const char *s, size_t len)
{
	ring_put(s, len);
	for (u32 i = 0; i < nr_devices; i++)
		devices[i]->write(s, len);
}

void console_register(const struct console_dev *dev)
{
	u64 flags = console_lock();
	u32 at = ring_cons % RING_SIZE, len = ring_prod - ring_cons;
	u32 first = min(len, RING_SIZE - at);

	if (nr_devices < MAX_DEVICES) {
		dev->write(ring + at, first);
		dev->write(ring, len - first);
		devices[nr_devices++] = dev;
	}
	console_unlock(flags);
}

size_t console_ring_read(char *buf, size_t len, u32 *index, bool clear)
{
	u64 flags = console_lock();
	u32 c = ring_cons, n, at, first;

	/* If the characters at the index were overwritten, start at the oldest one kept. */
	if ((s32)(*index - c) > 0)
		c = ring_prod - *index <= RING_SIZE ? *index : ring_prod;
	ASSERT(ring_prod - c <= RING_SIZE);
	n = (u32)min(len, (size_t)(ring_prod - c));
	at = c % RING_SIZE;
	first = min(n, RING_SIZE - at);
	memcpy(buf, ring + at, first);
	memcpy(buf + first, ring, n - first);
	*index = c + n;
	if (clear)
		ring_cons = ring_prod;
	console_unlock(flags);
	return n;
}

void console_force_sync(void)
{
	WRITE_ONCE(sync_mode, true);
	for (u32 i = 0; i < nr_devices; i++)
		if (devices[i]->sync)
			devices[i]->sync();
}

/* Input. [only the CPU that handles the console's interrupt] */
static void (*guest_rx)(char c);
static bool to_guest;
static u32 switch_keys;		/* presses of the switch key so far */

void console_set_guest_rx(void (*handler)(char c))
{
	WRITE_ONCE(guest_rx, handler);
	WRITE_ONCE(to_guest, handler != NULL);
}

static void deliver(char c)
{
	void (*rx)(char c) = READ_ONCE(guest_rx);

	if (READ_ONCE(to_guest) && rx)
		rx(c);
	else
		keyhandler_run(c);
}

void console_input(char c)
{
	if (c == SWITCH_KEY && ++switch_keys < SWITCH_COUNT)
		return;
	if (c == SWITCH_KEY) {
		switch_keys = 0;
		WRITE_ONCE(to_guest, !to_guest && guest_rx);
		printk(LOG_ERR "Console input goes to %s (Ctrl-A three times to switch)\n",
		       to_guest ? "the hardware domain" : "Xenolith");
		return;
	}
	/* The sequence was not a switch: pass the keys that were held back to the guest. */
	for (; switch_keys; switch_keys--)
		if (to_guest)
			deliver(SWITCH_KEY);
	deliver(c);
}
