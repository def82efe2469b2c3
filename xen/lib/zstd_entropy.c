/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The entropy coders of Zstandard (RFC 8878, section 4): finite state entropy (FSE) and Huffman
 * codes. Tables are built in full, so that decoding a symbol is one look-up.
 */
#include "zstd.h"

#include <xen/compiler.h>
#include <xen/assert.h>
#include <xen/string.h>

#define FSE_LOG_MIN 5
#define WEIGHT_LOG_MAX 6

/* The position of the highest bit set; @v is not 0. */
static u32 top_bit(u32 v)
{
	return 31 - (u32)__builtin_clz(v);
}

/* Load eight bytes, little-endian; those beyond @bytes read as 0. */
static u64 load(const u8 *p, size_t bytes)
{
	u64 v = 0;

	if (likely(bytes >= sizeof(v)))
		memcpy(&v, p, sizeof(v));
	else
		memcpy(&v, p, bytes);
	return v;
}

bool zstd_bits_open(struct zstd_bits *b, const u8 *start, size_t bytes)
{
	if (!bytes || !start[bytes - 1])
		return false;
	b->start = start;
	b->bytes = bytes;
	/* The highest set bit of the last byte is the end mark. */
	b->left = (s64)(bytes - 1) * 8 + top_bit(start[bytes - 1]);
	return true;
}

u32 zstd_bits_peek(const struct zstd_bits *b, u32 n)
{
	s64 from = b->left - n;
	u64 mask = (1UL << n) - 1;

	ASSERT(n <= 32);
	if (likely(from >= 0))
		return (u32)(load(b->start + from / 8, b->bytes - (size_t)from / 8) >> (from & 7) &
			     mask);
	if (b->left <= 0)
		return 0;
	return (u32)((load(b->start, b->bytes) & ((1UL << b->left) - 1)) << -from);
}

u32 zstd_bits_read(struct zstd_bits *b, u32 n)
{
	u32 v = zstd_bits_peek(b, n);

	b->left -= n;
	return v;
}

void fse_build(struct fse_table *t, u32 log, const s16 *share, u32 nr)
{
	u32 size = 1U << log, high = size, at = 0, step = size / 2 + size / 8 + 3;
	u16 seen[HUF_SYMBOLS];

	ASSERT(log <= FSE_LOG_MAX && nr <= HUF_SYMBOLS);
	t->log = log;
	/* The rarest symbols have one state each, at the end of the table. */
	for (u32 s = 0; s < nr; s++) {
		seen[s] = (u16)(share[s] < 0 ? 1 : share[s]);
		if (share[s] < 0)
			t->state[--high].symbol = (u8)s;
	}
	/* A step that visits each state once spreads the states of the others over the rest. */
	for (u32 s = 0; s < nr; s++)
		for (s32 i = 0; i < share[s]; i++) {
			t->state[at].symbol = (u8)s;
			do {
				at = (at + step) & (size - 1);
			} while (at >= high);
		}
	ASSERT(at == 0);
	for (u32 i = 0; i < size; i++) {
		u32 n = seen[t->state[i].symbol]++;

		t->state[i].bits = (u8)(log - top_bit(n));
		t->state[i].next = (u16)((n << t->state[i].bits) - size);
	}
}

void fse_build_single(struct fse_table *t, u8 symbol)
{
	t->log = 0;
	t->state[0] = (struct fse_state){ .symbol = symbol };
}

/* Read @n bits (at most 16) forwards from bit @at on; bits beyond the end are 0. */
static u32 bits_forward(const u8 *in, size_t bytes, size_t at, u32 n)
{
	return at / 8 >= bytes ? 0 : (u32)(load(in + at / 8, bytes - at / 8) >> (at & 7)) &
				     ((1U << n) - 1);
}

/*
 * Read a number from 0 to @max. The lowest values take one bit less than the others, so that no
 * code is unused.
 */
static u32 read_share(const u8 *in, size_t bytes, size_t *at, u32 max)
{
	u32 bits = top_bit(max) + 1, v = bits_forward(in, bytes, *at, bits);
	u32 half = 1U << (bits - 1), spare = (1U << bits) - 1 - max;

	if ((v & (half - 1)) < spare) {
		*at += bits - 1;
		return v & (half - 1);
	}
	*at += bits;
	return v < half ? v : v - spare;
}

