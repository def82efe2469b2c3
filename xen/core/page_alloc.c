/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Buddy allocator, one heap for each NUMA node and zone.
 *
 * The state of every frame is exact at all times, not only that of chunk heads, because
 * mfn_is_ram() and page_get() look at any frame. A free frame that does not head a chunk has order
 * PAGE_ORDER_TAIL, so merging and walking never mistake it for a head.
 *
 * Each frame has a dirty flag, and only flagged frames are zeroed. A chunk is on the dirty list if
 * it may hold a dirty frame; both halves of a split dirty chunk are assumed to be dirty. During the
 * boot-time scrub clean and dirty chunks are not merged, so scrubbers never get a frame twice.
 */
#include <xen/errno.h>
#include <xen/hal/cpu.h>
#include <xen/hal/smp.h>
#include <xen/mm.h>
#include <xen/printk.h>
#include <xen/string.h>

#define NR_ORDERS (PAGE_MAX_ORDER + 1)
#define LARGE_ORDER 9		/* chunks of this order exceed a core's own caches */
#define DMA32_LIMIT (1UL << (32 - PAGE_SHIFT))

enum zone { ZONE_DMA32, ZONE_NORMAL, NR_ZONES };
enum { CLEAN, DIRTY };

struct heap {
	struct list_head free[2][NR_ORDERS];	/* by CLEAN, DIRTY */
};

struct page_info *frame_table;
u64 max_mfn;

static DEFINE_SPINLOCK(heap_lock, LOCK_RANK_HEAP);

/* All [heap_lock] unless atomic */
static struct heap heaps[MAX_NUMNODES][NR_ZONES];
static u64 nodes_present;
static u64 free_count[MAX_NUMNODES];
static u64 total_count;
static u64 dirty_count;		/* atomic */
static bool scrubbing;
static bool from_top;		/* allocations start at the top and leave low memory free */
static u32 taken_chunks;	/* chunks the scrubbers hold */

static enum zone zone_of(const struct page_info *pg)
{
	return page_to_mfn(pg).v < DMA32_LIMIT ? ZONE_DMA32 : ZONE_NORMAL;
}

static void node_prepare(u8 node)
{
	if (nodes_present >> node & 1)
		return;
	for (u32 z = 0; z < NR_ZONES; z++)
		for (u32 o = 0; o < NR_ORDERS; o++) {
			list_init(&heaps[node][z].free[CLEAN][o]);
			list_init(&heaps[node][z].free[DIRTY][o]);
		}
	nodes_present |= BIT(node);
}

static void chunk_insert(struct page_info *pg, u32 order, u32 dirty)
{
	ASSERT(spin_is_locked_by_me(&heap_lock));
	ASSERT(order <= PAGE_MAX_ORDER && !(page_to_mfn(pg).v & (BIT(order) - 1)));
	ASSERT(pg->state == PAGE_STATE_FREE && pg->order == PAGE_ORDER_TAIL);
	pg->order = (u8)order;
	pg->refs = 0;
	if (dirty)
		pg->flags |= PAGE_FLAG_DIRTY_CHUNK;
	list_add(&pg->link, &heaps[pg->node][zone_of(pg)].free[dirty][order]);
}

static u32 chunk_is_dirty(const struct page_info *pg)
{
	return pg->flags & PAGE_FLAG_DIRTY_CHUNK ? DIRTY : CLEAN;
}

/* Take a chunk off its list. Its frames stay marked as free, but none is a head any more. */
static void chunk_remove(struct page_info *pg)
{
	ASSERT(spin_is_locked_by_me(&heap_lock));
	ASSERT(pg->state == PAGE_STATE_FREE && pg->order <= PAGE_MAX_ORDER);
	list_del_init(&pg->link);
	pg->order = PAGE_ORDER_TAIL;
	pg->flags &= (u8)~PAGE_FLAG_DIRTY_CHUNK;
}

static bool is_free_head(u64 mfn, u32 order, u8 node)
{
	const struct page_info *pg = &frame_table[mfn];

	return mfn < max_mfn && pg->state == PAGE_STATE_FREE && pg->order == order &&
	       pg->node == node;
}

