/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pool of monitoring numbers. */
#include <xen/string.h>

#include "private.h"

void rmid_pool_init(struct rmid_pool *p, u32 nr)
{
	ASSERT(nr >= 1 && nr <= PSR_MAX_RMIDS);
	memset(p, 0, sizeof(*p));
	p->nr = nr;
	bit_set(p->used, 0);
}

u32 rmid_take(struct rmid_pool *p)
{
	for (u32 rmid = bitmap_find_next_zero(p->used, p->nr, 0); rmid < p->nr;
	     rmid = bitmap_find_next_zero(p->used, p->nr, rmid + 1)) {
		if (bit_test(p->limbo, rmid))
			continue;
		bit_set(p->used, rmid);
		return rmid;
	}
	return 0;
}

void rmid_put(struct rmid_pool *p, u32 rmid)
{
	ASSERT(rmid && rmid < p->nr && bit_test(p->used, rmid) && !bit_test(p->limbo, rmid));
	bit_clear(p->used, rmid);
	bit_set(p->limbo, rmid);
}

void rmid_clean(struct rmid_pool *p, u32 rmid)
{
	ASSERT(rmid && rmid < p->nr && bit_test(p->limbo, rmid) && !bit_test(p->used, rmid));
	bit_clear(p->limbo, rmid);
}
