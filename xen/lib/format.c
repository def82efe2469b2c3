/* SPDX-License-Identifier: GPL-2.0-or-later */
/* printf-style formatting and number parsing without libc. */
#include <xen/format.h>
#include <xen/string.h>

struct out {
	char *buf;
	size_t size, len;
};

/* One conversion specification. */
struct spec {
	bool left, zero, plus, space, alt, upper;
	int width, precision;	/* -1: none given */
	u32 size;		/* bytes of the argument */
	char conv;
};

static void put(struct out *o, char c)
{
	if (o->len + 1 < o->size)
		o->buf[o->len++] = c;
}

static void put_repeat(struct out *o, char c, int n)
{
	while (n-- > 0)
		put(o, c);
}

static void put_string(struct out *o, const struct spec *sp, const char *s)
{
	size_t limit = sp->precision >= 0 ? (size_t)sp->precision : o->size;
	int n;

	if (!s)
		s = "(null)";
	n = (int)strnlen(s, limit);
	if (!sp->left)
		put_repeat(o, ' ', sp->width - n);
	for (int i = 0; i < n; i++)
		put(o, s[i]);
	if (sp->left)
		put_repeat(o, ' ', sp->width - n);
}

/* Digits of @v, least significant first; returns how many. Zero has none. */
static int to_digits(char *tmp, u64 v, u32 base, bool upper)
{
	const char *set = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	int n = 0;

	for (; v; v /= base)
		tmp[n++] = set[v % base];
	return n;
}

static void put_number(struct out *o, const struct spec *sp, u64 v, bool negative, u32 base)
{
	char tmp[24], prefix[3];
	int n = to_digits(tmp, v, base, sp->upper), np = 0, zeros, pad;

	if (negative)
		prefix[np++] = '-';
	else if (sp->plus)
		prefix[np++] = '+';
	else if (sp->space)
		prefix[np++] = ' ';
	if (sp->alt && base == 16 && v) {
		prefix[np++] = '0';
		prefix[np++] = sp->upper ? 'X' : 'x';
	}
	zeros = max(0, (sp->precision >= 0 ? sp->precision : 1) - n);
	if (sp->alt && base == 8 && !zeros)
		zeros = 1;
	pad = max(0, sp->width - np - zeros - n);
	if (sp->zero && !sp->left && sp->precision < 0) {
		zeros += pad;
		pad = 0;
	}
	if (!sp->left)
		put_repeat(o, ' ', pad);
	for (int i = 0; i < np; i++)
		put(o, prefix[i]);
	put_repeat(o, '0', zeros);
	while (n)
		put(o, tmp[--n]);
	if (sp->left)
		put_repeat(o, ' ', pad);
}

static bool parse_flag(struct spec *sp, char c)
{
	switch (c) {
	case '-': sp->left = true; return true;
	case '0': sp->zero = true; return true;
	case '+': sp->plus = true; return true;
	case ' ': sp->space = true; return true;
	case '#': sp->alt = true; return true;
	}
	return false;
}

/* Parse a number in the format, limited so that no width can overflow. */
static int parse_int(const char **fmt)
{
	int n = 0;

	for (; **fmt >= '0' && **fmt <= '9'; (*fmt)++)
		n = min(n * 10 + (**fmt - '0'), 100000);
	return n;
}

static u32 parse_arg_size(const char **fmt)
{
	const char *f = *fmt;
	u32 size = sizeof(int);

	if (*f == 'h') {
		size = sizeof(short);
		if (*++f == 'h') {
			size = sizeof(char);
			f++;
		}
	} else if (*f == 'l' || *f == 'z') {
		size = sizeof(long);
		if (f[0] == 'l' && f[1] == 'l')
			f++;
		f++;
	}
	*fmt = f;
	return size;
}

static s64 sign_extend(u64 v, u32 size)
{
	u32 shift = 64 - 8 * size;

	return (s64)(v << shift) >> shift;
}

/* Parse flags, width, precision and size; leaves *@fmt after the conversion character. */
static void parse_spec(struct spec *sp, const char **fmt, va_list *ap)
{
	*sp = (struct spec){ .precision = -1 };
	while (parse_flag(sp, **fmt))
		(*fmt)++;
	if (**fmt == '*') {
		int w = va_arg(*ap, int);

		(*fmt)++;
		sp->left |= w < 0;
		sp->width = min(w < 0 ? -w : w, 100000);
	} else {
		sp->width = parse_int(fmt);
	}
	if (**fmt == '.') {
		(*fmt)++;
		if (**fmt == '*') {
			(*fmt)++;
			sp->precision = max(va_arg(*ap, int), -1);
		} else {
			sp->precision = parse_int(fmt);
		}
	}
	sp->size = parse_arg_size(fmt);
	sp->conv = **fmt;
	if (sp->conv)
		(*fmt)++;
}

