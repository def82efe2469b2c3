/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Limits of domains; see quota.h. */
#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "quota.h"

static const struct {
	const char *name;
	size_t offset;
	unsigned int value;
	const char *what;
} limits[] = {
	{ "nodes", offsetof(struct quota, nodes), 1000, "nodes a domain owns" },
	{ "node-size", offsetof(struct quota, node_size), 2048, "bytes of a node's value" },
	{ "node-permissions", offsetof(struct quota, node_perms), 5, "permissions of a node" },
	{ "watches", offsetof(struct quota, watches), 128, "watches of a domain" },
	{ "transactions", offsetof(struct quota, transactions), 10, "open transactions" },
	{ "transaction-nodes", offsetof(struct quota, transaction_nodes), 1024,
	  "nodes touched in a transaction" },
	{ "outstanding", offsetof(struct quota, outstanding), 20, "replies waiting to be taken" },
	{ "events", offsetof(struct quota, events), 256, "watch events waiting to be taken" },
	{ "memory", offsetof(struct quota, memory), 2560 * 1024,
	  "bytes of nodes, watches, transactions and messages" },
	{ "transaction-memory", offsetof(struct quota, transaction_memory), 1024 * 1024,
	  "bytes of old nodes that transactions keep" },
};
#define NR_LIMITS (sizeof(limits) / sizeof(limits[0]))

static unsigned int *limit(struct quota *q, size_t i)
{
	return (unsigned int *)(void *)((char *)q + limits[i].offset);
}

void quota_defaults(struct quota *q)
{
	for (size_t i = 0; i < NR_LIMITS; i++)
		*limit(q, i) = limits[i].value;
}

unsigned int *quota_by_name(struct quota *q, const char *name)
{
	for (size_t i = 0; i < NR_LIMITS; i++) {
		if (!strcmp(limits[i].name, name))
			return limit(q, i);
	}
	return NULL;
}

const char *quota_name(const struct quota *q, const unsigned int *limit_of)
{
	size_t offset = (size_t)((const char *)limit_of - (const char *)q), i = 0;

	while (i < NR_LIMITS && limits[i].offset != offset)
		i++;
	assert(i < NR_LIMITS);
	return limits[i].name;
}

void quota_each(struct quota *q, void (*fn)(void *ctx, const char *name, unsigned int value,
					    const char *what), void *ctx)
{
	for (size_t i = 0; i < NR_LIMITS; i++)
		fn(ctx, limits[i].name, *limit(q, i), limits[i].what);
}

long usage_memory(const struct usage *u)
{
	return u->node_bytes + u->watch_bytes + u->transaction_bytes + u->message_bytes;
}
