/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest physical to host physical translation: one engine over pure entry encoders (mm/p2m/fmt).
 * 4K, 2M and 1G mappings; superpages are split on demand. TLB flushes are batched.
 */
#ifndef XEN_P2M_H
#define XEN_P2M_H

#include <xen/domain.h>
#include <xen/timer.h>

/* The most foreign pages that wait for a flush. */
#define P2M_PARKED 64
/* The most separate ranges of changes; further ranges are joined to the last. */
#define P2M_CHANGES 16

enum p2m_type {
	P2M_INVALID = 0,	/* nothing there */
	P2M_RAM_RW,
	P2M_RAM_RO,		/* writes are dropped */
	P2M_MMIO_DIRECT,	/* a device's registers, mapped through */
	P2M_GRANT_RW,		/* another domain's page, mapped by grant */
	P2M_GRANT_RO,
	P2M_FOREIGN,		/* another domain's page, mapped by a privileged one */
	P2M_XENSHARE,		/* shared info, grant table frames */
};

struct p2m_fmt;

/** @n guest frames from @start on. */
struct p2m_range {
	gfn_t start;
	u64 n;
};

/**
 * Another user of a p2m's translations, such as an IOMMU. @changed is called once for a batch, or
 * for a call outside of a batch, with the ranges that may have changed. It is called earlier if an
 * unmapped page must be released before the batch ends. The p2m's lock is held for writing: use
 * p2m_lookup_locked(), and nothing that takes the lock. When the p2m is closed nothing is mapped
 * any more, whatever lookups return.
 */
struct p2m_observer {
	struct list_head link;		/* [p2m lock] */
	void (*changed)(struct p2m_observer *o, struct p2m *p, const struct p2m_range *range,
			u32 nr);
};

struct p2m {
	struct rwlock lock;
	const struct p2m_fmt *fmt;	/* [const] */
	struct domain *domain;		/* [const] */
	mfn_t root;			/* [const] */
	bool need_flush;		/* [lock] a present entry changed since the last flush */
	u64 flush_start, flush_end;	/* [lock] gfns that TLBs may hold stale entries for */
	struct list_head observers;	/* [lock] */
	u32 nr_changes;			/* [lock] */
	struct p2m_range change[P2M_CHANGES];	/* [lock] that observers have not been told of */
	u32 batch;			/* [lock] nesting of p2m_batch_begin */
	u32 nr_parked;			/* [lock] */
	struct page_info *parked[P2M_PARKED];	/* [lock] unmapped, released after a flush */
	struct timer park_timer;	/* flushes when nothing else does */
	bool closed;			/* [lock] torn down: nothing can be mapped any more */
	bool records_writes;		/* atomic: p2m_collect_dirty() was called */
	u64 table_pages;		/* [lock] */
	gfn_t max_mapped;		/* [lock] highest RAM gfn ever mapped */
};

int p2m_domain_init(struct domain *d);
/** Unmap everything for good and drop foreign references, with the vCPUs stopped. Lookups find
 * nothing from then on. -XEN_ERESTART to be called again. */
int p2m_domain_destroy(struct domain *d);
/** Free the rest after p2m_domain_destroy; no reference to the domain is left. */
void p2m_domain_free(struct domain *d);

/**
 * Map 2^@order frames. -XEN_ENOMEM, -XEN_EINVAL (misaligned). Old mappings are replaced. A
 * P2M_FOREIGN mapping takes over a reference on the page and one on its owner from the caller.
 */
int p2m_map(struct p2m *p, gfn_t gfn, mfn_t mfn, u32 order, enum p2m_type type);
/** The same for one frame at an empty gfn, else -XEN_EEXIST. Check and mapping are one step. */
int p2m_map_new(struct p2m *p, gfn_t gfn, mfn_t mfn, enum p2m_type type);
/** Map @n contiguous frames to contiguous empty gfns (else -XEN_EEXIST), with the largest orders
 * that alignment permits. All or none: after an error (also -XEN_ENOMEM) none of the frames is
 * mapped, nor in any TLB. */
int p2m_map_range(struct p2m *p, gfn_t gfn, mfn_t mfn, u64 n, enum p2m_type type);
/**
 * Replace the mappings of the level below in the 2^@order frames at @gfn by one, if they are RAM,
 * contiguous, aligned and of one type; otherwise nothing changes. What is mapped where is the same.
 */
void p2m_join(struct p2m *p, gfn_t gfn, u32 order);
int p2m_unmap(struct p2m *p, gfn_t gfn, u32 order);
int p2m_unmap_range(struct p2m *p, gfn_t gfn, u64 n);
/**
 * Unmap the @n frames of a device from @mfn on, which p2m_map_range() had mapped at @gfn. What the
 * domain has put in the place of some of them stays.
 */
