/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Event channels: shared by the files of this directory.
 *
 * Design. A domain's channels live in buckets of 64 that are allocated as ports grow and stay
 * until the domain is freed, so a port number leads to its struct evtchn without a lock. The two
 * ways of showing an event to the guest (2-level bitmaps, FIFO queues) implement evtchn_ops.
 *
 * Locking, outermost first:
 *   evtchn_domain.lock   which ports are in use, VIRQ and PIRQ maps, FIFO set-up
 *   evtchn_link_lock     global; every change of a binding between two channels, so that only its
 *                        holder ever takes two channel locks
 *   evtchn.lock          the channel's state; taken with interrupts off, as interrupt handlers
 *                        raise VIRQs and PIRQs
 *   fifo_queue.lock      a queue's tail
 * Sending takes one channel lock. An interdomain channel is bound and unbound with both ends
 * locked, so holding one end keeps the other end and its domain in place.
 *
 * Ordering. A channel is marked open last and closed first. FIFO pages are freed only when no
 * channel is open; they are touched only with the lock of an open channel or of its peer held.
 */
#ifndef XEN_DOMAIN_EVTCHN_PRIVATE_H
#define XEN_DOMAIN_EVTCHN_PRIVATE_H

#include <xen/errno.h>
#include <xen/evtchn.h>
#include <xen/printk.h>
#include <xen/spinlock.h>

#define EVTCHN_PER_BUCKET 64
#define EVTCHN_BUCKETS_PER_GROUP 64
#define EVTCHN_PER_GROUP (EVTCHN_PER_BUCKET * EVTCHN_BUCKETS_PER_GROUP)
#define EVTCHN_NR_GROUPS (EVTCHN_FIFO_NR_CHANNELS / EVTCHN_PER_GROUP)
#define EVTCHN_NR_PIRQS 1024

#define FIFO_WORDS_PER_PAGE (PAGE_SIZE / sizeof(event_word_t))
#define FIFO_MAX_PAGES (EVTCHN_FIFO_NR_CHANNELS / FIFO_WORDS_PER_PAGE)
#define FIFO_NR_QUEUES EVTCHN_FIFO_MAX_QUEUES

/**
 * States beside EVTCHNSTAT_*, which a guest is told are "unbound" and "interdomain": the
 * hypervisor's end of a channel, and the end that a domain has bound to it. They are states of
 * their own so that sending on other channels does not have to ask.
 */
#define EVTCHN_CONSUMER 16
#define EVTCHN_TO_CONSUMER 17

/** One channel. All fields [lock] unless said otherwise. */
struct evtchn {
	struct spinlock lock;
	u32 port;		/* [const] */
	u32 notify_vcpu;	/* read without the lock when sending to an interdomain peer */
	u8 state;		/* EVTCHNSTAT_*, EVTCHN_CONSUMER, EVTCHN_TO_CONSUMER */
	u8 priority;		/* FIFO queue to link it to next; read like notify_vcpu */
	bool fifo_early;	/* raised before its event word existed; atomic */
	u32 fifo_last;		/* queue last linked on, fifo_queue_id() [lock of that queue] */
	union {
		u16 unbound_remote;	/* EVTCHNSTAT_unbound: who may bind */
		struct {		/* EVTCHNSTAT_interdomain, EVTCHN_TO_CONSUMER */
			struct domain *remote;
			struct evtchn *peer;
		};
		struct {		/* EVTCHN_CONSUMER */
			struct evtchn_consumer *consumer;
			struct evtchn *bound;	/* NULL: nothing is bound to it */
		};
		u32 virq;		/* EVTCHNSTAT_virq */
		u32 pirq;		/* EVTCHNSTAT_pirq */
	};
};

struct evtchn_bucket {
	u64 used;		/* ports handed out [evtchn_domain.lock] */
	struct evtchn chn[EVTCHN_PER_BUCKET];
};

struct evtchn_group {
	struct evtchn_bucket *bucket[EVTCHN_BUCKETS_PER_GROUP];
};

/** An ABI for showing events. Callers hold the lock of the channel or of its peer. */
struct evtchn_ops {
	const char *name;
	bool has_priorities;
	/** The number of ports that the guest can see. */
	u32 (*nr_ports)(const struct domain *d);
	/** Raise @chn on @v, its vCPU. */
	void (*set_pending)(struct vcpu *v, struct evtchn *chn);
	void (*clear_pending)(struct domain *d, struct evtchn *chn);
	/** Clear the mask; if the event waited for this, raise it on @v. */
	void (*unmask)(struct vcpu *v, struct evtchn *chn);
	bool (*is_pending)(struct domain *d, const struct evtchn *chn);
	bool (*is_masked)(struct domain *d, const struct evtchn *chn);
	/**
	 * Whether a queue of the guest still holds the event. Those of a new channel with this port
	 * would come by that queue, perhaps to another vCPU.
	 */
	bool (*is_held)(struct domain *d, const struct evtchn *chn);
};

struct evtchn_domain {
	struct spinlock lock;
	const struct evtchn_ops *ops;	/* [lock] to change */
	u32 max_port;			/* [const] */
	u32 nr_ports;			/* ports that have a struct evtchn; grows [lock] */
	u32 nr_open;			/* [lock] */
	u32 nr_consumers;		/* of these, ends of the hypervisor [lock] */
	u32 hint;			/* no free port below this one [lock] */
	bool closed;			/* being destroyed: no new ports [lock] */
	struct evtchn_group *group[EVTCHN_NR_GROUPS];	/* slots filled once [lock] */
	u32 global_virq[NR_VIRQS];	/* ports, 0 for none [lock] to change */
	u32 *pirq_port;			/* the same for PIRQs, allocated at first use */