size_t fse_read(struct fse_table *t, const u8 *in, size_t bytes, u32 max_log, u32 max_symbols)
{
	u32 log = bits_forward(in, bytes, 0, 4) + FSE_LOG_MIN, nr = 0;
	s16 share[HUF_SYMBOLS];
	size_t at = 4;
	s32 left;

	ASSERT(max_log <= FSE_LOG_MAX && max_symbols <= HUF_SYMBOLS);
	if (log > max_log)
		return 0;
	left = 1 << log;
	while (left > 0 && nr < max_symbols) {
		s32 v = (s32)read_share(in, bytes, &at, (u32)left + 1) - 1;
		u32 zeros;

		share[nr++] = (s16)v;
		left -= v < 0 ? 1 : v;
		/* A share of zero is followed by the number of further zeros, at most 3 a piece. */
		for (zeros = 3; !v && zeros == 3; at += 2) {
			zeros = bits_forward(in, bytes, at, 2);
			if (zeros > max_symbols - nr)
				return 0;
			memset(share + nr, 0, zeros * sizeof(*share));
			nr += zeros;
		}
	}
	if (left || at > bytes * 8)
		return 0;
	fse_build(t, log, share, nr);
	return (at + 7) / 8;
}

/*
 * Decode weights coded with FSE: two states take turns, and the stream ends where a state needs
 * bits that are missing. Return: the number of weights; 0 when damaged.
 */
static u32 coded_weights(u8 *weight, const u8 *in, size_t bytes, struct fse_table *t)
{
	size_t head = fse_read(t, in, bytes, WEIGHT_LOG_MAX, HUF_LOG_MAX + 1);
	struct zstd_bits b;
	u32 state[2], nr = 0;

	if (!head || !zstd_bits_open(&b, in + head, bytes - head))
		return 0;
	state[0] = zstd_bits_read(&b, t->log);
	state[1] = zstd_bits_read(&b, t->log);
	for (u32 turn = 0; nr < HUF_SYMBOLS - 2; turn ^= 1) {
		const struct fse_state *s = &t->state[state[turn]];

		weight[nr++] = s->symbol;
		state[turn] = s->next + zstd_bits_read(&b, s->bits);
		if (b.left < 0) {
			weight[nr++] = t->state[state[turn ^ 1]].symbol;
			return nr;
		}
	}
	return 0;
}

/* Return: the number of weights, less than HUF_SYMBOLS; 0 when damaged. *@used: bytes read. */
static u32 read_weights(u8 *weight, const u8 *in, size_t bytes, struct fse_table *scratch,
			size_t *used)
{
	u32 head, nr;

	if (!bytes)
		return 0;
	head = in[0];
	nr = head > 127 ? head - 127 : 0;
	*used = 1 + (nr ? (nr + 1) / 2 : head);
	if (*used > bytes)
		return 0;
	if (!nr)
		return coded_weights(weight, in + 1, head, scratch);
	for (u32 i = 0; i < nr; i++)
		weight[i] = i & 1 ? in[1 + i / 2] & 15 : in[1 + i / 2] >> 4;
	return nr;
}

/* Give the last symbol the weight that makes the code complete. 0 when there is none. */
static u32 complete(u8 *weight, u32 nr)
{
	u32 sum = 0, log, left;

	for (u32 i = 0; i < nr; i++) {
		if (weight[i] > HUF_LOG_MAX)
			return 0;
		sum += weight[i] ? 1U << (weight[i] - 1) : 0;
	}
	if (!sum)
		return 0;
	log = top_bit(sum) + 1;
	left = (1U << log) - sum;
	if (log > HUF_LOG_MAX || left & (left - 1))
		return 0;
	weight[nr] = (u8)(top_bit(left) + 1);
	return log;
}

size_t huf_read(struct huf_table *t, const u8 *in, size_t bytes, struct fse_table *scratch)
{
	u8 weight[HUF_SYMBOLS];
	size_t used = 0;
	u32 nr = read_weights(weight, in, bytes, scratch, &used), at = 0;

	t->log = nr ? complete(weight, nr) : 0;
	if (!t->log)
		return 0;
	/* The longest codes, those of the lowest weight, come first. */
	for (u32 w = 1; w <= t->log; w++)
		for (u32 s = 0; s <= nr; s++)
			for (u32 i = 0; weight[s] == w && i < 1U << (w - 1); i++, at++) {
				t->code[at].symbol = (u8)s;
				t->code[at].bits = (u8)(t->log + 1 - w);
			}
	ASSERT(at == 1U << t->log);
	return used;
}

u8 huf_symbol(const struct huf_table *t, struct zstd_bits *b)
{
	u32 i = zstd_bits_peek(b, t->log);

	b->left -= t->code[i].bits;
	return t->code[i].symbol;
}
