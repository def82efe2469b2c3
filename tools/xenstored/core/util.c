/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Buffers and random numbers; see util.h. */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "util.h"

static size_t new_cap(const struct buf *b, size_t more)
{
	size_t cap = b->cap ? b->cap : 128;

	assert(b->len <= b->cap && more <= SIZE_MAX / 4);
	while (cap - b->len < more)
		cap *= 2;
	return cap;
}

bool buf_room(struct buf *b, size_t more)
{
	size_t cap = new_cap(b, more);
	char *data = cap == b->cap ? b->data : xs_try_realloc(b->data, cap);

	if (!data)
		return false;
	b->data = data;
	b->cap = cap;
	return true;
}

static void grow(struct buf *b, size_t more)
{
	size_t cap = new_cap(b, more);

	if (cap == b->cap)
		return;
	b->data = xs_realloc(b->data, cap);
	b->cap = cap;
}

void buf_add(struct buf *b, const void *data, size_t len)
{
	if (!len)
		return;
	grow(b, len);
	memcpy(b->data + b->len, data, len);
	b->len += len;
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (len < 0)
		return;
	grow(b, (size_t)len + 1);
	va_start(args, fmt);
	vsnprintf(b->data + b->len, (size_t)len + 1, fmt, args);
	va_end(args);
	b->len += (size_t)len;
}

void buf_free(struct buf *b)
{
	xs_free(b->data);
	b->data = NULL;
	b->len = b->cap = 0;
}

static uint64_t random_state = 0x9e3779b97f4a7c15ULL;

void xs_random_seed(uint64_t seed)
{
	random_state = seed ? seed : 1;
}

uint32_t xs_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)(random_state >> 16);
}
