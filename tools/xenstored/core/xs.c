/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's state as a whole: domains, and who is told of what; see xs.h. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "path.h"
#include "xs.h"

static void refused(void *ctx, uint16_t domid, const unsigned int *limit)
{
	struct xs *xs = ctx;

	if (xs->hooks->refused)
		xs->hooks->refused(xs->ctx, domid, &store_usage(&xs->store, domid)->refusals,
				   quota_name(&xs->store.quota, limit), *limit);
}

void xs_init(struct xs *xs, const struct xs_hooks *hooks, void *ctx)
{
	memset(xs, 0, sizeof(*xs));
	store_init(&xs->store);
	watches_init(&xs->watches);
	list_init(&xs->conns);
	list_init(&xs->domains);
	xs->hooks = hooks;
	xs->ctx = ctx;
	xs->store.refused = refused;
	xs->store.refused_ctx = xs;
	xs->epoch = 1;
}

struct domain *xs_domain(struct xs *xs, uint16_t domid)
{
	struct domain **part = xs->by_domid[domid / DOMIDS_PART];

	return part ? part[domid % DOMIDS_PART] : NULL;
}

static void drop_domain(struct xs *xs, struct domain *d)
{
	assert(xs_domain(xs, d->domid) == d && d->conn->domain == d && xs->nr_domains);
	xs->hooks->detach(xs->ctx, d);
	conn_free(xs, d->conn);
	list_del(&d->link);
	xs->by_domid[d->domid / DOMIDS_PART][d->domid % DOMIDS_PART] = NULL;
	xs->nr_domains--;
	xs_free(d);
}

struct domain *xs_domain_add(struct xs *xs, uint16_t domid)
{
	struct cred cred = { .domid = domid, .target = DOMID_NONE, .privileged = domid == 0 };
	struct domain ***part = &xs->by_domid[domid / DOMIDS_PART], *d = xs_zalloc(sizeof(*d));

	if (!*part)
		*part = xs_zalloc(DOMIDS_PART * sizeof(**part));
	assert(!(*part)[domid % DOMIDS_PART]);
	d->domid = domid;
	d->target = DOMID_NONE;
	d->conn = conn_new(xs, &cred, d);
	list_add(&xs->domains, &d->link);
	(*part)[domid % DOMIDS_PART] = d;
	xs->nr_domains++;
	return d;
}

void xs_fini(struct xs *xs)
{
	struct list *pos, *tmp;

	while (!list_empty(&xs->domains))
		drop_domain(xs, list_entry(xs->domains.next, struct domain, link));
	list_for_safe(pos, tmp, &xs->conns)
		conn_free(xs, list_entry(pos, struct conn, link));
	watches_fini(&xs->watches);
	store_fini(&xs->store);
	buf_free(&xs->record);
	buf_free(&xs->answer);
	for (unsigned int i = 0; i < NR_DOMIDS / DOMIDS_PART; i++)
		xs_free(xs->by_domid[i]);
}

int xs_introduce(struct xs *xs, struct conn *by, uint16_t domid, uint64_t gfn, uint32_t port)
{
	struct domain *d = xs_domain_add(xs, domid);
	int error;

	d->gfn = gfn;
	d->port = port;
	error = xs->hooks->attach(xs->ctx, d);
	if (!error)
		error = record_domain(xs, by, domid, d->target, gfn, port, 0);
	if (error) {
		drop_domain(xs, d);
		return error;
	}
	xs_fire_special(xs, SPECIAL_INTRODUCE);
	return 0;
}

/* Others that acted for the domain act for themselves now: its number may be given again. */
static void forget_target(struct xs *xs, uint16_t domid)
{
	struct list *pos;

	list_for(pos, &xs->conns) {
		struct conn *c = list_entry(pos, struct conn, link);

		if (c->cred.target != domid)
			continue;
		c->cred.target = DOMID_NONE;
		if (c->domain)
			c->domain->target = DOMID_NONE;
	}
}

static void fire_forgotten(void *ctx, const char *path, struct node *removed)
{
	xs_fire_removed(ctx, path, removed);
}

void xs_forget(struct xs *xs, struct domain *d, bool tell_others)
{
	uint16_t domid = d->domid;

	drop_domain(xs, d);
	forget_target(xs, domid);
	/* Domain 0 is the tools': what is theirs is not a domain's. */
	if (domid)
		store_forget_domain(&xs->store, domid, tell_others ? fire_forgotten : NULL, xs);
	store_age(&xs->store);
	if (tell_others)
		xs_fire_special(xs, SPECIAL_RELEASE);
}

int xs_release(struct xs *xs, struct conn *by, struct domain *d)
{
	uint16_t domid = d->domid;
	int error;

	record_begin(xs, by, REC_RELEASE);
	buf_add(&xs->record, &domid, sizeof(domid));
	error = record_keep(xs);
	if (error && by)
		return error;
	xs_forget(xs, d, true);
	return 0;
}

