/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Intrusive doubly linked circular list. The caller provides all locking. */
#ifndef XEN_LIST_H
#define XEN_LIST_H

#include <xen/compiler.h>

struct list_head {
	struct list_head *next, *prev;
};

#define LIST_HEAD_INIT(name) { &(name), &(name) }
#define LIST_HEAD(name) struct list_head name = LIST_HEAD_INIT(name)

static inline void list_init(struct list_head *h) { h->next = h->prev = h; }
static inline bool list_empty(const struct list_head *h) { return h->next == h; }

static inline void list_insert_between(struct list_head *n, struct list_head *prev,
				       struct list_head *next)
{
	next->prev = n;
	n->next = next;
	n->prev = prev;
	prev->next = n;
}

static inline void list_add(struct list_head *n, struct list_head *h)
{
	list_insert_between(n, h, h->next);
}

static inline void list_add_tail(struct list_head *n, struct list_head *h)
{
	list_insert_between(n, h->prev, h);
}

/** Unlink @n and leave it as an empty list, so that list_empty(@n) tells it is on none. */
static inline void list_del_init(struct list_head *n)
{
	n->next->prev = n->prev;
	n->prev->next = n->next;
	list_init(n);
}

#define list_entry(p, type, member) container_of(p, type, member)
#define list_first_entry(h, type, member) list_entry((h)->next, type, member)
#define list_for_each_entry(pos, h, member)                                    \
	for (pos = list_entry((h)->next, typeof(*pos), member); &pos->member != (h); \
	     pos = list_entry(pos->member.next, typeof(*pos), member))
#define list_for_each_entry_safe(pos, n, h, member)                            \
	for (pos = list_entry((h)->next, typeof(*pos), member),                \
	    n = list_entry(pos->member.next, typeof(*pos), member);            \
	     &pos->member != (h); pos = n, n = list_entry(n->member.next, typeof(*n), member))

#endif
