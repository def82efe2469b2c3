/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The console ring of a guest that writes anything into its page, between the daemon's calls, and
 * the store of what it wrote, for a reader who is slow. Each call is compared with what the page
 * held before: it takes, gives and changes that and nothing else.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "console/console.h"

#include <public/xen.h>
#include <public/io/console.h>

#define LIMIT 6000		/* of the store: not a power of two, more than its first size */

enum op { GUEST_INDEX, GUEST_WRITES, GUEST_READS, GUEST_BYTE, TAKE, GIVE, READER, OPS };

struct input {
	const uint8_t *at, *end;
};

static struct xencons_interface page, before;
static struct console_store store;
static char kept[LIMIT];	/* what the store holds, in order */
static size_t nr_kept;

static void check(bool ok)
{
	if (!ok)
		abort();
}

static uint32_t take_number(struct input *in, uint32_t bytes)
{
	uint32_t v = 0;

	while (bytes--)
		v = v << 8 | (in->at < in->end ? *in->at++ : 0);
	return v;
}

/* As a daemon does with what it took: the oldest bytes go when there are too many. */
static void keep(const char *p, size_t n)
{
	size_t drop = nr_kept + n > LIMIT ? nr_kept + n - LIMIT : 0;

	console_store_add(&store, p, n);
	memmove(kept, kept + drop, nr_kept - drop);
	nr_kept -= drop;
	memcpy(kept + nr_kept, p, n);
	nr_kept += n;
	check(store.used == nr_kept);
}

static void take(uint32_t max)
{
	uint32_t n = before.out_prod - before.out_cons;
	char *buf = malloc(max ? max : 1);	/* the sanitizer knows its end */
	int rc = console_ring_take(&page, buf, max);

	if (n > sizeof(page.out)) {
		check(rc == -EPROTO);
	} else {
		n = n < max ? n : max;
		check(rc == (int)n);
		for (uint32_t i = 0; i < n; i++)
			check(buf[i] == before.out[(before.out_cons + i) % sizeof(page.out)]);
		before.out_cons += n;
		keep(buf, n);
	}
	free(buf);
	check(!memcmp(&page, &before, sizeof(page)));
}

static void give(uint32_t n)
{
	uint32_t used = before.in_prod - before.in_cons;
	size_t room = console_ring_room(&page);
	char *text = malloc(n ? n : 1);
	int rc;

	memset(text, 'a' + n % 26, n);
	rc = console_ring_give(&page, text, n);
	if (used > sizeof(page.in)) {
		check(rc == -EPROTO && !room);
	} else {
		check(room == sizeof(page.in) - used);
		n = n < room ? n : (uint32_t)room;
		check(rc == (int)n);
		for (uint32_t i = 0; i < n; i++)
			before.in[(before.in_prod + i) % sizeof(page.in)] = text[i];
		before.in_prod += n;
	}
	free(text);
	check(!memcmp(&page, &before, sizeof(page)));
}

static void read_some(uint32_t want)
{
	size_t n;
	const char *p = console_store_peek(&store, &n);

	check(n <= nr_kept && (n || !nr_kept));
	n = n < want ? n : want;
	check(!n || !memcmp(p, kept, n));
	console_store_drop(&store, n);
	nr_kept -= n;
	memmove(kept, kept + n, nr_kept);
}

static void guest_writes(uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		page.out[page.out_prod++ % sizeof(page.out)] = (char)(n + i);
}

static void step(struct input *in)
{
	XENCONS_RING_IDX *index[] = { &page.out_cons, &page.out_prod, &page.in_cons,
				      &page.in_prod };
	uint32_t op = take_number(in, 1), n = take_number(in, 2) % 2600;

	before = page;
	switch (op % OPS) {
	case GUEST_INDEX:
		*index[n % 4] = take_number(in, 4);
		break;
	case GUEST_WRITES:
		guest_writes(n);
		break;
	case GUEST_READS:
		page.in_cons += n;
		break;
	case GUEST_BYTE:
		((char *)&page)[n % sizeof(page)] = (char)take_number(in, 1);
		break;
	case TAKE:
		take(n);
		break;
	case GIVE:
		give(n);
		break;
	default:
		read_some(n);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, data + size };

	memset(&page, 0, sizeof(page));
	store = (struct console_store){ .limit = LIMIT };
	nr_kept = 0;
	while (in.at < in.end)
		step(&in);
	console_store_free(&store);
	return 0;
}
