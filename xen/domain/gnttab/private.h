/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Grant tables: shared by the files of this directory.
 *
 * Design. A domain grants by writing entries into frames that it shares with us. An entry that is
 * used is pinned: it is checked, marked in the shared frame as being read or written, and its page
 * is referenced. While it is pinned, the contents read at the first pin are valid, whatever the
 * guest writes into the entry later. A mapping is a pin with a handle and an entry in the mapper's
 * p2m; a copy holds two pins while it lasts.
 *
 * Locking. grant_table.lock: size, version and pins of one domain's table; never two at a time.
 * maptrack.lock: the mappings that one domain holds. A mapping being made or removed is marked
 * busy, so that others leave it alone without the lock. The p2m is changed under neither lock.
 *
 * Ordering. A page's reference is dropped after TLBs that may hold its mapping were flushed. Each
 * mapping holds a reference to the granting domain, so that its table outlives the mapping.
 */
#ifndef XEN_DOMAIN_GNTTAB_PRIVATE_H
#define XEN_DOMAIN_GNTTAB_PRIVATE_H

#include <xen/errno.h>
#include <xen/gnttab.h>
#include <xen/p2m.h>
#include <xen/printk.h>
#include <xen/spinlock.h>

#define GRANTS_PER_FRAME_V1 (PAGE_SIZE / sizeof(struct grant_entry_v1))
#define GRANTS_PER_FRAME_V2 (PAGE_SIZE / sizeof(union grant_entry_v2))
#define STATUS_PER_FRAME (PAGE_SIZE / sizeof(grant_status_t))
#define PINS_PER_CHUNK 64
#define MAPPINGS_PER_CHUNK 256
#define GNTTAB_MAX_FRAMES 4096
#define GNTTAB_MAX_MAPTRACK 65536
#define GNTTAB_MAX_VERSION 2

/** A frame shared with the guest. */
struct grant_frame {
	void *va;
	struct page_info *page;
};

/** The use of one entry; all zero while it is not used. [grant_table.lock] */
struct grant_pin {
	struct page_info *page;	/* referenced; NULL for a transitive grant */
	u32 users;		/* mappings and copies in progress */
	u32 writers;		/* how many of the users write */
	u16 grantee;
	u16 start, length;	/* the part of the page that was granted */
	u16 via_domid;		/* transitive: the domain that grants the page ... */
	u32 via_ref;		/* ... and the grant there */
	bool whole_page;
	bool writable;		/* its owner may write the page */
	bool transitive;
};

/** A mapping that a domain holds, found by its handle. [maptrack.lock, or the setter of busy] */
struct grant_mapping {
	struct domain *granter;	/* referenced; NULL when the handle is free */
	u64 gfn;		/* address of the mapping, with GNTMAP_host_map */
	mfn_t mfn;
	u32 ref;		/* when free: the next free handle */
	u16 flags;		/* GNTMAP_* still in effect */
	bool busy;
};

struct maptrack {
	struct spinlock lock;
	u32 max_chunks;			/* [const] */
	u32 nr_chunks;
	struct grant_mapping **chunk;	/* slots filled once */
	u32 free;			/* first free handle, ~0 when there is none */
	u32 nr_used;
	u32 destroyed;			/* lower handles are done [gnttab_domain_destroy only] */
	bool closed;			/* no new mappings */
};

struct grant_table {
	struct spinlock lock;
	struct domain *domain;		/* [const] */
	u32 version, max_version;	/* [lock]; [const] */
	u32 max_frames;			/* [const] */
	u32 nr_frames, nr_status;	/* grow only [lock] */
	struct grant_frame *frame;	/* [max_frames]; slots filled once [lock] */
	struct grant_frame *status;	/* version 2 */
	struct grant_pin **pins;	/* chunks of PINS_PER_CHUNK, made at first use [lock] */
	u32 nr_pinned;			/* entries with users [lock] */
	bool closed;			/* no new pins [lock] */
	struct maptrack maptrack;
};

