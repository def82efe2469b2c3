/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gzip (RFC 1952) and the DEFLATE data inside (RFC 1951). Codes are decoded bit by bit in
 * canonical order, which is slower than look-up tables, but small.
 */
#include <xen/compiler.h>
#include <xen/crc32.h>
#include <xen/decompress.h>
#include <xen/string.h>

#define MAX_BITS 15
#define NR_LITLEN 288
#define NR_DIST 32
#define END_OF_BLOCK 256

struct huffman {
	u16 count[MAX_BITS + 1];	/* codes of each length */
	u16 symbol[NR_LITLEN];		/* in order of their codes */
};

struct inflate {
	struct unpack_buf *b;
	size_t pos, out_pos;
	u32 bits, nr_bits;
	bool truncated;
	struct huffman litlen, dist;
	u8 lengths[NR_LITLEN + NR_DIST];
};
BUILD_BUG_ON(sizeof(struct inflate) > sizeof(struct unpack_work));

static u32 get_bits(struct inflate *s, u32 n)
{
	u32 v;

	while (s->nr_bits < n) {
		if (s->pos == s->b->in_len) {
			s->truncated = true;
			return 0;
		}
		s->bits |= (u32)s->b->in[s->pos++] << s->nr_bits;
		s->nr_bits += 8;
	}
	v = s->bits & ((1U << n) - 1);
	s->bits >>= n;
	s->nr_bits -= n;
	return v;
}

/* -1 when no code matches. */
static int get_symbol(struct inflate *s, const struct huffman *h)
{
	u32 code = 0, first = 0, index = 0;

	for (u32 len = 1; len <= MAX_BITS; len++) {
		u32 count = h->count[len];

		code |= get_bits(s, 1);
		if (s->truncated)
			return -1;
		if (code < first + count)
			return h->symbol[index + code - first];
		index += count;
		first = (first + count) << 1;
		code <<= 1;
	}
	return -1;
}

/* False when the lengths describe too many codes, or too few (a single code is allowed). */
static bool build(struct huffman *h, const u8 *lengths, u32 n)
{
	u16 offset[MAX_BITS + 1];
	s32 left = 1;
	u32 used = 0;

	memset(h->count, 0, sizeof(h->count));
	for (u32 i = 0; i < n; i++)
		h->count[lengths[i]]++;
	used = n - h->count[0];
	h->count[0] = 0;
	for (u32 len = 1; len <= MAX_BITS; len++) {
		left = left * 2 - h->count[len];
		if (left < 0)
			return false;
	}
	if (left && used > 1)
		return false;
	offset[1] = 0;
	for (u32 len = 1; len < MAX_BITS; len++)
		offset[len + 1] = (u16)(offset[len] + h->count[len]);
	for (u32 i = 0; i < n; i++)
		if (lengths[i])
			h->symbol[offset[lengths[i]]++] = (u16)i;
	return true;
}

static enum unpack_error bad(const struct inflate *s)
{
	return s->truncated ? UNPACK_TRUNCATED : UNPACK_CORRUPT;
}

static enum unpack_error stored(struct inflate *s)
{
	const u8 *p = s->b->in + s->pos;
	u32 len;

	s->bits = s->nr_bits = 0;
	if (s->b->in_len - s->pos < 4)
		return UNPACK_TRUNCATED;
	len = p[0] | (u32)p[1] << 8;
	if (len != (0xffffU ^ (p[2] | (u32)p[3] << 8)))
		return UNPACK_CORRUPT;
	if (s->b->in_len - s->pos - 4 < len)
		return UNPACK_TRUNCATED;
	if (s->b->out_size - s->out_pos < len)
		return UNPACK_NO_SPACE;
	memcpy(s->b->out + s->out_pos, p + 4, len);
	s->pos += 4 + len;
	s->out_pos += len;
	return UNPACK_OK;
}

static enum unpack_error copy_match(struct inflate *s, u32 len_code)
{
	static const u16 len_base[] = { 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31,
					35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258 };
	static const u8 len_extra[] = { 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2,
					3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0 };
	u32 len, dist, extra;
	u8 *to = s->b->out + s->out_pos;
	int code;

	if (len_code >= ARRAY_SIZE(len_base))
		return UNPACK_CORRUPT;
	len = len_base[len_code] + get_bits(s, len_extra[len_code]);
	code = get_symbol(s, &s->dist);
	if (code < 0 || code >= 30)
		return bad(s);
	/* Two codes for each power of two from the fourth on. */
	extra = code < 4 ? 0 : (u32)code / 2 - 1;
	dist = code < 4 ? (u32)code + 1 : ((2 + (code & 1U)) << extra) + 1;
	dist += get_bits(s, extra);
	if (s->truncated || dist > s->out_pos)
		return bad(s);
	if (s->b->out_size - s->out_pos < len)
		return UNPACK_NO_SPACE;
	s->out_pos += len;
	for (; len; len--, to++)
		*to = *(to - dist);
	return UNPACK_OK;
}

