/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values as text: what the tools of Xen print for bytes that are not printable, and back. */
#include <stdio.h>
#include <string.h>

#include "xenstore.h"

/* Below this, octal digits; above, hexadecimal ones. */
#define OCTAL_BELOW 8U

static int print_byte(unsigned char c)
{
	static const char letters[] = "n\nr\rt\t\\\\";

	for (const char *p = letters; *p; p += 2)
		if ((unsigned char)p[1] == c)
			return printf("\\%c", p[0]);
	if (c >= ' ' && c <= '~')
		return printf("%c", c);
	return printf(c < OCTAL_BELOW ? "\\%03o" : "\\x%02x", c);
}

int print_value(const char *value, size_t len)
{
	int printed = 0;

	for (size_t i = 0; i < len; i++)
		printed += print_byte((unsigned char)value[i]);
	return printed;
}

static int digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *p = c ? strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c) : NULL;

	return p ? (int)(p - digits) : 16;
}

/* Up to @max digits of @base from *@p on. */
static char number(const char **p, int base, int max)
{
	int n = 0;

	for (int i = 0; i < max && digit(**p) < base; i++, ++*p)
		n = n * base + digit(**p);
	return (char)n;
}

size_t unescape(char *text)
{
	const char *p = text;
	char *to = text;

	while (*p) {
		if (*p != '\\' || !p[1]) {
			*to++ = *p++;
			continue;
		}
		p++;
		switch (*p) {
		case 'n': *to++ = '\n'; p++; break;
		case 'r': *to++ = '\r'; p++; break;
		case 't': *to++ = '\t'; p++; break;
		case 'x': p++; *to++ = number(&p, 16, 2); break;
		case '0' ... '7': *to++ = number(&p, 8, 3); break;
		default: *to++ = *p++;
		}
	}
	*to = '\0';
	return (size_t)(to - text);
}
