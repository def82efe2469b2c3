/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages to the user, exit statuses, and memory that is there or ends the program. */
#ifndef SCHEDSIM_SAY_H
#define SCHEDSIM_SAY_H

#include <stddef.h>

#include <xen/types.h>

/** How the program ends; scripts rely on these. */
enum status {
	STATUS_OK = 0,
	STATUS_INPUT = 1,	/* an input cannot be used */
	STATUS_USAGE = 2,
	STATUS_STALL = 3,	/* a vCPU waited longer than --stall allows */
	STATUS_MISS = 4,	/* a job missed its deadline */
	STATUS_DIVERGENCE = 5,	/* two runs decided differently */
	STATUS_BROKEN = 6,	/* a policy broke a rule that it must keep */
};

/** Print `schedsim: error: ...` and leave with STATUS_INPUT. */
void die(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
/** The same for an option's value that can never be right: with STATUS_USAGE. */
void die_usage(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
/** Print `schedsim: ...` on stderr. */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/** realloc() to @n elements of @size bytes, calloc(); die when there is no memory. */
void *grow_array(void *p, size_t n, size_t size);
void *zalloc(size_t n, size_t size);
/** The whole file, with a NUL after it, and its length; dies when it cannot be read. */
char *read_whole(const char *path, size_t *len);

#endif
