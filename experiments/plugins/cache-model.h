/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A set-associative cache with the least recently used line as victim, in which every line carries
 * the RMID of the access that brought it in, and in which a class of service restricts the ways
 * that are filled. It counts into the page that the hypervisor reads.
 */
#ifndef PLUGINS_CACHE_MODEL_H
#define PLUGINS_CACHE_MODEL_H

#include <stdbool.h>
#include <stdint.h>

typedef uint32_t u32;
typedef uint64_t u64;
#include "model.h"

#define CACHE_MAX_COSES 16

struct cache_line {
	u64 number;		/* address / line bytes */
	u64 used;		/* the time of the last access; 0: the line is empty */
	u32 rmid;
	bool dirty;
};

struct cache {
	struct psr_model *page;
	struct cache_line *lines;	/* [sets * ways] */
	u32 sets, ways, line_shift;
	u32 mask[CACHE_MAX_COSES];
	u64 now;
};

/**
 * Make a cache whose figures are those in @page (bytes, line_bytes, ways, rmids, coses), empty.
 * NULL, or what is wrong with them.
 */
const char *cache_init(struct cache *c, struct psr_model *page);
/** An access of @bytes at physical address @address. @rmid and @cos out of range count as 0. */
void cache_access(struct cache *c, u64 address, u32 bytes, bool store, u32 rmid, u32 cos);
/** Set the ways that @cos may fill, as the register does; a mask it would refuse is passed over. */
void cache_set_mask(struct cache *c, u32 cos, u64 mask);

#endif
