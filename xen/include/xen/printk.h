/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hypervisor's log. Levels follow loglvl=/guest_loglvl= on the command line; every line is
 * kept in the console ring (XEN_SYSCTL_readconsole) and stamped. Any context, NMI excepted.
 */
#ifndef XEN_PRINTK_H
#define XEN_PRINTK_H

#include <stdarg.h>
#include <xen/assert.h>

/* A message may start with one of these; without one it is a warning. */
#define LOG_ERR   "\001" "0"
#define LOG_WARN  "\001" "1"
#define LOG_INFO  "\001" "2"
#define LOG_DEBUG "\001" "3"
/* On behalf of a guest: its own threshold and rate limit. */
#define LOG_G_ERR   "\001" "4"
#define LOG_G_WARN  "\001" "5"
#define LOG_G_INFO  "\001" "6"
#define LOG_G_DEBUG "\001" "7"

void printk(const char *fmt, ...) __printf_like(1, 2);
void vprintk(const char *fmt, va_list ap);

/** Print only once for this place in the code. */
#define printk_once(fmt, ...)                                         \
	do {                                                          \
		static bool done_;                                    \
		if (!__atomic_exchange_n(&done_, true, __ATOMIC_RELAXED)) \
			printk(fmt, ##__VA_ARGS__);                   \
	} while (0)

#endif
