/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Allocation: which ways of each socket's cache a domain may fill. */
#include <xen/errno.h>
#include <xen/nospec.h>
#include <xen/spinlock.h>

#include "private.h"

/* Changed by control calls and by the end of domains. */
static DEFINE_SPINLOCK(cos_lock, LOCK_RANK_NONE);
static struct cos_table tables[PSR_MAX_SOCKETS];

struct mask_change {
	u32 cos, mask;
};

static void change_mask(void *arg)
{
	const struct mask_change *c = arg;

	psr.provider->set_mask(c->cos, c->mask);
}

static void reset_masks(void *unused)
{
	const struct cos_table *t = &tables[0];

	for (u32 cos = 0; cos < t->nr; cos++)
		psr.provider->set_mask(cos, t->mask[cos]);
}

void psr_cat_init(void)
{
	if (!psr.caps.coses)
		return;
	for (u32 socket = 0; socket < PSR_MAX_SOCKETS; socket++)
		cos_table_init(&tables[socket], psr.caps.coses, psr.caps.cbm_len);
	psr_on_each_socket(reset_masks, NULL);
}

long psr_cat_check_socket(u32 socket)
{
	if (!psr.caps.coses)
		return -XEN_ENODEV;
	if (socket >= PSR_MAX_SOCKETS)
		return -XEN_ERANGE;
	return psr.sockets & BIT(socket) ? 0 : -XEN_ENOENT;
}

/* The class is chosen and taken under the lock, so that the end of a domain cannot come between. */
static long take_class(struct psr_domain *pd, struct cos_table *t, u32 socket,
		       struct mask_change *c)
{
	u32 old = pd->cos[socket];
	s32 cos;

	spin_lock(&cos_lock);
	cos = cos_choose(t, old, c->mask);
	if (cos >= 0)
		cos_move(t, old, (u32)cos, c->mask);
	spin_unlock(&cos_lock);
	if (cos < 0)
		return -XEN_EOVERFLOW;
	c->cos = (u32)cos;
	return 0;
}

long psr_cat_set(struct psr_domain *pd, u32 socket, u64 mask)
{
	struct mask_change c = { .mask = (u32)mask };
	struct cos_table *t;
	long rc = psr_cat_check_socket(socket);

	if (rc)
		return rc;
	socket = array_index_nospec(socket, PSR_MAX_SOCKETS);
	t = &tables[socket];
	if (!cos_mask_valid(t, mask))
		return -XEN_EINVAL;
	rc = take_class(pd, t, socket, &c);
	if (rc)
		return rc;
	psr_on_socket(socket, change_mask, &c);
	WRITE_ONCE(pd->cos[socket], (u8)c.cos);
	psr_assoc_refresh();
	return 0;
}

long psr_cat_get(const struct psr_domain *pd, u32 socket, u64 *mask)
{
	long rc = psr_cat_check_socket(socket);

	if (rc)
		return rc;
	socket = array_index_nospec(socket, PSR_MAX_SOCKETS);
	*mask = tables[socket].mask[pd->cos[socket]];
	return 0;
}

void psr_cat_release(struct psr_domain *pd)
{
	spin_lock(&cos_lock);
	for (u32 socket = 0; psr.caps.coses && socket < PSR_MAX_SOCKETS; socket++) {
		struct cos_table *t = &tables[socket];

		cos_move(t, pd->cos[socket], 0, t->mask[0]);
		WRITE_ONCE(pd->cos[socket], 0);
	}
	spin_unlock(&cos_lock);
}
