/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Objects to and from JSON, copies and disposal, all by their tables. */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "types.h"

#define MAX_ELEMENTS 1024	/* of any array read */
#define ERR_BYTES 256

static size_t element_bytes(const struct lx_field *f)
{
	return f->kind == LX_CPUMAPS ? sizeof(struct lx_cpumap) :
	       f->kind == LX_U32S ? sizeof(uint32_t) :
	       f->kind == LX_STRINGS ? sizeof(char *) : f->type->bytes;
}

static void *element(void *array, const struct lx_field *f, uint32_t i)
{
	return (char *)array + i * element_bytes(f);
}

#define MEMBER(object, f, type) (*(type *)((char *)(object) + (f)->at))
#define COUNT(object, f) (*(uint32_t *)((char *)(object) + (f)->count))

void lx_init(const struct lx_type *type, void *object)
{
	memset(object, 0, type->bytes);
	for (const struct lx_field *f = type->field; f->name; f++)
		if (f->kind == LX_OBJECT)
			lx_init(f->type, (char *)object + f->at);
	if (type->init)
		type->init(object);
}

void lx_dispose(const struct lx_type *type, void *object)
{
	for (const struct lx_field *f = type->field; f->name; f++) {
		switch (f->kind) {
		case LX_STRING:
			free(MEMBER(object, f, char *));
			break;
		case LX_OBJECT:
			lx_dispose(f->type, (char *)object + f->at);
			break;
		case LX_OBJECTS:
			for (uint32_t i = 0; i < COUNT(object, f); i++)
				lx_dispose(f->type, element(MEMBER(object, f, void *), f, i));
			free(MEMBER(object, f, void *));
			break;
		case LX_CPUMAPS:
		case LX_U32S:
			free(MEMBER(object, f, void *));
			break;
		case LX_STRINGS:
			for (uint32_t i = 0; i < COUNT(object, f); i++)
				free(MEMBER(object, f, char **)[i]);
			free(MEMBER(object, f, void *));
			break;
		case LX_POINTER:
			if (MEMBER(object, f, void *))
				lx_dispose(f->type, MEMBER(object, f, void *));
			free(MEMBER(object, f, void *));
			break;
		default:
			break;
		}
	}
	memset(object, 0, type->bytes);
}

static struct json_object *cpumap_to_json(const struct lx_cpumap *m)
{
	struct json_object *a = json_object_new_array();

	for (unsigned int i = 0; a && i < LX_MAX_CPUS; i++)
		if (lx_cpumap_test(m, i))
			json_object_array_add(a, json_object_new_int((int)i));
	return a;
}

static bool cpumap_empty(const struct lx_cpumap *m)
{
	static const struct lx_cpumap none;

	return !memcmp(m, &none, sizeof(none));
}

static struct json_object *array_to_json(const struct lx_field *f, void *array, uint32_t n)
{
	struct json_object *a = json_object_new_array();

	for (uint32_t i = 0; a && i < n; i++)
		json_object_array_add(a, f->kind == LX_U32S ?
				      json_object_new_uint64(((uint32_t *)array)[i]) :
				      f->kind == LX_CPUMAPS ?
				      cpumap_to_json(element(array, f, i)) :
				      f->kind == LX_STRINGS ?
				      json_object_new_string(((char **)array)[i]) :
				      lx_to_json(f->type, element(array, f, i)));
	return a;
}

/* NULL: the member is left out. */
static struct json_object *number_to_json(const struct lx_field *f, uint64_t n)
{
	return f->optional && !n ? NULL : json_object_new_uint64(n);
}

static struct json_object *field_to_json(const struct lx_field *f, void *object)
{
	char text[LX_UUID_TEXT];

	switch (f->kind) {
	case LX_BOOL:
		if (f->optional && !MEMBER(object, f, bool))
			return NULL;
		return json_object_new_boolean(MEMBER(object, f, bool));
	case LX_INT_BOOL:
		return json_object_new_int(MEMBER(object, f, bool));
	case LX_DEFBOOL:
		return json_object_new_string(MEMBER(object, f, bool) ? "True" : "False");
	case LX_U32:
		return number_to_json(f, MEMBER(object, f, uint32_t));
	case LX_S32:
		return json_object_new_int64(MEMBER(object, f, int32_t));
	case LX_U64:
		return number_to_json(f, MEMBER(object, f, uint64_t));
	case LX_STRING:
		if (!MEMBER(object, f, char *))
			return NULL;
		return json_object_new_string(MEMBER(object, f, char *));
	case LX_ENUM:
		if (f->optional && !MEMBER(object, f, uint32_t))
			return NULL;
		return json_object_new_string(lx_name_of(f->names, MEMBER(object, f, uint32_t)));
	case LX_UUID:
		lx_uuid_text(&MEMBER(object, f, uint8_t), text);
		return json_object_new_string(text);
	case LX_CPUMAP:
		if (!f->keep && cpumap_empty(&MEMBER(object, f, struct lx_cpumap)))
			return NULL;
		return cpumap_to_json(&MEMBER(object, f, struct lx_cpumap));
	case LX_OBJECT:
		return lx_to_json(f->type, (char *)object + f->at);
	case LX_POINTER:
		if (!MEMBER(object, f, void *))
			return NULL;
		return lx_to_json(f->type, MEMBER(object, f, void *));
	case LX_MARK:
		return MEMBER(object, f, void *) ? NULL : json_object_new_object();
	default:
		if (!COUNT(object, f))
			return NULL;
		return array_to_json(f, MEMBER(object, f, void *), COUNT(object, f));
	}
}

