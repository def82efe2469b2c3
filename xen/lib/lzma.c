/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * LZMA: a binary range coder with adaptive 11-bit probabilities feeds a state machine that yields
 * literals, matches, and repeats of the last four distances. The output buffer is the dictionary.
 */
#include "lzma.h"

#include <xen/compiler.h>
#include <xen/assert.h>
#include <xen/string.h>

#define LIT_STATES 7		/* states below this follow a literal */
#define PROB_ONE 2048
#define MATCH_MIN 2
#define FIRST_SPECIAL 4		/* distance slots from here on carry extra bits */
#define FIRST_DIRECT 14		/* and from here on most of these have even odds */
#define CODER_HEADER 5		/* a zero byte and four bytes of coded data */

#define ALWAYS_INLINE inline __attribute__((always_inline))

static ALWAYS_INLINE void normalize(struct range_coder *rc)
{
	if (likely(rc->range >= 1U << 24))
		return;
	rc->range <<= 8;
	rc->code <<= 8;
	if (likely(rc->in < rc->in_end))
		rc->code |= *rc->in++;
	else
		rc->overrun = true;
}

static ALWAYS_INLINE u32 decode_bit(struct range_coder *rc, u16 *prob)
{
	u32 p = *prob, bound;

	normalize(rc);
	bound = (rc->range >> 11) * p;
	if (rc->code < bound) {
		rc->range = bound;
		*prob = (u16)(p + ((PROB_ONE - p) >> 5));
		return 0;
	}
	rc->range -= bound;
	rc->code -= bound;
	*prob = (u16)(p - (p >> 5));
	return 1;
}

/* Decode a single bit outside of any loop. */
static ALWAYS_INLINE u32 decode_one(struct lzma *s, u16 *prob)
{
	return decode_bit(&s->rc, prob);
}

/* Decode a symbol of @bits bits, highest first, with a probability for each prefix. */
static ALWAYS_INLINE u32 decode_tree(struct lzma *s, u16 *probs, u32 bits)
{
	struct range_coder rc = s->rc;
	u32 m = 1;

	for (u32 i = 0; i < bits; i++)
		m = m << 1 | decode_bit(&rc, &probs[m]);
	s->rc = rc;
	return m - (1U << bits);
}

static u32 decode_tree_reverse(struct lzma *s, u16 *probs, u32 bits)
{
	struct range_coder rc = s->rc;
	u32 m = 1, v = 0;

	for (u32 i = 0; i < bits; i++) {
		u32 b = decode_bit(&rc, &probs[m]);

		m = m << 1 | b;
		v |= b << i;
	}
	s->rc = rc;
	return v;
}

static u32 decode_direct(struct lzma *s, u32 bits)
{
	struct range_coder rc = s->rc;
	u32 v = 0;

	while (bits--) {
		normalize(&rc);
		rc.range >>= 1;
		v <<= 1;
		if (rc.code >= rc.range) {
			rc.code -= rc.range;
			v |= 1;
		}
	}
	s->rc = rc;
	return v;
}

static u32 decode_len(struct lzma *s, struct len_coder *l, u32 pos_state)
{
	if (!decode_one(s, &l->choice))
		return MATCH_MIN + decode_tree(s, l->low[pos_state], 3);
	if (!decode_one(s, &l->choice2))
		return MATCH_MIN + 8 + decode_tree(s, l->mid[pos_state], 3);
	return MATCH_MIN + 16 + decode_tree(s, l->high, 8);
}

static u32 decode_dist(struct lzma *s, u32 len)
{
	u32 slot = decode_tree(s, s->p.dist_slot[min(len - MATCH_MIN, 3U)], 6);
	u32 bits, dist;

	if (slot < FIRST_SPECIAL)
		return slot;
	bits = (slot >> 1) - 1;
	dist = (2 | (slot & 1)) << bits;
	if (slot < FIRST_DIRECT)
		return dist + decode_tree_reverse(s, &s->p.dist_special[dist - slot], bits);
	dist += decode_direct(s, bits - ALIGN_BITS) << ALIGN_BITS;
	return dist + decode_tree_reverse(s, s->p.dist_align, ALIGN_BITS);
}

/* Distance 0 is the byte just written. Callers have checked the distance. */
static u8 dict_byte(const struct lzma *s, u32 dist)
{
	return s->dict[s->pos - dist - 1];
}

