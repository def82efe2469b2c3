/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sets of inclusive u64 ranges (I/O ports, MMIO pages, interrupts a domain may use). */
#ifndef XEN_RANGESET_H
#define XEN_RANGESET_H

#include <xen/rbtree.h>

/** Not locked: the owner's lock protects it. Memory comes from xmalloc. */
struct rangeset {
	struct rb_root root;
	u32 count;
};

void rangeset_init(struct rangeset *r);
void rangeset_destroy(struct rangeset *r);
/** Add [s, e]; merges neighbours. 0, -XEN_EINVAL when s > e, -XEN_ENOMEM (set unchanged). */
int rangeset_add(struct rangeset *r, u64 s, u64 e);
int rangeset_remove(struct rangeset *r, u64 s, u64 e);
bool rangeset_contains(const struct rangeset *r, u64 s, u64 e);
bool rangeset_overlaps(const struct rangeset *r, u64 s, u64 e);
/** Call @fn for each range in ascending order; stops at and returns its first non-zero result. */
int rangeset_for_each(const struct rangeset *r, int (*fn)(u64 s, u64 e, void *arg), void *arg);

#endif
