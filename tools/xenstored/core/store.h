/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The store: the tree with permissions, quotas and transactions, as one caller after the other uses
 * it. Every function checks everything first and then cannot fail; errors are positive errno values
 * that stand in xs_wire.h. Paths are absolute and valid (path.h).
 *
 * A transaction sees the store as it was when it began, and its own changes. It keeps the list of
 * what it changed, to do the same again on the store as it is at the end, and the set of what it
 * looked at. It may end well if no other client changed in between what it looked at.
 *
 * A transaction keeps every node that is replaced while it is open. The bytes replaced since a
 * domain's oldest transaction began bound what all of them keep; one for which that exceeds the
 * quota transaction-memory gives up its view, and will end with EAGAIN.
 */
#ifndef XSD_STORE_H
#define XSD_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "op.h"
#include "quota.h"
#include "tree.h"
#include "util.h"

/* Domain numbers, and how tables by them are made: of parts that come when they are needed. */
#define NR_DOMIDS 65536U
#define DOMIDS_PART 256U
/** Who asks. */
struct cred {
	uint16_t domid;
	/* The domain it acts for besides (a stub domain's guest), or DOMID_NONE. */
	uint16_t target;
	bool privileged;
};

/** The names that stand for events: their permissions say who hears of them. */
enum special { SPECIAL_INTRODUCE, SPECIAL_RELEASE, NR_SPECIAL };

struct store {
	struct node *root;
	/* Number of the last change, in the store or in a transaction. */
	uint64_t gen;
	/* Changes of the store itself, and what they took beside the store. */
	uint64_t commits;
	struct growth growth;
	struct acl *special[NR_SPECIAL];
	struct quota quota;
	struct usage *usage[NR_DOMIDS / DOMIDS_PART];	/* see store_usage() */
	struct list txns;		/* of domains without privilege, oldest first */
	/* Told about each request refused for a quota, and each transaction that gave up its view;
	 * may be NULL. */
	void (*refused)(void *ctx, uint16_t domid, const unsigned int *limit);
	void *refused_ctx;
};

struct touched;

struct txn {
	struct list link;		/* in the owner's list */
	struct list age;		/* in store.txns */
	uint32_t id;
	/* Cannot end well any more: it has no view of its own, and changes are dropped. */
	bool doomed;
	uint64_t commits;		/* store.commits when it began */
	uint64_t replaced;		/* store_replaced() then */
	struct list view;		/* in usage.views of its domain, until it is doomed */
	struct cred cred;
	struct node *base, *root;	/* the store when it began, and with its changes */
	struct touched *touched;	/* what it looked at */
	struct buf ops;			/* what it changed, see op.h */
	unsigned int nr_ops;
	struct growth growth;		/* what its changes took */
	struct delta {
		uint16_t domid;
		int nodes;
		long bytes;
	} *deltas;			/* what its changes mean for each domain's usage */
	unsigned int nr_deltas;
	long charged;			/* in the usage of its domain */
};

/** An empty store: the root, /tool and /tool/xenstored, owned by domain 0 and closed to others. */
void store_init(struct store *s);
/** Free everything; no transaction is open. */
void store_fini(struct store *s);

/** What @domid holds. */
struct usage *store_usage(struct store *s, uint16_t domid);

/** Bytes that count for @domid's quota of memory. */
long store_memory(struct store *s, uint16_t domid);
/** Bytes replaced in the store so far, that snapshots of the time before keep. */
uint64_t store_replaced(const struct store *s);
/** A request of @domid is refused for @limit, one of s->quota: count and tell it. ENOSPC. */
int store_refuse(struct store *s, uint16_t domid, const unsigned int *limit);
/** At most so many bytes of old nodes are kept by transactions of @domid. */
uint64_t store_kept(struct store *s, uint16_t domid);
/** The next number from *@domid on that has an account, or false. For loops over all of them. */
bool store_next_usage(const struct store *s, unsigned int *domid);

/** What @cred may do with a node of these permissions: PERM_* bits. */
unsigned int store_rights(const struct acl *acl, const struct cred *cred);
/** The special name @path, or -1. */
int store_special(const char *path);

/** The node @path, to be read; valid until the store changes. ENOENT, EACCES, ENOSPC. */
int store_read(struct store *s, struct txn *t, const struct cred *cred, const char *path,
	       struct node **node);
/** The same to list its children. */
int store_list(struct store *s, struct txn *t, const struct cred *cred, const char *path,
	       struct node **node);
/** The permissions of @path, which may be a special name. */
int store_get_acl(struct store *s, struct txn *t, const struct cred *cred, const char *path,
		  const struct acl **acl);

/**
 * May @cred make this change, in transaction @t or (NULL) in the store? On success (0) *@op says
 * what to do; *@nothing is set when there is nothing to do. EACCES, ENOENT, EINVAL, EPERM, and
 * ENOSPC for any quota.
 */
int store_check_set(struct store *s, struct txn *t, const struct cred *cred, const char *path,
		    const void *value, size_t len, bool mkdir, struct op *op, bool *nothing);
int store_check_rm(struct store *s, struct txn *t, const struct cred *cred, const char *path,
		   struct op *op, bool *nothing);
int store_check_acl(struct store *s, struct txn *t, const struct cred *cred, const char *path,
		    const struct perm *perms, uint32_t n, struct op *op);

/** Make the checked change in the store. *@removed gets the node that OP_RM took out, or NULL. */
void store_apply(struct store *s, const struct op *op, struct node **removed);

/** Begin a transaction. ENOSPC when @cred has too many. */
int txn_start(struct store *s, const struct cred *cred, uint32_t id, struct txn **t);
/** Note and make the checked change in the transaction. ENOSPC when it got too large, ENOMEM. */
int txn_apply(struct store *s, struct txn *t, const struct op *op);
/** At most so many bytes are allocated when its changes are made the store's. */
size_t txn_cost(const struct txn *t);
/** May it end well? EAGAIN when something it looked at has changed, ENOSPC for a quota. */
int txn_check(struct store *s, struct txn *t);
/** Make its changes the store's; txn_check() said yes, and nothing changed since. */
void txn_apply_all(struct store *s, struct txn *t);
/** Forget it, ended or not. */
void txn_free(struct store *s, struct txn *t);
/** Take the view away from a transaction: it will end with EAGAIN. */
void txn_doom(struct store *s, struct txn *t);

/** Doom the transactions that keep too much; call it after changes. */
void store_age(struct store *s);

/** Delete every node that @domid owns, with all below, and its entries in others' permissions.
 *  @fn is called for each node deleted from the tree, before it is freed. */
void store_forget_domain(struct store *s, uint16_t domid,
			 void (*fn)(void *ctx, const char *path, struct node *removed), void *ctx);
/** Everything consistent? NULL, or what is wrong. */
const char *store_check(struct store *s);

#endif
