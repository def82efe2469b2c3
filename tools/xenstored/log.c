/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The log; see log.h. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "log.h"

bool log_requests;
static FILE *file;

int log_open(const char *path)
{
	FILE *new = fopen(path, "ae");

	if (!new)
		return errno;
	if (file)
		fclose(file);
	file = new;
	setvbuf(file, NULL, _IOLBF, 0);
	return 0;
}

static void put(const char *fmt, va_list args)
{
	struct timespec now;
	struct tm tm;
	char stamp[32];

	if (!file) {
		fputs("xenstored: ", stderr);
		vfprintf(stderr, fmt, args);
		fputc('\n', stderr);
		return;
	}
	clock_gettime(CLOCK_REALTIME, &now);
	localtime_r(&now.tv_sec, &tm);
	strftime(stamp, sizeof(stamp), "%Y-%m-%d %H:%M:%S", &tm);
	fprintf(file, "%s.%03ld ", stamp, now.tv_nsec / 1000000);
	vfprintf(file, fmt, args);
	fputc('\n', file);
}

void log_line(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	put(fmt, args);
	va_end(args);
}

void log_trace(const char *fmt, ...)
{
	va_list args;

	if (!log_requests)
		return;
	va_start(args, fmt);
	put(fmt, args);
	va_end(args);
}
