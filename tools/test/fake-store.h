/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A xenstore in memory for tests, which can fail any operation that changes it. */
#ifndef TOOLS_TEST_FAKE_STORE_H
#define TOOLS_TEST_FAKE_STORE_H

#include "light/store.h"

struct fake_store {
	struct lx_store s;
	struct fake_node {
		char *path, *value;
		struct lx_perm perm[4];
		unsigned int perms;
	} *node;
	unsigned int nodes;
	unsigned int changes;		/* so far */
	unsigned int fail_at;		/* this one fails, counted from 1; 0: none */
	unsigned int failed;
	unsigned int conflicts;		/* transactions that end in -EAGAIN before one does not */
	void (*at_conflict)(void);	/* what the other one changed; NULL: nothing to see */
	unsigned int introduced, watches;
	unsigned int fire;		/* watch events to deliver */
	int pipe[2];			/* readable while there are events */
	bool away;			/* no events come */
	unsigned int connect_in;	/* reads of a backend's state until it is connected */
	unsigned int told_early;	/* orders to close before that */
	unsigned int overwrites;	/* orders to close that a backend overwrites */
	bool deaf;			/* a backend closes only when its guest's end is gone */
	bool no_backends;		/* states of backends stay as they are written */
	bool blind;			/* nothing can be read */
	/** Somebody else looks at the store after each change, and may change it too. */
	void (*changed)(void);
	bool in_changed;
	bool in_tx;
	struct fake_node *before;	/* what a transaction began with */
	unsigned int before_nodes;
};

void fake_store_init(struct fake_store *f);
void fake_store_free(struct fake_store *f);
/** A node's value or NULL. */
const char *fake_store_get(const struct fake_store *f, const char *path);
/** Let all watches fire once. */
void fake_store_fire(struct fake_store *f);

#endif
