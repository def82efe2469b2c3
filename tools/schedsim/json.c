/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading JSON through json-c, with the place of each mistake. */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "json.h"
#include "machine/machine.h"
#include "say.h"

struct json {
	struct json_object *obj;
	char *place;			/* file and path */
	const char **asked;		/* names of members that were asked for */
	u32 nr_asked;
	struct json **child;
	u32 nr_children;
	bool root;
};

static struct json *make(struct json_object *obj, const char *fmt, const char *a, const char *b)
{
	struct json *j = zalloc(1, sizeof(*j));

	j->obj = obj;
	if (asprintf(&j->place, fmt, a, b) < 0)
		die("no memory");
	return j;
}

static void adopt(struct json *parent, struct json *child)
{
	parent->child = grow_array(parent->child, parent->nr_children + 1, sizeof(child));
	parent->child[parent->nr_children++] = child;
}

void json_die(const struct json *j, const char *key, const char *what)
{
	die("%s%s%s: %s", j->place, key ? (strchr(j->place, ' ') ? "." : " ") : "", key ? key : "",
	    what);
}

struct json *json_open(const char *path)
{
	struct json_tokener *t = json_tokener_new_ex(32);
	struct json_object *obj;
	struct json *j;
	size_t len;
	char *text = read_whole(path, &len);
	size_t end;

	if (!t || len >= INT_MAX)
		die("%s: too large", path);
	/* With the final null character, the parser knows that no more text comes. */
	obj = json_tokener_parse_ex(t, text, (int)len + 1);
	end = json_tokener_get_parse_end(t);
	if (json_tokener_get_error(t) != json_tokener_success)
		die("%s: not JSON: %s at byte %zu", path,
		    json_tokener_error_desc(json_tokener_get_error(t)), end);
	while (end < len && isspace((unsigned char)text[end]))
		end++;
	if (end < len)
		die("%s: not JSON: the document ends, and there is more text after it at byte %zu",
		    path, end);
	if (!json_object_is_type(obj, json_type_object))
		die("%s: the document is not an object, { ... }", path);
	json_tokener_free(t);
	free(text);
	j = make(obj, "%s:%s", path, "");
	j->root = true;
	return j;
}

static void check_asked(const struct json *j)
{
	if (!json_object_is_type(j->obj, json_type_object))
		return;
	json_object_object_foreach(j->obj, key, value) {
		bool known = false;

		(void)value;
		for (u32 i = 0; i < j->nr_asked && !known; i++)
			known = !strcmp(j->asked[i], key);
		if (!known)
			json_die(j, key, "unknown here; remove it, or see docs/schedsim.md");
	}
}

void json_close(struct json *j)
{
	check_asked(j);
	for (u32 i = 0; i < j->nr_children; i++)
		json_close(j->child[i]);
	if (j->root)
		json_object_put(j->obj);
	free(j->child);
	free(j->asked);
	free(j->place);
	free(j);
}

static struct json_object *member(struct json *j, const char *key)
{
	struct json_object *value = NULL;

	j->asked = grow_array(j->asked, j->nr_asked + 1, sizeof(*j->asked));
	j->asked[j->nr_asked++] = key;
	json_object_object_get_ex(j->obj, key, &value);
	return value;
}

bool json_has(const struct json *j, const char *key)
{
	return json_object_object_get_ex(j->obj, key, NULL);
}

void json_ignore(struct json *j, const char *key) { member(j, key); }

static struct json *inner(struct json *j, const char *key, bool needed, json_type type,
			  const char *what)
{
	struct json_object *value = member(j, key);
	struct json *in;

	if (!value && !needed)
		return NULL;
	if (!value || !json_object_is_type(value, type))
		json_die(j, key, what);
	in = make(value, strchr(j->place, ' ') ? "%s.%s" : "%s %s", j->place, key);
	adopt(j, in);
	return in;
}

struct json *json_section(struct json *j, const char *key, bool needed)
{
	return inner(j, key, needed, json_type_object, "an object, { ... }, must be here");
}

struct json *json_list(struct json *j, const char *key, bool needed)
{
	return inner(j, key, needed, json_type_array, "an array, [ ... ], must be here");
}

u32 json_length(const struct json *array)
{
	return (u32)json_object_array_length(array->obj);
}

struct json *json_element(struct json *array, u32 i)
{
	char index[16];
	struct json *in;

	snprintf(index, sizeof(index), "%u", i);
	in = make(json_object_array_get_idx(array->obj, i), "%s[%s]", array->place, index);
	if (!json_object_is_type(in->obj, json_type_object))
		json_die(in, NULL, "an object, { ... }, must be here");
	adopt(array, in);
	return in;
}

