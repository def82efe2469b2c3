/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Monitoring: which domain has which RMID.
 *
 * The lines that a domain has brought into the cache keep its RMID after it is gone. The RMID stays
 * in limbo until so few of them are left that the next owner's occupancy is right from the start.
 * The counters are looked at only when an RMID is wanted and none is free.
 */
#include <xen/errno.h>
#include <xen/printk.h>
#include <xen/spinlock.h>
#include <xen/string.h>

#include "private.h"

/* Changed by control calls and by the end of domains. */
static DEFINE_SPINLOCK(pool_lock, LOCK_RANK_NONE);
static struct rmid_pool pool;

/* The limbo of one look at the counters [control] */
static DECLARE_BITMAP(candidates, PSR_MAX_RMIDS);

void psr_cmt_init(void)
{
	if (psr.caps.rmids)
		rmid_pool_init(&pool, psr.caps.rmids);
}

/* Takes out the candidates of which this CPU's cache has too much, or does not know how much. */
static void drop_dirty(void *unused)
{
	u32 rmid;

	bitmap_for_each(rmid, candidates, pool.nr) {
		u64 count = psr.provider->read(PSR_EVENT_OCCUPANCY, rmid);

		if (count & (PSR_COUNTER_ERROR | PSR_COUNTER_UNAVAILABLE) ||
		    count * psr.caps.upscale >= psr.limbo_bytes)
			bit_clear(candidates, rmid);
	}
}

static void empty_limbo(void)
{
	u32 rmid;

	spin_lock(&pool_lock);
	memcpy(candidates, pool.limbo, sizeof(candidates));
	spin_unlock(&pool_lock);
	/* A CPU that idles since its last guest went may still have the number. */
	psr_assoc_refresh();
	psr_on_each_socket(drop_dirty, NULL);
	spin_lock(&pool_lock);
	bitmap_for_each(rmid, candidates, pool.nr)
		rmid_clean(&pool, rmid);
	spin_unlock(&pool_lock);
}

static u32 take(void)
{
	u32 rmid;

	spin_lock(&pool_lock);
	rmid = rmid_take(&pool);
	spin_unlock(&pool_lock);
	return rmid;
}

long psr_cmt_attach(struct psr_domain *pd)
{
	u32 rmid;

	if (pd->rmid)
		return -XEN_EEXIST;
	rmid = take();
	if (!rmid) {
		empty_limbo();
		rmid = take();
	}
	if (!rmid) {
		printk(LOG_WARN "psr: %u of %u RMIDs are in use, and lines of the cache carry the "
		       "others\n", bitmap_weight(pool.used, pool.nr) - 1, pool.nr - 1);
		return -XEN_EOVERFLOW;
	}
	WRITE_ONCE(pd->rmid, rmid);
	psr_assoc_refresh();
	return 0;
}

void psr_cmt_release(struct psr_domain *pd)
{
	u32 rmid = pd->rmid;

	if (!rmid)
		return;
	WRITE_ONCE(pd->rmid, 0);
	spin_lock(&pool_lock);
	rmid_put(&pool, rmid);
	spin_unlock(&pool_lock);
}

long psr_cmt_detach(struct psr_domain *pd)
{
	if (!pd->rmid)
		return -XEN_ENOENT;
	psr_cmt_release(pd);
	psr_assoc_refresh();
	return 0;
}
