/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests about watches. Those of rings are recorded: they outlive the daemon. */
#include <stdlib.h>
#include <string.h>

#include "path.h"
#include "request.h"

/* An event's path and token must fit one message, whatever the path. */
#define TOKEN_MAX (XENSTORE_PAYLOAD_MAX - XENSTORE_ABS_PATH_MAX - 2 - PATH_HOME_MAX)

/* The path of a watch: absolute, or a special name as it is. */
static char *watch_path(const struct conn *c, const char *name, size_t *home_len)
{
	*home_len = 0;
	if (!path_is_special(name))
		return request_path(c, name, home_len);
	return path_special_valid(name) ? xs_strndup(name, strlen(name)) : NULL;
}

static int keep(struct xs *xs, struct conn *c, enum record_kind kind, const char *path,
		size_t home_len, const char *token)
{
	struct record_watch body = { .home_len = (uint32_t)home_len };

	if (!c->domain)
		return 0;
	record_begin(xs, c, kind);
	buf_add(&xs->record, &body, sizeof(body));
	buf_add(&xs->record, path, strlen(path) + 1);
	buf_add(&xs->record, token, strlen(token) + 1);
	return record_keep(xs);
}

static int check_room(struct xs *xs, const struct conn *c, const char *path, const char *token)
{
	const struct usage *u = store_usage(&xs->store, c->cred.domid);
	struct watch like = { .path = (char *)path, .token = (char *)token };

	if (c->cred.privileged)
		return 0;
	if (u->watches >= xs->store.quota.watches)
		return store_refuse(&xs->store, c->cred.domid, &xs->store.quota.watches);
	if (store_memory(&xs->store, c->cred.domid) + (long)watch_bytes(&like) >
	    (long)xs->store.quota.memory)
		return store_refuse(&xs->store, c->cred.domid, &xs->store.quota.memory);
	return 0;
}

int request_watch(struct xs *xs, struct conn *c, struct request *r)
{
	const char *token;
	size_t home_len;
	char *path;
	int error;

	if (!request_args(r) || r->nr_args != 2 || strlen(r->args[1]) > TOKEN_MAX)
		return EINVAL;
	token = r->args[1];
	path = watch_path(c, r->args[0], &home_len);
	if (!path)
		return EINVAL;
	error = conn_watch(c, path, token) ? EEXIST : check_room(xs, c, path, token);
	if (!error)
		error = keep(xs, c, REC_WATCH, path, home_len, token);
	if (!error) {
		struct watch *w = conn_watch_add(xs, c, path, home_len, token);

		/* The first event follows the answer, whether there is a node or not. */
		request_ok(xs, c);
		conn_event(xs, w, path);
	}
	xs_free(path);
	return error;
}

int request_unwatch(struct xs *xs, struct conn *c, struct request *r)
{
	struct watch *w;
	size_t home_len;
	char *path;
	int error;

	if (!request_args(r) || r->nr_args != 2)
		return EINVAL;
	path = watch_path(c, r->args[0], &home_len);
	if (!path)
		return EINVAL;
	w = conn_watch(c, path, r->args[1]);
	error = w ? keep(xs, c, REC_UNWATCH, path, home_len, r->args[1]) : ENOENT;
	xs_free(path);
	if (error)
		return error;
	conn_watch_remove(xs, w);
	return request_ok(xs, c);
}

int request_reset_watches(struct xs *xs, struct conn *c, struct request *r)
{
	int error = 0;

	if (r->txn)
		return EINVAL;
	if (c->domain) {
		record_begin(xs, c, REC_RESET);
		buf_add(&xs->record, &c->domain->domid, sizeof(c->domain->domid));
		error = record_keep(xs);
	}
	if (error)
		return error;
	conn_reset(xs, c);
	return request_ok(xs, c);
}