u32 json_element_u32(struct json *array, u32 i, u32 most)
{
	struct json_object *e = json_object_array_get_idx(array->obj, i);
	s64 v = json_object_get_int64(e);

	if (!json_object_is_type(e, json_type_int) || v < 0 || v > most)
		json_die(array, NULL, "its elements are natural numbers in range");
	return (u32)v;
}

const char *json_member(const struct json *j, u32 i)
{
	json_object_object_foreach(j->obj, key, value) {
		(void)value;
		if (!i--)
			return key;
	}
	return NULL;
}

s64 json_int(struct json *j, const char *key, s64 least, s64 most)
{
	struct json_object *value = member(j, key);
	char what[96];
	s64 v = json_object_get_int64(value);

	if (json_object_is_type(value, json_type_int) && v >= least && v <= most)
		return v;
	snprintf(what, sizeof(what), "a number from %lld to %lld must be here", (long long)least,
		 (long long)most);
	json_die(j, key, what);
}

s64 json_int_or(struct json *j, const char *key, s64 least, s64 most, s64 otherwise)
{
	return json_has(j, key) ? json_int(j, key, least, most) : otherwise;
}

bool json_bool_or(struct json *j, const char *key, bool otherwise)
{
	struct json_object *value = member(j, key);

	if (!value)
		return otherwise;
	if (!json_object_is_type(value, json_type_boolean))
		json_die(j, key, "true or false must be here");
	return json_object_get_boolean(value);
}

const char *json_string(struct json *j, const char *key)
{
	struct json_object *value = member(j, key);

	if (!json_object_is_type(value, json_type_string))
		json_die(j, key, "a string must be here");
	return json_object_get_string(value);
}

const char *json_string_or(struct json *j, const char *key, const char *otherwise)
{
	return json_has(j, key) ? json_string(j, key) : otherwise;
}

bool parse_time(const char *text, s64 *ns)
{
	static const struct { const char *unit; double ns; } units[] = {
		{ "ns", 1 }, { "us", 1e3 }, { "ms", 1e6 }, { "s", 1e9 },
	};
	char *end;
	double v = strtod(text, &end);

	if (end == text || !(v >= 0))
		return false;
	for (u32 i = 0; i < 4; i++) {
		if (strcmp(end, units[i].unit) || v * units[i].ns > 1e17)
			continue;
		*ns = (s64)(v * units[i].ns + 0.5);
		return true;
	}
	return false;
}

static s64 time_of(const struct json *j, const char *key, struct json_object *value)
{
	s64 ns;

	if (!json_object_is_type(value, json_type_string) ||
	    !parse_time(json_object_get_string(value), &ns))
		json_die(j, key, "a time such as \"250us\", \"10ms\" or \"2s\" must be here");
	return ns;
}

s64 json_time(struct json *j, const char *key) { return time_of(j, key, member(j, key)); }

s64 json_time_or(struct json *j, const char *key, s64 otherwise)
{
	return json_has(j, key) ? json_time(j, key) : otherwise;
}

struct amount json_amount(struct json *j, const char *key)
{
	struct json_object *value = member(j, key), *in;
	struct amount a = {};

	if (!json_object_is_type(value, json_type_object))
		return amount_fixed(time_of(j, key, value));
	if (json_object_object_length(value) == 1 &&
	    json_object_object_get_ex(value, "exponential", &in)) {
		a = (struct amount){ .kind = AMOUNT_EXPONENTIAL, .a = time_of(j, key, in) };
		a.b = 20 * a.a;
		return a;
	}
	if (json_object_object_length(value) == 1 &&
	    json_object_object_get_ex(value, "uniform", &in) &&
	    json_object_is_type(in, json_type_array) && json_object_array_length(in) == 2) {
		a.kind = AMOUNT_UNIFORM;
		a.a = time_of(j, key, json_object_array_get_idx(in, 0));
		a.b = time_of(j, key, json_object_array_get_idx(in, 1));
		if (a.a <= a.b)
			return a;
	}
	json_die(j, key,
		 "a time, {\"uniform\": [least, most]} or {\"exponential\": mean} must be here");
}

bool parse_cpus(const char *text, u32 cpus, u64 *bits)
{
	memset(bits, 0, MACHINE_MAX_CPUS / 8);
	for (;;) {
		char *end;
		unsigned long first = strtoul(text, &end, 10), last = first;

		if (end == text)
			return false;
		if (*end == '-') {
			text = end + 1;
			last = strtoul(text, &end, 10);
			if (end == text)
				return false;
		}
		if (last < first || last >= cpus)
			return false;
		for (unsigned long cpu = first; cpu <= last; cpu++)
			bits[cpu / 64] |= 1UL << cpu % 64;
		if (!*end)
			return true;
		if (*end != ',')
			return false;
		text = end + 1;
	}
}
