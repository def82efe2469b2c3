/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cutting xl.cfg into words. */
#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "lexer.h"

static enum cfg_token fail(struct cfg_lexer *l, const char *why)
{
	l->error = why;
	return TOKEN_ERROR;
}

static enum cfg_token word(struct cfg_lexer *l, enum cfg_token token)
{
	const char *start = l->at;

	while (l->at < l->end && (isalnum((unsigned char)*l->at) || *l->at == '_' ||
					 *l->at == '.'))
		l->at++;
	l->text = strndup(start, (size_t)(l->at - start));
	return l->text ? token : TOKEN_NO_MEMORY;
}

static int hex_digit(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : isxdigit((unsigned char)c) ?
		tolower((unsigned char)c) - 'a' + 10 : -1;
}

/* What stands after a backslash, before @end; -1: nothing known, or the zero byte. */
static int escape(const char **at, const char *end)
{
	static const char from[] = "abfnrtv\\'\"?", to[] = "\a\b\f\n\r\t\v\\'\"?";
	const char *p = *at, *known;
	int value = 0, n;

	if (p == end || !*p)
		return -1;
	known = strchr(from, *p);
	if (known) {
		*at = p + 1;
		return (unsigned char)to[known - from];
	}
	if (*p == 'x') {
		for (n = 0, p++; n < 2 && p < end && hex_digit(*p) >= 0; n++)
			value = value * 16 + hex_digit(*p++);
	} else {
		for (n = 0; n < 3 && p < end && *p >= '0' && *p <= '7'; n++)
			value = value * 8 + *p++ - '0';
	}
	*at = p;
	return n && value && value < 256 ? value : -1;
}

static enum cfg_token string(struct cfg_lexer *l)
{
	char quote = *l->at++;
	const char *p = l->at;
	size_t n = 0;

	/* The first quote ends it, escaped or not: \x22 and \x27 write one inside. */
	while (p < l->end && *p != quote && *p != '\n')
		p++;
	if (p == l->end || *p != quote)
		return fail(l, "a string without its closing quote");
	l->text = malloc((size_t)(p - l->at) + 1);
	if (!l->text)
		return TOKEN_NO_MEMORY;
	while (l->at < p) {
		int c = (unsigned char)*l->at++;

		if (c == '\\')
			c = escape(&l->at, p);
		if (c <= 0)
			return fail(l, "an unknown escape, or a zero byte, in a string");
		l->text[n++] = (char)c;
	}
	assert(l->at == p);	/* an escape does not reach past the quote */
	l->text[n] = '\0';
	l->at = p + 1;
	return TOKEN_STRING;
}

static void skip_blanks(struct cfg_lexer *l)
{
	while (l->at < l->end) {
		if (*l->at == '#') {
			while (l->at < l->end && *l->at != '\n')
				l->at++;
		} else if (*l->at == ' ' || *l->at == '\t' || *l->at == '\r') {
			l->at++;
		} else {
			return;
		}
	}
}

enum cfg_token cfg_lex(struct cfg_lexer *l)
{
	char c;

	assert(l->at <= l->end);
	skip_blanks(l);
	assert(l->at <= l->end);
	l->line = l->next_line;
	l->text = NULL;
	if (l->at == l->end)
		return TOKEN_END;
	c = *l->at;
	if (isalpha((unsigned char)c) || c == '_')
		return word(l, TOKEN_NAME);
	if (isdigit((unsigned char)c))
		return word(l, TOKEN_NUMBER);
	if (c == '"' || c == '\'')
		return string(l);
	l->at++;
	switch (c) {
	case '\n':
		l->next_line++;
		return TOKEN_LINE;
	case ';':
		return TOKEN_LINE;
	case '=':
		return TOKEN_ASSIGN;
	case '[':
		return TOKEN_OPEN;
	case ']':
		return TOKEN_CLOSE;
	case ',':
		return TOKEN_COMMA;
	case '+':
		if (l->at < l->end && *l->at == '=') {
			l->at++;
			return TOKEN_APPEND;
		}
		return fail(l, "'+' without '='");
	default:
		return fail(l, "a character that does not belong here");
	}
}