/* Put back a chunk whose frames are all marked as free tails, and merge it with its buddies. */
static void chunk_merge(struct page_info *pg, u32 order, u32 dirty)
{
	while (order < PAGE_MAX_ORDER) {
		u64 buddy = page_to_mfn(pg).v ^ BIT(order);
		struct page_info *b = &frame_table[buddy];

		if (!is_free_head(buddy, order, pg->node) ||
		    (scrubbing && chunk_is_dirty(b) != dirty))
			break;
		dirty |= chunk_is_dirty(b);
		chunk_remove(b);
		pg = min(pg, b);
		order++;
	}
	chunk_insert(pg, order, dirty);
}

/* Split a removed chunk down to @want, keeping the part that starts at @keep. */
static void chunk_trim(struct page_info *pg, u32 order, struct page_info *keep, u32 want,
		       u32 dirty)
{
	while (order > want) {
		struct page_info *upper = pg + BIT(--order);

		chunk_insert(keep >= upper ? pg : upper, order, dirty);
		pg = keep >= upper ? upper : pg;
	}
}

/* The end of the highest chunk of at least 2^@order frames. Boot only: it looks at all chunks. */
static struct page_info *take_top(struct heap *h, u32 order, u32 dirty)
{
	struct page_info *best = NULL, *pg, *end;
	u32 o;

	for (o = order; o < NR_ORDERS; o++)
		list_for_each_entry(pg, &h->free[dirty][o], link)
			best = best > pg ? best : pg;
	if (!best)
		return NULL;
	o = best->order;
	end = best + BIT(o) - BIT(order);
	chunk_remove(best);
	chunk_trim(best, o, end, order, dirty);
	return end;
}

static struct page_info *take_from(struct heap *h, u32 order, u32 dirty)
{
	if (from_top)
		return take_top(h, order, dirty);
	for (u32 o = order; o < NR_ORDERS; o++) {
		struct page_info *pg;

		if (list_empty(&h->free[dirty][o]))
			continue;
		pg = list_first_entry(&h->free[dirty][o], struct page_info, link);
		ASSERT(pg->state == PAGE_STATE_FREE && pg->order == o);
		chunk_remove(pg);
		chunk_trim(pg, o, pg, order, dirty);
		return pg;
	}
	return NULL;
}

static struct page_info *take_from_node(u32 node, u32 order, u32 memf)
{
	/* Save clean chunks for allocations that need them. */
	u32 first = memf & MEMF_NO_SCRUB ? DIRTY : CLEAN;
	struct page_info *pg = NULL;

	if (!(nodes_present >> node & 1))
		return NULL;
	for (u32 z = NR_ZONES; z-- && !pg;) {
		if (z == ZONE_NORMAL && memf & MEMF_DMA32)
			continue;
		pg = take_from(&heaps[node][z], order, first);
		if (!pg)
			pg = take_from(&heaps[node][z], order, !first);
	}
	ASSERT(!pg || (pg->node == node && free_count[node] >= BIT(order)));
	if (pg)
		free_count[node] -= BIT(order);
	return pg;
}

/* Try once. *@retry is set when scrubbers hold memory that they will return soon. */
static struct page_info *take(u32 order, u32 memf, bool *retry)
{
	u32 wanted = memf & MEMF_NODE_MASK;
	u32 first = wanted ? wanted - 1 : hal_cpu_to_node(hal_smp_cpu_id());
	bool exact = wanted && memf & MEMF_EXACT_NODE;
	struct page_info *pg = NULL;
	u64 flags = spin_lock_irqsave(&heap_lock);

	for (u32 i = 0; i < (exact ? 1 : MAX_NUMNODES) && !pg; i++)
		pg = take_from_node((first + i) % MAX_NUMNODES, order, memf);
	*retry = !pg && taken_chunks;
	/* From here on the allocator's walks do not take the frames for free ones. */
	if (pg)
		pg->state = PAGE_STATE_XEN;
	spin_unlock_irqrestore(&heap_lock, flags);
	return pg;
}

