/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages, memory and whole files. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "say.h"

static void __attribute__((noreturn)) leave(enum status status, const char *fmt, va_list ap)
{
	fflush(stdout);
	fputs("schedsim: error: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	exit(status);
}

void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	leave(STATUS_INPUT, fmt, ap);
}

void die_usage(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	leave(STATUS_USAGE, fmt, ap);
}

void say(const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	fputs("schedsim: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

void *grow_array(void *p, size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes))
		die("no memory for %zu elements", n);
	p = realloc(p, bytes);
	if (!p && bytes)
		die("no memory for %zu bytes", bytes);
	return p;
}

void *zalloc(size_t n, size_t size)
{
	void *p = calloc(n, size);

	if (!p && n)
		die("no memory for %zu elements of %zu bytes", n, size);
	return p;
}

char *read_whole(const char *path, size_t *len)
{
	FILE *f = strcmp(path, "-") ? fopen(path, "rb") : stdin;
	size_t used = 0, room = 65536;
	char *buf = grow_array(NULL, room, 1);

	if (!f)
		die("%s: %s", path, strerror(errno));
	for (;;) {
		size_t got = fread(buf + used, 1, room - used - 1, f);

		used += got;
		if (!got)
			break;
		if (room - used < 2) {
			room *= 2;
			buf = grow_array(buf, room, 1);
		}
	}
	if (ferror(f))
		die("%s: %s", path, strerror(errno));
	if (f != stdin)
		fclose(f);
	buf[used] = '\0';
	*len = used;
	return buf;
}
