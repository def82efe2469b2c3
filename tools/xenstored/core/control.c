/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The control request: what a person may ask the running daemon. */
#include <stdlib.h>
#include <string.h>

#include "request.h"

typedef int control_fn(struct xs *xs, struct request *r, struct buf *answer);

static control_fn control_help;

static int control_check(struct xs *xs, struct request *r, struct buf *answer)
{
	const char *wrong = xs_check(xs);

	buf_printf(answer, "%s\n", wrong ? wrong : "OK");
	return 0;
}

static void print_limit(void *ctx, const char *name, unsigned int value, const char *what)
{
	buf_printf(ctx, "%-18s %8u  %s\n", name, value, what);
}

static void print_use(struct buf *answer, const char *name, unsigned long use, unsigned int limit)
{
	buf_printf(answer, "%-18s %8lu of %8u\n", name, use, limit);
}

static void print_usage(struct xs *xs, uint16_t domid, struct buf *answer)
{
	const struct usage *u = store_usage(&xs->store, domid);
	const struct quota *q = &xs->store.quota;

	print_use(answer, "nodes", u->nodes, q->nodes);
	print_use(answer, "watches", u->watches, q->watches);
	print_use(answer, "transactions", u->transactions, q->transactions);
	print_use(answer, "memory", (unsigned long)usage_memory(u), q->memory);
	print_use(answer, "transaction-memory", store_kept(&xs->store, domid),
		  q->transaction_memory);
	buf_printf(answer, "memory is %ld in nodes, %ld in watches, %ld in transactions, %ld in "
		   "messages not taken; refused requests: %lu\n", u->node_bytes, u->watch_bytes,
		   u->transaction_bytes, u->message_bytes, u->refusals.count);
}

static int control_quota(struct xs *xs, struct request *r, struct buf *answer)
{
	unsigned int *limit;
	uint64_t n;

	if (r->nr_args == 1) {
		quota_each(&xs->store.quota, print_limit, answer);
		return 0;
	}
	if (r->nr_args == 2) {
		if (!request_number(r->args[1], UINT16_MAX, &n))
			return EINVAL;
		print_usage(xs, (uint16_t)n, answer);
		return 0;
	}
	if (r->nr_args != 4 || strcmp(r->args[1], "set"))
		return EINVAL;
	limit = quota_by_name(&xs->store.quota, r->args[2]);
	if (!limit || !request_number(r->args[3], INT32_MAX, &n))
		return EINVAL;
	*limit = (unsigned int)n;
	buf_printf(answer, "OK");
	return 0;
}

static int control_memreport(struct xs *xs, struct request *r, struct buf *answer)
{
	struct usage all = { 0 };

	for (unsigned int i = 0; store_next_usage(&xs->store, &i); i++) {
		const struct usage *u = store_usage(&xs->store, (uint16_t)i);

		all.nodes += u->nodes;
		all.watches += u->watches;
		all.transactions += u->transactions;
		all.node_bytes += u->node_bytes;
		all.watch_bytes += u->watch_bytes;
		all.transaction_bytes += u->transaction_bytes;
		all.message_bytes += u->message_bytes;
	}
	buf_printf(answer, "nodes              %8u  %ld bytes\n", all.nodes, all.node_bytes);
	buf_printf(answer, "watches            %8u  %ld bytes\n", all.watches, all.watch_bytes);
	buf_printf(answer, "transactions       %8u  %ld bytes\n", all.transactions,
		   all.transaction_bytes);
	buf_printf(answer, "messages not taken           %ld bytes\n", all.message_bytes);
	buf_printf(answer, "domains            %8u\n", xs->nr_domains);
	buf_printf(answer, "requests %llu, errors %llu, events %llu, conflicts %llu\n",
		   (unsigned long long)xs->requests, (unsigned long long)xs->errors,
		   (unsigned long long)xs->events, (unsigned long long)xs->conflicts);
	return 0;
}

/* Things outside the core: the log, files. */
static int control_outside(struct xs *xs, struct request *r, struct buf *answer)
{
	return xs->hooks->control(xs->ctx, r->args[0], r->nr_args > 1 ? r->args[1] : "", answer);
}

static const struct {
	const char *name, *usage;
	control_fn *fn;
} commands[] = {
	{ "check", "check                   look for damage", control_check },
	{ "compact", "compact                 write the journal anew", control_outside },
	{ "dump", "dump FILE               write the state to a file", control_outside },
	{ "help", "help                    this text", control_help },
	{ "log", "log on|off              log every request", control_outside },
	{ "logfile", "logfile FILE            log to another file", control_outside },
	{ "memreport", "memreport               what takes memory", control_memreport },
	{ "quota", "quota                   limits of a domain\n"
		   "quota DOMID             what a domain holds of each limit\n"
		   "quota set WHAT NUMBER   change a limit", control_quota },
};

static int control_help(struct xs *xs, struct request *r, struct buf *answer)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		buf_printf(answer, "%s\n", commands[i].usage);
	return 0;
}

int request_control(struct xs *xs, struct conn *c, struct request *r)
{
	struct buf *answer = &xs->answer;
	int error = EINVAL;

	if (!request_args(r))
		return EINVAL;
	answer->len = 0;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (!strcmp(commands[i].name, r->args[0]))
			error = commands[i].fn(xs, r, answer);
	}
	if (error)
		return error;
	buf_add(answer, "", 1);
	conn_reply(xs, c, answer->data, answer->len);
	return 0;
}
