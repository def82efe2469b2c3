/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Settings with the types that a reader wants. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config.h"

bool cfg_parse_number(const char *text, uint64_t *out)
{
	char *end;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	*out = strtoull(text, &end, 0);
	return !errno && !*end;
}

static int get_text(struct cfg *cfg, const char *name, const struct cfg_value **v,
		    struct cfg_error *err)
{
	*v = cfg_get(cfg, name);
	if (!*v)
		return -ENOENT;
	if ((*v)->is_list)
		return cfg_fail(cfg, (*v)->line, err, "%s takes one value, not a list", name);
	return 0;
}

int cfg_string(struct cfg *cfg, const char *name, const char **out, struct cfg_error *err)
{
	const struct cfg_value *v;
	int rc = get_text(cfg, name, &v, err);

	if (!rc)
		*out = v->text;
	return rc;
}

int cfg_signed(struct cfg *cfg, const char *name, int64_t min, int64_t max, int64_t *out,
	       struct cfg_error *err)
{
	const struct cfg_value *v;
	int rc = get_text(cfg, name, &v, err);
	int64_t value;
	bool minus;
	uint64_t n;

	if (rc)
		return rc;
	minus = *v->text == '-';
	if (!cfg_parse_number(v->text + minus, &n) || n > INT64_MAX)
		return cfg_fail(cfg, v->line, err, "%s takes a number, not \"%.60s\"", name,
				v->text);
	value = minus ? -(int64_t)n : (int64_t)n;
	if (value < min || value > max)
		return cfg_fail(cfg, v->line, err, "%s is from %" PRId64 " to %" PRId64 ", not %"
				PRId64, name, min, max, value);
	*out = value;
	return 0;
}

int cfg_number(struct cfg *cfg, const char *name, uint64_t max, uint64_t *out,
	       struct cfg_error *err)
{
	int64_t n;
	int rc = cfg_signed(cfg, name, 0, max < INT64_MAX ? (int64_t)max : INT64_MAX, &n, err);

	if (!rc)
		*out = (uint64_t)n;
	return rc;
}

int cfg_bool(struct cfg *cfg, const char *name, bool *out, struct cfg_error *err)
{
	static const char *const yes[] = { "1", "true", "yes", "on" };
	static const char *const no[] = { "0", "false", "no", "off" };
	const struct cfg_value *v;
	int rc = get_text(cfg, name, &v, err);

	if (rc)
		return rc;
	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
		if (!strcasecmp(v->text, yes[i]) || !strcasecmp(v->text, no[i])) {
			*out = !strcasecmp(v->text, yes[i]);
			return 0;
		}
	}
	return cfg_fail(cfg, v->line, err, "%s takes 0 or 1, not \"%.60s\"", name, v->text);
}

int cfg_list(struct cfg *cfg, const char *name, bool one, const struct cfg_value *const **items,
	     size_t *n, struct cfg_error *err)
{
	const struct cfg_value *v = cfg_get(cfg, name);

	if (!v)
		return -ENOENT;
	if (v->is_list) {
		*items = (const struct cfg_value *const *)v->item;
		*n = v->items;
		return 0;
	}
	if (!one)
		return cfg_fail(cfg, v->line, err, "%s takes a list: %s = [ ... ]", name, name);
	/* The setting itself stands where a list of one would point. */
	for (size_t i = 0; i < cfg->settings; i++)
		if (cfg->setting[i].value == v)
			*items = (const struct cfg_value *const *)&cfg->setting[i].value;
	*n = 1;
	return 0;
}
