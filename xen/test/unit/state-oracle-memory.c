/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See state-oracle-memory.h. */
#include "state-oracle-memory.h"

#include "state-oracle-private.h"

#include <xen/hal/time.h>

#define EIGHTS (PAGE_SIZE / sizeof(u64) / 8)
BUILD_BUG_ON(EIGHTS != 64 || ORACLE_FRAMES % ORACLE_GROUP);

/* What memory was like at oracle_remember(). */
static struct {
	bool (*unwritten)(const void *page);	/* NULL: nothing is remembered */
	bool twice, read_all;
	s_time_t at;
	u64 used[ORACLE_FRAMES / ORACLE_GROUP];
	u64 eights[ORACLE_FRAMES];
	const struct domain *owner[ORACLE_FRAMES];
} memory;

static bool is_unwritten(const void *page)
{
	return memory.unwritten && !memory.read_all && memory.unwritten(page);
}

/* References and state are one word, so that a frame costs one read. 0: it is not used. */
static u64 use_of(u64 mfn)
{
	const struct page_info *pg = &frame_table[mfn];
	u64 word;

	BUILD_BUG_ON(offsetof(struct page_info, state) !=
		     offsetof(struct page_info, refs) + sizeof(pg->refs));
	__builtin_memcpy(&word, &pg->refs, sizeof(word));
	return (word ^ (u64)PAGE_STATE_FREE << 32) & 0xffffffffffUL;
}

static u64 read_used(u64 group)
{
	u64 end = min((group + 1) * ORACLE_GROUP, max_mfn), used = 0;

	for (u64 m = group * ORACLE_GROUP; m < end; m++)
		used |= (u64)!!use_of(m) << m % ORACLE_GROUP;
	return used;
}

u64 oracle_used(u64 group)
{
	return is_unwritten(&frame_table[group * ORACLE_GROUP]) ? memory.used[group]
								: read_used(group);
}

ORACLE_WIDE static u64 read_eights(const u64 *page)
{
	u64 found = 0;

	for (u32 i = 0; i < EIGHTS; i++) {
		const u64 *w = page + i * 8;

		found |= (u64)!!(w[0] | w[1] | w[2] | w[3] | w[4] | w[5] | w[6] | w[7]) << i;
	}
	return found;
}

u64 oracle_eights(const u64 *page)
{
	return is_unwritten(page) ? memory.eights[hal_virt_to_mfn(page).v] : read_eights(page);
}

/* A domain that was made since then may be where another was. */
bool oracle_holds_the_same(u64 mfn)
{
	const struct domain *owner = frame_table[mfn].owner;

	return is_unwritten(mfn_to_virt(mfn_make(mfn))) && owner && owner == memory.owner[mfn] &&
	       owner->created_at < memory.at;
}

bool oracle_looks_twice(void)
{
	return memory.twice;
}

void oracle_read_all(bool all)
{
	memory.read_all = all;
}

void oracle_remember(bool (*unwritten)(const void *page), bool twice)
{
	BUG_ON((u64)(uintptr_t)frame_table % PAGE_SIZE || max_mfn > ORACLE_FRAMES);
	for (u64 group = 0; group * ORACLE_GROUP < max_mfn; group++)
		memory.used[group] = read_used(group);
	for (u64 m = 0; m < max_mfn; m++) {
		memory.eights[m] = read_eights(mfn_to_virt(mfn_make(m)));
		memory.owner[m] = frame_table[m].owner;
	}
	memory.at = hal_now_ns();
	memory.unwritten = unwritten;
	memory.twice = twice;
}
