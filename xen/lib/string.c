/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The standard memory and string functions for the metal; the host port takes libc's. */
#include "words.h"

#include <xen/string.h>

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
