/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pages of domains, and references to pages. A page gets its owner and state while no reference to
 * it can be taken, then a count of 1 (the allocation). page_get() raises a count that is not zero
 * and checks the owner afterwards, so it drops a page that changed its owner in between. The last
 * page_put() returns the page to the heap.
 */
#include <xen/domain.h>
#include <xen/errno.h>
#include <xen/mm.h>
#include <xen/printk.h>

void domain_pages_init(struct domain *d)
{
	spin_lock_init(&d->page_lock, "domain pages", LOCK_RANK_PAGE_ALLOC);
	list_init(&d->page_list);
	list_init(&d->released_list);
}

/* Account @n more pages to @d, if it may have them. */
static bool charge(struct domain *d, u64 n)
{
	u64 flags = spin_lock_irqsave(&d->page_lock);
	bool ok = !d->dying && d->max_pages >= d->tot_pages && n <= d->max_pages - d->tot_pages;

	ASSERT(n && n <= BIT(PAGE_MAX_ORDER));

	if (ok)
		d->tot_pages += n;
	spin_unlock_irqrestore(&d->page_lock, flags);
	return ok;
}

static void uncharge(struct domain *d, u64 n)
{
	u64 flags = spin_lock_irqsave(&d->page_lock);

	ASSERT(d->tot_pages >= n);
	d->tot_pages -= n;
	spin_unlock_irqrestore(&d->page_lock, flags);
}

/* Give @n frames, which are exclusively ours, to @d. False when it began to die meanwhile. */
static bool give(struct domain *d, struct page_info *pg, u64 n)
{
	u64 flags = spin_lock_irqsave(&d->page_lock);

	if (d->dying) {
		spin_unlock_irqrestore(&d->page_lock, flags);
		return false;
	}
	for (u64 i = 0; i < n; i++) {
		ASSERT(pg[i].state == PAGE_STATE_XEN && pg[i].refs);
		pg[i].owner = d;
		pg[i].flags = PAGE_FLAG_ALLOCATED;
		pg[i].order = 0;
		list_add_tail(&pg[i].link, &d->page_list);
		/* A reader that sees this state may take references. */
		__atomic_store_n(&pg[i].state, PAGE_STATE_DOMAIN, __ATOMIC_RELEASE);
	}
	spin_unlock_irqrestore(&d->page_lock, flags);
	return true;
}

/* Without a node among the flags, the domain's own is preferred. */
static u32 with_node(const struct domain *d, u32 memf)
{
	if (!(memf & MEMF_NODE_MASK) && d->node_affinity < MAX_NUMNODES)
		memf |= MEMF_NODE(d->node_affinity);
	return memf;
}

struct page_info *alloc_domain_pages(struct domain *d, u32 order, u32 memf)
{
	struct page_info *pg;

	if (order > PAGE_MAX_ORDER || !charge(d, BIT(order)))
		return NULL;
	pg = alloc_pages(order, with_node(d, memf));
	if (pg && give(d, pg, BIT(order)))
		return pg;
	if (pg)
		free_pages(pg, order);
	uncharge(d, BIT(order));
	return NULL;
}

static void return_chunk(const struct domain_chunk *c)
{
	if (c->pg)
		heap_return(c->pg, c->order, c->next << PAGE_ORDER_2M);
}

/* Exchange the chunk that @d keeps for @c, or for none once it dies. Returns the former one. */
static struct domain_chunk swap_chunk(struct domain *d, struct domain_chunk c)
{
	u64 flags = spin_lock_irqsave(&d->page_lock);
	struct domain_chunk old = c;

	if (!d->dying || !c.pg) {
		old = d->chunk;
		d->chunk = c;
	}
	spin_unlock_irqrestore(&d->page_lock, flags);
	return old;
}

void domain_drop_chunk(struct domain *d)
{
	struct domain_chunk old = swap_chunk(d, (struct domain_chunk){ 0 });

	return_chunk(&old);
}

/* Give @d the next part of @c. False when it may not have it. */
static bool give_part(struct domain *d, struct domain_chunk *c)
{
	struct page_info *pg = c->pg + (c->next << PAGE_ORDER_2M);
	u64 n = BIT(PAGE_ORDER_2M);

	if (!charge(d, n))
		return false;
	c->next++;
	heap_allocate(pg, PAGE_ORDER_2M);
	if (give(d, pg, n))
		return true;
	free_pages(pg, PAGE_ORDER_2M);
	uncharge(d, n);
	return false;
}

