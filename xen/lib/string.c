/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The standard memory and string functions for the metal; the host port takes libc's. */
#include <xen/compiler.h>
#include <xen/string.h>

/* The compiler must not turn these loops into calls of the very functions they implement. */
#ifdef __clang__
#define NO_LOOP_IDIOM __attribute__((no_builtin))
#else
#define NO_LOOP_IDIOM __attribute__((optimize("no-tree-loop-distribute-patterns")))
#endif

/* Word access to memory of any type and alignment. */
typedef u64 __attribute__((may_alias, aligned(1))) word_t;

#define WORD sizeof(word_t)

NO_LOOP_IDIOM void *memset(void *dst, int c, size_t n)
{
	u8 *d = dst;
	u64 w = (u8)c * 0x0101010101010101UL;

	/* Eight words a round: most calls clear whole pages. */
	for (; n >= 8 * WORD; n -= 8 * WORD, d += 8 * WORD) {
		word_t *p = (word_t *)d;

		p[0] = w;
		p[1] = w;
		p[2] = w;
		p[3] = w;
		p[4] = w;
		p[5] = w;
		p[6] = w;
		p[7] = w;
	}
	for (; n >= WORD; n -= WORD, d += WORD)
		*(word_t *)d = w;
	while (n--)
		*d++ = (u8)c;
	return dst;
}

NO_LOOP_IDIOM void *memcpy(void *dst, const void *src, size_t n)
{
	u8 *d = dst;
	const u8 *s = src;

	for (; n >= 4 * WORD; n -= 4 * WORD, d += 4 * WORD, s += 4 * WORD) {
		u64 a = ((const word_t *)s)[0], b = ((const word_t *)s)[1];
		u64 c = ((const word_t *)s)[2], e = ((const word_t *)s)[3];

		((word_t *)d)[0] = a;
		((word_t *)d)[1] = b;
		((word_t *)d)[2] = c;
		((word_t *)d)[3] = e;
	}
	for (; n >= WORD; n -= WORD, d += WORD, s += WORD)
		*(word_t *)d = *(const word_t *)s;
	while (n--)
		*d++ = *s++;
	return dst;
}

NO_LOOP_IDIOM void *memmove(void *dst, const void *src, size_t n)
{
	u8 *d = (u8 *)dst + n;
	const u8 *s = (const u8 *)src + n;

	/* memcpy works upwards and reads all bytes of a round before it writes them. */
	if ((uintptr_t)dst - (uintptr_t)src >= n)
		return memcpy(dst, src, n);
	for (; n >= WORD; n -= WORD) {
		d -= WORD;
		s -= WORD;
		*(word_t *)d = *(const word_t *)s;
	}
	while (n--)
		*--d = *--s;
	return dst;
}

NO_LOOP_IDIOM int memcmp(const void *a, const void *b, size_t n)
{
	const u8 *p = a, *q = b;

	while (n >= WORD && *(const word_t *)p == *(const word_t *)q) {
		n -= WORD;
		p += WORD;
		q += WORD;
	}
	for (; n; n--, p++, q++)
		if (*p != *q)
			return *p - *q;
	return 0;
}

NO_LOOP_IDIOM size_t strlen(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

NO_LOOP_IDIOM size_t strnlen(const char *s, size_t max)
{
	size_t n = 0;

	while (n < max && s[n])
		n++;
	return n;
}

int strcmp(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return (u8)*a - (u8)*b;
}

int strncmp(const char *a, const char *b, size_t n)
{
	while (n && *a && *a == *b) {
		a++;
		b++;
		n--;
	}
	return n ? (u8)*a - (u8)*b : 0;
}

size_t strcspn(const char *s, const char *reject)
{
	size_t n = 0;

	while (s[n] && !strchr(reject, s[n]))
		n++;
	return n;
}

char *strchr(const char *s, int c)
{
	for (; *s != (char)c; s++)
		if (!*s)
			return NULL;
	return (char *)s;
}

char *strstr(const char *haystack, const char *needle)
{
	size_t n = strlen(needle);

	for (; *haystack; haystack++)
		if (!strncmp(haystack, needle, n))
			return (char *)haystack;
	return n ? NULL : (char *)haystack;
}
