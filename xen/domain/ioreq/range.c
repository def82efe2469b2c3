/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IOREQ servers: the ranges that they claim. */
#include "private.h"

#include <xen/nospec.h>

/* The highest number that a range of each kind can hold. */
static const u64 limit[IOREQ_RANGE_KINDS] = {
	[XEN_DMOP_IO_RANGE_PORT] = 0xffff,
	[XEN_DMOP_IO_RANGE_MEMORY] = ~0UL,
	[XEN_DMOP_IO_RANGE_PCI] = 0xffffffff,
};

static bool covers(const struct ioreq_server *s, const struct ioreq_access *a)
{
	u64 last = a->addr + a->bytes - 1;

	ASSERT(a->bytes >= 1 && a->bytes <= 8 && last >= a->addr);
	switch (a->type) {
	case IOREQ_TYPE_PIO:
		return rangeset_contains(&s->ranges[XEN_DMOP_IO_RANGE_PORT], a->addr, last);
	case IOREQ_TYPE_COPY:
		return rangeset_contains(&s->ranges[XEN_DMOP_IO_RANGE_MEMORY], a->addr, last);
	default:
		ASSERT(a->type == IOREQ_TYPE_PCI_CONFIG);
		return rangeset_contains(&s->ranges[XEN_DMOP_IO_RANGE_PCI], a->addr >> 32,
					 a->addr >> 32);
	}
}

struct ioreq_server *ioreq_find(const struct ioreq_domain *id, const struct ioreq_access *a)
{
	ASSERT(rw_is_locked(&id->lock));
	for (u32 i = IOREQ_SERVERS; i--;) {
		struct ioreq_server *s = id->server[i];

		if (s && s->enabled && covers(s, a))
			return s;
	}
	return NULL;
}

bool ioreq_claimed(struct domain *d, const struct ioreq_access *a)
{
	struct ioreq_domain *id = ioreq_of(d);
	bool found;

	if (likely(!id))
		return false;
	read_lock(&id->lock);
	found = ioreq_find(id, a) != NULL;
	read_unlock(&id->lock);
	return found;
}

int ioreq_range_add(struct ioreq_server *s, u32 kind, u64 first, u64 last)
{
	struct rangeset *r;

	ASSERT(rw_is_write_locked(&ioreq_of(s->d)->lock));
	if (kind >= IOREQ_RANGE_KINDS)
		return -XEN_EINVAL;
	kind = array_index_nospec(kind, IOREQ_RANGE_KINDS);
	r = &s->ranges[kind];
	if (first > last || last > limit[kind])
		return -XEN_EINVAL;
	if (rangeset_overlaps(r, first, last))
		return -XEN_EEXIST;
	return r->count < IOREQ_RANGES ? rangeset_add(r, first, last) : -XEN_ENOSPC;
}

int ioreq_range_remove(struct ioreq_server *s, u32 kind, u64 first, u64 last)
{
	struct rangeset *r;

	ASSERT(rw_is_write_locked(&ioreq_of(s->d)->lock));
	if (kind >= IOREQ_RANGE_KINDS || first > last)
		return -XEN_EINVAL;
	r = &s->ranges[array_index_nospec(kind, IOREQ_RANGE_KINDS)];
	if (!rangeset_contains(r, first, last))
		return -XEN_ENOENT;
	/* A range with something left on both sides becomes two. */
	if (r->count >= IOREQ_RANGES && first && last != ~0UL &&
	    rangeset_contains(r, first - 1, last + 1))
		return -XEN_ENOSPC;
	return rangeset_remove(r, first, last);
}
