/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Event channels: the FIFO ABI, the pages that a guest supplies for it. */
#include "private.h"

#include <xen/xmalloc.h>

void evtchn_fifo_vcpu_init(struct evtchn_vcpu *ev)
{
	for (u32 i = 0; i < FIFO_NR_QUEUES; i++)
		spin_lock_init(&ev->queue[i].lock, "event queue", LOCK_RANK_EVTCHN_FIFO);
}

/* Raise an open channel's event again if it was raised before its word existed. */
static void raise_early(struct domain *d, u32 port)
{
	struct evtchn *chn = evtchn_from_port(d, port);
	u64 flags = spin_lock_irqsave(&chn->lock);

	if (__atomic_exchange_n(&chn->fifo_early, false, __ATOMIC_SEQ_CST) &&
	    chn->state != EVTCHNSTAT_closed)
		evtchn_raise(d, chn);
	spin_unlock_irqrestore(&chn->lock, flags);
}

/* Leave the 2-level ABI. Events pending there are raised again when their words exist. */
static void switch_to_fifo(struct domain *d)
{
	struct evtchn_domain *ed = d->evtchn;

	__atomic_store_n(&ed->ops, &evtchn_fifo_ops, __ATOMIC_SEQ_CST);
	for (u32 port = evtchn_next_open(d, 0); port < min(ed->nr_ports, evtchn_2l_ops.nr_ports(d));
	     port = evtchn_next_open(d, port + 1)) {
		struct evtchn *chn = evtchn_from_port(d, port);

		if (evtchn_2l_ops.is_pending(d, chn))
			__atomic_store_n(&chn->fifo_early, true, __ATOMIC_SEQ_CST);
	}
}

/* Make @cb, in @page, the control block of @v, and FIFO the ABI of its domain. Lock held. */
static int set_control(struct vcpu *v, struct evtchn_page page, void *cb)
{
	struct domain *d = v->domain;
	struct evtchn_domain *ed = d->evtchn;

	ASSERT(spin_is_locked_by_me(&ed->lock));
	ASSERT(v->id < d->max_vcpus);
	if (v->evtchn->control || ed->closed)
		return -XEN_EINVAL;
	if (!ed->fifo) {
		struct evtchn_fifo *fifo;

		fifo = xzalloc_bytes(sizeof(*fifo) + d->max_vcpus * sizeof(struct evtchn_page));
		if (!fifo)
			return -XEN_ENOMEM;
		fifo->nr_control = d->max_vcpus;
		__atomic_store_n(&ed->fifo, fifo, __ATOMIC_RELEASE);
	}
	/* The number of vCPUs is fixed before the first of them exists. */
	ASSERT(v->id < ed->fifo->nr_control && !ed->fifo->control_page[v->id].va);
	ed->fifo->control_page[v->id] = page;
	for (u32 i = 0; i < FIFO_NR_QUEUES; i++)
		v->evtchn->queue[i].tail = 0;
	__atomic_store_n(&v->evtchn->control, cb, __ATOMIC_RELEASE);
	if (ed->ops != &evtchn_fifo_ops)
		switch_to_fifo(d);
	return 0;
}

int evtchn_fifo_init_control(struct domain *d, u32 vcpu, gfn_t gfn, u32 offset)
{
	struct vcpu *v = domain_vcpu(d, vcpu);
	struct evtchn_page page;
	int rc;

	if (!v)
		return -XEN_ENOENT;
	if (offset % 8 || offset > PAGE_SIZE - sizeof(struct evtchn_fifo_control_block))
		return -XEN_EINVAL;
	page.va = map_guest_page(d, gfn, &page.page);
	if (!page.va)
		return -XEN_EINVAL;

	spin_lock(&d->evtchn->lock);
	rc = set_control(v, page, (char *)page.va + offset);
	spin_unlock(&d->evtchn->lock);
	if (rc)
		unmap_guest_page(page.va, page.page);
	return rc;
}

/* Append the page to the array. evtchn_domain.lock held. */
static int add_page(struct domain *d, struct evtchn_page page)
{
	struct evtchn_domain *ed = d->evtchn;
	struct evtchn_fifo *fifo = ed->fifo;
	u32 first;

	ASSERT(spin_is_locked_by_me(&ed->lock));
	if (!fifo || ed->closed)
		return -XEN_EOPNOTSUPP;
	if (fifo->nr_pages == FIFO_MAX_PAGES)
		return -XEN_ENOSPC;
	ASSERT(!fifo->array[fifo->nr_pages]);
	first = fifo->nr_pages * FIFO_WORDS_PER_PAGE;
	fifo->array_page[fifo->nr_pages] = page;
	__atomic_store_n(&fifo->array[fifo->nr_pages], page.va, __ATOMIC_SEQ_CST);
	fifo->nr_pages++;

	for (u32 port = evtchn_next_open(d, first);
	     port < min(ed->nr_ports, (u32)(first + FIFO_WORDS_PER_PAGE));
	     port = evtchn_next_open(d, port + 1))
		raise_early(d, port);
	return 0;
}

int evtchn_fifo_expand_array(struct domain *d, gfn_t gfn)
{
	struct evtchn_page page;
	int rc;

	page.va = map_guest_page(d, gfn, &page.page);
	if (!page.va)
		return -XEN_EINVAL;
	spin_lock(&d->evtchn->lock);
	rc = add_page(d, page);
	spin_unlock(&d->evtchn->lock);
	if (rc)
		unmap_guest_page(page.va, page.page);
	return rc;
}

struct evtchn_fifo *evtchn_fifo_detach(struct domain *d)
{
	struct evtchn_domain *ed = d->evtchn;
	struct evtchn_fifo *fifo = ed->fifo;
	struct vcpu *v;

	ASSERT(spin_is_locked_by_me(&ed->lock));
	/* The pages are only touched under the lock of an open channel of the guest. */
	ASSERT(ed->nr_open == ed->nr_consumers);
	__atomic_store_n(&ed->ops, &evtchn_2l_ops, __ATOMIC_SEQ_CST);
	for_each_vcpu(d, v)
		if (v->evtchn)
			WRITE_ONCE(v->evtchn->control, NULL);
	WRITE_ONCE(ed->fifo, NULL);
	return fifo;
}

void evtchn_fifo_free(struct evtchn_fifo *fifo)
{
	if (!fifo)
		return;
	for (u32 i = 0; i < fifo->nr_control; i++)
		if (fifo->control_page[i].va)
			unmap_guest_page(fifo->control_page[i].va, fifo->control_page[i].page);
	for (u32 i = 0; i < fifo->nr_pages; i++)
		unmap_guest_page(fifo->array_page[i].va, fifo->array_page[i].page);
	xfree(fifo);
}