struct json_object *lx_to_json(const struct lx_type *type, const void *object)
{
	struct json_object *j = json_object_new_object();

	for (const struct lx_field *f = type->field; j && f->name; f++) {
		struct json_object *v = field_to_json(f, (void *)object);

		if (v)
			json_object_object_add(j, f->name, v);
	}
	return j;
}

static int wrong(const struct lx_field *f, char *err, const char *wanted)
{
	snprintf(err, ERR_BYTES, "%s: %s is wanted", f->name, wanted);
	return -EINVAL;
}

static int read_number(const struct lx_field *f, struct json_object *v, int64_t min, uint64_t max,
		       uint64_t *out, char *err)
{
	int64_t s;

	if (!json_object_is_type(v, json_type_int))
		return wrong(f, err, "a number");
	s = json_object_get_int64(v);
	*out = s < 0 ? (uint64_t)s : json_object_get_uint64(v);
	if (s < min || (s >= 0 && *out > max))
		return wrong(f, err, "a smaller number");
	return 0;
}

static int read_cpumap(const struct lx_field *f, struct json_object *v, struct lx_cpumap *m,
		       char *err)
{
	memset(m, 0, sizeof(*m));
	if (!json_object_is_type(v, json_type_array))
		return wrong(f, err, "an array of CPU numbers");
	for (size_t i = 0; i < json_object_array_length(v); i++) {
		uint64_t cpu;

		if (read_number(f, json_object_array_get_idx(v, i), 0, LX_MAX_CPUS - 1, &cpu, err))
			return -EINVAL;
		lx_cpumap_set(m, (unsigned int)cpu);
	}
	return 0;
}

static int read_string(const struct lx_field *f, struct json_object *v, char **to, char *err)
{
	char *text;

	if (!json_object_is_type(v, json_type_string) ||
	    strlen(json_object_get_string(v)) != (size_t)json_object_get_string_len(v))
		return wrong(f, err, "a string");
	text = strdup(json_object_get_string(v));
	if (!text)
		return -ENOMEM;
	free(*to);
	*to = text;
	return 0;
}

static int read_element(const struct lx_field *f, struct json_object *v, void *to, char *err)
{
	uint64_t number;
	int rc;

	switch (f->kind) {
	case LX_CPUMAPS:
		return read_cpumap(f, v, to, err);
	case LX_STRINGS:
		return read_string(f, v, to, err);
	case LX_U32S:
		rc = read_number(f, v, 0, UINT32_MAX, &number, err);
		if (!rc)
			*(uint32_t *)to = (uint32_t)number;
		return rc;
	default:
		lx_init(f->type, to);
		return lx_from_json(f->type, to, v, err);
	}
}

static int read_array(const struct lx_field *f, struct json_object *v, void *object, char *err)
{
	void *array;
	size_t n;

	if (!json_object_is_type(v, json_type_array))
		return wrong(f, err, "an array");
	n = json_object_array_length(v);
	if (n > MAX_ELEMENTS || COUNT(object, f))
		return wrong(f, err, "one array of at most 1024 elements");
	array = calloc(n ? n : 1, element_bytes(f));
	if (!array)
		return -ENOMEM;
	MEMBER(object, f, void *) = array;
	for (size_t i = 0; i < n; i++) {
		int rc;

		COUNT(object, f) = (uint32_t)i + 1;
		rc = read_element(f, json_object_array_get_idx(v, i),
				  element(array, f, (uint32_t)i), err);
		if (rc)
			return rc;
	}
	return 0;
}

static int read_pointer(const struct lx_field *f, struct json_object *v, void **to, char *err)
{
	if (*to)
		return wrong(f, err, "one object");
	*to = calloc(1, f->type->bytes);
	if (!*to)
		return -ENOMEM;
	lx_init(f->type, *to);
	return lx_from_json(f->type, *to, v, err);
}

static int read_enum(const struct lx_field *f, struct json_object *v, uint32_t *to, char *err)
{
	int n = json_object_is_type(v, json_type_string) ?
		lx_value_of(f->names, json_object_get_string(v)) : -1;

	if (n < 0)
		return wrong(f, err, "one of its names");
	*to = (uint32_t)n;
	return 0;
}