static void convert_unsigned(struct out *o, struct spec *sp, va_list *ap)
{
	u32 base = sp->conv == 'o' ? 8 : sp->conv == 'u' ? 10 : 16;
	u64 v = sp->size == 8 ? va_arg(*ap, u64) : va_arg(*ap, u32);

	if (sp->size < 4)
		v &= (1UL << (8 * sp->size)) - 1;
	sp->upper = sp->conv == 'X';
	sp->plus = sp->space = false;
	put_number(o, sp, v, false, base);
}

static void convert(struct out *o, struct spec *sp, va_list *ap)
{
	s64 v;

	switch (sp->conv) {
	case 'd':
	case 'i':
		v = sign_extend(sp->size == 8 ? va_arg(*ap, u64) : va_arg(*ap, u32), sp->size);
		put_number(o, sp, v < 0 ? -(u64)v : (u64)v, v < 0, 10);
		break;
	case 'u':
	case 'x':
	case 'X':
	case 'o':
		convert_unsigned(o, sp, ap);
		break;
	case 'p':
		sp->alt = true;
		sp->plus = sp->space = false;
		put_number(o, sp, (uintptr_t)va_arg(*ap, void *), false, 16);
		break;
	case 'c':
		sp->precision = 1;
		put_string(o, sp, (char[]){ (char)va_arg(*ap, int), 0 });
		break;
	case 's':
		put_string(o, sp, va_arg(*ap, const char *));
		break;
	case '%':
		put(o, '%');
		break;
	default:
		/* Print an unknown conversion as it is; later arguments cannot be matched. */
		put(o, '%');
		if (sp->conv)
			put(o, sp->conv);
	}
}

int vscnprintf(char *buf, size_t size, const char *fmt, va_list ap)
{
	struct out o = { buf, size, 0 };
	struct spec sp;
	va_list args;

	if (!size)
		return 0;
	va_copy(args, ap);
	while (*fmt) {
		if (*fmt != '%') {
			put(&o, *fmt++);
			continue;
		}
		fmt++;
		parse_spec(&sp, &fmt, &args);
		convert(&o, &sp, &args);
	}
	va_end(args);
	buf[o.len] = '\0';
	return (int)o.len;
}

int scnprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vscnprintf(buf, size, fmt, ap);
	va_end(ap);
	return n;
}

static u32 digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return (u32)(c - '0');
	if (c >= 'a' && c <= 'z')
		return (u32)(c - 'a') + 10;
	if (c >= 'A' && c <= 'Z')
		return (u32)(c - 'A') + 10;
	return 64;
}

u64 parse_u64(const char *s, const char **end, unsigned int base)
{
	bool hex = s[0] == '0' && (s[1] == 'x' || s[1] == 'X') && digit_value(s[2]) < 16;
	u64 v = 0;

	if (base == 0)
		base = hex ? 16 : s[0] == '0' ? 8 : 10;
	if (hex && base == 16)
		s += 2;
	for (; digit_value(*s) < base; s++) {
		if (__builtin_mul_overflow(v, (u64)base, &v) ||
		    __builtin_add_overflow(v, (u64)digit_value(*s), &v)) {
			v = ~0UL;
			for (; digit_value(*s) < base; s++)
				;
			break;
		}
	}
	if (end)
		*end = s;
	return v;
}

u64 parse_size(const char *s, const char **end)
{
	const char *p;
	u64 v = parse_u64(s, &p, 0);
	u32 shift = 0;
	bool suffix = p != s;

	switch (suffix ? *p : '\0') {
	case 'T': case 't': shift = 40; break;
	case 'G': case 'g': shift = 30; break;
	case 'M': case 'm': shift = 20; break;
	case 'K': case 'k': shift = 10; break;
	case 'B': case 'b': break;
	default: suffix = false; shift = 10;
	}
	if (end)
		*end = p + suffix;
	return v > (~0UL >> shift) ? ~0UL : v << shift;
}
