/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What one domain may hold, and what each holds. Domains with privilege are counted, not limited.
 */
#ifndef XSD_QUOTA_H
#define XSD_QUOTA_H

#include <stdint.h>

#include "util.h"

/** Limits of each domain without privilege; the defaults are those people know from Xen. */
struct quota {
	unsigned int nodes;		/* nodes owned */
	unsigned int node_size;		/* bytes of one value */
	unsigned int node_perms;	/* entries of one node's permissions */
	unsigned int watches;		/* watches set */
	unsigned int transactions;	/* open transactions */
	unsigned int transaction_nodes;	/* nodes looked at or changed in one transaction */
	unsigned int outstanding;	/* replies not taken, before requests wait */
	unsigned int events;		/* watch events not yet taken, before they are merged */
	unsigned int memory;		/* bytes of all that is counted in struct usage */
	/* Bytes of nodes that others have replaced, which its transactions keep; see store.h. */
	unsigned int transaction_memory;
};

/** Requests refused because of a limit, and when the log was told. */
struct refusals {
	unsigned long count;
	long told_at;			/* s; of the last line in the log */
	unsigned long untold;		/* since that line */
};

/** What a domain holds now. */
struct usage {
	uint32_t nodes, watches, transactions;
	/* Counted for the quota of memory; messages are what it has not taken yet. */
	long node_bytes, watch_bytes, transaction_bytes, message_bytes;
	struct refusals refusals;
	struct list views;		/* its transactions that have a view, oldest first */
};

/** Fill in the defaults. */
void quota_defaults(struct quota *q);
/** The limit called @name (as xenstored's options and control commands spell it), or NULL. */
unsigned int *quota_by_name(struct quota *q, const char *name);
/** Call @fn for each limit. */
void quota_each(struct quota *q, void (*fn)(void *ctx, const char *name, unsigned int value,
					    const char *what), void *ctx);
/** The name of the limit @limit, which is one of @q's. */
const char *quota_name(const struct quota *q, const unsigned int *limit);
/** Bytes of everything @u counts. */
long usage_memory(const struct usage *u);

#endif
