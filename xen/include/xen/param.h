/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Command-line parameters. Each is declared beside the code it steers; unknown or malformed ones
 * are reported on the console, never ignored. docs/command-line.md lists them.
 */
#ifndef XEN_PARAM_H
#define XEN_PARAM_H

#include <xen/compiler.h>

enum param_type { PARAM_BOOL, PARAM_UINT, PARAM_SIZE, PARAM_STRING, PARAM_CUSTOM };

struct param {
	const char *name;
	enum param_type type;
	u32 len;			/* bytes of *var */
	void *var;
	int (*parse)(const char *value);	/* PARAM_CUSTOM: 0 or -XEN_EINVAL */
};

#define PARAM_ENTRY(id) static const struct param param_##id __used __aligned(8) __section("params")
/** "name", "name=yes|no|on|off|1|0|true|false", "no-name". */
#define PARAM_BOOL_VAR(nm, id, v) PARAM_ENTRY(id) = { nm, PARAM_BOOL, sizeof(v), &(v), NULL }
#define PARAM_UINT_VAR(nm, id, v) PARAM_ENTRY(id) = { nm, PARAM_UINT, sizeof(v), &(v), NULL }
/** Bytes with suffix (512M). */
#define PARAM_SIZE_VAR(nm, id, v) PARAM_ENTRY(id) = { nm, PARAM_SIZE, sizeof(v), &(v), NULL }
/** Copied into the char array @v, truncated with a warning. */
#define PARAM_STRING_VAR(nm, id, v) PARAM_ENTRY(id) = { nm, PARAM_STRING, sizeof(v), (v), NULL }
#define PARAM_CUSTOM_FN(nm, id, fn) PARAM_ENTRY(id) = { nm, PARAM_CUSTOM, 0, NULL, fn }

/** Parse the whole line; prints one warning for each parameter it cannot use. Boot only. */
void params_parse(const char *cmdline);
/** The line as given, for version_op and manifests. */
const char *params_cmdline(void);

#endif
