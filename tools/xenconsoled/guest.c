/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Consoles of guests. Everything a guest shares is checked at each use; one that breaks the rules
 * loses its console, and nothing else.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xenevtchn.h>
#include <xengnttab.h>
#include <xentoollog.h>

#include "daemon.h"

#include <public/grant_table.h>
#include <public/io/console.h>

#define DEFAULT_LIMIT (1UL << 20)
#define MAX_LIMIT (64UL << 20)
#define LINGER_MS 1000	/* a dead guest's terminal stays: readers are to see its last words */
#define MAX_DOMAINS 1024
#define STORE_TRIES 100
#define AGAIN_MS 1000	/* until memory is hoped to be there */

static uint64_t read_number(struct daemon *d, uint32_t tx, uint32_t domid, const char *name,
			    uint64_t otherwise)
{
	char *text = lx_read(d->store, tx, "/local/domain/%u/console/%s", domid, name), *end;
	uint64_t n = otherwise;

	if (text && *text) {
		n = strtoull(text, &end, 10);
		if (*end)
			n = otherwise;
	}
	free(text);
	return n;
}

/* By the grant its toolstack left; a toolstack that leaves none is served by frame number. */
static void *map_ring(struct guest *g)
{
	xen_pfn_t gfn;
	int rc;
	void *p = xengnttab_map_grant_ref(g->d->gnttab, g->domid, GNTTAB_RESERVED_CONSOLE,
					  PROT_READ | PROT_WRITE);

	g->by_grant = p != NULL;
	if (p)
		return p;
	gfn = read_number(g->d, 0, g->domid, "ring-ref", 0);
	return gfn ? ctl_map(g->d->ctl, g->domid, &gfn, 1, &rc) : NULL;
}

static void disconnect(struct guest *g)
{
	if (g->port >= 0)
		xenevtchn_unbind(g->d->evtchn, (evtchn_port_t)g->port);
	g->port = -1;
	if (g->ring && g->by_grant)
		xengnttab_unmap(g->d->gnttab, g->ring, 1);
	else if (g->ring)
		ctl_unmap(g->d->ctl, g->ring, 1);
	g->ring = NULL;
}

static void broken(struct guest *g)
{
	xtl_log(g->d->log, XTL_WARN, -1, "xenconsoled", "domain %u: its console ring is "
		"impossible; it has no console any more", g->domid);
	disconnect(g);
}

/* One ring's worth a call, so that no guest keeps the daemon from others. */
static void take_output(struct guest *g)
{
	char buf[sizeof(g->ring->out)];
	int n = g->ring ? console_ring_take(g->ring, buf, sizeof(buf)) : 0;

	if (n < 0) {
		broken(g);
		return;
	}
	assert((size_t)n <= sizeof(buf));
	if (n) {
		logfile_write(&g->file, buf, (size_t)n);
		console_store_add(&g->out, buf, (size_t)n);
		if (g->port >= 0)
			xenevtchn_notify(g->d->evtchn, (evtchn_port_t)g->port);
	}
	pty_flush(g);
}

static void pty_event(struct lx_fd *fd, short revents)
{
	struct guest *g = fd->user;
	char buf[sizeof(g->ring->in)];
	size_t room = g->ring && revents & POLLIN ? console_ring_room(g->ring) : 0;

	if (room) {
		ssize_t n = read(g->master, buf, room);

		if (n > 0 && console_ring_give(g->ring, buf, (size_t)n) < 0)
			broken(g);
		else if (n > 0 && g->port >= 0)
			xenevtchn_notify(g->d->evtchn, (evtchn_port_t)g->port);
	}
	pty_flush(g);
}

static void look_again(struct lx_timer *timer)
{
	guests_scan(timer->user);
}

/* Nothing else may come by that makes the daemon look. */
static void later(struct daemon *d)
{
	if (d->again.armed)
		return;
	d->again = (struct lx_timer){ .fn = look_again, .user = d };
	lx_timer_set(&d->loop, &d->again, AGAIN_MS);
}

/* A toolstack may introduce a domain before it describes its console: hear of the port. */
static void wait_for_port(struct guest *g, bool wait)
{
	const struct lx_store_ops *ops = g->d->store->ops;
	char path[LX_PATH_BYTES];

	g->waiting = wait;
	if (g->watched == wait)
		return;
	snprintf(path, sizeof(path), "/local/domain/%u/console/port", g->domid);
	if (wait)
		g->watched = !ops->watch(g->d->store, path, "port");
	else
		g->watched = ops->unwatch(g->d->store, path, "port") != 0;
	if (wait && !g->watched)
		later(g->d);
}

static void forget(struct guest *g)
{
	struct guest **p = &g->d->guests;

	wait_for_port(g, false);
	while (*p != g) {
		assert(*p);
		p = &(*p)->next;
	}
	*p = g->next;
	lx_timer_cancel(&g->d->loop, &g->end);
	disconnect(g);
	pty_close(g);
	logfile_close(&g->file);
	console_store_free(&g->out);
	free(g);
}

static void linger_over(struct lx_timer *timer)
{
	forget(timer->user);
}

/* The console's node may go at any moment with its domain: nothing of ours may come after. */
static int publish(struct guest *g, const char *tty)
{
	const struct lx_perm perms[] = { { 0, false, false }, { g->domid, true, false } };
	const struct lx_store_ops *ops = g->d->store->ops;
	char path[LX_PATH_BYTES];
	int rc = -EAGAIN;

	snprintf(path, sizeof(path), "/local/domain/%u/console/tty", g->domid);
	for (unsigned int i = 0; i < STORE_TRIES && rc == -EAGAIN; i++) {
		uint32_t tx = ops->begin(g->d->store);
		int end;

		if (!tx)
			return errno == ENOMEM ? -ENOMEM : -EIO;
		rc = read_number(g->d, tx, g->domid, "port", 0) ? 0 :
		     errno == ENOMEM ? -ENOMEM : -ENOENT;
		if (!rc)
			rc = ops->write(g->d->store, tx, path, tty);
		if (!rc)
			rc = ops->set_perms(g->d->store, tx, path, perms, 2);
		end = ops->end(g->d->store, tx, rc != 0);
		if (!rc)
			rc = end;
	}
	return rc;
}

