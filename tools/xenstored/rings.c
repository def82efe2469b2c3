/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rings of all domains: mapping them, hearing their events, and their slots on disk. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "daemon.h"
#include "hyp.h"
#include "log.h"
#include "core/ring.h"

/* Requests of one domain in one turn. */
#define TURN 2

struct ring_peer {
	struct peer peer;
	struct list freed;
	struct ring ring;
	uint32_t port;		/* local */
	bool gone;
};

static struct ring_peer *ring_of(struct peer *p)
{
	return list_entry(p, struct ring_peer, peer);
}

static bool rings_run(struct peer *p)
{
	struct ring_peer *rp = ring_of(p);
	bool more = true;

	for (int i = 0; i < TURN && more && !rp->gone; i++)
		more = ring_run(&rp->ring);
	if (rp->gone)
		return false;
	if (rp->ring.notify)
		hyp_notify(rp->port);
	rp->ring.notify = false;
	return more;
}

static const struct peer_ops ring_ops = { .run = rings_run };

static void slot_name(char name[16], uint16_t domid)
{
	snprintf(name, 16, "ring-%u", domid);
}

/* The slot of a domain: in the journal's folder, or in memory when there is no journal. */
static struct ring_slot *slot_map(struct daemon *d, uint16_t domid)
{
	size_t size = sizeof(struct ring_slot);
	void *slot = MAP_FAILED;
	char name[16];
	int fd;

