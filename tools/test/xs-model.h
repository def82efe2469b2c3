/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The store as simply as it can be written: a list of nodes, copied whole when a transaction
 * begins. It knows no quotas. What xenstored's core answers is compared with what this answers.
 */
#ifndef XS_MODEL_H
#define XS_MODEL_H

#include "../xenstored/core/store.h"
#include "../xenstored/core/util.h"

struct model_node {
	char *path;
	struct buf value;
	struct perm *perms;
	uint32_t nr_perms;
};

struct model {
	struct model_node *nodes;	/* in order of their paths */
	size_t count;
};

void model_init(struct model *m);
void model_fini(struct model *m);
void model_copy(struct model *to, const struct model *from);
/**
 * Do a request about nodes: READ, DIRECTORY, GET_PERMS, WRITE, MKDIR, RM, SET_PERMS. Returns the
 * errno value of the answer, or 0 with its payload in @out.
 */
int model_request(struct model *m, const struct cred *cred, uint32_t type, const char *data,
		  size_t len, struct buf *out);
/** What the end of a domain means for nodes. */
void model_forget(struct model *m, uint16_t domid);
/** The node, or NULL. */
struct model_node *model_find(const struct model *m, const char *path);
/** May @cred read this node? */
bool model_readable(const struct model_node *n, const struct cred *cred);
/** All nodes in the words of world_describe(). */
void model_describe(const struct model *m, struct buf *text);

#endif
