/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Event channels: the FIFO ABI, raising events.
 *
 * Each vCPU has 16 queues, linked lists threaded through the event words of the array that the
 * guest shares. The guest takes events off the head; we append at the tail, which only we know.
 * Nothing read from a shared word is ever used as a port number: a hostile guest can lose its
 * own events and no more. Retries against a guest that keeps changing a word are bounded.
 */
#include "private.h"

#include <xen/ops.h>
#include <xen/printk.h>

#define WORD_PENDING (1U << EVTCHN_FIFO_PENDING)
#define WORD_MASKED (1U << EVTCHN_FIFO_MASKED)
#define WORD_LINKED (1U << EVTCHN_FIFO_LINKED)
#define WORD_BUSY (1U << EVTCHN_FIFO_BUSY)

/* Tries to write a LINK field without BUSY, and as many after setting it for the guest to wait. */
#define LINK_TRIES 4
/* Tries to lock a channel's queue while other CPUs move the channel to other queues. */
#define QUEUE_TRIES 8

/* The event word of @port; NULL while the guest has not supplied its page. */
static event_word_t *fifo_word(const struct domain *d, u32 port)
{
	const struct evtchn_fifo *fifo = d->evtchn->fifo;
	event_word_t *page;

	ASSERT(fifo);
	ASSERT(port && port < EVTCHN_FIFO_NR_CHANNELS);
	page = __atomic_load_n(&fifo->array[port / FIFO_WORDS_PER_PAGE], __ATOMIC_SEQ_CST);
	return page ? &page[port % FIFO_WORDS_PER_PAGE] : NULL;
}

/* The queue that an event was last on; @q itself when its vCPU does not exist. */
static struct fifo_queue *last_queue(const struct domain *d, u32 id, struct fifo_queue *q)
{
	struct vcpu *v;

	ASSERT(id / FIFO_NR_QUEUES < d->max_vcpus);
	v = d->vcpu[id / FIFO_NR_QUEUES];
	return v ? &v->evtchn->queue[id % FIFO_NR_QUEUES] : q;
}

/*
 * Lock @q and the queue that @chn was last on, in address order. Returns the latter, or NULL with
 * nothing locked when other CPUs kept moving the channel. Interrupts are off.
 */
static struct fifo_queue *lock_queues(struct domain *d, struct evtchn *chn, struct fifo_queue *q)
{
	for (u32 i = 0; i < QUEUE_TRIES; i++) {
		u32 id = READ_ONCE(chn->fifo_last);
		struct fifo_queue *old = last_queue(d, id, q);

		spin_lock(old < q ? &old->lock : &q->lock);
		if (old != q)
			spin_lock_nested(old < q ? &q->lock : &old->lock);
		if (READ_ONCE(chn->fifo_last) == id)
			return old;
		if (old != q)
			spin_unlock(&old->lock);
		spin_unlock(&q->lock);
	}
	return NULL;
}

/*
 * Make the tail's @word point at @port. False when the guest took the tail off meanwhile, which
 * leaves the queue empty. The guest may change other bits of the word at any time.
 */
