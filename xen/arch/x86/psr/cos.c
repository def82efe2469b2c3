/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which class of service has which mask of ways, and how many domains use it. */
#include <xen/string.h>

#include "private.h"

static u32 full_mask(u32 cbm_len)
{
	return cbm_len == 32 ? ~0U : (1U << cbm_len) - 1;
}

void cos_table_init(struct cos_table *t, u32 nr, u32 cbm_len)
{
	ASSERT(nr <= PSR_MAX_COSES && cbm_len >= 1 && cbm_len <= PSR_MAX_CBM_LEN);
	memset(t, 0, sizeof(*t));
	t->nr = nr;
	t->cbm_len = cbm_len;
	for (u32 i = 0; i < nr; i++)
		t->mask[i] = full_mask(cbm_len);
}

bool cos_mask_valid(const struct cos_table *t, u64 mask)
{
	u64 lowest = mask & -mask;

	/* A run of bits plus its lowest bit is a power of two. */
	return mask && !(mask & ~(u64)full_mask(t->cbm_len)) && !((mask + lowest) & mask);
}

s32 cos_choose(const struct cos_table *t, u32 old, u32 mask)
{
	ASSERT(old < t->nr);
	for (u32 i = 0; i < t->nr; i++)
		if (t->mask[i] == mask && (!i || t->users[i]))
			return (s32)i;
	if (old && t->users[old] == 1)
		return (s32)old;
	for (u32 i = 1; i < t->nr; i++)
		if (!t->users[i])
			return (s32)i;
	return -1;
}

void cos_move(struct cos_table *t, u32 from, u32 to, u32 mask)
{
	ASSERT(from < t->nr && to < t->nr && (to || mask == t->mask[0]));
	if (from) {
		ASSERT(t->users[from]);
		t->users[from]--;
	}
	ASSERT(!t->users[to] || t->mask[to] == mask);
	if (to)
		t->users[to]++;
	t->mask[to] = mask;
}
