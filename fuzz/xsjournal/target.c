/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any records at all as xenstored's journal. It takes them and has a sound store, or says what is
 * wrong with them; and a store that it took is the same after another restart.
 *
 * An input is a sequence of records, each after its length in two bytes.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xs-world.h"

/* Apply the records and keep them in the world's log. NULL, or what is wrong with one. */
static const char *load(struct world *w, const uint8_t *data, size_t size)
{
	const char *wrong = NULL;

	while (!wrong && size > sizeof(uint16_t)) {
		size_t len = (size_t)data[0] | (size_t)data[1] << 8;

		data += sizeof(uint16_t);
		size -= sizeof(uint16_t);
		if (len > size)
			len = size;
		wrong = record_apply(&w->xs, data, len);
		buf_add(&w->log, &len, sizeof(len));
		buf_add(&w->log, data, len);
		data += len;
		size -= len;
	}
	return wrong;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world w;
	const char *wrong;

	world_init(&w);
	wrong = load(&w, data, size);
	/* What the daemon asks before it goes on with what it has read. */
	if (!wrong)
		wrong = xs_check(&w.xs);
	if (!wrong) {
		wrong = world_compare(&w);
		if (wrong) {
			fprintf(stderr, "xsjournal: %s\n", wrong);
			abort();
		}
	}
	world_fini(&w);
	return 0;
}