struct page_info *alloc_domain_part(struct domain *d, u32 order, u64 part, u32 memf)
{
	struct domain_chunk c = swap_chunk(d, (struct domain_chunk){ 0 });
	struct page_info *pg = NULL;

	ASSERT(order > PAGE_ORDER_2M && part < BIT(order - PAGE_ORDER_2M));
	if (!part || c.order != order || c.next != part) {
		return_chunk(&c);
		c = (struct domain_chunk){ .order = order };
		if (!part)
			c.pg = heap_take(order, with_node(d, memf));
	}
	if (c.pg && give_part(d, &c)) {
		pg = c.pg + (part << PAGE_ORDER_2M);
		c = swap_chunk(d, c);
	}
	return_chunk(&c);
	return pg;
}

int assign_pages(struct domain *d, struct page_info *pg, u32 order)
{
	if (!charge(d, BIT(order)))
		return d->dying ? -XEN_EINVAL : -XEN_E2BIG;
	heap_scrub_owned(pg, order);
	if (give(d, pg, BIT(order)))
		return 0;
	uncharge(d, BIT(order));
	return -XEN_EINVAL;
}

bool domain_release_page(struct page_info *pg)
{
	u8 old = __atomic_fetch_and(&pg->flags, (u8)~PAGE_FLAG_ALLOCATED, __ATOMIC_ACQ_REL);

	if (!(old & PAGE_FLAG_ALLOCATED))
		return false;
	page_put(pg);
	return true;
}

#define RELEASE_BATCH 32

/*
 * Take references to the first pages, so that they stay when the lock is dropped; fewer than @max
 * at the end of the list. Teardown visits each page once: other domains may keep any number of
 * pages in use, so to step over those repeatedly could take as long as they like.
 */
static u32 gather(struct domain *d, struct page_info **batch, u32 max, u32 *taken)
{
	u64 flags = spin_lock_irqsave(&d->page_lock);
	u32 n = 0;

	*taken = 0;
	while (n < max && !list_empty(&d->page_list)) {
		struct page_info *pg = list_first_entry(&d->page_list, struct page_info, link);

		ASSERT(pg->owner == d && pg->state == PAGE_STATE_DOMAIN);
		list_del_init(&pg->link);
		list_add_tail(&pg->link, &d->released_list);
		n++;
		if (page_get(pg, d))
			batch[(*taken)++] = pg;
	}
	spin_unlock_irqrestore(&d->page_lock, flags);
	return n;
}

bool domain_release_pages(struct domain *d, u32 max)
{
	struct page_info *batch[RELEASE_BATCH];
	u32 taken;

	ASSERT(d->dying != DOM_ALIVE);
	domain_drop_chunk(d);
	while (max) {
		u32 want = min(max, (u32)RELEASE_BATCH), n = gather(d, batch, want, &taken);

		for (u32 i = 0; i < taken; i++) {
			domain_release_page(batch[i]);
			page_put(batch[i]);
		}
		if (n < want)
			return true;
		max -= n;
	}
	return false;
}

bool page_get(struct page_info *pg, const struct domain *d)
{
	u32 old = __atomic_load_n(&pg->refs, __ATOMIC_RELAXED);

	do {
		if (!old || old == ~0U)
			return false;
	} while (!__atomic_compare_exchange_n(&pg->refs, &old, old + 1, false, __ATOMIC_ACQ_REL,
					      __ATOMIC_RELAXED));
	if (READ_ONCE(pg->owner) == d &&
	    (__atomic_load_n(&pg->state, __ATOMIC_ACQUIRE) == PAGE_STATE_DOMAIN ||
	     READ_ONCE(pg->flags) & PAGE_FLAG_XENSHARE))
		return true;
	page_put(pg);
	return false;
}

void page_put(struct page_info *pg)
{
	struct domain *d;
	u64 flags;
	u32 left = __atomic_sub_fetch(&pg->refs, 1, __ATOMIC_ACQ_REL);

	ASSERT(left != ~0U);
	if (left)
		return;
	if (pg->state == PAGE_STATE_DOMAIN) {
		d = pg->owner;
		ASSERT(!(pg->flags & PAGE_FLAG_ALLOCATED));
		flags = spin_lock_irqsave(&d->page_lock);
		ASSERT(d->tot_pages > 0);
		list_del_init(&pg->link);
		/* Free the page first: once the domain has no pages, they must be free. */
		heap_free_dirty(pg, 0);
		if (--d->tot_pages == 0 && d->pages_hold_domain)
			tasklet_schedule(&d->emptied);
		spin_unlock_irqrestore(&d->page_lock, flags);
		return;
	}
	heap_free_dirty(pg, 0);
}