	if (!d->has_journal)
		return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	slot_name(name, domid);
	fd = openat(d->journal.dir, name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return MAP_FAILED;
	if (posix_fallocate(fd, 0, (off_t)size) == 0)
		slot = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	else
		errno = ENOSPC;
	close(fd);
	return slot;
}

static void slot_remove(struct daemon *d, uint16_t domid)
{
	char name[16];

	if (!d->has_journal)
		return;
	slot_name(name, domid);
	unlinkat(d->journal.dir, name, 0);
}

static void know_port(struct daemon *d, uint32_t port, struct peer *p)
{
	if (port >= d->nr_ports) {
		unsigned int nr = port + 64;

		d->by_port = xs_realloc(d->by_port, nr * sizeof(*d->by_port));
		memset(d->by_port + d->nr_ports, 0, (nr - d->nr_ports) * sizeof(*d->by_port));
		d->nr_ports = nr;
	}
	d->by_port[port] = p;
}

static int attach(struct daemon *d, struct domain *dom)
{
	struct ring_peer *rp = xs_zalloc(sizeof(*rp));
	int port, error = 0;

	rp->peer.ops = &ring_ops;
	rp->peer.daemon = d;
	list_init(&rp->peer.ready);
	list_init(&rp->freed);
	rp->ring.xs = &d->xs;
	rp->ring.d = dom;
	rp->ring.page = hyp_map(dom->domid, dom->gfn);
	if (!rp->ring.page)
		error = errno ? errno : EINVAL;
	port = error ? -1 : hyp_bind(dom->domid, dom->port);
	if (!error && port < 0)
		error = -port;
	rp->ring.slot = error ? MAP_FAILED : slot_map(d, dom->domid);
	if (!error && rp->ring.slot == MAP_FAILED)
		error = errno;
	if (error) {
		if (port >= 0)
			hyp_unbind((uint32_t)port);
		if (rp->ring.page)
			hyp_unmap(dom->domid, rp->ring.page);
		xs_free(rp);
		return error;
	}
	assert(!dom->io && port > 0);
	rp->port = (uint32_t)port;
	dom->io = rp;
	dom->conn->io = &rp->peer;
	know_port(d, rp->port, &rp->peer);
	return 0;
}

static void start(struct domain *dom)
{
	struct ring_peer *rp = dom->io;

	ring_attach(&rp->ring);
	peer_ready(&rp->peer);
}

int rings_attach(struct daemon *d, struct domain *dom)
{
	int error;

	if (!d->has_hyp)
		return ENOSYS;
	/* A slot of an earlier domain of this number is nothing to go on with. */
	slot_remove(d, dom->domid);
	error = attach(d, dom);
	if (error)
		log_line("domain %u cannot be introduced (frame %#llx, port %u): %s", dom->domid,
			 (unsigned long long)dom->gfn, dom->port, strerror(error));
	else
		start(dom);
	return error;
}

void rings_detach(struct daemon *d, struct domain *dom)
{
	struct ring_peer *rp = dom->io;

	slot_remove(d, dom->domid);
	if (!rp)
		return;
	assert(!rp->gone && d->by_port[rp->port] == &rp->peer);
	d->by_port[rp->port] = NULL;
	hyp_unbind(rp->port);
	hyp_unmap(dom->domid, rp->ring.page);
	munmap(rp->ring.slot, sizeof(*rp->ring.slot));
	list_del(&rp->peer.ready);
	dom->io = NULL;
	dom->conn->io = NULL;
	/* The caller may be this ring's own request. */
	rp->gone = true;
	list_add(&d->freed, &rp->freed);
}

void rings_reap(struct daemon *d)
{
	while (!list_empty(&d->freed)) {
		struct ring_peer *rp = list_entry(d->freed.next, struct ring_peer, freed);

		list_del(&rp->freed);
		xs_free(rp);
	}
}

void rings_output(struct conn *c)
{
	if (c->io)
		peer_ready(c->io);
}

/* Ask about every domain what became of it. */
static void look_at_domains(struct daemon *d)
{
	struct list *pos, *tmp;

	list_for_safe(pos, tmp, &d->xs.domains) {
		struct domain *dom = list_entry(pos, struct domain, link);
		enum hyp_state state = dom->domid ? hyp_state(dom->domid) : HYP_RUNNING;

		if (state == HYP_GONE)
			xs_release(&d->xs, NULL, dom);
		else if (state == HYP_SHUTDOWN)
			xs_domain_shutdown(&d->xs, dom);
	}
}

void rings_events(struct daemon *d)
{
	int port;

	/* As many as can be pending now: more come in the next round. */
	for (unsigned int n = 0; n <= d->nr_ports; n++) {
		port = hyp_pending();
		if (port < 0)
			return;
		hyp_unmask((uint32_t)port);
		if (port == 0)
			look_at_domains(d);
		else if ((unsigned int)port < d->nr_ports && d->by_port[port])
			peer_ready(d->by_port[port]);
	}
}

/* Events that were waiting are lost with the process: each watch fires once, as for a new one. */
static void fire_watches(struct daemon *d, struct domain *dom)
{
	struct list *pos;

	list_for(pos, &dom->conn->watches) {
		struct watch *w = list_entry(pos, struct watch, owned);

		conn_event(&d->xs, w, w->path);
	}
}

void rings_restore(struct daemon *d)
{
	struct list *pos, *tmp;

	list_for_safe(pos, tmp, &d->xs.domains) {
		struct domain *dom = list_entry(pos, struct domain, link);
		int error;

		/* This kernel knows its own port better than a journal does. */
		if (d->has_hyp && !dom->domid && hyp_own_port())
			dom->port = hyp_own_port();
		error = d->has_hyp ? attach(d, dom) : ENOSYS;
		if (error) {
			log_line("domain %u is forgotten, its ring cannot be had again: %s",
				 dom->domid, strerror(error));
			xs_release(&d->xs, NULL, dom);
			continue;
		}
		start(dom);
		fire_watches(d, dom);
	}
	if (d->has_hyp)
		look_at_domains(d);
}

bool rings_own(struct daemon *d)
{
	uint32_t port = hyp_own_port();
	int error;

	if (!port || xs_domain(&d->xs, 0))
		return true;
	error = xs_introduce(&d->xs, NULL, 0, 0, port);
	if (error)
		log_line("this kernel's own ring cannot be used: %s", strerror(error));
	return !error;
}
