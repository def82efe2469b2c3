/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the daemon has to say: to standard error, or to a file with times in front. */
#ifndef XSD_LOG_H
#define XSD_LOG_H

#include <stdbool.h>

/** Log every request, too? Look before making text for log_trace(). */
extern bool log_requests;

/**
 * Write to @path from now on, instead of standard error; an errno value when it cannot be opened.
 */
int log_open(const char *path);
/** One line about something that went wrong, or that a person wants to know. */
void log_line(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/** One line about a request, when log_requests. */
void log_trace(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
