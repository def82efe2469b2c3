/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest physical to host physical translation: one engine over pure entry encoders (mm/p2m/fmt).
 * 4K, 2M and 1G mappings; superpages are split on demand. TLB flushes are batched.
 */
#ifndef XEN_P2M_H
#define XEN_P2M_H

#include <xen/domain.h>
#include <xen/timer.h>

/* Foreign pages that wait for one flush. */
#define P2M_PARKED 64
/* Ranges that are remembered apart from each other; further ones are joined to the last. */
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
 * for a call outside of one, with the ranges that may look different now; and earlier where a page
 * that was unmapped is to be let go before the batch ends. The p2m's lock is held for writing:
 * p2m_lookup_locked() may be used, and nothing that takes the lock. When the p2m is closed nothing
 * is mapped any more, whatever lookups say.
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
	struct page_info *parked[P2M_PARKED];	/* [lock] unmapped, to be let go after a flush */
	struct timer park_timer;	/* flushes when nothing else does */
	bool closed;			/* [lock] torn down: nothing can be mapped any more */
	u64 table_pages;		/* [lock] */
	gfn_t max_mapped;		/* [lock] highest RAM gfn ever mapped */
};

int p2m_domain_init(struct domain *d);
/** Unmap everything for good and drop foreign references, with the vCPUs stopped. Lookups find
 * nothing from then on. -XEN_ERESTART to be called again. */
int p2m_domain_destroy(struct domain *d);
/** Free what p2m_domain_destroy left; nobody refers to the domain any more. */
void p2m_domain_free(struct domain *d);

/**
 * Map 2^@order frames. -XEN_ENOMEM, -XEN_EINVAL (misaligned). Old mappings are replaced. A
 * P2M_FOREIGN mapping takes over a reference on the page and one on its owner from the caller.
 */
int p2m_map(struct p2m *p, gfn_t gfn, mfn_t mfn, u32 order, enum p2m_type type);
/** The same for one frame where nothing is, else -XEN_EEXIST: looking and mapping are one step. */
int p2m_map_new(struct p2m *p, gfn_t gfn, mfn_t mfn, enum p2m_type type);
/** Map @n frames 1:1-contiguously, where nothing is (-XEN_EEXIST), with the largest orders
 * alignment permits. All or none: after an error (-XEN_ENOMEM) nothing maps the frames any more,
 * in any TLB. */
int p2m_map_range(struct p2m *p, gfn_t gfn, mfn_t mfn, u64 n, enum p2m_type type);
int p2m_unmap(struct p2m *p, gfn_t gfn, u32 order);
int p2m_unmap_range(struct p2m *p, gfn_t gfn, u64 n);
/**
 * Unmap one frame if @mfn is what is mapped there, and as @type, else -XEN_ENOENT. Among several
 * who try, one succeeds, and only that one may let the page go (after a flush) or map it elsewhere.
 */
int p2m_unmap_page(struct p2m *p, gfn_t gfn, mfn_t mfn, enum p2m_type type);

/** Look up; invalid mfn and P2M_INVALID when nothing is there. *@order (may be NULL): of the
 * mapping, or of the hole. */
mfn_t p2m_lookup(struct p2m *p, gfn_t gfn, enum p2m_type *type, u32 *order);

/**
 * A view of a domain's memory, for several accesses in a row: it holds the p2m's lock for reading
 * and remembers the mapping met last, so that what lies in the same superpage costs no lookup. The
 * lock stands in for page references: a page is let go only after it was unmapped, which takes the
 * lock for writing. Keep views short, and take no lock of a lower rank meanwhile.
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

/** Slow half of the next: look at the mapping that covers @at. False: no readable memory. */
bool p2m_view_move(struct p2m_view *w, gpaddr_t at);

/**
 * Where the hypervisor finds the byte at @at and the rest of its page, until the view ends. NULL
 * when there is no memory, or for @write none that may be written.
 */
static inline void *p2m_view_at(struct p2m_view *w, gpaddr_t at, bool write)
{
	if (unlikely(at.v - w->start >= w->bytes) && !p2m_view_move(w, at))
		return NULL;
	return likely(!write || w->writable) ? w->va + (at.v - w->start) : NULL;
}

/** Look up RAM and take a page reference; NULL when it is not RAM one may use that way. */
struct page_info *p2m_get_page(struct domain *d, gfn_t gfn, enum p2m_type *type, bool write);

/** Between these, TLB flushes are gathered into one at the end. Pages that were unmapped must not
 * be let go before that, or p2m_flush(): another vCPU's batch may hold flushes back as well. */
void p2m_batch_begin(struct p2m *p);
void p2m_batch_end(struct p2m *p);
/** Tell @o of all changes from now on, and no more. @o->changed is set. */
void p2m_observe(struct p2m *p, struct p2m_observer *o);
void p2m_unobserve(struct p2m *p, struct p2m_observer *o);
/** p2m_lookup() for observers and others who hold the lock. @order is not NULL. */
mfn_t p2m_lookup_locked(struct p2m *p, gfn_t gfn, enum p2m_type *type, u32 *order);
/** Do a flush that is due now, batch or not. Foreign pages unmapped before are let go. */
void p2m_flush(struct p2m *p);

static inline bool p2m_type_is_ram(enum p2m_type t) { return t == P2M_RAM_RW || t == P2M_RAM_RO; }

#endif