	struct evtchn_fifo *fifo;	/* NULL with the 2-level ABI [lock] to change, "Ordering" */
};

/** A page of the guest that we keep mapped, as map_guest_page() returned it. */
struct evtchn_page {
	void *va;
	struct page_info *page;
};

/** The pages of the FIFO ABI, freed all at once. [evtchn_domain.lock] to change. */
struct evtchn_fifo {
	u32 nr_pages;
	event_word_t *array[FIFO_MAX_PAGES];	/* event words; slots filled once, in order */
	struct evtchn_page array_page[FIFO_MAX_PAGES];
	u32 nr_control;				/* length of control_page[] */
	struct evtchn_page control_page[];	/* of each vCPU */
};

struct fifo_queue {
	struct spinlock lock;
	u32 tail;		/* port linked last, 0 when known to be empty [lock] */
};

struct evtchn_vcpu {
	u32 virq[NR_VIRQS];	/* ports of per-vCPU VIRQs [evtchn_domain.lock] to change */
	struct evtchn_fifo_control_block *control;	/* [evtchn_domain.lock] to change */
	struct fifo_queue queue[FIFO_NR_QUEUES];
};

extern const struct evtchn_ops evtchn_2l_ops;
extern const struct evtchn_ops evtchn_fifo_ops;
extern struct spinlock evtchn_link_lock;

/** The channel of a port; NULL when the number is out of range. It may be closed. No locks. */
static inline struct evtchn *evtchn_from_port(const struct domain *d, u32 port)
{
	const struct evtchn_domain *ed = d->evtchn;
	u32 nr = __atomic_load_n(&ed->nr_ports, __ATOMIC_ACQUIRE);

	if (port == 0 || port >= nr)
		return NULL;
	port = array_index_nospec(port, nr);
	return &ed->group[port / EVTCHN_PER_GROUP]
			->bucket[port / EVTCHN_PER_BUCKET % EVTCHN_BUCKETS_PER_GROUP]
			->chn[port % EVTCHN_PER_BUCKET];
}

/** True for VIRQs that go to one vCPU of one domain; each vCPU has its own of the others. */
bool evtchn_virq_is_global(u32 virq);

/* port.c */
/** Take a free port of @d; its channel is closed. -XEN_ENOSPC, -XEN_ENOMEM, -XEN_EINVAL (dying).
 * evtchn_domain.lock held. */
int evtchn_port_get(struct domain *d);
/** Give back a port whose channel is closed. evtchn_domain.lock held. */
void evtchn_port_put(struct domain *d, u32 port);
/** First port in use at or after @from; evtchn_domain.nr_ports when there is none. No locks. */
u32 evtchn_next_open(const struct domain *d, u32 from);

/* bind.c */
int evtchn_bind_interdomain(struct domain *d, struct domain *rd, u32 rport);
int evtchn_bind_virq(struct domain *d, u32 virq, u32 vcpu);
int evtchn_bind_ipi(struct domain *d, u32 vcpu);
int evtchn_bind_pirq(struct vcpu *v, u32 pirq, bool share);
int evtchn_bind_vcpu(struct domain *d, u32 port, u32 vcpu);
int evtchn_set_priority(struct domain *d, u32 port, u32 priority);
int evtchn_close(struct domain *d, u32 port);
/** Close all ports, a bounded number in each call; -XEN_ERESTART when some remain. */
int evtchn_close_all(struct domain *d);
int evtchn_reset(struct domain *d, bool self);
int evtchn_status(struct domain *d, struct evtchn_status *st);

/**
 * Give a fresh port of @d the state @state, bound to @what (a domain, VIRQ or PIRQ). Returns the
 * port or a negative error. evtchn_domain.lock held.
 */
int evtchn_open(struct domain *d, u8 state, u32 vcpu, u32 what);
/** Close a channel. -XEN_EINVAL when it is not open. evtchn_domain.lock held. */
int evtchn_close_locked(struct domain *d, struct evtchn *chn);

/* send.c */
/** Raise the event on its vCPU. The lock of the channel or of its peer is held. */
void evtchn_raise(struct domain *d, struct evtchn *chn);
int evtchn_unmask(struct domain *d, u32 port);
/** Set @v's upcall flag, and for the 2-level ABI bit @sel of its selector (-1: none). Notify the
 * architecture if the flag was clear. */
void evtchn_mark_upcall(struct vcpu *v, int sel);

/* fifo.c, fifo_setup.c */
void evtchn_fifo_vcpu_init(struct evtchn_vcpu *ev);
int evtchn_fifo_init_control(struct domain *d, u32 vcpu, gfn_t gfn, u32 offset);
int evtchn_fifo_expand_array(struct domain *d, gfn_t gfn);
/** Go back to the 2-level ABI. No channel is open; evtchn_domain.lock held. After dropping the lock
 * the caller passes the result, which may be NULL, to evtchn_fifo_free(). */
struct evtchn_fifo *evtchn_fifo_detach(struct domain *d);
void evtchn_fifo_free(struct evtchn_fifo *fifo);

static inline u32 fifo_queue_id(u32 vcpu, u32 priority)
{
	ASSERT(priority < FIFO_NR_QUEUES);
	return vcpu * FIFO_NR_QUEUES + priority;
}

#endif