/* Clear the marks of the dirty frames from @pg on, at most @most. Returns how many. */
static u64 take_dirty_run(struct page_info *pg, u64 most)
{
	u64 n = 0;

	for (; n < most && (pg[n].flags & PAGE_FLAG_DIRTY); n++)
		pg[n].flags &= (u8)~PAGE_FLAG_DIRTY;
	return n;
}

/* Zero the dirty frames. @soon: the caller uses them next, so zero them through the caches. */
static void clean(struct page_info *pg, u32 order, bool soon)
{
	u64 total = 0, run;

	for (u64 i = 0; i < BIT(order); i += run + 1) {
		run = take_dirty_run(&pg[i], BIT(order) - i);
		if (run && soon)
			memset(page_to_virt(&pg[i]), 0, run * PAGE_SIZE);
		else if (run)
			hal_zero_pages(page_to_virt(&pg[i]), run);
		total += run;
	}
	__atomic_fetch_sub(&dirty_count, total, __ATOMIC_RELAXED);
}

void heap_scrub_owned(struct page_info *pg, u32 order)
{
	clean(pg, order, order < LARGE_ORDER);
}

static void forget_dirt(struct page_info *pg, u32 order)
{
	u64 n = 0;

	for (u64 i = 0; i < BIT(order); i++) {
		n += pg[i].flags & PAGE_FLAG_DIRTY;
		pg[i].flags &= (u8)~PAGE_FLAG_DIRTY;
	}
	__atomic_fetch_sub(&dirty_count, n, __ATOMIC_RELAXED);
}

struct page_info *heap_take(u32 order, u32 memf)
{
	struct page_info *pg;
	bool retry = false;

	if (order > PAGE_MAX_ORDER)
		return NULL;
	while ((pg = take(order, memf, &retry)) == NULL && retry)
		hal_cpu_relax();
	return pg;
}

/* The frames of a taken chunk become allocated ones. */
static void make_allocated(struct page_info *pg, u32 order)
{
	for (u64 i = 0; i < BIT(order); i++) {
		pg[i].owner = NULL;
		pg[i].state = PAGE_STATE_XEN;
		pg[i].order = 0;
		list_init(&pg[i].link);
		__atomic_store_n(&pg[i].refs, 1, __ATOMIC_RELEASE);
	}
}

void heap_allocate(struct page_info *pg, u32 order)
{
	heap_scrub_owned(pg, order);
	make_allocated(pg, order);
}

void heap_return(struct page_info *pg, u32 order, u64 from)
{
	u64 flags = spin_lock_irqsave(&heap_lock), end = BIT(order);

	ASSERT(from <= end && !(page_to_mfn(pg).v & (end - 1)));
	free_count[pg->node] += end - from;
	while (from < end) {
		u32 part = from ? (u32)__builtin_ctzl(from) : order;

		ASSERT(!pg[from].refs);
		pg[from].state = PAGE_STATE_FREE;
		pg[from].order = PAGE_ORDER_TAIL;
		chunk_merge(&pg[from], part, DIRTY);
		from += BIT(part);
	}
	spin_unlock_irqrestore(&heap_lock, flags);
}

struct page_info *alloc_pages(u32 order, u32 memf)
{
	struct page_info *pg = heap_take(order, memf);

	if (!pg)
		return NULL;
	if (memf & MEMF_NO_SCRUB)
		forget_dirt(pg, order);
	else
		heap_scrub_owned(pg, order);
	make_allocated(pg, order);
	return pg;
}

/* Mark frames as free tails; the head is set when the chunk is put on its list. */
static void mark_free(struct page_info *pg, u64 n, u8 flags)
{
	for (u64 i = 0; i < n; i++) {
		ASSERT(pg[i].state != PAGE_STATE_FREE && !READ_ONCE(pg[i].refs));
		pg[i].owner = NULL;
		pg[i].refs = 0;
		pg[i].order = PAGE_ORDER_TAIL;
		pg[i].flags = flags;
		pg[i].state = PAGE_STATE_FREE;
	}
}

