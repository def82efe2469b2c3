/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which connection wants to hear of changes where. Watches hang in a tree of path components, so a
 * change finds those on its way in one walk along its path, however many others there are.
 */
#ifndef XSD_WATCH_H
#define XSD_WATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "tree.h"
#include "util.h"

struct conn;
struct msg;
struct watch_node;

struct watch {
	struct list link;		/* at its place in the tree */
	struct list owned;		/* in the connection's list */
	struct watch_node *at;
	struct conn *conn;
	char *path;			/* absolute, or a name with an @ in front */
	char *token;
	/* Leading bytes of paths that the connection does not see, because it named the watch
	 * relative to its home. */
	size_t home_len;
	/* The last event in the connection's queue that it has not begun to take. */
	struct msg *last;
	unsigned int pending;		/* its events in the queue */
	bool merged;			/* one of those is for all that found no room */
	bool replay;			/* queue an event once the connection is there again */
};

/** All watches of the daemon. */
struct watches {
	struct watch_node *root;	/* of paths */
	struct watch_node *special;	/* of names with an @ */
	unsigned int count;
};

/** Told about each watch that a change concerns: @path changed, with the permissions there before
 *  and now and its parent's, each NULL if there is none. */
typedef void watch_fn(void *ctx, struct watch *w, const char *path, const struct acl *before,
		      const struct acl *now, const struct acl *parent);

void watches_init(struct watches *ws);
/** No watch is left. */
void watches_fini(struct watches *ws);
/** Put @w, whose path is set, into the tree. */
void watches_add(struct watches *ws, struct watch *w);
void watches_remove(struct watches *ws, struct watch *w);

/** Find the watches for a change of @path: at it and at its ancestors. */
void watches_changed(struct watches *ws, const char *path, const struct acl *before,
		     const struct acl *now, const struct acl *parent, watch_fn *fn, void *ctx);
/** The same for @path that was removed, and for the watches on nodes that went with @removed. */
void watches_removed(struct watches *ws, const char *path, const struct node *removed,
		     const struct acl *parent, watch_fn *fn, void *ctx);
/** Bytes a watch is accounted as. */
size_t watch_bytes(const struct watch *w);

#endif
