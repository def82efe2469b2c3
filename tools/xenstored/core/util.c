/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory, buffers and random numbers; see util.h. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

static void *must(void *p)
{
	if (!p) {
		fputs("xenstored: out of memory\n", stderr);
		abort();
	}
	return p;
}

void *xs_alloc(size_t size)
{
	return must(malloc(size ? size : 1));
}

void *xs_zalloc(size_t size)
{
	return must(calloc(1, size ? size : 1));
}

void *xs_realloc(void *p, size_t size)
{
	return must(realloc(p, size ? size : 1));
}

char *xs_strndup(const char *s, size_t len)
{
	char *copy = xs_alloc(len + 1);

	memcpy(copy, s, len);
	copy[len] = '\0';
	return copy;
}

static void buf_room(struct buf *b, size_t more)
{
	size_t cap = b->cap ? b->cap : 128;

	while (cap - b->len < more)
		cap *= 2;
	if (cap != b->cap) {
		b->data = xs_realloc(b->data, cap);
		b->cap = cap;
	}
}

void buf_add(struct buf *b, const void *data, size_t len)
{
	if (!len)
		return;
	buf_room(b, len);
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
	buf_room(b, (size_t)len + 1);
	va_start(args, fmt);
	vsnprintf(b->data + b->len, (size_t)len + 1, fmt, args);
	va_end(args);
	b->len += (size_t)len;
}

void buf_free(struct buf *b)
{
	free(b->data);
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
