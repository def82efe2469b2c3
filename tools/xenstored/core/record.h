/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records: what the journal keeps, so that a daemon that was killed goes on where it was. A record
 * is one committed change; a sequence of records that makes the current state out of nothing is a
 * snapshot. Numbers are in the machine's order: the next daemon runs on the same machine.
 *
 * Records of requests that came through a ring also say where the ring was after the request, so
 * that the next daemon does not answer it twice, and answers it once.
 */
#ifndef XSD_RECORD_H
#define XSD_RECORD_H

#include <stddef.h>
#include <stdint.h>

struct conn;
struct xs;

enum record_kind {
	REC_OPS = 1,	/* changes of the store, see op.h */
	REC_DOMAIN,	/* a domain was introduced, or something about it changed */
	REC_RELEASE,	/* a domain is gone */
	REC_WATCH,	/* a ring's watch */
	REC_UNWATCH,
	REC_RESET,	/* a ring's watches are all gone */
	REC_EPOCH,	/* the daemon started */
};

struct record_head {
	uint16_t kind;
	uint16_t domid;		/* whose ring the request came through, or DOMID_NONE */
	uint32_t in_next;	/* where the ring was after it */
	uint32_t type, req_id, tx_id;
};

/** Begin a record of what @by's current request does (NULL: of what no request asked for). */
void record_begin(struct xs *xs, const struct conn *by, enum record_kind kind);
/** Keep the record begun, its body appended to xs->record. An errno value: nothing was kept. */
int record_keep(struct xs *xs);

/** Do what a record says, without firing watches. NULL, or what is wrong with it. */
const char *record_apply(struct xs *xs, const void *record, size_t len);
/** Describe the whole state as records, each given to @fn; stops at the first error. */
int record_snapshot(struct xs *xs, int (*fn)(void *ctx, const void *record, size_t len),
		    void *ctx);

/* Bodies of some records. */
struct record_domain {
	uint16_t domid, target;
	uint32_t port, shutdown, zero;
	uint64_t gfn;
};

struct record_watch {
	uint32_t home_len;	/* path and token follow, each with its NUL */
};

struct record_epoch {
	uint32_t epoch;
};

/** Keep what is known about a domain. */
int record_domain(struct xs *xs, const struct conn *by, uint16_t domid, uint16_t target,
		  uint64_t gfn, uint32_t port, int shutdown);

#endif
