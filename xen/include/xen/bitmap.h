/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bit operations on arrays of unsigned long. The atomic ones say so; the others need a lock. */
#ifndef XEN_BITMAP_H
#define XEN_BITMAP_H

#include <xen/compiler.h>

#define BITS_PER_LONG 64
#define BITMAP_LONGS(n) DIV_ROUND_UP(n, BITS_PER_LONG)
#define DECLARE_BITMAP(name, n) unsigned long name[BITMAP_LONGS(n)]

static inline bool bit_test(const unsigned long *m, u32 b)
{
	return (READ_ONCE(m[b / BITS_PER_LONG]) >> (b % BITS_PER_LONG)) & 1;
}

static inline void bit_set(unsigned long *m, u32 b)
{
	m[b / BITS_PER_LONG] |= 1UL << (b % BITS_PER_LONG);
}

static inline void bit_clear(unsigned long *m, u32 b)
{
	m[b / BITS_PER_LONG] &= ~(1UL << (b % BITS_PER_LONG));
}

/** Atomically set bit @b; returns its value before. Full barrier. */
static inline bool bit_test_and_set_atomic(unsigned long *m, u32 b)
{
	unsigned long bit = 1UL << (b % BITS_PER_LONG);

	return __atomic_fetch_or(&m[b / BITS_PER_LONG], bit, __ATOMIC_SEQ_CST) & bit;
}

/** Atomically clear bit @b; returns its value before. Full barrier. */
static inline bool bit_test_and_clear_atomic(unsigned long *m, u32 b)
{
	unsigned long bit = 1UL << (b % BITS_PER_LONG);

	return __atomic_fetch_and(&m[b / BITS_PER_LONG], ~bit, __ATOMIC_SEQ_CST) & bit;
}

/** First set (clear) bit at or after @from; @nbits when there is none. */
u32 bitmap_find_next(const unsigned long *m, u32 nbits, u32 from);
u32 bitmap_find_next_zero(const unsigned long *m, u32 nbits, u32 from);
u32 bitmap_weight(const unsigned long *m, u32 nbits);
/** Print as a list of ranges ("0-3,8"); returns the characters stored. */
int bitmap_format_list(char *buf, size_t size, const unsigned long *m, u32 nbits);
/** Parse such a list; 0, or -XEN_EINVAL on bad syntax, -XEN_ERANGE when a bit is >= @nbits. */
int bitmap_parse_list(const char *s, unsigned long *m, u32 nbits);

#define bitmap_for_each(b, m, nbits)                          \
	for ((b) = bitmap_find_next((m), (nbits), 0); (b) < (nbits); \
	     (b) = bitmap_find_next((m), (nbits), (b) + 1))

#endif
