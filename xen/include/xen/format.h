/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Formatting and number parsing without libc. */
#ifndef XEN_FORMAT_H
#define XEN_FORMAT_H

#include <stdarg.h>
#include <xen/compiler.h>

/**
 * Format into @buf like vsnprintf, but return the number of characters stored without the NUL
 * (always < @size when @size > 0). Supports d i u x X o c s p %, flags - 0 + space #, width,
 * precision, * for both, and the sizes hh h l ll z. Any context.
 */
int vscnprintf(char *buf, size_t size, const char *fmt, va_list ap);
int scnprintf(char *buf, size_t size, const char *fmt, ...) __printf_like(3, 4);

/**
 * Parse an unsigned number (0x hex, 0 octal, else decimal; @base 0 chooses by prefix).
 * @end gets the first character not used; equal to @s when there was no digit. Saturates at ~0.
 */
u64 parse_u64(const char *s, const char **end, unsigned int base);

/** Parse a byte count with a suffix B, k, M, G or T (either case); as in Xen, none means k. */
u64 parse_size(const char *s, const char **end);

#endif