static enum unpack_error codes(struct inflate *s)
{
	for (;;) {
		int sym = get_symbol(s, &s->litlen);
		enum unpack_error e;

		if (sym < 0)
			return bad(s);
		if (sym == END_OF_BLOCK)
			return UNPACK_OK;
		if (sym > END_OF_BLOCK) {
			e = copy_match(s, (u32)sym - END_OF_BLOCK - 1);
			if (e)
				return e;
			continue;
		}
		if (s->out_pos == s->b->out_size)
			return UNPACK_NO_SPACE;
		s->b->out[s->out_pos++] = (u8)sym;
	}
}

static void fixed_codes(struct inflate *s)
{
	memset(s->lengths, 8, 144);
	memset(s->lengths + 144, 9, 112);
	memset(s->lengths + 256, 7, 24);
	memset(s->lengths + 280, 8, 8);
	build(&s->litlen, s->lengths, NR_LITLEN);
	memset(s->lengths, 5, NR_DIST);
	build(&s->dist, s->lengths, NR_DIST);
}

/* Read the lengths of both codes, which are run-length coded with s->litlen. */
static bool read_lengths(struct inflate *s, u32 n)
{
	for (u32 i = 0; i < n;) {
		int sym = get_symbol(s, &s->litlen);
		u32 repeat;
		u8 value = 0;

		if (sym < 0)
			return false;
		if (sym < 16) {
			s->lengths[i++] = (u8)sym;
			continue;
		}
		if (sym == 16) {
			if (!i)
				return false;
			value = s->lengths[i - 1];
			repeat = 3 + get_bits(s, 2);
		} else {
			repeat = sym == 17 ? 3 + get_bits(s, 3) : 11 + get_bits(s, 7);
		}
		if (s->truncated || repeat > n - i)
			return false;
		memset(s->lengths + i, value, repeat);
		i += repeat;
	}
	return true;
}

static enum unpack_error dynamic_codes(struct inflate *s)
{
	static const u8 order[19] = { 16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1,
				      15 };
	u32 nlit = get_bits(s, 5) + 257, ndist = get_bits(s, 5) + 1, n = get_bits(s, 4) + 4;

	if (s->truncated || nlit > 286 || ndist > 30)
		return bad(s);
	memset(s->lengths, 0, sizeof(order));
	for (u32 i = 0; i < n; i++)
		s->lengths[order[i]] = (u8)get_bits(s, 3);
	if (s->truncated || !build(&s->litlen, s->lengths, sizeof(order)))
		return bad(s);
	if (!read_lengths(s, nlit + ndist) || !s->lengths[END_OF_BLOCK])
		return bad(s);
	if (!build(&s->litlen, s->lengths, nlit) || !build(&s->dist, s->lengths + nlit, ndist))
		return UNPACK_CORRUPT;
	return UNPACK_OK;
}

static enum unpack_error inflate(struct inflate *s)
{
	enum unpack_error e = UNPACK_OK;
	bool last = false;

	while (!e && !last) {
		u32 type;

		last = get_bits(s, 1);
		type = get_bits(s, 2);
		if (s->truncated || type == 3)
			return bad(s);
		if (type == 0) {
			e = stored(s);
			continue;
		}
		if (type == 1)
			fixed_codes(s);
		else
			e = dynamic_codes(s);
		if (!e)
			e = codes(s);
	}
	return e;
}

/* Skip a NUL-terminated field of the header. */
static bool skip_string(struct inflate *s)
{
	while (s->pos < s->b->in_len)
		if (!s->b->in[s->pos++])
			return true;
	return false;
}

static enum unpack_error gzip_header(struct inflate *s)
{
	const u8 *in = s->b->in;
	u32 flags, extra;

	if (s->b->in_len < 10)
		return UNPACK_TRUNCATED;
	if (in[0] != 0x1f || in[1] != 0x8b)
		return UNPACK_BAD_MAGIC;
	flags = in[3];
	if (in[2] != 8 || flags & 0xe0)
		return UNPACK_UNSUPPORTED;
	s->pos = 10;
	if (flags & 4) {
		if (s->b->in_len < 12)
			return UNPACK_TRUNCATED;
		extra = in[10] | (u32)in[11] << 8;
		if (s->b->in_len - 12 < extra)
			return UNPACK_TRUNCATED;
		s->pos = 12 + extra;
	}
	if ((flags & 8 && !skip_string(s)) || (flags & 16 && !skip_string(s)))
		return UNPACK_TRUNCATED;
	if (flags & 2) {
		if (s->b->in_len - s->pos < 2)
			return UNPACK_TRUNCATED;
		s->pos += 2;
	}
	return UNPACK_OK;
}

static u32 le32(const u8 *p)
{
	return p[0] | (u32)p[1] << 8 | (u32)p[2] << 16 | (u32)p[3] << 24;
}

enum unpack_error gzip_decompress(struct unpack_buf *b, struct unpack_work *work)
{
	struct inflate *s = (struct inflate *)work;
	enum unpack_error e;

	memset(s, 0, sizeof(*s));
	s->b = b;
	e = gzip_header(s);
	if (!e)
		e = inflate(s);
	if (e)
		return e;
	if (b->in_len - s->pos < 8)
		return UNPACK_TRUNCATED;
	if (le32(b->in + s->pos) != crc32(0, b->out, s->out_pos) ||
	    le32(b->in + s->pos + 4) != (u32)s->out_pos)
		return UNPACK_BAD_CHECK;
	b->in_used = s->pos + 8;
	b->out_len = s->out_pos;
	return UNPACK_OK;
}
