/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xenstore: reading and changing the store from a shell. */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/xsc.h"

static const char usage_text[] =
"usage: xenstore COMMAND [options] ARGUMENTS\n"
"\n"
"  read [-r] PATH...          print values (-r: as they are, without escapes)\n"
"  write PATH VALUE...        write values, all or none\n"
"  list PATH...               print the names of children\n"
"  ls [-f] [-p] [PATH]        print everything below (-f: whole paths, -p: permissions)\n"
"  rm PATH...                 remove with everything below, all or none\n"
"  exists PATH...             exit with 0 if all are there, 1 if not\n"
"  chmod [-r] PATH PERM...    set permissions: letter n, r, w or b and a domain's number; the\n"
"                             first names the owner (-r: also everything below)\n"
"  watch [-n COUNT] PATH...   print paths that change\n"
"  control WORD...            ask the daemon: control help\n"
"\n"
"The daemon is at $XENSTORED_PATH, or the socket in $XENSTORED_RUNDIR or /var/run/xenstored, or\n"
"/dev/xen/xenbus. Exit status: 0, 1 for an error of the store, 2 for wrong usage.\n";

struct args {
	struct xsc *c;
	uint32_t tx;
	char **v;
	int n;
	bool full, perms, raw, recursive;
	long count;
};

static int complain(const char *what, int error)
{
	fprintf(stderr, "xenstore: %s: %s\n", what, strerror(error));
	return error;
}

static void print_value(const char *value, size_t len, bool raw)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char ch = (unsigned char)value[i];

		if (raw || (ch >= ' ' && ch <= '~' && ch != '\\'))
			putchar(ch);
		else if (ch == '\n')
			fputs("\\n", stdout);
		else if (ch == '\t')
			fputs("\\t", stdout);
		else if (ch == '\r')
			fputs("\\r", stdout);
		else if (ch == '\\')
			fputs("\\\\", stdout);
		else
			printf("\\x%02x", ch);
	}
}

static int cmd_read(struct args *a)
{
	for (int i = 0; i < a->n; i++) {
		char *value;
		size_t len;
		int error = xsc_read(a->c, XSC_NONE, a->v[i], &value, &len);

		if (error)
			return complain(a->v[i], error);
		print_value(value, len, a->raw);
		putchar('\n');
		free(value);
	}
	return 0;
}

static int write_all(struct xsc *c, uint32_t tx, void *ctx)
{
	struct args *a = ctx;
	int error;

	for (int i = 0; i < a->n; i += 2) {
		error = xsc_write(c, tx, a->v[i], a->v[i + 1], strlen(a->v[i + 1]));
		if (error)
			return complain(a->v[i], error);
	}
	return 0;
}

static int cmd_write(struct args *a)
{
	if (a->n % 2) {
		fputs("xenstore: write needs a value for every path\n", stderr);
		return -1;
	}
	return xsc_transaction(a->c, write_all, a);
}

static int cmd_list(struct args *a)
{
	for (int i = 0; i < a->n; i++) {
		char *names;
		size_t len;
		int error = xsc_list(a->c, XSC_NONE, a->v[i], &names, &len);

		if (error)
			return complain(a->v[i], error);
		for (const char *p = names; p < names + len; p += strlen(p) + 1)
			puts(p);
		free(names);
	}
	return 0;
}

static char *join(const char *dir, const char *name)
{
	char *path;

	if (asprintf(&path, "%s/%s", strcmp(dir, "/") ? dir : "", name) < 0)
		abort();
	return path;
}