static void put_back(struct page_info *pg, u32 order, u32 dirty)
{
	u64 flags = spin_lock_irqsave(&heap_lock);

	free_count[pg->node] += BIT(order);
	chunk_merge(pg, order, dirty);
	spin_unlock_irqrestore(&heap_lock, flags);
}

void heap_free_dirty(struct page_info *pg, u32 order)
{
	/* Frames that were reserved at boot may still be dirty and counted as such. */
	forget_dirt(pg, order);
	mark_free(pg, BIT(order), PAGE_FLAG_DIRTY);
	__atomic_fetch_add(&dirty_count, BIT(order), __ATOMIC_RELAXED);
	put_back(pg, order, DIRTY);
}

/* Drop a reference to a frame of the hypervisor. */
static void put_xen_frame(struct page_info *pg)
{
	ASSERT(pg->state == PAGE_STATE_XEN);
	if (__atomic_sub_fetch(&pg->refs, 1, __ATOMIC_ACQ_REL) == 0)
		heap_free_dirty(pg, 0);
}

void free_pages(struct page_info *pg, u32 order)
{
	u64 n = BIT(order), mine;

	ASSERT(pg->state == PAGE_STATE_XEN);
	ASSERT(!(page_to_mfn(pg).v & (n - 1)));
	for (u64 i = 0; i < n; i++)
		__atomic_fetch_and(&pg[i].flags, (u8)~PAGE_FLAG_XENSHARE, __ATOMIC_RELAXED);
	for (mine = 0; mine < n; mine++) {
		u32 one = 1;

		if (!__atomic_compare_exchange_n(&pg[mine].refs, &one, 0, false, __ATOMIC_ACQ_REL,
						 __ATOMIC_RELAXED))
			break;
	}
	if (mine == n) {
		heap_free_dirty(pg, order);
		return;
	}
	/* A concurrent page_get() may hold a frame for a moment and then be the one to free it. */
	for (u64 i = 0; i < mine; i++)
		heap_free_dirty(&pg[i], 0);
	for (u64 i = mine; i < n; i++)
		put_xen_frame(&pg[i]);
}

u64 free_page_count(u32 node)
{
	u64 n = 0;

	if (node < MAX_NUMNODES)
		return READ_ONCE(free_count[node]);
	for (u32 i = 0; i < MAX_NUMNODES; i++)
		n += READ_ONCE(free_count[i]);
	return n;
}

u64 total_page_count(void)
{
	return total_count;
}

u64 dirty_page_count(void)
{
	return READ_ONCE(dirty_count);
}

/* The head of the free chunk that holds @mfn; NULL when the frame is not free. */
static struct page_info *find_free_chunk(u64 mfn)
{
	for (u32 o = 0; o < NR_ORDERS && mfn < max_mfn; o++) {
		struct page_info *pg = &frame_table[mfn & ~(BIT(o) - 1)];

		/* Check the size: the chunk with this head may end before @mfn. */
		if (pg->state == PAGE_STATE_FREE && pg->order != PAGE_ORDER_TAIL &&
		    pg->order >= o)
			return pg;
	}
	return NULL;
}

static void reserve_one(struct page_info *pg, struct page_info *head)
{
	u32 dirty = chunk_is_dirty(head), order = head->order;

	ASSERT(pg >= head && pg < head + BIT(order));
	ASSERT(free_count[pg->node]);
	chunk_remove(head);
	chunk_trim(head, order, pg, 0, dirty);
	free_count[pg->node]--;
	pg->state = PAGE_STATE_XEN;
	pg->order = 0;
	pg->refs = 1;
	list_init(&pg->link);
}

int reserve_free_range(mfn_t start, u64 n)
{
	u64 end, flags;
	int rc = 0;

	if (__builtin_add_overflow(start.v, n, &end) || end > max_mfn)
		return -XEN_EBUSY;
	flags = spin_lock_irqsave(&heap_lock);
	for (u64 m = start.v; m < end;) {
		struct page_info *head = find_free_chunk(m);

		if (!head) {
			rc = -XEN_EBUSY;
			goto out;
		}
		m = page_to_mfn(head).v + BIT(head->order);
	}
	for (u64 m = start.v; m < end; m++)
		reserve_one(&frame_table[m], find_free_chunk(m));
out:
	spin_unlock_irqrestore(&heap_lock, flags);
	return rc;
}