static bool link_after(event_word_t *word, u32 port)
{
	event_word_t w = READ_ONCE(*word);

	ASSERT((port & ~EVTCHN_FIFO_LINK_MASK) == 0);
	for (u32 i = 0; i < 2 * LINK_TRIES; i++) {
		if (i == LINK_TRIES)
			w = __atomic_or_fetch(word, WORD_BUSY, __ATOMIC_SEQ_CST);
		if (!(w & WORD_LINKED)) {
			if (i >= LINK_TRIES)
				__atomic_fetch_and(word, ~WORD_BUSY, __ATOMIC_SEQ_CST);
			return false;
		}
		if (__atomic_compare_exchange_n(word, &w,
				(w & ~(WORD_BUSY | EVTCHN_FIFO_LINK_MASK)) | port, false,
				__ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
			return true;
	}
	__atomic_fetch_and(word, ~WORD_BUSY, __ATOMIC_SEQ_CST);
	/* The guest violates the ABI, and only it loses events. */
	printk(LOG_G_WARN "event channel: guest races us for the word before port %u\n", port);
	return true;
}

/* Append to @q, which is locked. True when it was empty, so that the guest must be notified. */
static bool append(struct domain *d, struct fifo_queue *q, u32 *head, u32 port)
{
	bool linked;

	ASSERT(spin_is_locked_by_me(&q->lock));
	/* A port needs a word to become a tail, and words stay while the ABI is in use. */
	ASSERT(!q->tail || fifo_word(d, q->tail));
	linked = q->tail && link_after(fifo_word(d, q->tail), port);

	if (!linked)
		WRITE_ONCE(*head, port);
	q->tail = port;
	return !linked;
}

static void link_event(struct vcpu *v, struct evtchn *chn, event_word_t *word)
{
	struct evtchn_fifo_control_block *cb;
	struct domain *d = v->domain;
	u32 prio = READ_ONCE(chn->priority);
	struct fifo_queue *q = &v->evtchn->queue[prio];
	struct fifo_queue *old;
	bool tell = false;

	cb = __atomic_load_n(&v->evtchn->control, __ATOMIC_ACQUIRE);
	/* The guest has not set up that vCPU: the event stays pending and is not linked. */
	if (!cb)
		return;
	old = lock_queues(d, chn, q);
	if (!old) {
		printk(LOG_G_WARN "d%u: event %u moves too fast\n", d->id, chn->port);
		return;
	}
	if (!(__atomic_fetch_or(word, WORD_LINKED, __ATOMIC_SEQ_CST) & WORD_LINKED)) {
		/* The guest took the event off its old queue, so it cannot be the tail there. */
		if (old->tail == chn->port)
			old->tail = 0;
		WRITE_ONCE(chn->fifo_last, fifo_queue_id(v->id, prio));
		tell = append(d, q, &cb->head[prio], chn->port);
	}
	if (old != q)
		spin_unlock(&old->lock);
	spin_unlock(&q->lock);

	if (tell && !(__atomic_fetch_or(&cb->ready, 1U << prio, __ATOMIC_SEQ_CST) & (1U << prio)))
		evtchn_mark_upcall(v, -1);
}

static void fifo_set_pending(struct vcpu *v, struct evtchn *chn)
{
	event_word_t *word = fifo_word(v->domain, chn->port);
	event_word_t old;

	if (unlikely(!word)) {
		/* add_page() checks this after publishing the page, so look for it again. */
		__atomic_store_n(&chn->fifo_early, true, __ATOMIC_SEQ_CST);
		word = fifo_word(v->domain, chn->port);
		if (!word)
			return;
	}
	old = __atomic_fetch_or(word, WORD_PENDING, __ATOMIC_SEQ_CST);
	if (!(old & (WORD_MASKED | WORD_LINKED)))
		link_event(v, chn, word);
}

static void fifo_clear_pending(struct domain *d, struct evtchn *chn)
{
	event_word_t *word = fifo_word(d, chn->port);

	/* The event may still be linked; the guest skips it. */
	if (word)
		__atomic_fetch_and(word, ~WORD_PENDING, __ATOMIC_SEQ_CST);
}

static void fifo_unmask(struct vcpu *v, struct evtchn *chn)
{
	event_word_t *word = fifo_word(v->domain, chn->port);

	if (!word)
		return;
	__atomic_fetch_and(word, ~WORD_MASKED, __ATOMIC_SEQ_CST);
	if (READ_ONCE(*word) & WORD_PENDING)
		fifo_set_pending(v, chn);
}

static bool fifo_is_pending(struct domain *d, const struct evtchn *chn)
{
	event_word_t *word = fifo_word(d, chn->port);

	return word ? READ_ONCE(*word) & WORD_PENDING : READ_ONCE(chn->fifo_early);
}

static bool fifo_is_masked(struct domain *d, const struct evtchn *chn)
{
	event_word_t *word = fifo_word(d, chn->port);

	return !word || (READ_ONCE(*word) & WORD_MASKED);
}

static bool fifo_is_held(struct domain *d, const struct evtchn *chn)
{
	event_word_t *word = fifo_word(d, chn->port);

	return word && (READ_ONCE(*word) & WORD_LINKED);
}

static u32 fifo_nr_ports(const struct domain *d)
{
	return EVTCHN_FIFO_NR_CHANNELS;
}

const struct evtchn_ops evtchn_fifo_ops = {
	.name = "FIFO",
	.nr_ports = fifo_nr_ports,
	.has_priorities = true,
	.set_pending = fifo_set_pending,
	.clear_pending = fifo_clear_pending,
	.unmask = fifo_unmask,
	.is_pending = fifo_is_pending,
	.is_masked = fifo_is_masked,
	.is_held = fifo_is_held,
};
OPS_TABLE(evtchn_fifo_ops, nr_ports);
