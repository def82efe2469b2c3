/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The demo device: what its registers do, and nothing of how a guest reaches them.
 *
 *   offset  read                                written
 *   0       0x0d, by which drivers know it      a character; a line is said when it ends
 *   1       the complement of what was written  any byte
 *   2, 3    lines said so far, 16 bits          without effect
 */
#ifndef DEMO_DEVICE_H
#define DEMO_DEVICE_H

#include <stddef.h>
#include <stdint.h>

#define DEMO_REGISTERS 4
#define DEMO_ID 0x0d
#define DEMO_LINE 80		/* a longer line is said in parts */

struct demo {
	char line[DEMO_LINE + 1];
	size_t used;
	uint8_t scratch;
	uint16_t lines;
	/** Says a line, without its end. Characters that are not printable come as dots. */
	void (*say)(void *arg, const char *line);
	void *arg;
};

/** @bytes registers from @offset on, the first in the low byte. Those after the last are ones. */
uint64_t demo_read(const struct demo *d, unsigned int offset, unsigned int bytes);
void demo_write(struct demo *d, unsigned int offset, unsigned int bytes, uint64_t value);

#endif