/* table.c */
/** Grow to @nr frames. 0, -XEN_EINVAL, -XEN_ENOMEM. Lock held. */
int grant_table_grow(struct grant_table *gt, u32 nr);
/** Allocate the status frames for the present frames; lock held. */
int grant_table_grow_status(struct grant_table *gt);
/** The number of entries of the table; lock held. */
u32 grant_table_nr_refs(const struct grant_table *gt);
struct grant_entry_v1 *grant_entry_v1_of(const struct grant_table *gt, u32 ref);
union grant_entry_v2 *grant_entry_v2_of(const struct grant_table *gt, u32 ref);
grant_status_t *grant_status_of(const struct grant_table *gt, u32 ref);
/** The pin of an entry; NULL when it was never used. Lock held. */
struct grant_pin *grant_pin_of(const struct grant_table *gt, u32 ref);

/* version.c */
int grant_table_set_version(struct grant_table *gt, u32 version);

/* pin.c */
#define PIN_WRITE 1
#define PIN_COPY 2	/* for a copy: allows parts of pages and transitive grants */

/** The page that a pinned entry grants. */
struct grant_view {
	struct page_info *page;		/* stays while pinned; NULL when transitive */
	u32 start, length;
	u16 via_domid;
	u32 via_ref;
};

/** Use entry @ref of @d on behalf of domain @grantee. GNTST_*. No locks held. */
int grant_pin(struct domain *d, u32 ref, u16 grantee, u32 flags, struct grant_view *view);
void grant_unpin(struct domain *d, u32 ref, bool write);

/* maptrack.c */
int maptrack_init(struct maptrack *mt, u32 max_chunks);
void maptrack_free_all(struct maptrack *mt);
/** A new mapping, busy. NULL when there is no space or the domain is closed. */
struct grant_mapping *maptrack_new(struct maptrack *mt, u32 *handle);
/** The mapping of a handle, made busy; NULL when there is none or it is busy already. */
struct grant_mapping *maptrack_claim(struct maptrack *mt, u32 handle);
/** Clear busy; the mapping stays. */
void maptrack_keep(struct maptrack *mt, struct grant_mapping *m);
/** Free a busy mapping; the caller drops the references that it held. */
void maptrack_drop(struct maptrack *mt, u32 handle);

/* map.c */
#define UNMAP_BATCH 32

/** One GNTTABOP_unmap_grant_ref in progress. */
struct grant_unmap {
	u64 host_addr, dev_bus_addr;
	u32 handle;
	s16 status;
	u16 drop;			/* GNTMAP_* to remove */
	struct grant_mapping *mapping;	/* busy; NULL when it failed early */
};

s16 grant_map(struct vcpu *v, struct gnttab_map_grant_ref *op);
/** Unmap up to UNMAP_BATCH mappings of @d with one flush; sets each status. */
void grant_unmap_batch(struct domain *d, struct grant_unmap *u, u32 n);

/* copy.c */
s16 grant_copy(struct vcpu *v, const struct gnttab_copy *op);

/* cache.c */
/** GNTTABOP_cache_flush of @count ops, the first one from chunk *@resume of the mappings on; like
 * gnttab_op(). */
long grant_cache_flush(struct vcpu *v, guest_ptr_t uop, u32 count, u32 *resume, u32 *done);

/* query.c: each takes a copy of its op and stores the results there. 0 or a negative error. */
long gnttab_query_size_op(struct vcpu *v, void *arg);
long gnttab_setup_table_op(struct vcpu *v, void *arg);
long gnttab_status_frames_op(struct vcpu *v, void *arg);
long gnttab_set_version_op(struct vcpu *v, void *arg);
long gnttab_get_version_op(struct vcpu *v, void *arg);
long gnttab_dump_table_op(struct vcpu *v, void *arg);
long gnttab_swap_op(struct vcpu *v, void *arg);

#endif