static int connect_ring(struct guest *g, uint32_t remote)
{
	assert(!g->ring && g->port < 0);
	errno = 0;
	g->ring = map_ring(g);
	if (g->ring)
		g->port = xenevtchn_bind_interdomain(g->d->evtchn, g->domid, remote);
	if (g->ring && g->port >= 0)
		return 0;
	return errno ? -errno : -EIO;
}

static void connect_guest(struct guest *g, uint32_t remote)
{
	char *name = lx_read(g->d->store, 0, "/local/domain/%u/name", g->domid), tty[64], log[256];
	int rc = !name && errno == ENOMEM ? -ENOMEM : connect_ring(g, remote);

	if (!rc)
		rc = pty_open(g, tty, sizeof(tty));
	if (!rc)
		rc = publish(g, tty);
	if (rc) {
		if (rc == -ENOMEM)
			later(g->d);
		/* Without a port it has just been destroyed. */
		if (rc != -ENOENT)
			xtl_log(g->d->log, XTL_ERROR, -rc, "xenconsoled", "domain %u: cannot "
				"connect its console", g->domid);
		forget(g);
		free(name);
		return;
	}
	snprintf(log, sizeof(log), "guest-%.200s.log", name && *name ? name : "unnamed");
	logfile_open(&g->file, g->d->log_dir, log, g->d->log_limit, g->d->stamp);
	free(name);
	xenevtchn_unmask(g->d->evtchn, (evtchn_port_t)g->port);
	/* The guest may have written before it was connected. */
	take_output(g);
}

static struct guest *find(struct daemon *d, uint32_t domid)
{
	struct guest *g = d->guests;

	while (g && g->domid != domid)
		g = g->next;
	return g;
}

static void try_connect(struct guest *g)
{
	struct daemon *d = g->d;
	char *type = lx_read(d->store, 0, "/local/domain/%u/console/type", g->domid);
	bool ours = !type || !*type || !strcmp(type, "xenconsoled");
	bool unread = !type && errno == ENOMEM;
	uint64_t port;

	free(type);
	port = read_number(d, 0, g->domid, "port", 0);
	unread |= !port && errno == ENOMEM;
	/* There may be what could not be read. */
	if (unread) {
		g->waiting = true;
		later(d);
		return;
	}
	wait_for_port(g, !port);
	if (!ours || !port || port > UINT32_MAX)
		return;
	g->out.limit = read_number(d, 0, g->domid, "limit", DEFAULT_LIMIT);
	if (!g->out.limit || g->out.limit > MAX_LIMIT)
		g->out.limit = DEFAULT_LIMIT;
	connect_guest(g, (uint32_t)port);
}

static void add_guest(struct daemon *d, uint32_t domid)
{
	struct guest *g = calloc(1, sizeof(*g));

	if (!g) {
		later(d);
		return;
	}
	assert(!find(d, domid));
	g->d = d;
	g->domid = domid;
	g->port = g->master = g->slave = g->file.fd = -1;
	g->pty = (struct lx_fd){ .fn = pty_event, .user = g };
	g->end = (struct lx_timer){ .fn = linger_over, .user = g };
	g->next = d->guests;
	d->guests = g;
	try_connect(g);
}

/* Gone or going: take its last words, and let go of its memory so that it can be freed. */
static void end_guest(struct guest *g)
{
	if (g->end.armed)
		return;
	take_output(g);
	disconnect(g);
	lx_timer_set(&g->d->loop, &g->end, LINGER_MS);
}

void guests_scan(struct daemon *d)
{
	static struct xen_domctl_getdomaininfo info[MAX_DOMAINS];
	int n = ctl_domain_list(d->ctl, 1, MAX_DOMAINS, info);
	struct guest *g, *next;

	if (n < 0) {
		later(d);
		return;
	}
	for (g = d->guests; g; g = next) {
		int i = 0;

		next = g->next;
		while (i < n && info[i].domain != g->domid)
			i++;
		if (i == n || info[i].flags & XEN_DOMINF_dying)
			end_guest(g);
		else if (info[i].flags & XEN_DOMINF_shutdown)
			take_output(g);
	}
	for (int i = 0; i < n; i++) {
		g = find(d, info[i].domain);
		/* The number of a dying domain may be given to a new one soon. */
		if (info[i].flags & XEN_DOMINF_dying)
			continue;
		if (g && g->end.armed) {
			forget(g);
			g = NULL;
		}
		if (!g)
			add_guest(d, info[i].domain);
		else if (g->waiting)
			try_connect(g);
	}
}

void guest_event(struct daemon *d, int port)
{
	struct guest *g = d->guests;

	while (g && g->port != port)
		g = g->next;
	if (!g)
		return;
	take_output(g);
	if (g->port >= 0)
		xenevtchn_unmask(d->evtchn, (evtchn_port_t)g->port);
}

void guests_reopen_logs(struct daemon *d)
{
	for (struct guest *g = d->guests; g; g = g->next)
		logfile_reopen(&g->file);
}

void guests_free(struct daemon *d)
{
	while (d->guests)
		forget(d->guests);
	lx_timer_cancel(&d->loop, &d->again);
}
