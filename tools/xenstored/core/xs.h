/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All that the daemon knows, and what it asks of the world outside: to keep a record, to attach a
 * domain's ring. Nothing here does input or output, so tests and fuzzers run the same code.
 */
#ifndef XSD_XS_H
#define XSD_XS_H

#include "conn.h"
#include "record.h"
#include "store.h"
#include "watch.h"

/** What the core asks for. Return values are 0 or errno values. */
struct xs_hooks {
	/** Keep these bytes (a record): the change is announced only after that. */
	int (*append)(void *ctx, const void *record, size_t len);
	/** Map the ring of @d and bind its event channel; there is a connection already. */
	int (*attach)(void *ctx, struct domain *d);
	/** Let go of both. */
	void (*detach)(void *ctx, struct domain *d);
	/** @c has something to take. */
	void (*output)(void *ctx, struct conn *c);
	/** A control command that is not about the store: log, logfile, dump; EINVAL if unknown. */
	int (*control)(void *ctx, const char *command, const char *arg, struct buf *answer);
	/** A request of @domid was refused for the quota called @quota; may be NULL. */
	void (*refused)(void *ctx, uint16_t domid, struct refusals *r, const char *quota,
			unsigned int limit);
	/** A request is about to be done; may be NULL. */
	void (*trace)(void *ctx, const struct conn *c, const struct xsd_sockmsg *h,
		      const char *data);
};

struct xs {
	struct store store;
	struct watches watches;
	struct list conns;
	struct list domains;
	struct domain **by_domid[NR_DOMIDS / DOMIDS_PART];
	unsigned int nr_domains;
	const struct xs_hooks *hooks;
	void *ctx;
	/* Numbers of transactions: which start of the daemon, and a counter. */
	uint32_t epoch, next_txn;
	struct buf record;		/* the one being made */
	struct buf answer;		/* scratch of request handlers */
	/* Since the start. */
	uint64_t requests, errors, events, conflicts;
};

/** An empty store that asks @hooks (with @ctx). */
void xs_init(struct xs *xs, const struct xs_hooks *hooks, void *ctx);
/** Forget everything, letting go of connections and domains. */
void xs_fini(struct xs *xs);

/** Answer one request: @data has @h->len bytes and one more byte that may be written. */
void xs_request(struct xs *xs, struct conn *c, const struct xsd_sockmsg *h, char *data);

/** The domain, if it has been introduced. */
struct domain *xs_domain(struct xs *xs, uint16_t domid);
/** Make one that is not there, with its connection, and nothing else. */
struct domain *xs_domain_add(struct xs *xs, uint16_t domid);
/** Introduce a domain that is not yet; keeps a record. ENOSPC and what attaching says. */
int xs_introduce(struct xs *xs, struct conn *by, uint16_t domid, uint64_t gfn, uint32_t port);
/** Forget a domain; keeps a record if it can. */
int xs_release(struct xs *xs, struct conn *by, struct domain *d);
/** Forget a domain without a record; @tell_others: fire the watches that concern it. */
void xs_forget(struct xs *xs, struct domain *d, bool tell_others);
/** Note that a domain has shut down: those who watch for it are told, once. */
void xs_domain_shutdown(struct xs *xs, struct domain *d);
/** The other end of a ring starts afresh: watches, transactions and messages are dropped. */
void xs_domain_reset(struct xs *xs, struct domain *d);

/** Tell those who watch that @path changed. */
void xs_fire(struct xs *xs, const char *path, const struct acl *before);
/** Tell those who watch @path and what was below of the removal. */
void xs_fire_removed(struct xs *xs, const char *path, const struct node *removed);
/** Tell those who watch a special name. */
void xs_fire_special(struct xs *xs, enum special special);

/** Everything consistent? NULL, or what is wrong. */
const char *xs_check(struct xs *xs);

#endif
