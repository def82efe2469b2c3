/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands that look at the store. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xenstore.h"

/* Where ls -p prints permissions, when the line is shorter; a dotted line leads there. */
#define PERMS_COLUMN 60

int cmd_read(struct args *a)
{
	for (int i = 0; i < a->n; i++) {
		char *value;
		size_t len;
		int error = xsc_read(a->c, XSC_NONE, a->v[i], &value, &len);

		if (error)
			return complain(a->v[i], error);
		if (a->prefix)
			printf("%s: ", a->v[i]);
		if (a->raw) {
			fwrite(value, 1, len, stdout);
		} else {
			print_value(value, len);
			putchar('\n');
		}
		free(value);
	}
	return 0;
}

int cmd_list(struct args *a)
{
	for (int i = 0; i < a->n; i++) {
		char *names;
		size_t len;
		int error = xsc_list(a->c, XSC_NONE, a->v[i], &names, &len);

		if (error)
			return complain(a->v[i], error);
		for (const char *p = names; p < names + len; p += strlen(p) + 1) {
			char *path = join(a->v[i], p);

			puts(a->prefix ? path : p);
			free(path);
		}
		free(names);
	}
	return 0;
}

/* @column: where the line is. */
static int print_perms(struct args *a, const char *path, int column)
{
	char *perms;
	size_t len;
	int error = xsc_get_perms(a->c, a->tx, path, &perms, &len);

	if (error)
		return error;
	putchar(' ');
	while (++column < PERMS_COLUMN && !a->full)
		putchar(column % 2 ? '.' : ' ');
	fputs("  (", stdout);
	for (const char *p = perms; p < perms + len; p += strlen(p) + 1)
		printf("%s%s", p == perms ? "" : ",", p);
	putchar(')');
	free(perms);
	return 0;
}

static int list_below(struct args *a, const char *path, int depth);

static int list_node(struct args *a, const char *path, const char *name, int depth)
{
	char *value;
	size_t len;
	int error = xsc_read(a->c, a->tx, path, &value, &len), column;

	if (error && error != EACCES)
		return error;
	column = printf("%*s%s", a->full ? 0 : depth, "", a->full ? path : name);
	if (!error) {
		column += printf(" = \"");
		column += print_value(value, len);
		column += printf("\"");
		free(value);
	}
	if (!error && a->prefix)
		error = print_perms(a, path, column);
	putchar('\n');
	return error ? 0 : list_below(a, path, depth + 1);
}

static int list_below(struct args *a, const char *path, int depth)
{
	char *names;
	size_t len;
	int error = xsc_list(a->c, a->tx, path, &names, &len);

	if (error)
		return error == EACCES && depth ? 0 : error;
	for (const char *p = names; p < names + len && !error; p += strlen(p) + 1) {
		char *child = join(path, p);

		error = list_node(a, child, p, depth);
		free(child);
	}
	free(names);
	return error;
}

/* Everything printed is of one moment: the transaction's. */
int cmd_ls(struct args *a)
{
	static char root[] = "/", *only_root[] = { root };
	int error = xsc_start(a->c, &a->tx), failed = 0;

	if (error)
		return complain("cannot begin a transaction", error);
	if (!a->n) {
		a->v = only_root;
		a->n = 1;
	}
	while (failed < a->n && !(error = list_below(a, a->v[failed], 0)))
		failed++;
	xsc_end(a->c, a->tx, false);
	return error ? complain(a->v[failed], error) : 0;
}

int cmd_exists(struct args *a)
{
	for (int i = 0; i < a->n; i++) {
		char *value;
		int error = xsc_read(a->c, XSC_NONE, a->v[i], &value, NULL);

		if (error)
			return error == ENOENT ? error : complain(a->v[i], error);
		free(value);
	}
	return 0;
}

/* The first event of each watch comes at once; it is one of those counted. */
int cmd_watch(struct args *a)
{
	struct pollfd pfd = { .fd = xsc_fd(a->c), .events = POLLIN };
	char *path, *token;
	int error;

	for (int i = 0; i < a->n; i++) {
		error = xsc_watch(a->c, a->v[i], a->v[i]);
		if (error)
			return complain(a->v[i], error);
	}
	for (long seen = 0; !a->count || seen < a->count;) {
		error = xsc_event(a->c, &path, &token);
		if (error == EAGAIN) {
			poll(&pfd, 1, -1);
			continue;
		}
		if (error)
			return complain("the daemon is gone", error);
		seen++;
		puts(path);
		fflush(stdout);
		free(path);
		free(token);
	}
	return 0;
}

int cmd_control(struct args *a)
{
	char words[4096], *answer;
	size_t len = 0;
	int error;

	for (int i = 0; i < a->n; i++) {
		size_t more = strlen(a->v[i]) + 1;

		if (more > sizeof(words) - len)
			return complain("too long", E2BIG);
		memcpy(words + len, a->v[i], more);
		len += more;
	}
	error = xsc_control(a->c, words, len, &answer);
	if (error)
		return complain(a->v[0], error);
	len = strlen(answer);
	printf("%s%s", answer, len && answer[len - 1] == '\n' ? "" : "\n");
	free(answer);
	return 0;
}
