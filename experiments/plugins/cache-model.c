/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See cache-model.h. */
#include "cache-model.h"

#include <stddef.h>
#include <stdlib.h>

static bool power_of_two(u64 n) { return n && !(n & (n - 1)); }

const char *cache_init(struct cache *c, struct psr_model *page)
{
	u64 lines;

	if (!power_of_two(page->line_bytes) || page->line_bytes < 8)
		return "the bytes of a line are not a power of two from 8 on";
	if (!page->ways || page->ways > 32)
		return "there are 1 to 32 ways";
	lines = page->cache_bytes / page->line_bytes;
	if (lines * page->line_bytes != page->cache_bytes || lines % page->ways ||
	    !power_of_two(lines / page->ways))
		return "the cache's lines are not a power of two of sets";
	if (page->rmids < 2 || page->rmids > PSR_MODEL_RMIDS)
		return "there are 2 to 128 RMIDs";
	if (!page->coses || page->coses > CACHE_MAX_COSES)
		return "there are 1 to 16 classes of service";
	if (!page->unit_bytes)
		return "a unit has no bytes";
	c->page = page;
	c->ways = page->ways;
	c->sets = (u32)(lines / page->ways);
	c->line_shift = (u32)__builtin_ctz(page->line_bytes);
	c->now = 0;
	for (u32 i = 0; i < CACHE_MAX_COSES; i++)
		c->mask[i] = c->ways == 32 ? ~0U : (1U << c->ways) - 1;
	c->lines = calloc(lines, sizeof(*c->lines));
	return c->lines ? NULL : "memory is short";
}

/* The line of the set that @mask allows and that is empty or was not used for longest. */
static struct cache_line *victim(const struct cache *c, struct cache_line *set, u32 mask)
{
	struct cache_line *oldest = NULL;

	for (u32 way = 0; way < c->ways; way++)
		if (mask & 1U << way && (!oldest || set[way].used < oldest->used))
			oldest = &set[way];
	return oldest;
}

static void evict(struct cache *c, const struct cache_line *l)
{
	if (!l->used)
		return;
	c->page->rmid[l->rmid].occupied -= c->page->line_bytes;
	if (l->dirty)
		c->page->rmid[l->rmid].traffic += c->page->line_bytes;
}

static void touch(struct cache *c, u64 number, bool store, u32 rmid, u32 cos)
{
	struct cache_line *set = &c->lines[(number & (c->sets - 1)) * c->ways], *l = NULL;

	c->now++;
	c->page->rmid[rmid].accesses++;
	for (u32 way = 0; way < c->ways && !l; way++)
		if (set[way].used && set[way].number == number)
			l = &set[way];
	if (!l) {
		l = victim(c, set, c->mask[cos]);
		evict(c, l);
		*l = (struct cache_line){ .number = number, .rmid = rmid };
		c->page->rmid[rmid].misses++;
		c->page->rmid[rmid].occupied += c->page->line_bytes;
		c->page->rmid[rmid].traffic += c->page->line_bytes;
	}
	l->used = c->now;
	l->dirty |= store;
}

void cache_access(struct cache *c, u64 address, u32 bytes, bool store, u32 rmid, u32 cos)
{
	if (rmid >= c->page->rmids)
		rmid = 0;
	if (cos >= c->page->coses)
		cos = 0;
	for (u64 n = address >> c->line_shift; n <= (address + bytes - 1) >> c->line_shift; n++)
		touch(c, n, store, rmid, cos);
}

void cache_set_mask(struct cache *c, u32 cos, u64 mask)
{
	if (cos < c->page->coses && mask && !(mask >> c->ways))
		c->mask[cos] = (u32)mask;
}