void heap_add_region(mfn_t start, mfn_t end, u8 node, bool clean)
{
	u64 flags, m = start.v;

	ASSERT(node < MAX_NUMNODES && end.v <= max_mfn);
	if (m >= end.v)
		return;
	for (u64 i = m; i < end.v; i++)
		frame_table[i].node = node;
	mark_free(&frame_table[m], end.v - m, clean ? 0 : PAGE_FLAG_DIRTY);
	flags = spin_lock_irqsave(&heap_lock);
	node_prepare(node);
	total_count += end.v - m;
	free_count[node] += end.v - m;
	if (!clean)
		__atomic_fetch_add(&dirty_count, end.v - m, __ATOMIC_RELAXED);
	while (m < end.v) {
		/* The largest chunk that is aligned here and does not extend beyond the end. */
		u32 order = m ? (u32)__builtin_ctzl(m) : PAGE_MAX_ORDER;

		order = min(order, (u32)PAGE_MAX_ORDER);
		while (m + BIT(order) > end.v)
			order--;
		chunk_merge(&frame_table[m], order, clean ? CLEAN : DIRTY);
		m += BIT(order);
	}
	spin_unlock_irqrestore(&heap_lock, flags);
}

void heap_for_each_free(void (*fn)(mfn_t start, u64 n, void *arg), void *arg)
{
	for (u64 m = 0, n; m < max_mfn; m += n) {
		const struct page_info *pg = &frame_table[m];

		n = 1;
		if (pg->state == PAGE_STATE_FREE && pg->order != PAGE_ORDER_TAIL) {
			n = BIT(pg->order);
			fn(mfn_make(m), n, arg);
		}
	}
}

struct page_info *heap_take_dirty(u8 node, u32 order, u32 *got_order)
{
	struct page_info *pg = NULL;
	u64 flags = spin_lock_irqsave(&heap_lock);

	for (u32 z = 0; z < NR_ZONES && !pg && nodes_present >> node & 1; z++) {
		pg = take_from(&heaps[node][z], order, DIRTY);
		*got_order = order;
		for (u32 o = order; o-- && !pg;) {
			pg = take_from(&heaps[node][z], o, DIRTY);
			*got_order = o;
		}
	}
	if (pg) {
		pg->state = PAGE_STATE_XEN;
		free_count[node] -= BIT(*got_order);
		taken_chunks++;
	}
	spin_unlock_irqrestore(&heap_lock, flags);
	return pg;
}

bool heap_has_dirty(void)
{
	u64 flags = spin_lock_irqsave(&heap_lock);
	bool found = false;

	for (u32 n = 0; n < MAX_NUMNODES; n++)
		for (u32 z = 0; z < NR_ZONES && nodes_present >> n & 1; z++)
			for (u32 o = 0; o < NR_ORDERS; o++)
				found |= !list_empty(&heaps[n][z].free[DIRTY][o]);
	spin_unlock_irqrestore(&heap_lock, flags);
	return found;
}

void heap_return_scrubbed(struct page_info *pg, u32 order)
{
	u64 flags;

	ASSERT(pg->state == PAGE_STATE_XEN);
	clean(pg, order, false);
	flags = spin_lock_irqsave(&heap_lock);
	pg->state = PAGE_STATE_FREE;
	ASSERT(taken_chunks);
	taken_chunks--;
	free_count[pg->node] += BIT(order);
	chunk_merge(pg, order, CLEAN);
	spin_unlock_irqrestore(&heap_lock, flags);
}

void heap_set_from_top(bool on)
{
	u64 flags = spin_lock_irqsave(&heap_lock);

	from_top = on;
	spin_unlock_irqrestore(&heap_lock, flags);
}

void heap_set_scrubbing(bool on)
{
	u64 flags = spin_lock_irqsave(&heap_lock);

	scrubbing = on;
	spin_unlock_irqrestore(&heap_lock, flags);
}
