/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A hash table of paths; see touched.h. Its hash is keyed by a random number, so that a guest
 * cannot choose paths that collide.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "touched.h"
#include "util.h"

struct entry {
	size_t offset;		/* of the path in the text */
	uint32_t len, hash;
	unsigned int flags;
};

struct touched {
	struct buf text;
	struct entry *entries;
	/* Positions in entries plus one; zero is free. A power of two, at most half full. */
	uint32_t *slots;
	uint32_t count, room, nr_slots, key;
};

struct touched *touched_new(void)
{
	struct touched *t = xs_zalloc(sizeof(*t));

	t->key = xs_random();
	return t;
}

void touched_free(struct touched *t)
{
	if (!t)
		return;
	buf_free(&t->text);
	xs_free(t->entries);
	xs_free(t->slots);
	xs_free(t);
}

static uint32_t hash_path(uint32_t key, const char *path, size_t len)
{
	uint64_t h = key ^ (uint64_t)len << 32;

	for (size_t i = 0; i < len; i++) {
		h = (h ^ (unsigned char)path[i]) * 0x9fb21c651e98df25ULL;
		h ^= h >> 29;
	}
	return (uint32_t)(h ^ h >> 32);
}

static void place(struct touched *t, uint32_t number)
{
	uint32_t mask = t->nr_slots - 1, i = t->entries[number].hash & mask;

	while (t->slots[i])
		i = (i + 1) & mask;
	t->slots[i] = number + 1;
}

/* At most half of the slots are used. */
static bool more_slots(struct touched *t)
{
	uint32_t nr = t->nr_slots ? 2 * t->nr_slots : 16;
	uint32_t *slots = xs_try_realloc(NULL, nr * sizeof(*slots));

	if (!slots)
		return false;
	memset(slots, 0, nr * sizeof(*slots));
	xs_free(t->slots);
	t->slots = slots;
	t->nr_slots = nr;
	for (uint32_t i = 0; i < t->count; i++)
		place(t, i);
	return true;
}

bool touched_room(struct touched *t, size_t len)
{
	if (t->count == t->room) {
		uint32_t room = t->room ? 2 * t->room : 8;
		struct entry *entries = xs_try_realloc(t->entries, room * sizeof(*entries));

		if (!entries)
			return false;
		t->entries = entries;
		t->room = room;
	}
	if (2 * (t->count + 1) > t->nr_slots && !more_slots(t))
		return false;
	return buf_room(&t->text, len);
}

unsigned int touched_add(struct touched *t, const char *path, size_t len, unsigned int flags)
{
	uint32_t hash = hash_path(t->key, path, len), mask;
	struct entry *e;

	assert(t->count < t->room && 2 * (t->count + 1) <= t->nr_slots);
	mask = t->nr_slots - 1;
	for (uint32_t i = hash & mask; t->slots[i]; i = (i + 1) & mask) {
		e = &t->entries[t->slots[i] - 1];
		if (e->hash == hash && e->len == len &&
		    !memcmp(t->text.data + e->offset, path, len)) {
			flags &= ~e->flags;
			e->flags |= flags;
			return flags;
		}
	}
	e = &t->entries[t->count];
	*e = (struct entry){
		.offset = t->text.len, .len = (uint32_t)len, .hash = hash, .flags = flags,
	};
	buf_add(&t->text, path, len);
	place(t, t->count++);
	return flags;
}

unsigned int touched_count(const struct touched *t)
{
	return t->count;
}

size_t touched_bytes(const struct touched *t)
{
	return sizeof(*t) + t->text.cap + t->room * sizeof(*t->entries) +
	       t->nr_slots * sizeof(*t->slots);
}

bool touched_all(const struct touched *t, bool (*fn)(void *ctx, const char *path, size_t len,
						     unsigned int flags), void *ctx)
{
	for (uint32_t i = 0; i < t->count; i++) {
		const struct entry *e = &t->entries[i];

		if (!fn(ctx, t->text.data + e->offset, e->len, e->flags))
			return false;
	}
	return true;
}
