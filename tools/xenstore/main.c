/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xenstore: reading and changing the store from a shell. It is also xenstore-read and the like,
 * the names that scripts know: called by one of these, the first word is the name's end.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xenstore.h"

static const char usage_text[] =
"usage: xenstore COMMAND [options] ARGUMENTS      or: xenstore-COMMAND [options] ARGUMENTS\n"
"\n"
"  read [-p] [-R] PATH...     print values (-p: behind their paths; -R: as they are, without\n"
"                             escapes and newlines)\n"
"  write [-R] PATH VALUE...   write values, all or none (-R: backslashes mean themselves)\n"
"  list [-p] PATH...          print the names of children (-p: whole paths)\n"
"  ls [-f] [-p] [PATH...]     print everything below (-f: whole paths, -p: permissions)\n"
"  rm [-t] PATH...            remove with everything below, all or none (-t: and ancestors that\n"
"                             have then neither children nor a value)\n"
"  exists PATH...             exit with 0 if all are there, 1 if not\n"
"  chmod [-u] [-r] PATH PERM...\n"
"                             set permissions: letter n, r, w or b and a domain's number; the\n"
"                             first names the owner (-r: also everything below; -u: also\n"
"                             everything above but the root)\n"
"  watch [-n COUNT] PATH...   print the paths of events; each watch has one at once\n"
"  control WORD...            ask the daemon: control help\n"
"\n"
"Each takes -s (by the socket only) and -h (this text). The daemon is at $XENSTORED_PATH, or the\n"
"socket in $XENSTORED_RUNDIR or /var/run/xenstored, or /dev/xen/xenbus. Exit status: 0, 1 for an\n"
"error of the store, 2 for wrong usage.\n";

int complain(const char *what, int error)
{
	fprintf(stderr, "xenstore: %s: %s\n", what, strerror(error));
	return error;
}

char *join(const char *dir, const char *name)
{
	char *path;

	if (asprintf(&path, "%s/%s", strcmp(dir, "/") ? dir : "", name) < 0)
		abort();
	return path;
}

static const struct command {
	const char *name, *options;
	int (*run)(struct args *a);
	int min_args;
} commands[] = {
	{ "read", "+hspR", cmd_read, 1 },	{ "write", "+hsR", cmd_write, 2 },
	{ "list", "+hsp", cmd_list, 1 },	{ "ls", "+hsfp", cmd_ls, 0 },
	{ "rm", "+hst", cmd_rm, 1 },		{ "exists", "+hs", cmd_exists, 1 },
	{ "chmod", "+hsur", cmd_chmod, 2 },	{ "watch", "+hsn:", cmd_watch, 1 },
	{ "control", "+hs", cmd_control, 1 },
};

static int bad_usage(void)
{
	fputs("Try xenstore --help.\n", stderr);
	return 2;
}

static void print_help(void)
{
	fputs(usage_text, stdout);
	exit(0);
}

static bool parse(const struct command *cmd, struct args *a, bool *socket_only, int argc,
		  char **argv)
{
	static const struct option help[] = { { "help", no_argument, NULL, 'h' }, { 0 } };
	char *end;
	int opt;

	while ((opt = getopt_long(argc, argv, cmd->options, help, NULL)) != -1) {
		switch (opt) {
		case 'f': a->full = true; break;
		case 'p': a->prefix = true; break;
		case 'R': a->raw = true; break;
		case 'r': a->recursive = true; break;
		case 's': *socket_only = true; break;
		case 't': a->tidy = true; break;
		case 'u': a->upto = true; break;
		case 'h':
			print_help();
			break;
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

static const struct command *find(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	}
	fprintf(stderr, "xenstore: no such command: %s\n", name);
	return NULL;
}

/* The command in the name this was called by, or NULL. */
static const char *called_as(const char *argv0)
{
	static const char prefix[] = "xenstore-";
	const char *slash = strrchr(argv0, '/'), *name = slash ? slash + 1 : argv0;

	return strncmp(name, prefix, strlen(prefix)) ? NULL : name + strlen(prefix);
}

int main(int argc, char **argv)
{
	const char *name = argc ? called_as(argv[0]) : NULL;
	const struct command *cmd;
	struct args a = { 0 };
	bool socket_only = false;
	int error;

	if (!name && argc >= 2) {
		name = *++argv;
		argc--;
	}
	if (name && (!strcmp(name, "--help") || !strcmp(name, "-h")))
		print_help();
	cmd = name ? find(name) : NULL;
	if (!cmd || !parse(cmd, &a, &socket_only, argc, argv))
		return bad_usage();
	error = xsc_open(socket_only ? xsc_socket_path() : NULL, &a.c);
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
