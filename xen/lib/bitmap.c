/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Searching, counting, printing and parsing bitmaps. */
#include <xen/bitmap.h>
#include <xen/errno.h>
#include <xen/format.h>
#include <xen/string.h>

/* The first bit at or after @from that differs from the same bit of @invert. */
static u32 find_next(const unsigned long *m, u32 nbits, u32 from, unsigned long invert)
{
	unsigned long w;
	u32 i;

	if (from >= nbits)
		return nbits;
	i = from / BITS_PER_LONG;
	w = (READ_ONCE(m[i]) ^ invert) & (~0UL << (from % BITS_PER_LONG));
	while (!w) {
		if (++i >= BITMAP_LONGS(nbits))
			return nbits;
		w = READ_ONCE(m[i]) ^ invert;
	}
	return min(nbits, i * BITS_PER_LONG + (u32)__builtin_ctzl(w));
}

u32 bitmap_find_next(const unsigned long *m, u32 nbits, u32 from)
{
	return find_next(m, nbits, from, 0);
}

u32 bitmap_find_next_zero(const unsigned long *m, u32 nbits, u32 from)
{
	return find_next(m, nbits, from, ~0UL);
}

/* A builtin might call the compiler's library, which the hypervisor does not link. */
static u32 popcount(unsigned long w)
{
	w -= (w >> 1) & 0x5555555555555555UL;
	w = (w & 0x3333333333333333UL) + ((w >> 2) & 0x3333333333333333UL);
	w = (w + (w >> 4)) & 0x0f0f0f0f0f0f0f0fUL;
	return (u32)((w * 0x0101010101010101UL) >> 56);
}

u32 bitmap_weight(const unsigned long *m, u32 nbits)
{
	u32 n = 0, i;

	for (i = 0; i < nbits / BITS_PER_LONG; i++)
		n += popcount(m[i]);
	if (nbits % BITS_PER_LONG)
		n += popcount(m[i] & ((1UL << (nbits % BITS_PER_LONG)) - 1));
	return n;
}

int bitmap_format_list(char *buf, size_t size, const unsigned long *m, u32 nbits)
{
	u32 first = bitmap_find_next(m, nbits, 0), last;
	int n = scnprintf(buf, size, "%s", "");

	while (first < nbits) {
		last = bitmap_find_next_zero(m, nbits, first) - 1;
		n += scnprintf(buf + n, size - n, n ? ",%u" : "%u", first);
		if (last != first)
			n += scnprintf(buf + n, size - n, "-%u", last);
		first = bitmap_find_next(m, nbits, last + 1);
	}
	return n;
}

static int parse_bit(const char **s, u32 nbits, u32 *bit)
{
	const char *end;
	u64 v = parse_u64(*s, &end, 10);

	if (end == *s)
		return -XEN_EINVAL;
	if (v >= nbits)
		return -XEN_ERANGE;
	*s = end;
	*bit = (u32)v;
	return 0;
}

int bitmap_parse_list(const char *s, unsigned long *m, u32 nbits)
{
	u32 first, last;
	int rc;

	memset(m, 0, BITMAP_LONGS(nbits) * sizeof(*m));
	if (!*s)
		return 0;
	for (;;) {
		rc = parse_bit(&s, nbits, &first);
		if (rc)
			return rc;
		last = first;
		if (*s == '-') {
			s++;
			rc = parse_bit(&s, nbits, &last);
			if (rc)
				return rc;
		}
		if (last < first)
			return -XEN_EINVAL;
		for (u32 b = first; b <= last; b++)
			bit_set(m, b);
		if (!*s)
			return 0;
		if (*s++ != ',')
			return -XEN_EINVAL;
	}
}
