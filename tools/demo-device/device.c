/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See device.h. */
#include "device.h"

#include <ctype.h>

static uint8_t read_one(const struct demo *d, unsigned int reg)
{
	switch (reg) {
	case 0:
		return DEMO_ID;
	case 1:
		return (uint8_t)~d->scratch;
	case 2:
		return (uint8_t)d->lines;
	case 3:
		return (uint8_t)(d->lines >> 8);
	default:
		return 0xff;
	}
}

uint64_t demo_read(const struct demo *d, unsigned int offset, unsigned int bytes)
{
	uint64_t value = 0;

	for (unsigned int i = 0; i < bytes && i < sizeof(value); i++)
		value |= (uint64_t)read_one(d, offset + i) << 8 * i;
	return value;
}

static void end_line(struct demo *d)
{
	d->line[d->used] = 0;
	d->used = 0;
	d->lines++;
	d->say(d->arg, d->line);
}

static void add_character(struct demo *d, uint8_t c)
{
	if (c == '\n') {
		end_line(d);
		return;
	}
	if (d->used == DEMO_LINE)
		end_line(d);
	d->line[d->used++] = isprint(c) ? (char)c : '.';
}

void demo_write(struct demo *d, unsigned int offset, unsigned int bytes, uint64_t value)
{
	for (unsigned int i = 0; i < bytes && i < sizeof(value); i++) {
		uint8_t byte = (uint8_t)(value >> 8 * i);

		if (offset + i == 0)
			add_character(d, byte);
		else if (offset + i == 1)
			d->scratch = byte;
	}
}
