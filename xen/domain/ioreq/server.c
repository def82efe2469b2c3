/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IOREQ servers: from their creation to their end. */
#include "private.h"

#include <xen/hal/vcpu.h>
#include <xen/nospec.h>
#include <xen/printk.h>
#include <xen/string.h>
#include <xen/xmalloc.h>

/*
 * Make the table of the domain's servers before the first of them. A domain that dies gets none:
 * ioreq_domain_destroy() may have looked for it already.
 */
static int make_table(struct domain *d)
{
	struct ioreq_domain *all;
	int rc = 0;

	if (ioreq_of(d))
		return 0;
	all = xzalloc(struct ioreq_domain);
	if (!all)
		return -XEN_ENOMEM;
	rw_lock_init(&all->lock, "ioreq", LOCK_RANK_IOREQ);
	spin_lock(&d->lock);
	if (d->dying) {
		rc = -XEN_EINVAL;
	} else if (!d->ioreq) {
		__atomic_store_n(&d->ioreq, all, __ATOMIC_RELEASE);
		all = NULL;
	}
	spin_unlock(&d->lock);
	xfree(all);
	return rc;
}

static int open_slot(struct ioreq_server *s, struct ioreq_slot *slot, u32 vcpu,
		     const struct evtchn_consumer_ops *ops)
{
	int port;

	slot->server = s;
	slot->vcpu = vcpu;
	port = evtchn_consumer_open(s->d, s->model, &slot->consumer, ops);
	if (port < 0)
		return port;
	slot->port = (u32)port;
	return 0;
}

static void close_slot(struct ioreq_server *s, struct ioreq_slot *slot)
{
	if (slot->port)
		evtchn_consumer_close(s->d, slot->port);
	slot->port = 0;
}

/* Free a server that is in no table, so that nobody sends requests to it. */
static void free_server(struct ioreq_server *s)
{
	u32 nr = s->d->max_vcpus;

	/* When a channel is closed the model's events come no more, and cannot be answers. */
	for (u32 i = 0; i < nr; i++) {
		bool asked = s->slot[i].port;

		close_slot(s, &s->slot[i]);
		if (asked)
			ioreq_give_up(&s->slot[i]);
	}
	close_slot(s, &s->ring_slot);
	ioreq_page_free(&s->sync);
	ioreq_page_free(&s->ring);
	for (u32 i = 0; i < IOREQ_RANGE_KINDS; i++)
		rangeset_destroy(&s->ranges[i]);
	xfree(s);
}

static int fill_server(struct ioreq_server *s)
{
	struct ioreq *place;
	int rc;

	spin_lock_init(&s->ring_lock, "ioreq ring", LOCK_RANK_NONE);
	for (u32 i = 0; i < IOREQ_RANGE_KINDS; i++)
		rangeset_init(&s->ranges[i]);
	rc = ioreq_page_init(s, &s->sync);
	if (!rc && s->buffered != HVM_IOREQSRV_BUFIOREQ_OFF)
		rc = ioreq_page_init(s, &s->ring);
	if (!rc && s->ring.page)
		rc = open_slot(s, &s->ring_slot, 0, &ioreq_ring_ops);
	place = s->sync.va;
	for (u32 i = 0; i < s->d->max_vcpus && !rc; i++) {
		rc = open_slot(s, &s->slot[i], i, &ioreq_slot_ops);
		/* Here the model finds the channels. */
		place[i].vp_eport = s->slot[i].port;
	}
	return rc;
}

static int make_server(struct domain *d, u16 model, u8 buffered, u16 id,
		       struct ioreq_server **server)
{
	struct ioreq_server *s;
	int rc;

	_Static_assert(PAGE_SIZE / sizeof(struct ioreq) >= 128, "one page for all vCPUs");
	ASSERT(d->max_vcpus <= PAGE_SIZE / sizeof(struct ioreq));
	s = xzalloc_bytes(sizeof(*s) + d->max_vcpus * sizeof(s->slot[0]));
	if (!s)
		return -XEN_ENOMEM;
	s->d = d;
	s->id = id;
	s->model = model;
	s->buffered = buffered;
	s->sync.place = s->ring.place = -1;
	rc = fill_server(s);
	if (rc) {
		free_server(s);
		return rc;
	}
	*server = s;
	return 0;
}

int ioreq_server_create(struct domain *d, u16 model, u8 buffered, u16 *id)
{
	struct ioreq_domain *all;
	u16 i = 0;
	int rc;

	if (buffered > HVM_IOREQSRV_BUFIOREQ_ATOMIC)
		return -XEN_EINVAL;
	rc = make_table(d);
	if (rc)
		return rc;
	all = ioreq_of(d);
	rc = -XEN_ENOSPC;
	write_lock(&all->lock);
	while (i < IOREQ_SERVERS && all->server[i])
		i++;
	if (all->closed)
		rc = -XEN_EINVAL;
	else if (i < IOREQ_SERVERS)
		rc = make_server(d, model, buffered, i, &all->server[i]);
	write_unlock(&all->lock);
	*id = i;
	return rc;
}

/* Server @id, to be changed by domain @model. Lock held. */
static int get_server(const struct ioreq_domain *all, u16 model, u32 id, struct ioreq_server **s)
{
	ASSERT(rw_is_locked(&all->lock));
	*s = id < IOREQ_SERVERS ? all->server[array_index_nospec(id, IOREQ_SERVERS)] : NULL;
	if (!*s)
		return -XEN_ENOENT;
	return (*s)->model == model ? 0 : -XEN_EPERM;
}