void p2m_unmap_device(struct p2m *p, gfn_t gfn, mfn_t mfn, u64 n);
/**
 * Unmap one frame if @mfn is mapped there as @type, else -XEN_ENOENT. Of several concurrent callers
 * one succeeds, and only that one may release the page (after a flush) or map it elsewhere.
 */
int p2m_unmap_page(struct p2m *p, gfn_t gfn, mfn_t mfn, enum p2m_type type);

/** Make the RAM at @gfn P2M_RAM_RW or P2M_RAM_RO. -XEN_EINVAL (it is not RAM), -XEN_ENOMEM. */
int p2m_set_ram_type(struct p2m *p, gfn_t gfn, enum p2m_type type);

/** Look up; an invalid mfn and P2M_INVALID when nothing is mapped. *@order (may be NULL) is that of
 * the mapping or of the hole. */
mfn_t p2m_lookup(struct p2m *p, gfn_t gfn, enum p2m_type *type, u32 *order);

/**
 * A view of a domain's memory, for several accesses in a row. It holds the p2m's lock for reading
 * and remembers the last mapping, so accesses to the same superpage need no lookup. The lock
 * replaces page references: a page is released only after it was unmapped, which takes the lock for
 * writing. Keep views short, and take no lock of a lower rank meanwhile.
 */
struct p2m_view {
	struct p2m *p;
	u64 start, bytes;	/* guest physical, what the mapping covers; 0 bytes: none yet */
	char *va;		/* of start */
	bool writable;
};

static inline void p2m_view_begin(struct p2m_view *w, struct p2m *p)
{
	w->p = p;
	w->start = w->bytes = 0;
	read_lock(&p->lock);
}

static inline void p2m_view_end(struct p2m_view *w)
{
	read_unlock(&w->p->lock);
}

/** Slow path of p2m_view_at(): look up the mapping that covers @at. False: no readable memory. */
bool p2m_view_move(struct p2m_view *w, gpaddr_t at);

/**
 * The hypervisor's address of the byte at @at and the rest of its page, valid until the view ends.
 * NULL when there is no memory, or with @write no writable memory.
 */
static inline void *p2m_view_at(struct p2m_view *w, gpaddr_t at, bool write)
{
	if (unlikely(at.v - w->start >= w->bytes) && !p2m_view_move(w, at))
		return NULL;
	return likely(!write || w->writable) ? w->va + (at.v - w->start) : NULL;
}

/**
 * Set a bit in @bitmap, which is zeroed, for each page of the @n from @first on that was written
 * since the last call: by the domain's vCPUs, or by the emulator for them. A page of which this is
 * the first call counts as written. What hypercalls store there as results is not seen. 0;
 * -XEN_ENODATA (the tables have no dirty bits), -XEN_ENOMEM (some bits are lost: take all as set).
 */
int p2m_collect_dirty(struct p2m *p, gfn_t first, u32 n, u8 *bitmap);
/** Record a write of the hypervisor to @gfn; @p's lock is held. For p2m_view_written(). */
void p2m_mark_dirty(struct p2m *p, gfn_t gfn);
/** Record a write by way of a view to the page at @at. */
static inline void p2m_view_written(struct p2m_view *w, gpaddr_t at)
{
	if (unlikely(READ_ONCE(w->p->records_writes)))
		p2m_mark_dirty(w->p, gpaddr_to_gfn(at));
}

/** Look up RAM and take a page reference; NULL when it is not RAM, or not writable with @write. */
struct page_info *p2m_get_page(struct domain *d, gfn_t gfn, enum p2m_type *type, bool write);

/** Between these, TLB flushes are gathered into one at the end. Unmapped pages must not be released
 * before the end or p2m_flush(), even without a batch: another vCPU's batch may delay flushes. */
void p2m_batch_begin(struct p2m *p);
void p2m_batch_end(struct p2m *p);
/** Start / stop telling @o of all changes. @o->changed is set. */
void p2m_observe(struct p2m *p, struct p2m_observer *o);
void p2m_unobserve(struct p2m *p, struct p2m_observer *o);
/** p2m_lookup() for observers and others who hold the lock. @order is not NULL. */
mfn_t p2m_lookup_locked(struct p2m *p, gfn_t gfn, enum p2m_type *type, u32 *order);
/** Do a pending flush now, even in a batch, and release unmapped foreign pages. */
void p2m_flush(struct p2m *p);

static inline bool p2m_type_is_ram(enum p2m_type t) { return t == P2M_RAM_RW || t == P2M_RAM_RO; }

#endif
