/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words on the hypervisor's console, a small printf, and string functions. */
#include "cpu.h"

int memcmp(const void *a, const void *b, size_t n)
{
	const u8 *x = a, *y = b;

	for (; n; n--, x++, y++)
		if (*x != *y)
			return *x - *y;
	return 0;
}

size_t strlen(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

int strncmp(const char *a, const char *b, size_t n)
{
	for (; n; n--, a++, b++)
		if (*a != *b || !*a)
			return (u8)*a - (u8)*b;
	return 0;
}

int strcmp(const char *a, const char *b)
{
	return strncmp(a, b, ~0UL);
}

struct out {
	char *buf;
	size_t size, len;
};

static void put(struct out *o, char c)
{
	if (o->len + 1 < o->size)
		o->buf[o->len] = c;
	o->len++;
}

static void put_number(struct out *o, u64 v, u32 base, u32 width, char pad, bool minus)
{
	char digits[24];
	u32 n = 0;

	do
		digits[n++] = "0123456789abcdef"[v % base];
	while (v /= base);
	if (minus && pad == '0')
		put(o, '-');
	for (u32 i = n + minus; i < width; i++)
		put(o, pad);
	if (minus && pad != '0')
		put(o, '-');
	while (n)
		put(o, digits[--n]);
}

static void put_string(struct out *o, const char *s, u32 width)
{
	size_t n = strlen(s);

	while (*s)
		put(o, *s++);
	for (; n < width; n++)
		put(o, ' ');
}

static u64 unsigned_arg(va_list *ap, bool is_long)
{
	return is_long ? PRINTF_ARG(*ap, u64) : PRINTF_ARG(*ap, u32);
}

/* One conversion; @fmt points after the percent sign. Returns the end of the conversion. */
static const char *convert(struct out *o, const char *fmt, va_list *ap)
{
	bool prefix = false, is_long = false;
	u32 width = 0;
	char pad = ' ';
	s64 v;

	for (; *fmt == '#' || *fmt == '0' || *fmt == '-'; fmt++)
		*fmt == '#' ? (prefix = true) : *fmt == '0' ? (pad = '0') : 0;
	for (; *fmt >= '0' && *fmt <= '9'; fmt++)
		width = width * 10 + (u32)(*fmt - '0');
	for (; *fmt == 'l' || *fmt == 'z'; fmt++)
		is_long = true;
	switch (*fmt) {
	case 's':
		put_string(o, PRINTF_ARG(*ap, const char *), width);
		break;
	case 'c':
		put(o, (char)PRINTF_ARG(*ap, int));
		break;
	case 'd':
		v = is_long ? PRINTF_ARG(*ap, s64) : PRINTF_ARG(*ap, s32);
		put_number(o, v < 0 ? -(u64)v : (u64)v, 10, width, pad, v < 0);
		break;
	case 'u':
		put_number(o, unsigned_arg(ap, is_long), 10, width, pad, false);
		break;
	case 'p':
		prefix = is_long = true;
		/* fall through */
	case 'x':
		if (prefix)
			put_string(o, "0x", 0);
		put_number(o, unsigned_arg(ap, is_long), 16, width, pad, false);
		break;
	default:
		put(o, *fmt);
	}
	return fmt + 1;
}

int format(char *buf, size_t size, const char *fmt, va_list ap)
{
	struct out o = { .buf = buf, .size = size };
	va_list args;

	va_copy(args, ap);
	while (*fmt) {
		if (*fmt == '%')
			fmt = convert(&o, fmt + 1, &args);
		else
			put(&o, *fmt++);
	}
	va_end(args);
	buf[MIN(o.len, size - 1)] = '\0';
	return (int)o.len;
}

void (print)(const char *fmt, ...)
{
	char line[400];
	va_list ap;

	va_start(ap, fmt);
	format(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (HC3(__HYPERVISOR_console_io, CONSOLEIO_write, strlen(line), line) < 0)
		print_elsewhere(line);
}