/* Take a server out of the table: once this is done, no request is being sent to it. */
static void take_out(struct ioreq_domain *all, struct ioreq_server *s)
{
	ASSERT(rw_is_write_locked(&all->lock) && all->server[s->id] == s);
	all->server[s->id] = NULL;
	ioreq_page_drop(all, s, &s->sync);
	ioreq_page_drop(all, s, &s->ring);
}

int ioreq_server_destroy(struct domain *d, u16 model, u32 id)
{
	struct ioreq_domain *all = ioreq_of(d);
	struct ioreq_server *s;
	int rc;

	if (!all)
		return -XEN_ENOENT;
	write_lock(&all->lock);
	rc = get_server(all, model, id, &s);
	if (!rc)
		take_out(all, s);
	write_unlock(&all->lock);
	if (!rc)
		free_server(s);
	return rc;
}

static int show_pages(struct ioreq_domain *all, struct ioreq_server *s)
{
	int rc;

	/* As Xen does: an enabled server's frames were taken away from the guest. */
	if (s->enabled)
		return s->sync.place < 0 ? -XEN_EINVAL : 0;
	rc = ioreq_page_show(all, s, &s->sync);
	return rc || !s->ring.page ? rc : ioreq_page_show(all, s, &s->ring);
}

int ioreq_server_info(struct domain *d, u16 model, u32 id, bool gfns,
		      struct ioreq_server_info *info)
{
	struct ioreq_domain *all = ioreq_of(d);
	struct ioreq_server *s;
	int rc;

	if (!all)
		return -XEN_ENOENT;
	*info = (struct ioreq_server_info){ 0 };
	write_lock(&all->lock);
	rc = get_server(all, model, id, &s);
	if (!rc && gfns)
		rc = show_pages(all, s);
	if (!rc) {
		info->ring_port = s->ring_slot.port;
		if (gfns)
			info->sync = s->sync.gfn;
		if (gfns && s->ring.place >= 0)
			info->ring = s->ring.gfn;
	}
	write_unlock(&all->lock);
	return rc;
}

int ioreq_server_range(struct domain *d, u16 model, u32 id, bool claim, u32 kind, u64 first,
		       u64 last)
{
	struct ioreq_domain *all = ioreq_of(d);
	struct ioreq_server *s;
	int rc;

	if (!all)
		return -XEN_ENOENT;
	write_lock(&all->lock);
	rc = get_server(all, model, id, &s);
	if (!rc)
		rc = claim ? ioreq_range_add(s, kind, first, last)
			   : ioreq_range_remove(s, kind, first, last);
	write_unlock(&all->lock);
	return rc;
}

/* A page that has a place among the guest's frames is shown there while its server is disabled. */
static void switch_page(struct ioreq_domain *all, struct ioreq_server *s, struct ioreq_page *p)
{
	if (p->place < 0)
		return;
	if (s->enabled)
		ioreq_page_hide(s, p);
	else if (ioreq_page_show(all, s, p))
		printk(LOG_G_WARN "d%u: no memory to show a page of ioreq server %u again\n",
		       s->d->id, s->id);
}

int ioreq_server_enable(struct domain *d, u16 model, u32 id, bool on)
{
	struct ioreq_domain *all = ioreq_of(d);
	struct ioreq_server *s;
	int rc;

	if (!all)
		return -XEN_ENOENT;
	write_lock(&all->lock);
	rc = get_server(all, model, id, &s);
	if (!rc && s->enabled != on) {
		s->enabled = on;
		switch_page(all, s, &s->sync);
		switch_page(all, s, &s->ring);
	}
	write_unlock(&all->lock);
	return rc;
}

int ioreq_get_frame(struct domain *d, u32 id, u64 frame, struct page_info **pg)
{
	struct ioreq_domain *all = ioreq_of(d);
	const struct ioreq_page *p = NULL;
	struct ioreq_server *s;

	if (!all || id >= IOREQ_SERVERS || frame >= IOREQ_MAX_FRAMES)
		return -XEN_EINVAL;
	read_lock(&all->lock);
	s = all->server[array_index_nospec(id, IOREQ_SERVERS)];
	if (s)
		p = frame ? &s->sync : &s->ring;
	*pg = p && p->page && page_get(p->page, d) ? p->page : NULL;
	read_unlock(&all->lock);
	return *pg ? 0 : -XEN_EINVAL;
}

void ioreq_domain_destroy(struct domain *d)
{
	struct ioreq_domain *all = ioreq_of(d);
	struct ioreq_server *s;

	if (!all)
		return;
	for (u32 i = 0; i < IOREQ_SERVERS; i++) {
		write_lock(&all->lock);
		all->closed = true;
		s = all->server[i];
		if (s)
			take_out(all, s);
		write_unlock(&all->lock);
		if (s)
			free_server(s);
	}
}

void ioreq_domain_free(struct domain *d)
{
	for (u32 i = 0; d->ioreq && i < IOREQ_SERVERS; i++)
		ASSERT(!d->ioreq->server[i]);
	xfree(d->ioreq);
	d->ioreq = NULL;
}
