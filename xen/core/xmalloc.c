/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Small objects from single pages, large ones as runs of pages.
 *
 * A slab page starts with its header; the objects of one size class follow. So no small object is
 * page-aligned, while every large one is, which is how xfree() tells them apart. Each object is
 * followed by a guard: its requested size, a mark that tells used from free, and a red zone in the
 * bytes between. Freed objects are poisoned, and the poison is checked when they are handed out.
 */
#include <xen/mm.h>
#include <xen/printk.h>
#include <xen/string.h>
#include <xen/xmalloc.h>

#define SLAB_MAGIC 0x51ab51abU
#define SLAB_HEADER 64
#define GUARD_USED 0xa110ca7eU
#define GUARD_FREE 0xdeadf4eeU
#define BYTE_REDZONE 0xbb
#define BYTE_FREE 0x6b

/* Bytes of a slot, guard included; chosen so that little of the page is left over. */
static const u16 class_size[] = {
	32, 48, 64, 96, 128, 192, 256, 384, 512, 672, 1008, 1344, 2016,
};
#define NR_CLASSES ARRAY_SIZE(class_size)

struct slab {
	u32 magic;
	u16 cls, in_use;
	struct slot *free;
	struct list_head link;	/* on its class's list while a slot is free */
};
BUILD_BUG_ON(sizeof(struct slab) > SLAB_HEADER);

/* The contents of a free slot; a used one holds the object. */
struct slot {
	struct slot *next;
};

struct guard {
	u32 size, mark;
};

/* It has the page allocator's rank: it is never held while pages are allocated or freed. */
static DEFINE_SPINLOCK(xmalloc_lock, LOCK_RANK_HEAP);
static struct list_head partial[NR_CLASSES];	/* [xmalloc_lock] slabs with a free slot */

static struct guard *guard_of(void *p, u32 cls)
{
	return (struct guard *)((char *)p + class_size[cls]) - 1;
}

static u32 class_for(size_t size)
{
	u32 c = 0;

	while (c < NR_CLASSES && class_size[c] < size + sizeof(struct guard))
		c++;
	return c;
}

static void poison(struct slot *s, u32 cls)
{
	memset(s + 1, BYTE_FREE, class_size[cls] - sizeof(*s) - sizeof(struct guard));
	*guard_of(s, cls) = (struct guard){ 0, GUARD_FREE };
}

static bool filled_with(const void *p, u8 byte, size_t n)
{
	const u8 *b = p;

	while (n && *b == byte) {
		b++;
		n--;
	}
	return !n;
}

static struct slab *slab_create(u32 cls)
{
	struct page_info *pg = alloc_pages(0, MEMF_NO_SCRUB);
	struct slab *slab;

	if (!pg)
		return NULL;
	slab = page_to_virt(pg);
	*slab = (struct slab){ .magic = SLAB_MAGIC, .cls = (u16)cls };
	for (u32 at = SLAB_HEADER; at + class_size[cls] <= PAGE_SIZE; at += class_size[cls]) {
		struct slot *s = (struct slot *)((char *)slab + at);

		poison(s, cls);
		s->next = slab->free;
		slab->free = s;
	}
	return slab;
}

/* Give back the page of a slab that has no objects and is on no list. NULL does nothing. */
static void slab_destroy(struct slab *slab)
{
	ASSERT(!slab || !slab->in_use);
	if (slab)
		free_pages(mfn_to_page(hal_virt_to_mfn(slab)), 0);
}

static void *slot_take(u32 cls)
{
	struct slab *slab = list_first_entry(&partial[cls], struct slab, link);
	struct slot *s = slab->free;

	ASSERT(spin_is_locked_by_me(&xmalloc_lock));
	ASSERT(slab->magic == SLAB_MAGIC && slab->cls == cls && s);
	slab->free = s->next;
	slab->in_use++;
	if (!slab->free)
		list_del_init(&slab->link);
	return s;
}