/* libxl writes its three-valued booleans as strings. */
static int read_bool(const struct lx_field *f, struct json_object *v, bool *to, char *err)
{
	if (json_object_is_type(v, json_type_string))
		*to = !strcmp(json_object_get_string(v), "True");
	else if (json_object_is_type(v, json_type_boolean) || json_object_is_type(v, json_type_int))
		*to = json_object_get_boolean(v);
	else
		return wrong(f, err, "true or false");
	return 0;
}

static int read_field(const struct lx_field *f, struct json_object *v, void *object, char *err)
{
	uint64_t n;
	int rc;

	switch (f->kind) {
	case LX_BOOL:
	case LX_INT_BOOL:
	case LX_DEFBOOL:
		return read_bool(f, v, &MEMBER(object, f, bool), err);
	case LX_U32:
		rc = read_number(f, v, 0, UINT32_MAX, &n, err);
		if (!rc)
			MEMBER(object, f, uint32_t) = (uint32_t)n;
		return rc;
	case LX_S32:
		rc = read_number(f, v, INT32_MIN, INT32_MAX, &n, err);
		if (!rc)
			MEMBER(object, f, int32_t) = (int32_t)n;
		return rc;
	case LX_U64:
		rc = read_number(f, v, 0, UINT64_MAX, &n, err);
		if (!rc)
			MEMBER(object, f, uint64_t) = n;
		return rc;
	case LX_STRING:
		return read_string(f, v, &MEMBER(object, f, char *), err);
	case LX_ENUM:
		return read_enum(f, v, &MEMBER(object, f, uint32_t), err);
	case LX_UUID:
		if (!json_object_is_type(v, json_type_string) ||
		    !lx_uuid_parse(json_object_get_string(v), &MEMBER(object, f, uint8_t)))
			return wrong(f, err, "a UUID");
		return 0;
	case LX_CPUMAP:
		return read_cpumap(f, v, &MEMBER(object, f, struct lx_cpumap), err);
	case LX_OBJECT:
		return lx_from_json(f->type, (char *)object + f->at, v, err);
	case LX_POINTER:
		return read_pointer(f, v, &MEMBER(object, f, void *), err);
	case LX_MARK:
		return 0;
	default:
		return read_array(f, v, object, err);
	}
}

int lx_from_json(const struct lx_type *type, void *object, struct json_object *json, char *err)
{
	if (!json_object_is_type(json, json_type_object)) {
		snprintf(err, ERR_BYTES, "%s: an object is wanted", type->name);
		return -EINVAL;
	}
	for (const struct lx_field *f = type->field; f->name; f++) {
		struct json_object *v;
		int rc;

		if (!json_object_object_get_ex(json, f->name, &v))
			continue;
		rc = read_field(f, v, object, err);
		if (rc)
			return rc;
	}
	return 0;
}

int lx_from_text(const struct lx_type *type, void *object, const char *text, char *err)
{
	enum json_tokener_error e;
	struct json_object *j = json_tokener_parse_verbose(text, &e);
	int rc;

	if (!j) {
		snprintf(err, ERR_BYTES, "no JSON: %s", json_tokener_error_desc(e));
		return -EINVAL;
	}
	rc = lx_from_json(type, object, j, err);
	json_object_put(j);
	return rc;
}

char *lx_json_text(struct json_object *json)
{
	const char *s = json_object_to_json_string_ext(json, JSON_C_TO_STRING_PRETTY |
						       JSON_C_TO_STRING_NOSLASHESCAPE |
						       JSON_C_TO_STRING_SPACED);
	/* The library indents by two: at most twice as long. */
	char *text = s ? malloc(2 * strlen(s) + 1) : NULL, *to = text;

	if (!text)
		return NULL;
	for (bool begin = true; *s; s++) {
		begin = begin && *s == ' ';
		if (begin)
			*to++ = ' ';
		*to++ = *s;
		begin |= *s == '\n';
	}
	*to = '\0';
	return text;
}

char *lx_to_text(const struct lx_type *type, const void *object)
{
	struct json_object *j = lx_to_json(type, object);
	char *text = j ? lx_json_text(j) : NULL;

	json_object_put(j);
	return text;
}

int lx_copy(const struct lx_type *type, void *to, const void *from)
{
	struct json_object *j = lx_to_json(type, from);
	char err[ERR_BYTES];
	int rc;

	lx_init(type, to);
	if (!j)
		return -ENOMEM;
	/* Members left out are empty, whatever the defaults are. */
	for (const struct lx_field *f = type->field; f->name; f++)
		if (f->kind == LX_CPUMAP)
			memset((char *)to + f->at, 0, sizeof(struct lx_cpumap));
	rc = lx_from_json(type, to, j, err);
	json_object_put(j);
	if (rc)
		lx_dispose(type, to);
	return rc;
}
