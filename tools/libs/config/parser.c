/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Settings of xl.cfg from its words. */
#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lexer.h"

struct parser {
	struct cfg *cfg;
	struct cfg_lexer lexer;
	enum cfg_token token;
	char *text;		/* of the token */
	struct cfg_error *err;
	void (*warn)(const char *text);
};

int cfg_fail(const struct cfg *cfg, unsigned int line, struct cfg_error *err, const char *fmt, ...)
{
	int n = snprintf(err->text, sizeof(err->text), "%.120s:%u: ", cfg->file, line);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err->text + n, sizeof(err->text) - (size_t)n, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

static void next(struct parser *p)
{
	free(p->text);
	p->token = cfg_lex(&p->lexer);
	p->text = p->lexer.text;
}

static char *take_text(struct parser *p)
{
	char *text = p->text;

	assert(text);
	p->text = NULL;
	return text;
}

static void value_free(struct cfg_value *v)
{
	if (!v)
		return;
	for (size_t i = 0; i < v->items; i++)
		value_free(v->item[i]);
	free(v->item);
	free(v->text);
	free(v);
}

static int no_memory(struct parser *p)
{
	cfg_fail(p->cfg, p->lexer.line, p->err, "no memory");
	return -ENOMEM;
}

static int unexpected(struct parser *p, const char *wanted)
{
	if (p->token == TOKEN_NO_MEMORY)
		return no_memory(p);
	if (p->token == TOKEN_ERROR)
		return cfg_fail(p->cfg, p->lexer.line, p->err, "%s", p->lexer.error);
	if (p->token == TOKEN_END)
		return cfg_fail(p->cfg, p->lexer.line, p->err, "the file ends where %s should "
				"stand", wanted);
	return cfg_fail(p->cfg, p->lexer.line, p->err, "%s%.60s%s where %s should stand",
			p->text ? "\"" : "something else", p->text ? p->text : "",
			p->text ? "\"" : "", wanted);
}

static bool add_item(struct cfg_value *list, struct cfg_value *item)
{
	struct cfg_value **more = realloc(list->item, (list->items + 1) * sizeof(*more));

	if (!more)
		return false;
	list->item = more;
	list->item[list->items++] = item;
	return true;
}

static int parse_value(struct parser *p, unsigned int depth, struct cfg_value **out);

static void skip_lines(struct parser *p)
{
	while (p->token == TOKEN_LINE)
		next(p);
}

/* Behind the bracket: values with commas between, and newlines anywhere. */
static int parse_list(struct parser *p, unsigned int depth, struct cfg_value *list)
{
	for (;;) {
		struct cfg_value *item;
		int rc;

		skip_lines(p);
		if (p->token == TOKEN_CLOSE)
			break;
		rc = parse_value(p, depth + 1, &item);
		if (rc)
			return rc;
		if (!add_item(list, item)) {
			value_free(item);
			return no_memory(p);
		}
		skip_lines(p);
		if (p->token == TOKEN_COMMA)
			next(p);
		else if (p->token != TOKEN_CLOSE)
			return unexpected(p, "',' or ']'");
	}
	next(p);
	return 0;
}

static int parse_value(struct parser *p, unsigned int depth, struct cfg_value **out)
{
	struct cfg_value *v;
	int rc = 0;

	if (p->token != TOKEN_STRING && p->token != TOKEN_NUMBER && p->token != TOKEN_OPEN)
		return unexpected(p, "a value (a number, a quoted string or a list)");
	if (depth > CFG_MAX_DEPTH)
		return cfg_fail(p->cfg, p->lexer.line, p->err, "lists more than %u deep",
				CFG_MAX_DEPTH);
	v = calloc(1, sizeof(*v));
	if (!v)
		return no_memory(p);
	v->line = p->lexer.line;
	v->is_list = p->token == TOKEN_OPEN;
	if (!v->is_list)
		v->text = take_text(p);
	next(p);
	if (v->is_list)
		rc = parse_list(p, depth, v);
	if (rc) {
		value_free(v);
		return rc;
	}
	*out = v;
	return 0;
}

static struct cfg_setting *find(struct cfg *cfg, const char *name)
{
	for (size_t i = 0; i < cfg->settings; i++)
		if (!strcmp(cfg->setting[i].name, name))
			return &cfg->setting[i];
	return NULL;
}

/* Strings grow at their end, lists too; the new value is used up. */
static int append(struct parser *p, struct cfg_value *to, struct cfg_value *v)
{
	if (to->is_list != v->is_list)
		return cfg_fail(p->cfg, v->line, p->err, "+= joins a list and a list, or a string "
				"and a string");
	if (to->is_list) {
		while (v->items) {
			if (!add_item(to, v->item[0]))
				return no_memory(p);
			memmove(v->item, v->item + 1, --v->items * sizeof(*v->item));
		}
	} else {
		char *text = realloc(to->text, strlen(to->text) + strlen(v->text) + 1);

		if (!text)
			return no_memory(p);
		to->text = strcat(text, v->text);
	}
	value_free(v);
	return 0;
}

static int add_setting(struct parser *p, char *name, struct cfg_value *v)
{
	struct cfg_setting *more;

	assert(!find(p->cfg, name));
	if (p->cfg->settings == CFG_MAX_SETTINGS)
		return cfg_fail(p->cfg, v->line, p->err, "more than %u settings",
				CFG_MAX_SETTINGS);
	more = realloc(p->cfg->setting, (p->cfg->settings + 1) * sizeof(*more));
	if (!more)
		return no_memory(p);
	p->cfg->setting = more;
	p->cfg->setting[p->cfg->settings++] = (struct cfg_setting){ .name = name, .value = v };
	return 0;
}

static void replace(struct parser *p, struct cfg_setting *s, struct cfg_value *v)
{
	struct cfg_error note;

	cfg_fail(p->cfg, v->line, &note, "%.60s was set in line %u already; this value counts",
		 s->name, s->value->line);
	if (p->warn)
		p->warn(note.text);
	value_free(s->value);
	s->value = v;
}

static int parse_setting(struct parser *p)
{
	struct cfg_value *v = NULL;
	struct cfg_setting *old;
	bool appending;
	char *name;
	int rc;

	if (p->token != TOKEN_NAME)
		return unexpected(p, "the name of a setting");
	name = take_text(p);
	next(p);
	appending = p->token == TOKEN_APPEND;
	if (p->token != TOKEN_ASSIGN && !appending) {
		free(name);
		return unexpected(p, "'='");
	}
	next(p);
	rc = parse_value(p, 0, &v);
	if (!rc && p->token != TOKEN_LINE && p->token != TOKEN_END)
		rc = unexpected(p, "the end of the line");
	old = rc ? NULL : find(p->cfg, name);
	if (!rc && !old) {
		rc = add_setting(p, name, v);
		if (!rc)
			return 0;
	} else if (!rc && appending) {
		rc = append(p, old->value, v);
		if (!rc)
			v = NULL;
	} else if (!rc) {
		replace(p, old, v);
		v = NULL;
	}
	value_free(v);
	free(name);
	return rc;
}

struct cfg *cfg_parse(const char *text, size_t bytes, const char *file, struct cfg_error *err,
		      void (*warn)(const char *text))
{
	struct parser p = { .err = err, .warn = warn,
			    .lexer = { .at = text, .end = text + bytes, .next_line = 1 } };
	int rc = 0;

	p.cfg = calloc(1, sizeof(*p.cfg));
	if (p.cfg)
		p.cfg->file = strdup(file);
	if (!p.cfg || !p.cfg->file) {
		free(p.cfg);
		snprintf(err->text, sizeof(err->text), "no memory");
		return NULL;
	}
	if (bytes > CFG_MAX_BYTES)
		rc = cfg_fail(p.cfg, 1, err, "larger than a configuration can be (%lu bytes)",
			      CFG_MAX_BYTES);
	else
		next(&p);
	while (!rc) {
		skip_lines(&p);
		if (p.token == TOKEN_END)
			break;
		rc = parse_setting(&p);
	}
	free(p.text);
	if (!rc)
		return p.cfg;
	cfg_free(p.cfg);
	return NULL;
}

void cfg_free(struct cfg *cfg)
{
	if (!cfg)
		return;
	for (size_t i = 0; i < cfg->settings; i++) {
		free(cfg->setting[i].name);
		value_free(cfg->setting[i].value);
	}
	free(cfg->setting);
	free(cfg->file);
	free(cfg);
}

const struct cfg_value *cfg_get(struct cfg *cfg, const char *name)
{
	struct cfg_setting *s = find(cfg, name);

	if (!s)
		return NULL;
	s->used = true;
	return s->value;
}

const struct cfg_setting *cfg_unused(const struct cfg *cfg, size_t *at)
{
	assert(*at <= cfg->settings);
	while (*at < cfg->settings) {
		const struct cfg_setting *s = &cfg->setting[(*at)++];

		if (!s->used)
			return s;
	}
	return NULL;
}
