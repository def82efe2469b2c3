/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of xenstore share: the words of the command line, and the commands. */
#ifndef TOOLS_XENSTORE_H
#define TOOLS_XENSTORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/xsc.h"

/** What a command was asked. */
struct args {
	struct xsc *c;
	uint32_t tx;		/* in which it looks, or XSC_NONE */
	char **v;
	int n;
	/* Options: -f, -p, -R, -r, -u, -t, and the number of -n (0: without end). */
	bool full, prefix, raw, recursive, upto, tidy;
	long count;
};

/** Print "xenstore: @what: " and the error; returns it. */
int complain(const char *what, int error);
/** The path of a child, malloc'ed. */
char *join(const char *dir, const char *name);

/** Print a value with escapes for what is not printable. Returns the characters printed. */
int print_value(const char *value, size_t len);
/** Undo the escapes of @text in its place, those of print_value() and octal ones; the length. */
size_t unescape(char *text);

/* Commands: 0, or an errno value after a line on standard error; -1 for wrong usage. */
int cmd_chmod(struct args *a);
int cmd_control(struct args *a);
int cmd_exists(struct args *a);
int cmd_list(struct args *a);
int cmd_ls(struct args *a);
int cmd_read(struct args *a);
int cmd_rm(struct args *a);
int cmd_watch(struct args *a);
int cmd_write(struct args *a);

#endif
