/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The console ring that a guest shares (<public/io/console.h>), and a bounded store of output. */
#ifndef TOOLS_CONSOLE_H
#define TOOLS_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct xencons_interface;

/*
 * The guest may change the page at any time, the daemon's two indices included, and a daemon that
 * is started again has only the page. So an index chooses which of the ring's bytes are meant and
 * nothing else: one that the guest moved repeats or loses the guest's own text.
 */

/** Take up to @max bytes that the guest wrote. Number, or -EPROTO when its indices are impossible;
 *  the ring is then as it was. */
int console_ring_take(struct xencons_interface *ring, char *to, size_t max);
/** Give the guest up to @n bytes to read. Number that fit, or -EPROTO. */
int console_ring_give(struct xencons_interface *ring, const char *from, size_t n);
/** Bytes of input that fit, as far as the guest tells; 0 too when its indices are impossible. */
size_t console_ring_room(const struct xencons_interface *ring);

/** Output that has not been read yet; the oldest goes when there is more than @limit. */
struct console_store {
	char *data;
	size_t first, used, size, limit;
	uint64_t dropped;		/* bytes */
};

/** Add output; without memory it counts as dropped. */
void console_store_add(struct console_store *s, const char *p, size_t n);
/** The oldest bytes; *@n of them in a row. */
const char *console_store_peek(const struct console_store *s, size_t *n);
void console_store_drop(struct console_store *s, size_t n);
void console_store_free(struct console_store *s);

#endif
