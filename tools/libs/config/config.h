/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xl.cfg files: `name = value` and `name += value`, where a value is a number, a string in single
 * or double quotes, or a list of values in brackets. `#` starts a comment; a newline or `;` ends a
 * setting. Pure: bytes in, settings out.
 */
#ifndef TOOLS_CONFIG_H
#define TOOLS_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CFG_ERROR_BYTES 256
#define CFG_MAX_DEPTH 8		/* of lists in lists */
#define CFG_MAX_BYTES (1UL << 20)
#define CFG_MAX_SETTINGS 4096	/* each is looked for among all */

struct cfg_error {
	char text[CFG_ERROR_BYTES];	/* "FILE:LINE: what" */
};

struct cfg_value {
	bool is_list;
	unsigned int line;
	char *text;			/* a string or a number as written; NULL for a list */
	struct cfg_value **item;	/* a list's */
	size_t items;
};

struct cfg_setting {
	char *name;
	struct cfg_value *value;
	bool used;			/* it has been read */
};

struct cfg {
	char *file;			/* for messages */
	struct cfg_setting *setting;
	size_t settings;
};

/** Parse @bytes at @text. NULL with @err filled. A name set twice has its last value; @warn (may be
 * NULL) is told of that, and of nothing else here. */
struct cfg *cfg_parse(const char *text, size_t bytes, const char *file, struct cfg_error *err,
		      void (*warn)(const char *text));
void cfg_free(struct cfg *cfg);

/** A setting's value, marked as used; NULL when it is not there. */
const struct cfg_value *cfg_get(struct cfg *cfg, const char *name);
/** The next setting that has not been read, from *@at on; *@at moves past it. NULL: no more. */
const struct cfg_setting *cfg_unused(const struct cfg *cfg, size_t *at);

/*
 * Typed getters: 0, -ENOENT when the setting is not there (*@out stays as it is), or -EINVAL with
 * @err filled when it has another type or does not fit.
 */
int cfg_string(struct cfg *cfg, const char *name, const char **out, struct cfg_error *err);
/** A number from 0 to @max, or to INT64_MAX where that is less. */
int cfg_number(struct cfg *cfg, const char *name, uint64_t max, uint64_t *out,
	       struct cfg_error *err);
/** A number from @min to @max. */
int cfg_signed(struct cfg *cfg, const char *name, int64_t min, int64_t max, int64_t *out,
	       struct cfg_error *err);
/** 0 and 1; also "true", "false", "yes", "no", "on", "off". */
int cfg_bool(struct cfg *cfg, const char *name, bool *out, struct cfg_error *err);
/** A list; a single string is taken as a list of one when @one is set. */
int cfg_list(struct cfg *cfg, const char *name, bool one, const struct cfg_value *const **items,
	     size_t *n, struct cfg_error *err);
/** A number in decimal, octal (0) or hexadecimal (0x), all of @text. */
bool cfg_parse_number(const char *text, uint64_t *out);

/** Fill @err with "FILE:LINE: ...". Returns -EINVAL. */
int cfg_fail(const struct cfg *cfg, unsigned int line, struct cfg_error *err, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/*
 * Comma-separated specifications as in disk= and vif=: parts are cut in place, and @fn gets each
 * as key and value, with a NULL value for a bare word. A key for which @rest says true takes all
 * that follows. @fn returns 0 or an error that ends the walk.
 */
int cfg_spec(char *spec, bool (*rest)(const char *key),
	     int (*fn)(void *user, const char *key, const char *value), void *user);

/** One disk of disk=, as strings; NULL where nothing was said. Points into the text parsed. */
struct cfg_disk {
	const char *target, *format, *vdev, *script, *backend, *backendtype, *specification;
	bool readonly, cdrom, direct_io_safe, no_discard;
	bool share_writes;		/* access w!: others may have it too */
	bool untrusted;			/* the guest is not to trust its backend */
};

/** One interface of vif=, likewise. */
struct cfg_vif {
	const char *mac, *bridge, *gatewaydev, *ip, *script, *vifname, *model, *type, *backend,
		*rate;
	uint32_t mtu, devid;
	bool has_devid, untrusted;
};

/** "10Mb/s", "1GB/s@20ms": what may pass in an interval, and how long that is. False: wrong. */
bool cfg_parse_rate(const char *text, uint64_t *bytes, uint32_t *usecs);

/** A mac as it is printed: six bytes in lower case, with colons. False: @text has another form. */
#define CFG_MAC_BYTES 18
bool cfg_parse_mac(const char *text, char mac[CFG_MAC_BYTES]);

/** Parse a specification, which is cut up. 0 or -EINVAL with @err filled ("disk: what"). */
int cfg_parse_disk(char *spec, struct cfg_disk *disk, struct cfg_error *err);
int cfg_parse_vif(char *spec, struct cfg_vif *vif, struct cfg_error *err);

#endif