static void *small_alloc(size_t size, u32 cls)
{
	u64 flags = spin_lock_irqsave(&xmalloc_lock);
	u32 room = class_size[cls] - sizeof(struct guard);
	struct slab *slab = NULL;
	void *p;

	if (!partial[cls].next)
		list_init(&partial[cls]);
	if (list_empty(&partial[cls])) {
		spin_unlock_irqrestore(&xmalloc_lock, flags);
		slab = slab_create(cls);
		if (!slab)
			return NULL;
		flags = spin_lock_irqsave(&xmalloc_lock);
		/* Another CPU may have added a slab or freed a slot meanwhile. */
		if (list_empty(&partial[cls])) {
			list_add(&slab->link, &partial[cls]);
			slab = NULL;
		}
	}
	p = slot_take(cls);
	spin_unlock_irqrestore(&xmalloc_lock, flags);
	slab_destroy(slab);
	if (guard_of(p, cls)->mark != GUARD_FREE ||
	    !filled_with((struct slot *)p + 1, BYTE_FREE, room - sizeof(struct slot)))
		panic("xmalloc: %p was written after it was freed", p);
	memset(p, 0, size);
	memset((char *)p + size, BYTE_REDZONE, room - size);
	*guard_of(p, cls) = (struct guard){ (u32)size, GUARD_USED };
	return p;
}

void *xzalloc_bytes(size_t size)
{
	u32 cls = class_for(size), order = 0;
	struct page_info *pg;

	if (size > PAGE_SIZE << PAGE_MAX_ORDER)
		return NULL;
	if (cls < NR_CLASSES)
		return small_alloc(size, cls);
	while (PAGE_SIZE << order < size)
		order++;
	pg = alloc_pages(order, 0);
	if (!pg)
		return NULL;
	pg->order = (u8)order;
	return page_to_virt(pg);
}

/*
 * Put the slot back. Returns an empty slab that was unlinked and whose page the caller frees, or
 * NULL.
 *
 * An empty slab is kept while no other slab of its class has a free slot: otherwise an object that
 * is allocated and freed in turn would create a slab each time. It is freed as soon as another slab
 * has a free slot, so the memory in use depends on the live objects, not on the order of frees.
 */
static struct slab *slot_give(struct slab *slab, struct slot *s)
{
	struct list_head *list = &partial[slab->cls];
	struct slab *extra = NULL;

	ASSERT(spin_is_locked_by_me(&xmalloc_lock));
	ASSERT(slab->in_use);
	s->next = slab->free;
	if (!slab->free) {
		if (!list_empty(list))
			extra = list_first_entry(list, struct slab, link);
		if (extra && extra->in_use)
			extra = NULL;
		list_add_tail(&slab->link, list);
	}
	slab->free = s;
	if (!--slab->in_use && list->next != list->prev)
		extra = slab;
	if (extra) {
		list_del_init(&extra->link);
		extra->magic = 0;
	}
	return extra;
}

void xfree(void *p)
{
	struct slab *slab = (struct slab *)((uintptr_t)p & PAGE_MASK);
	struct slab *extra;
	struct guard *g;
	u64 flags;
	u32 room;

	if (!p)
		return;
	if (p == (void *)slab) {
		struct page_info *pg = mfn_to_page(hal_virt_to_mfn(p));

		free_pages(pg, pg->order);
		return;
	}
	if (slab->magic != SLAB_MAGIC || slab->cls >= NR_CLASSES ||
	    ((uintptr_t)p % PAGE_SIZE - SLAB_HEADER) % class_size[slab->cls])
		panic("xfree: %p is not an allocated object", p);
	room = class_size[slab->cls] - sizeof(*g);
	flags = spin_lock_irqsave(&xmalloc_lock);
	g = guard_of(p, slab->cls);
	if (g->mark == GUARD_FREE)
		panic("xfree: %p freed twice", p);
	if (g->mark != GUARD_USED || g->size > room ||
	    !filled_with((char *)p + g->size, BYTE_REDZONE, room - g->size))
		panic("xfree: %p of %u bytes was written beyond its end", p, g->size);
	poison(p, slab->cls);
	extra = slot_give(slab, p);
	spin_unlock_irqrestore(&xmalloc_lock, flags);
	slab_destroy(extra);
}
