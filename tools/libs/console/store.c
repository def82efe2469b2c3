/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Output in a circle that grows up to its limit. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "console.h"

#define FIRST_SIZE 4096

static void copy_out(const struct console_store *s, char *to)
{
	size_t head = s->size - s->first;

	if (head > s->used)
		head = s->used;
	memcpy(to, s->data + s->first, head);
	memcpy(to + head, s->data, s->used - head);
}

static void grow(struct console_store *s, size_t want)
{
	size_t size = s->size ? s->size : FIRST_SIZE;
	char *data;

	while (size < want)
		size *= 2;
	if (size > s->limit)
		size = s->limit;
	if (size <= s->size)
		return;
	data = malloc(size);
	if (!data)
		return;
	if (s->used)
		copy_out(s, data);
	free(s->data);
	s->data = data;
	s->first = 0;
	s->size = size;
}

void console_store_drop(struct console_store *s, size_t n)
{
	assert(n <= s->used);
	s->used -= n;
	s->first = s->used ? (s->first + n) % s->size : 0;
}

void console_store_add(struct console_store *s, const char *p, size_t n)
{
	size_t at, head;

	if (s->used + n > s->size)
		grow(s, s->used + n);
	if (n > s->size) {
		s->dropped += n - s->size;
		p += n - s->size;
		n = s->size;
	}
	if (!n)
		return;
	if (s->used + n > s->size) {
		s->dropped += s->used + n - s->size;
		console_store_drop(s, s->used + n - s->size);
	}
	assert(s->used + n <= s->size && s->size <= s->limit && s->first < s->size);
	at = (s->first + s->used) % s->size;
	head = s->size - at < n ? s->size - at : n;
	memcpy(s->data + at, p, head);
	memcpy(s->data, p + head, n - head);
	s->used += n;
}

const char *console_store_peek(const struct console_store *s, size_t *n)
{
	size_t head = s->size - s->first;

	*n = head < s->used ? head : s->used;
	return s->data + s->first;
}

void console_store_free(struct console_store *s)
{
	free(s->data);
	s->data = NULL;
	s->first = s->used = s->size = 0;
}
