/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memset and memcpy for the metal; ARM has its own, and the host port takes libc's. */
#include "words.h"

#include <xen/string.h>

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
