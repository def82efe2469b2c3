/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One request on its way through its handler, and the handlers that stand in files of their own. */
#ifndef XSD_REQUEST_H
#define XSD_REQUEST_H

#include "xs.h"

#define MAX_ARGS 16

/** A request whose transaction, if it names one, was found. */
struct request {
	uint32_t type;
	char *data;		/* ends with a NUL that does not count */
	size_t len;
	struct txn *txn;
	/* Set by request_args(). */
	char *args[MAX_ARGS];
	unsigned int nr_args;
};

/** Answers the request, or returns the errno value that is the answer. */
typedef int request_fn(struct xs *xs, struct conn *c, struct request *r);

/** Split the payload into its strings, at most MAX_ARGS; false when the last has no NUL. */
bool request_args(struct request *r);
/** A decimal number up to @max without anything around it, or false. */
bool request_number(const char *s, uint64_t max, uint64_t *n);
/** Make @name absolute for this connection: free() it. NULL when not valid. */
char *request_path(const struct conn *c, const char *name, size_t *home_len);
/** The usual answer: "OK". */
int request_ok(struct xs *xs, struct conn *c);

request_fn request_watch, request_unwatch, request_reset_watches;
request_fn request_introduce, request_release, request_domain_path, request_is_introduced,
	request_resume, request_set_target;
request_fn request_control;

#endif
