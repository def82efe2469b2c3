/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Physical memory: one page_info for each frame, a buddy allocator for each NUMA node, and the
 * reference counts that keep a frame alive while a guest, a grant or the hypervisor uses it.
 */
#ifndef XEN_MM_H
#define XEN_MM_H

#include <xen/hal/mm.h>
#include <xen/list.h>
#include <xen/printk.h>
#include <xen/spinlock.h>

struct domain;

#define PAGE_MAX_ORDER 18	/* 1 GiB */
#define MAX_NUMNODES 64
#define NUMA_NO_NODE 0xff

/** State of a frame. */
enum page_state {
	PAGE_STATE_OFFLINE = 0,	/* not RAM, reserved, or not yet given to the allocator */
	PAGE_STATE_FREE,
	PAGE_STATE_XEN,		/* hypervisor heap */
	PAGE_STATE_DOMAIN,	/* belongs to @owner */
};

#define PAGE_FLAG_DIRTY 1	/* free and still to be scrubbed */
#define PAGE_FLAG_XENSHARE 2	/* hypervisor page that guests may map (shared info) */
#define PAGE_FLAG_ALLOCATED 4	/* domain's page whose allocation reference was not dropped yet */
#define PAGE_FLAG_DIRTY_CHUNK 8	/* head of a free chunk that may hold dirty frames */
#define PAGE_FLAG_ORPHAN 16	/* XENSHARE, and only mappings of others still hold it */

/** Order of a free page that does not head its chunk. */
#define PAGE_ORDER_TAIL 0xff

struct page_info {
	struct list_head link;	/* free list [heap lock] or owner's page list [owner's page_lock] */
	struct domain *owner;	/* NULL unless PAGE_STATE_DOMAIN or XENSHARE; stable if refs > 0 */
	u32 refs;		/* atomic; 1 is the allocation itself */
	u8 state;		/* enum page_state [heap lock] */
	u8 order;		/* of the free chunk this page heads [heap lock] */
	u8 flags;		/* PAGE_FLAG_*, changed atomically while refs > 0 */
	u8 node;		/* [const] */
};

/** First of the @nr page_infos; index is the mfn. Frames that are not RAM read as OFFLINE. */
extern struct page_info *frame_table;
extern u64 max_mfn;		/* one past the highest RAM frame */

static inline struct page_info *mfn_to_page(mfn_t m) { return &frame_table[m.v]; }
static inline mfn_t page_to_mfn(const struct page_info *pg)
{
	return mfn_make((u64)(pg - frame_table));
}
static inline bool mfn_is_ram(mfn_t m)
{
	return m.v < max_mfn && frame_table[m.v].state != PAGE_STATE_OFFLINE;
}

/** Hypervisor address of a frame of RAM; hal_virt_to_mfn() is the way back. */
static inline void *mfn_to_virt(mfn_t mfn)
{
	ASSERT(mfn.v < max_mfn);
	return hal_direct_map + (mfn.v << PAGE_SHIFT);
}
static inline void *page_to_virt(const struct page_info *pg)
{
	return mfn_to_virt(page_to_mfn(pg));
}

/* Flags for the allocation functions. */
#define MEMF_NODE(n) ((u32)(n) + 1)		/* prefer this node */
#define MEMF_NODE_MASK 0xff
#define MEMF_EXACT_NODE 0x100		/* fail rather than use another node */
#define MEMF_NO_SCRUB 0x200		/* the caller overwrites everything */
#define MEMF_DMA32 0x400		/* below 4 GiB */

/**
 * Allocate 2^@order frames, naturally aligned, contents zero (unless MEMF_NO_SCRUB). State XEN,
 * refs 1. NULL when there are none. Not in IRQ context.
 */
struct page_info *alloc_pages(u32 order, u32 memf);
void free_pages(struct page_info *pg, u32 order);

