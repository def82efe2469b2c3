/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Command-line parameters. Each is declared next to the code that it controls; unknown or malformed
 * parameters are reported on the console. docs/command-line.md lists them.
 */
#ifndef XEN_PARAM_H
#define XEN_PARAM_H

#include <xen/compiler.h>

enum param_type { PARAM_BOOL, PARAM_UINT, PARAM_SIZE, PARAM_STRING, PARAM_WORD, PARAM_CUSTOM };

struct param {
	const char *name;
	enum param_type type;
	u32 len;			/* bytes of *var */
	void *var;
	/** PARAM_CUSTOM: returns NULL, or a phrase that says why the value is refused. */
	const char *(*parse)(const char *value);
	const char *const *words;	/* PARAM_WORD */
	u32 nr_words;
};

#define PARAM_ENTRY(id, ...)                                                              \
	static const struct param param_##id __used __aligned(8) __section("params") = {  \
		__VA_ARGS__                                                               \
	}
/** "name", "no-name", "name=yes|on|true|enable|1|no|off|false|disable|0". */
#define PARAM_BOOL_VAR(nm, id, v) \
	PARAM_ENTRY(id, .name = nm, .type = PARAM_BOOL, .len = sizeof(v), .var = &(v))
/** A number that fits into @v. */
#define PARAM_UINT_VAR(nm, id, v) \
	PARAM_ENTRY(id, .name = nm, .type = PARAM_UINT, .len = sizeof(v), .var = &(v))
/** Bytes, as parse_size() reads them (512M). */
#define PARAM_SIZE_VAR(nm, id, v) \
	PARAM_ENTRY(id, .name = nm, .type = PARAM_SIZE, .len = sizeof(v), .var = &(v))
/** Copied into the char array @v. */
#define PARAM_STRING_VAR(nm, id, v) \
	PARAM_ENTRY(id, .name = nm, .type = PARAM_STRING, .len = sizeof(v), .var = (v))
/** One of the strings in the array @ws: @v becomes its index. */
#define PARAM_WORD_VAR(nm, id, v, ws)                                                   \
	PARAM_ENTRY(id, .name = nm, .type = PARAM_WORD, .len = sizeof(v), .var = &(v), \
		    .words = ws, .nr_words = ARRAY_SIZE(ws))
/** @fn gets the value ("" without one, "no" for "no-name"). */
#define PARAM_CUSTOM_FN(nm, id, fn) \
	PARAM_ENTRY(id, .name = nm, .type = PARAM_CUSTOM, .parse = fn)

/** Parse the whole line; prints one error for each parameter that it cannot use. Boot only. */
void params_parse(const char *cmdline);
/** The line as given, for version_op and manifests. */
const char *params_cmdline(void);

/** For parsers: 1 or 0 for the words of a flag ("" is yes), -1 for all others. */
int param_flag(const char *value);
/** For parsers: the index of @value among @nr words, -1 when it is not one of them. */
int param_word(const char *value, const char *const *words, u32 nr);
/** For parsers: format a phrase, which is valid until the next call. Boot only. */
const char *param_error(const char *fmt, ...) __printf_like(1, 2);

#endif
