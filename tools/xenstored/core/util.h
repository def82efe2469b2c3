/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every part of xenstored needs: buffers, lists, random numbers. */
#ifndef XSD_UTIL_H
#define XSD_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "memory.h"

/** A growing array of bytes. All zeroes is an empty one. */
struct buf {
	char *data;
	size_t len, cap;
};

/** Make room for @more bytes without the reserve; false when there is no memory for them. */
bool buf_room(struct buf *b, size_t more);
/** Append @len bytes of @data. */
void buf_add(struct buf *b, const void *data, size_t len);
/** Append formatted text, without its NUL. */
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/** Free the bytes; the buffer is empty then. */
void buf_free(struct buf *b);

/** A doubly linked ring; an empty one points at itself. */
struct list {
	struct list *next, *prev;
};

static inline void list_init(struct list *l)
{
	l->next = l->prev = l;
}

static inline int list_empty(const struct list *l)
{
	return l->next == l;
}

/** Put @item at the end of @l. */
static inline void list_add(struct list *l, struct list *item)
{
	item->prev = l->prev;
	item->next = l;
	l->prev->next = item;
	l->prev = item;
}

/** Take @item out; it points at itself then, so taking it out again is harmless. */
static inline void list_del(struct list *item)
{
	item->prev->next = item->next;
	item->next->prev = item->prev;
	list_init(item);
}

#define list_entry(ptr, type, member) ((type *)(void *)((char *)(ptr) - offsetof(type, member)))
#define list_for(pos, head) for ((pos) = (head)->next; (pos) != (head); (pos) = (pos)->next)
/* The current item may be taken out. */
#define list_for_safe(pos, tmp, head) \
	for ((pos) = (head)->next, (tmp) = (pos)->next; (pos) != (head); \
	     (pos) = (tmp), (tmp) = (pos)->next)

/** Seed xs_random(). */
void xs_random_seed(uint64_t seed);
/** Pseudo-random: shapes of search trees depend on it, so that guests cannot choose them. */
uint32_t xs_random(void);

#endif
