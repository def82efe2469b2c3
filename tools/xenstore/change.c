/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands that change the store: each does all that it is asked in one transaction, or nothing. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xenstore.h"

/* The parent of @path, malloc'ed; NULL when that is the root. */
static char *parent_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash != path ? strndup(path, (size_t)(slash - path)) : NULL;
}

static int write_all(struct xsc *c, uint32_t tx, void *ctx)
{
	struct args *a = ctx;

	for (int i = 0; i < a->n; i += 2) {
		char *value = strdup(a->v[i + 1]);
		size_t len;
		int error;

		if (!value)
			return complain(a->v[i], ENOMEM);
		len = a->raw ? strlen(value) : unescape(value);
		error = xsc_write(c, tx, a->v[i], value, len);
		free(value);
		if (error)
			return complain(a->v[i], error);
	}
	return 0;
}

int cmd_write(struct args *a)
{
	if (a->n % 2) {
		fputs("xenstore: write needs a value for every path\n", stderr);
		return -1;
	}
	return xsc_transaction(a->c, write_all, a);
}

/* Has @path neither a value nor children? An errno value, or 0 and *@empty. */
static int is_empty(struct xsc *c, uint32_t tx, const char *path, bool *empty)
{
	size_t value_len = 0, names_len = 0;
	char *value = NULL, *names = NULL;
	int error = xsc_read(c, tx, path, &value, &value_len);

	if (!error)
		error = xsc_list(c, tx, path, &names, &names_len);
	*empty = !error && !value_len && !names_len;
	if (!error)
		free(names);
	free(value);
	return error;
}

/* Remove the ancestors of @path that nothing is in any more. */
static int tidy_up(struct xsc *c, uint32_t tx, const char *path)
{
	char *up = parent_of(path);
	bool empty = true;
	int error = 0;

	while (up && !error && empty) {
		char *next = parent_of(up);

		error = is_empty(c, tx, up, &empty);
		if (!error && empty)
			error = xsc_rm(c, tx, up);
		if (error)
			complain(up, error);
		free(up);
		up = next;
	}
	free(up);
	return error;
}

static int remove_all(struct xsc *c, uint32_t tx, void *ctx)
{
	struct args *a = ctx;

	for (int i = 0; i < a->n; i++) {
		int error = xsc_rm(c, tx, a->v[i]);

		if (error)
			return complain(a->v[i], error);
		error = a->tidy ? tidy_up(c, tx, a->v[i]) : 0;
		if (error)
			return error;
	}
	return 0;
}

int cmd_rm(struct args *a)
{
	return xsc_transaction(a->c, remove_all, a);
}

/* The permissions of the command line, each with its NUL. */
struct perms {
	char text[4096];
	size_t len;
};

static int chmod_one(struct xsc *c, uint32_t tx, const char *path, const struct perms *p)
{
	int error = xsc_set_perms(c, tx, path, p->text, p->len);

	return error ? complain(path, error) : 0;
}

static int chmod_below(struct xsc *c, uint32_t tx, const char *path, const struct perms *p)
{
	char *names;
	size_t len;
	int error = xsc_list(c, tx, path, &names, &len);

	if (error)
		return complain(path, error);
	for (const char *name = names; name < names + len && !error; name += strlen(name) + 1) {
		char *child = join(path, name);

		error = chmod_one(c, tx, child, p);
		if (!error)
			error = chmod_below(c, tx, child, p);
		free(child);
	}
	free(names);
	return error;
}

static int chmod_above(struct xsc *c, uint32_t tx, const char *path, const struct perms *p)
{
	char *up = parent_of(path);
	int error = 0;

	while (up && !error) {
		char *next = parent_of(up);

		error = chmod_one(c, tx, up, p);
		free(up);
		up = next;
	}
	free(up);
	return error;
}

static int chmod_all(struct xsc *c, uint32_t tx, void *ctx)
{
	struct args *a = ctx;
	struct perms perms = { .len = 0 };
	int error;

	for (int i = 1; i < a->n; i++) {
		size_t more = strlen(a->v[i]) + 1;

		if (more > sizeof(perms.text) - perms.len)
			return complain("too many permissions", E2BIG);
		memcpy(perms.text + perms.len, a->v[i], more);
		perms.len += more;
	}
	error = chmod_one(c, tx, a->v[0], &perms);
	if (!error && a->recursive)
		error = chmod_below(c, tx, a->v[0], &perms);
	if (!error && a->upto)
		error = chmod_above(c, tx, a->v[0], &perms);
	return error;
}

int cmd_chmod(struct args *a)
{
	if (a->n < 2) {
		fputs("xenstore: chmod needs a path and at least one permission\n", stderr);
		return -1;
	}
	return xsc_transaction(a->c, chmod_all, a);
}
