/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connections, as the protocol sees them: who is at the other end, which watches and transactions
 * are its, and the queue of messages it has not taken yet. How bytes come and go is not known
 * here.
 *
 * A connection that does not take its events cannot make the queue grow: an event that is there
 * already is not queued again, and when there are too many, or its domain's memory is used up,
 * further events of a watch become one for the watched path itself, which tells the client to look
 * at everything below.
 */
#ifndef XSD_CONN_H
#define XSD_CONN_H

#include <stdbool.h>
#include <stdint.h>

#include "store.h"
#include "util.h"
#include "watch.h"
#include "wire.h"

struct xs;

/** A message to a client: its header and payload as they go over the wire. */
struct msg {
	struct msg *next;
	struct watch *watch;		/* of an event, unless the watch is gone */
	bool event, merged;
	uint32_t len;			/* of data */
	char data[];
};

/** What a message is accounted as. */
long msg_bytes(const struct msg *m);

/** A domain that has been introduced. */
struct domain {
	struct list link;		/* in xs.domains */
	uint16_t domid;
	uint16_t target;		/* DOMID_NONE: it acts for itself only */
	bool shutdown;			/* known to have shut down */
	uint64_t gfn;			/* frame of its ring */
	uint32_t port;			/* its end of the event channel */
	struct conn *conn;
	/* Read from the journal: the last request of its ring that changed something, and where the
	 * ring was after it. */
	struct resume {
		bool valid;
		uint32_t in_next;
		uint32_t type, req_id, tx_id;
	} resume;
	bool afresh;			/* the ring is to begin at its beginning */
	void *io;			/* for whoever moves the bytes */
};

struct conn {
	struct list link;		/* in xs.conns */
	struct cred cred;
	struct usage *usage;		/* of its domain */
	struct domain *domain;		/* whose ring it is; NULL for a socket */
	struct list watches, txns;
	struct msg *out, **out_tail;	/* what it has still to take */
	unsigned int nr_replies, nr_events;
	uint32_t in_next;		/* of a ring: where it is after the request */
	const struct xsd_sockmsg *request;	/* the one being answered */
	void *io;			/* for whoever moves the bytes */
};

/** A connection for @cred; @domain is NULL for a socket. */
struct conn *conn_new(struct xs *xs, const struct cred *cred, struct domain *domain);
/** End it, with its watches and transactions. */
void conn_free(struct xs *xs, struct conn *c);
/** Drop all its watches and transactions. */
void conn_reset(struct xs *xs, struct conn *c);
/** Drop all messages it has not taken. */
void conn_drop_output(struct conn *c);

/** Its transaction with this number, or NULL. */
struct txn *conn_txn(const struct conn *c, uint32_t id);
/** Its watch of @path (absolute) with @token, or NULL. */
struct watch *conn_watch(const struct conn *c, const char *path, const char *token);
/** Make one; the strings are copied. */
struct watch *conn_watch_add(struct xs *xs, struct conn *c, const char *path, size_t home_len,
			     const char *token);
/** Take one away. */
void conn_watch_remove(struct xs *xs, struct watch *w);

/** Queue the answer to the current request. */
void conn_reply(struct xs *xs, struct conn *c, const void *data, size_t len);
/** Queue an error as the answer to the current request. */
void conn_error(struct xs *xs, struct conn *c, int error);
/** Queue an event of @w for @path (absolute), unless it is there already or there are too many. */
void conn_event(struct xs *xs, struct watch *w, const char *path);
/** The first message: take it out and free it. */
void conn_taken(struct conn *c);
/** The first message has begun to go out: it is too late to add to what it says. */
void conn_taking(struct conn *c);
/** May it send more requests, or has it too many answers to take first? */
bool conn_may_ask(const struct xs *xs, const struct conn *c);

#endif