/**
 * alloc_pages() in steps, for chunks too large to be prepared at once. heap_take() takes a chunk
 * off the heap as it is: its frames may be neither used nor referenced until heap_allocate() has
 * zeroed those of an aligned part (refs 1, state XEN). heap_return() gives back the frames from
 * number @from on, of which none was allocated; the time does not depend on how many they are.
 */
struct page_info *heap_take(u32 order, u32 memf);
void heap_allocate(struct page_info *pg, u32 order);
void heap_return(struct page_info *pg, u32 order, u64 from);

/** Free frames whose last reference was dropped. All become dirty. Any context. */
void heap_free_dirty(struct page_info *pg, u32 order);
/** Zero those of the caller's own frames that are marked dirty, and unmark them. */
void heap_scrub_owned(struct page_info *pg, u32 order);

/** Make a new domain's page lists and their lock. */
void domain_pages_init(struct domain *d);

/**
 * The same for domain @d (state DOMAIN, owner @d, on its page list, counted against max_pages).
 * NULL when the domain is at its limit, dying, or memory is short. Each page has its own refs=1,
 * dropped by domain_release_page or by the domain's teardown.
 */
struct page_info *alloc_domain_pages(struct domain *d, u32 order, u32 memf);
/**
 * Part number @part, 2 MiB, of a contiguous 2^@order frames for @d. Parts are asked for in order;
 * between the calls @d keeps the rest of the chunk, until it gets all parts, begins another chunk,
 * ends, or domain_drop_chunk() is called. NULL as above, and when @part is not the next one.
 */
struct page_info *alloc_domain_part(struct domain *d, u32 order, u64 part, u32 memf);
void domain_drop_chunk(struct domain *d);
/** Give frames that were reserved at boot (dom0 1:1) to @d. */
int assign_pages(struct domain *d, struct page_info *pg, u32 order);
/** Drop the allocation reference once; later calls do nothing. True when this call dropped it. */
bool domain_release_page(struct page_info *pg);
/**
 * Drop the allocation reference of up to @max pages of the dying domain @d. True when none is
 * left to drop; pages that others still use stay on released_list until their last page_put.
 */
bool domain_release_pages(struct domain *d, u32 max);

/** Take a reference if the page is a live one of @d (or XENSHARE with that owner). */
bool page_get(struct page_info *pg, const struct domain *d);
/** Drop a reference; the last one scrubs and frees the page. */
void page_put(struct page_info *pg);

/** Free frames now, of one node (or NUMA_NO_NODE: all). */
u64 free_page_count(u32 node);
u64 total_page_count(void);
u64 dirty_page_count(void);

/**
 * Reserve exact frames [@start, @start + @n) out of the free lists (dom0 1:1, manifest modules).
 * Boot only; 0 or -XEN_EBUSY when one is not free (none is taken then).
 */
int reserve_free_range(mfn_t start, u64 n);
/** Boot: hand [@start, @end) of @node to the allocator; dirty unless told clean. */
void heap_add_region(mfn_t start, mfn_t end, u8 node, bool clean);
/** Call @fn for each free chunk, in ascending address order. Boot only, nothing else running. */
void heap_for_each_free(void (*fn)(mfn_t start, u64 n, void *arg), void *arg);

/** Take a dirty chunk of at most 2^@order frames of @node for scrubbing; NULL when none is left. */
struct page_info *heap_take_dirty(u8 node, u32 order, u32 *got_order);
/** True when there is such a chunk on any node. */
bool heap_has_dirty(void);
/** Zero the dirty frames of such a chunk and give it back. */
void heap_return_scrubbed(struct page_info *pg, u32 order);
/** While set, clean and dirty chunks stay apart and an allocation waits for chunks taken. */
void heap_set_scrubbing(bool on);

/**
 * While set, allocations take the highest free frames, because the hardware domain needs the
 * lowest: its kernel must be where it was linked to be. Boot only: it looks at every free chunk.
 */
void heap_set_from_top(bool on);

/** Scrub all dirty free memory in parallel on all online CPUs (scrub= parameter). Boot only. */
void scrub_heap_at_boot(void);

#endif