static int print_perms(struct args *a, const char *path)
{
	char *perms;
	size_t len;
	int error = xsc_get_perms(a->c, a->tx, path, &perms, &len);

	if (error)
		return error;
	fputs("   (", stdout);
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
	int error = xsc_read(a->c, a->tx, path, &value, &len);

	if (error && error != EACCES)
		return error;
	if (a->full)
		fputs(path, stdout);
	else
		printf("%*s%s", depth, "", name);
	if (!error) {
		fputs(" = \"", stdout);
		print_value(value, len, false);
		putchar('"');
		free(value);
	}
	if (!error && a->perms)
		error = print_perms(a, path);
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
static int cmd_ls(struct args *a)
{
	const char *path = a->n ? a->v[0] : "/";
	int error = xsc_start(a->c, &a->tx);

	if (error)
		return complain("cannot begin a transaction", error);
	error = list_below(a, path, 0);
	xsc_end(a->c, a->tx, false);
	return error ? complain(path, error) : 0;
}

static int remove_all(struct xsc *c, uint32_t tx, void *ctx)
{
	struct args *a = ctx;

	for (int i = 0; i < a->n; i++) {
		int error = xsc_rm(c, tx, a->v[i]);

		if (error)
			return complain(a->v[i], error);
	}
	return 0;
}

static int cmd_rm(struct args *a)
{
	return xsc_transaction(a->c, remove_all, a);
}

static int cmd_exists(struct args *a)
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

static int chmod_below(struct args *a, struct xsc *c, uint32_t tx, const char *path,
		       const char *perms, size_t perms_len)
{
	int error = xsc_set_perms(c, tx, path, perms, perms_len);
	char *names;
	size_t len;

	if (error)
		return complain(path, error);
	if (!a->recursive)
		return 0;
	error = xsc_list(c, tx, path, &names, &len);
	if (error)
		return complain(path, error);
	for (const char *p = names; p < names + len && !error; p += strlen(p) + 1) {
		char *child = join(path, p);

		error = chmod_below(a, c, tx, child, perms, perms_len);
		free(child);
	}
	free(names);
	return error;
}

static int chmod_all(struct xsc *c, uint32_t tx, void *ctx)
{
	struct args *a = ctx;
	char perms[4096];
	size_t len = 0;

	for (int i = 1; i < a->n; i++) {
		size_t more = strlen(a->v[i]) + 1;

		if (more > sizeof(perms) - len)
			return complain("too many permissions", E2BIG);
		memcpy(perms + len, a->v[i], more);
		len += more;
	}
	return chmod_below(a, c, tx, a->v[0], perms, len);
}

static int cmd_chmod(struct args *a)
{
	if (a->n < 2) {
		fputs("xenstore: chmod needs a path and at least one permission\n", stderr);
		return -1;
	}
	return xsc_transaction(a->c, chmod_all, a);
}

static int cmd_watch(struct args *a)
{
	struct pollfd pfd = { .fd = xsc_fd(a->c), .events = POLLIN };
	char *path, *token;
	int error;

	for (int i = 0; i < a->n; i++) {
		error = xsc_watch(a->c, a->v[i], a->v[i]);
		if (error)
			return complain(a->v[i], error);
	}
	/* Each watch begins with an event of its own, which nobody caused. */
	a->count += a->count ? a->n : 0;
	for (long seen = 0; !a->count || seen < a->count;) {
		error = xsc_event(a->c, &path, &token);
		if (error == EAGAIN) {
			poll(&pfd, 1, -1);
			continue;
		}
		if (error)
			return complain("the daemon is gone", error);
		if (seen++ >= a->n)
			puts(path);
		fflush(stdout);
		free(path);
		free(token);
	}
	return 0;
}

static int cmd_control(struct args *a)
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

static const struct command {
	const char *name, *options;
	int (*run)(struct args *a);
	int min_args;
} commands[] = {
	{ "read", "+r", cmd_read, 1 },	{ "write", "+", cmd_write, 2 },
	{ "list", "+", cmd_list, 1 },	{ "ls", "+fp", cmd_ls, 0 },
	{ "rm", "+", cmd_rm, 1 },	{ "exists", "+", cmd_exists, 1 },
	{ "chmod", "+r", cmd_chmod, 2 },	{ "watch", "+n:", cmd_watch, 1 },
	{ "control", "+", cmd_control, 1 },
};

static int bad_usage(void)
{
	fputs("Try xenstore --help.\n", stderr);
	return 2;
}

static bool parse(const struct command *cmd, struct args *a, int argc, char **argv)
{
	char *end;
	int opt;

	while ((opt = getopt(argc, argv, cmd->options)) != -1) {
		switch (opt) {
		case 'f': a->full = true; break;
		case 'p': a->perms = true; break;
		case 'r': a->raw = a->recursive = true; break;
		case 'n':
			a->count = strtol(optarg, &end, 10);
			if (*end || a->count < 1) {
				fprintf(stderr, "xenstore: not a count: %s\n", optarg);
				return false;
			}
			break;
		default:
			return false;
		}
	}
	a->v = argv + optind;
	a->n = argc - optind;
	if (a->n < cmd->min_args) {
		fprintf(stderr, "xenstore: %s needs more arguments\n", cmd->name);
		return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	const struct command *cmd = NULL;
	struct args a = { 0 };
	int error;

	if (argc >= 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
		fputs(usage_text, stdout);
		return 0;
	}
	for (size_t i = 0; argc >= 2 && i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (!strcmp(commands[i].name, argv[1]))
			cmd = &commands[i];
	}
	if (!cmd) {
		if (argc >= 2)
			fprintf(stderr, "xenstore: no such command: %s\n", argv[1]);
		return bad_usage();
	}
	if (!parse(cmd, &a, argc - 1, argv + 1))
		return bad_usage();
	error = xsc_open(NULL, &a.c);
	if (error) {
		complain("cannot connect to xenstored", error);
		return 1;
	}
	error = cmd->run(&a);
	xsc_close(a.c);
	if (error < 0)
		return bad_usage();
	return error ? 1 : 0;
}
