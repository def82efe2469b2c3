/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IOREQ servers: shared by the files of this directory.
 *
 * Design. Each vCPU has a slot in each server: a place for one request in the page that is shared
 * with the device model, and a channel between the two. What is in the page is the model's word:
 * of it the hypervisor takes the data of an answer and nothing else. Which request waits is known
 * from numbers that the model cannot see, so an answer that comes twice, late or unasked is not
 * one. A ring of buffered requests takes writes to the VGA window, which nothing waits for; its
 * write index is kept here.
 *
 * Locking, outermost first:
 *   ioreq_domain.lock     which servers there are, their ranges, and whether they are enabled. A
 *                         request holds it for reading until the model has been told, so once a
 *                         writer has taken a server out of the table nobody uses it.
 *   ioreq_server.ring_lock   the ring of buffered requests
 *   channel locks         held when slot_event() and slot_closed() are called
 *
 * Ordering. A request's number is stored before the request can be seen. The channel is looked at
 * last: if the model went away before, the sender sees it, and if after, slot_closed() sees the
 * number.
 */
#ifndef XEN_DOMAIN_IOREQ_PRIVATE_H
#define XEN_DOMAIN_IOREQ_PRIVATE_H

#include <xen/assert.h>
#include <xen/errno.h>
#include <xen/evtchn.h>
#include <xen/ioreq.h>
#include <xen/ops.h>
#include <xen/rangeset.h>
#include <xen/spinlock.h>

#include <public/hvm/dm_op.h>
#include <public/hvm/hvm_op.h>

/** Servers of a domain, and ranges of each kind of a server, as in Xen 4.17. */
#define IOREQ_SERVERS 8
#define IOREQ_RANGES 256
#define IOREQ_RANGE_KINDS 3	/* XEN_DMOP_IO_RANGE_* */

/** A page shared with the device model. */
struct ioreq_page {
	struct page_info *page;	/* [const] NULL: none */
	void *va;		/* [const] */
	s32 place;		/* among the frames set aside, -1: none [domain's lock] */
	gfn_t gfn;		/* that frame of the guest [domain's lock] */
	bool shown;		/* mapped there now [domain's lock] */
};

/** A vCPU's place in a server. */
struct ioreq_slot {
	struct evtchn_consumer consumer;
	struct ioreq_server *server;	/* [const] */
	u32 vcpu;			/* [const] */
	u32 port;			/* [const] in the guest's domain; 0: none */
	u64 number;			/* atomic: of its newest request, as ask() returned it */
	bool left;			/* atomic: the model has closed its end at least once */
};

struct ioreq_server {
	struct domain *d;		/* [const] the guest's */
	u16 id, model;			/* [const] its number; the domain of the device model */
	u8 buffered;			/* [const] HVM_IOREQSRV_BUFIOREQ_* */
	bool enabled;			/* [domain's lock] */
	bool told;			/* atomic: that it is gone was logged */
	struct rangeset ranges[IOREQ_RANGE_KINDS];	/* [domain's lock] */
	struct ioreq_page sync, ring;
	struct spinlock ring_lock;
	u32 ring_write;			/* [ring_lock] the index that we publish */
	struct ioreq_slot ring_slot;	/* its channel only */
	struct ioreq_slot slot[];	/* [const] one for each vCPU */
};

struct ioreq_domain {
	struct rwlock lock;
	struct ioreq_server *server[IOREQ_SERVERS];	/* [lock] */
	bool closed;			/* [lock] the domain ends */
	u64 places;			/* [lock] guest frames given to servers, a bit for each */
};

/** The domain's servers; NULL before the first one. Any context. */
static inline struct ioreq_domain *ioreq_of(const struct domain *d)
{
	return __atomic_load_n(&d->ioreq, __ATOMIC_ACQUIRE);
}

/** The enabled server that claims @a: of several the one made last. Lock held. */
struct ioreq_server *ioreq_find(const struct ioreq_domain *id, const struct ioreq_access *a);

/**
 * Let @s claim a range of kind @kind (XEN_DMOP_IO_RANGE_*), or claim part of what it has no more.
 * -XEN_EINVAL; -XEN_EEXIST (it has part of it), -XEN_ENOENT (it does not have all of it);
 * -XEN_ENOSPC (too many ranges); -XEN_ENOMEM. Lock held for writing.
 */
int ioreq_range_add(struct ioreq_server *s, u32 kind, u64 first, u64 last);
int ioreq_range_remove(struct ioreq_server *s, u32 kind, u64 first, u64 last);

/** Allocate a page for @s. 0 or -XEN_ENOMEM. */
int ioreq_page_init(struct ioreq_server *s, struct ioreq_page *p);
void ioreq_page_free(struct ioreq_page *p);
/**
 * Show a page to the device model at one of the guest frames that the toolstack set aside
 * (HVM_PARAM_IOREQ_SERVER_PFN), and hide it; its place is kept until it is dropped. Lock held for
 * writing. 0, -XEN_ENOMEM (no frame is left) or another error.
 */
int ioreq_page_show(struct ioreq_domain *id, struct ioreq_server *s, struct ioreq_page *p);
void ioreq_page_hide(struct ioreq_server *s, struct ioreq_page *p);
void ioreq_page_drop(struct ioreq_domain *id, struct ioreq_server *s, struct ioreq_page *p);

/** What happens when the device model sends, and when it goes away. */
extern const struct evtchn_consumer_ops ioreq_slot_ops, ioreq_ring_ops;
/** Answer the slot's request, if it still waits, with all ones: the model will not. Any context. */
void ioreq_give_up(struct ioreq_slot *slot);
/** Put a write into the ring if it may be buffered and there is room. Lock held. */
bool ioreq_buffer(struct ioreq_server *s, const struct ioreq_access *a);

#endif