static void decode_literal(struct lzma *s)
{
	u32 prev = s->pos ? dict_byte(s, 0) : 0;
	u32 ctx = (((u32)s->pos & s->lp_mask) << s->lc) + (prev >> (8 - s->lc));
	u16 *probs = s->p.literal[ctx];
	struct range_coder rc = s->rc;
	u32 m = 1;

	if (s->state >= LIT_STATES && s->rep[0] < s->pos) {
		/* After a match the literal differs from the byte that would continue it. */
		u32 match = dict_byte(s, s->rep[0]), offset = 0x100;

		while (m < 0x100) {
			u32 match_bit, bit;

			match <<= 1;
			match_bit = match & offset;
			bit = decode_bit(&rc, &probs[offset + match_bit + m]);
			m = m << 1 | bit;
			offset &= bit ? match_bit : ~match_bit;
		}
	} else {
		while (m < 0x100)
			m = m << 1 | decode_bit(&rc, &probs[m]);
	}
	s->rc = rc;
	s->dict[s->pos++] = (u8)m;
	s->state = s->state < 4 ? 0 : s->state < 10 ? s->state - 3 : s->state - 6;
}

/* A match: sets rep[0] and returns its length. */
static u32 decode_match(struct lzma *s, u32 pos_state)
{
	u32 len = decode_len(s, &s->p.match_len, pos_state);

	s->rep[3] = s->rep[2];
	s->rep[2] = s->rep[1];
	s->rep[1] = s->rep[0];
	s->rep[0] = decode_dist(s, len);
	s->state = s->state < LIT_STATES ? 7 : 10;
	return len;
}

static u32 decode_rep(struct lzma *s, u32 pos_state)
{
	u32 i = 0, dist;

	if (!decode_one(s, &s->p.is_rep0[s->state])) {
		if (!decode_one(s, &s->p.is_rep0_long[s->state][pos_state])) {
			s->state = s->state < LIT_STATES ? 9 : 11;
			return 1;
		}
	} else {
		i = 1;
		if (decode_one(s, &s->p.is_rep1[s->state]))
			i = 2 + decode_one(s, &s->p.is_rep2[s->state]);
		dist = s->rep[i];
		for (; i; i--)
			s->rep[i] = s->rep[i - 1];
		s->rep[0] = dist;
	}
	s->state = s->state < LIT_STATES ? 8 : 11;
	return decode_len(s, &s->p.rep_len, pos_state);
}

static enum unpack_error copy_match(struct lzma *s, u32 len)
{
	const u8 *from;
	u8 *to = s->dict + s->pos;

	if (s->rep[0] >= s->pos || s->rep[0] >= s->dict_size)
		return UNPACK_CORRUPT;
	if (len > s->limit - s->pos)
		return UNPACK_NO_SPACE;
	from = to - s->rep[0] - 1;
	s->pos += len;
	if (s->rep[0] >= len) {
		memcpy(to, from, len);
		return UNPACK_OK;
	}
	/* Copy by bytes: the match may overlap its output. */
	while (len--)
		*to++ = *from++;
	return UNPACK_OK;
}

enum unpack_error lzma_run(struct lzma *s, bool to_mark)
{
	ASSERT(s->pos <= s->limit);
	while (to_mark || s->pos < s->limit) {
		u32 pos_state = (u32)s->pos & s->pos_mask, len;
		enum unpack_error e;

		if (s->rc.overrun)
			return UNPACK_CORRUPT;
		if (!decode_one(s, &s->p.is_match[s->state][pos_state])) {
			if (s->pos == s->limit)
				return UNPACK_NO_SPACE;
			decode_literal(s);
			continue;
		}
		len = decode_one(s, &s->p.is_rep[s->state]) ? decode_rep(s, pos_state)
							     : decode_match(s, pos_state);
		if (to_mark && s->rep[0] == END_MARK)
			break;
		e = copy_match(s, len);
		if (e)
			return e;
	}
	normalize(&s->rc);
	return s->rc.overrun || s->rc.code ? UNPACK_CORRUPT : UNPACK_OK;
}

void lzma_reset_state(struct lzma *s)
{
	u16 *p = (u16 *)&s->p;

	for (size_t i = 0; i < sizeof(s->p) / sizeof(*p); i++)
		p[i] = PROB_ONE / 2;
	s->state = 0;
	memset(s->rep, 0, sizeof(s->rep));
}

bool lzma_set_props(struct lzma *s, u32 props)
{
	u32 lp, pb;

	if (props > (4 * 5 + 4) * 9 + 8)
		return false;
	s->lc = props % 9;
	lp = props / 9 % 5;
	pb = props / 45;
	if (s->lc + lp > 4)
		return false;
	s->lp_mask = (1U << lp) - 1;
	s->pos_mask = (1U << pb) - 1;
	return true;
}

bool lzma_begin(struct lzma *s, const u8 *p, size_t bytes)
{
	if (bytes < CODER_HEADER || p[0])
		return false;
	s->rc.range = ~0U;
	s->rc.code = (u32)p[1] << 24 | (u32)p[2] << 16 | (u32)p[3] << 8 | p[4];
	s->rc.in = p + CODER_HEADER;
	s->rc.in_end = p + bytes;
	s->rc.overrun = false;
	return true;
}
