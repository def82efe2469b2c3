/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The reserve, see memory.h: regions of blocks, each of which follows its head. The first block
 * that fits is taken. One region is there for the next allocation; older ones stay until all in
 * them is freed.
 */
#include <assert.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "memory.h"

#define ALIGN 16U
/* A reserve of which this part is in use is as good as whole: buffers grow and stay. */
#define IN_USE_PART 4U

/* Blocks lie one after the other and fill their region. */
struct head {
	size_t size;		/* with the head */
	size_t before;		/* size of the block before, 0: the first */
	size_t used;		/* 0 or 1; of a word's size for the alignment */
	size_t unused;
};

struct region {
	struct region *next;
	size_t size, used;	/* of the blocks; bytes in use */
	size_t unused;		/* for the alignment of what follows */
};

static struct region *regions;
static size_t wanted;

static struct head *first(struct region *r)
{
	return (struct head *)(void *)(r + 1);
}

static char *end_of(struct region *r)
{
	return (char *)(r + 1) + r->size;
}

static struct head *after(struct head *h)
{
	return (struct head *)(void *)((char *)h + h->size);
}

static bool add_region(size_t bytes)
{
	size_t size = (bytes + ALIGN - 1) / ALIGN * ALIGN;
	struct region *r = mmap(NULL, sizeof(*r) + size, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (r == MAP_FAILED)
		return false;
	r->size = size;
	r->used = 0;
	*first(r) = (struct head){ .size = size };
	r->next = regions;
	regions = r;
	return true;
}

/* Free all regions but the first in which nothing is left. */
static void drop_empty(void)
{
	struct region **p = regions ? &regions->next : &regions, *r;

	while ((r = *p)) {
		if (r->used) {
			p = &r->next;
			continue;
		}
		*p = r->next;
		munmap(r, sizeof(*r) + r->size);
	}
}

bool memory_reserve(size_t bytes)
{
	wanted = bytes;
	return add_region(bytes);
}

bool memory_ready(size_t bytes)
{
	if (!wanted)
		return true;
	drop_empty();
	if (!bytes)
		bytes = wanted - wanted / IN_USE_PART;
	if (regions && regions->size - regions->used >= bytes &&
	    regions->used <= regions->size / IN_USE_PART)
		return true;
	return add_region(bytes > wanted ? bytes : wanted);
}

static void *take_block(struct region *r, size_t size)
{
	size_t need = (size + ALIGN - 1) / ALIGN * ALIGN + sizeof(struct head);
	struct head *h = first(r), *rest;

	while ((char *)h < end_of(r) && (h->used || h->size < need))
		h = after(h);
	if ((char *)h >= end_of(r))
		return NULL;
	if (h->size - need > sizeof(*h)) {
		rest = (struct head *)(void *)((char *)h + need);
		*rest = (struct head){ .size = h->size - need, .before = need };
		h->size = need;
		if ((char *)after(rest) < end_of(r))
			after(rest)->before = rest->size;
	}
	assert(!((uintptr_t)(h + 1) % ALIGN) && (char *)after(h) <= end_of(r));
	h->used = 1;
	r->used += h->size;
	assert(r->used <= r->size);
	return h + 1;
}

static struct region *region_of(const void *p)
{
	struct region *r = regions;

	while (r && ((const char *)p < (char *)r || (const char *)p >= end_of(r)))
		r = r->next;
	return r;
}

static void join(struct region *r, struct head *h)
{
	struct head *next = after(h);

	if ((char *)next >= end_of(r) || next->used)
		return;
	h->size += next->size;
	if ((char *)after(h) < end_of(r))
		after(h)->before = h->size;
}

static void give_back(struct region *r, void *p)
{
	struct head *h = (struct head *)p - 1;

	assert(h->used == 1 && r->used >= h->size);
	r->used -= h->size;
	h->used = 0;
	join(r, h);
	if (h->before) {
		h = (struct head *)(void *)((char *)h - h->before);
		assert(h >= first(r) && h->size && h->used <= 1);
		if (!h->used)
			join(r, h);
	}
}

static void *from_reserve(size_t size)
{
	void *p = NULL;

	for (struct region *r = regions; r && !p; r = r->next)
		p = take_block(r, size);
	if (!p) {
		fputs("xenstored: out of memory\n", stderr);
		abort();
	}
	return p;
}

void *xs_alloc(size_t size)
{
	void *p = malloc(size ? size : 1);

	return p ? p : from_reserve(size);
}

void *xs_zalloc(size_t size)
{
	return memset(xs_alloc(size), 0, size);
}

void *xs_try_realloc(void *p, size_t size)
{
	struct region *r = p ? region_of(p) : NULL;
	size_t had;
	void *q;

	if (!r)
		return realloc(p, size ? size : 1);
	q = malloc(size ? size : 1);
	if (!q)
		return NULL;
	had = ((struct head *)p)[-1].size - sizeof(struct head);
	memcpy(q, p, had < size ? had : size);
	give_back(r, p);
	return q;
}

void *xs_realloc(void *p, size_t size)
{
	struct region *r = p ? region_of(p) : NULL;
	void *q = xs_try_realloc(p, size);
	size_t had = 0;

	if (q)
		return q;
	q = from_reserve(size);
	if (p)
		had = r ? ((struct head *)p)[-1].size - sizeof(struct head) : malloc_usable_size(p);
	if (had)
		memcpy(q, p, had < size ? had : size);
	xs_free(p);
	return q;
}

char *xs_strndup(const char *s, size_t len)
{
	char *copy = xs_alloc(len + 1);

	memcpy(copy, s, len);
	copy[len] = '\0';
	return copy;
}

void xs_free(void *p)
{
	struct region *r = p ? region_of(p) : NULL;

	if (r)
		give_back(r, p);
	else
		free(p);
}