void xs_domain_shutdown(struct xs *xs, struct domain *d)
{
	if (d->shutdown)
		return;
	d->shutdown = true;
	/* Without the record the next daemon finds out by itself. */
	(void)record_domain(xs, NULL, d->domid, d->target, d->gfn, d->port, 1);
	xs_fire_special(xs, SPECIAL_RELEASE);
}

void xs_domain_reset(struct xs *xs, struct domain *d)
{
	/* A guest may ask for this without end: only what there is to forget makes a record. */
	if (d->resume.valid || !list_empty(&d->conn->watches)) {
		record_begin(xs, NULL, REC_RESET);
		buf_add(&xs->record, &d->domid, sizeof(d->domid));
		/* Without the record, a few watches too many come back after a restart. */
		(void)record_keep(xs);
	}
	d->resume.valid = false;
	conn_reset(xs, d->conn);
	conn_drop_output(d->conn);
}

static void tell(void *ctx, struct watch *w, const char *path, const struct acl *before,
		 const struct acl *now, const struct acl *parent)
{
	const struct cred *cred = &w->conn->cred;

	if ((before && store_rights(before, cred) & PERM_READ) ||
	    (now && store_rights(now, cred) & PERM_READ) ||
	    (parent && store_rights(parent, cred) & PERM_READ))
		conn_event(ctx, w, path);
}

static const struct acl *acl_at(struct xs *xs, const char *path, size_t len)
{
	struct node *n = tree_find(xs->store.root, path, len);

	return n ? n->acl : NULL;
}

void xs_fire(struct xs *xs, const char *path, const struct acl *before)
{
	size_t len = strlen(path);

	watches_changed(&xs->watches, path, before, acl_at(xs, path, len),
			acl_at(xs, path, path_parent_len(path, len)), tell, xs);
}

void xs_fire_removed(struct xs *xs, const char *path, const struct node *removed)
{
	watches_removed(&xs->watches, path, removed,
			acl_at(xs, path, path_parent_len(path, strlen(path))), tell, xs);
}

void xs_fire_special(struct xs *xs, enum special special)
{
	const char *name = special == SPECIAL_INTRODUCE ? "@introduceDomain" : "@releaseDomain";

	watches_changed(&xs->watches, name, NULL, xs->store.special[special], NULL, tell, xs);
}

/* Are the counts of a connection what its lists say? */
static const char *check_conn(const struct conn *c)
{
	unsigned int replies = 0, events = 0;
	const struct msg *m;

	for (m = c->out; m; m = m->next) {
		if (m->event)
			events++;
		else
			replies++;
		if (m->len > sizeof(struct xsd_sockmsg) + XENSTORE_PAYLOAD_MAX)
			return "a message is too long";
	}
	if (replies != c->nr_replies || events != c->nr_events)
		return "a connection's count of messages is wrong";
	return NULL;
}

/* Add (@sign 1) or subtract (-1) what the connections hold. */
static void account(struct xs *xs, int sign)
{
	struct list *pos, *p;

	list_for(pos, &xs->conns) {
		struct conn *c = list_entry(pos, struct conn, link);
		struct usage *u = store_usage(&xs->store, c->cred.domid);

		list_for(p, &c->watches) {
			u->watches += (uint32_t)sign;
			u->watch_bytes += sign *
				(long)watch_bytes(list_entry(p, struct watch, owned));
		}
		list_for(p, &c->txns) {
			u->transactions += (uint32_t)sign;
			u->transaction_bytes += sign * list_entry(p, struct txn, link)->charged;
		}
		for (const struct msg *m = c->out; m; m = m->next)
			u->message_bytes += sign * msg_bytes(m);
	}
}

/* What the connections hold, subtracted from what is accounted, must leave zeroes. */
static const char *check_usage(struct xs *xs)
{
	const char *wrong = NULL;
	struct list *pos;

	list_for(pos, &xs->conns) {
		if (!wrong)
			wrong = check_conn(list_entry(pos, struct conn, link));
	}
	account(xs, -1);
	for (unsigned int i = 0; !wrong && store_next_usage(&xs->store, &i); i++) {
		const struct usage *u = store_usage(&xs->store, (uint16_t)i);

		if (u->watches || u->watch_bytes)
			wrong = "a domain's account of watches is wrong";
		if (u->transactions || u->transaction_bytes)
			wrong = "a domain's account of transactions is wrong";
		if (u->message_bytes)
			wrong = "a domain's account of messages is wrong";
	}
	account(xs, 1);
	return wrong;
}

const char *xs_check(struct xs *xs)
{
	const char *wrong = store_check(&xs->store);

	return wrong ? wrong : check_usage(xs);
}
