/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Zstandard (RFC 8878): one frame of blocks. The output buffer is the window, so any window size
 * works. Literals are decoded when a sequence needs them, which saves a buffer of a block's size.
 */
#include "zstd.h"

#include <xen/compiler.h>
#include <xen/decompress.h>
#include <xen/assert.h>
#include <xen/string.h>
#include <xen/xxhash.h>

#define ZSTD_MAGIC 0xfd2fb528U
#define BLOCK_MAX (128U << 10)
#define BLOCK_HEADER 3
#define CHECKSUM_BYTES 4
#define NO_SIZE (~0UL)
#define JUMP_TABLE 6

enum { BLOCK_RAW, BLOCK_RLE, BLOCK_COMPRESSED };
enum { LITERALS_RAW, LITERALS_RLE, LITERALS_COMPRESSED, LITERALS_TREELESS };
enum { TABLE_PREDEFINED, TABLE_RLE, TABLE_FSE, TABLE_REPEAT };
/* The three numbers of a sequence, in the order in which their tables are described. */
enum { LITERAL_LENGTH, OFFSET, MATCH_LENGTH, NR_CODES };

/* A code names a range of values: @base plus a number of @extra bits. */
struct range {
	u32 base, extra;
};

static const struct range literal_range[] = {
	{ 0, 0 }, { 1, 0 }, { 2, 0 }, { 3, 0 }, { 4, 0 }, { 5, 0 }, { 6, 0 }, { 7, 0 }, { 8, 0 },
	{ 9, 0 }, { 10, 0 }, { 11, 0 }, { 12, 0 }, { 13, 0 }, { 14, 0 }, { 15, 0 }, { 16, 1 },
	{ 18, 1 }, { 20, 1 }, { 22, 1 }, { 24, 2 }, { 28, 2 }, { 32, 3 }, { 40, 3 }, { 48, 4 },
	{ 64, 6 }, { 128, 7 }, { 256, 8 }, { 512, 9 }, { 1024, 10 }, { 2048, 11 }, { 4096, 12 },
	{ 8192, 13 }, { 16384, 14 }, { 32768, 15 }, { 65536, 16 },
};
/* From code 32 on; lower codes mean 3 plus the code. */
static const struct range match_range[] = {
	{ 35, 1 }, { 37, 1 }, { 39, 1 }, { 41, 1 }, { 43, 2 }, { 47, 2 }, { 51, 3 }, { 59, 3 },
	{ 67, 4 }, { 83, 4 }, { 99, 5 }, { 131, 7 }, { 259, 8 }, { 515, 9 }, { 1027, 10 },
	{ 2051, 11 }, { 4099, 12 }, { 8195, 13 }, { 16387, 14 }, { 32771, 15 }, { 65539, 16 },
};
#define MATCH_CODES_PLAIN 32
#define MATCH_MIN 3

static const s16 literal_default[] = {
	4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1,
	1, 1, 1, 1, -1, -1, -1, -1,
};
static const s16 offset_default[] = {
	1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1,
	-1, -1,
};
static const s16 match_default[] = {
	1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1,
};

/* RFC 8878, sections 3.1.1.3.2.1 and 3.1.1.3.2.2. */
static const struct code {
	u32 codes, log_max, default_log;
	const s16 *default_share;
	u32 default_codes;
} codes[NR_CODES] = {
	[LITERAL_LENGTH] = { 36, 9, 6, literal_default, ARRAY_SIZE(literal_default) },
	[OFFSET] = { 32, 8, 5, offset_default, ARRAY_SIZE(offset_default) },
	[MATCH_LENGTH] = { 53, 9, 6, match_default, ARRAY_SIZE(match_default) },
};

/* The unused literals of a block. */
struct literals {
	u32 kind, left;
	const u8 *raw;			/* LITERALS_RAW: the next one; LITERALS_RLE: the only one */
	/* Huffman-coded ones: the stream being read, and those after it */
	struct zstd_bits bits;
	u32 in_stream;			/* literals left in it */
	u32 streams, per_stream;	/* streams not begun, literals in each but the last */
	const u8 *next;
	size_t size[4];			/* bytes of the streams not begun, the next one last */
};

struct zstd {
	struct unpack_buf *b;
	size_t pos, out_pos;
	u64 content_size;
	u32 block_max;
	bool checksum;
	u32 rep[3];
	/* State that a block passes to the next one */
	bool have_table[NR_CODES];
	struct fse_table table[NR_CODES];
	struct huf_table huf;
	struct fse_table scratch;
	struct literals lit;
};
BUILD_BUG_ON(sizeof(struct zstd) > sizeof(struct unpack_work));

/* Load @n bytes (at most 8), little-endian. */
static u64 little(const u8 *p, u32 n)
{
	u64 v = 0;

	while (n--)
		v = v << 8 | p[n];
	return v;
}

static enum unpack_error frame_header(struct zstd *s)
{
	static const u8 size_bytes[] = { 0, 2, 4, 8 }, dictionary_bytes[] = { 0, 1, 2, 4 };
	const u8 *in = s->b->in;
	u32 flags, size, dictionary;
	bool single;
	u64 window;

	if (s->b->in_len < 5)
		return UNPACK_TRUNCATED;
	if (little(in, 4) != ZSTD_MAGIC)
		return UNPACK_BAD_MAGIC;
	flags = in[4];
	single = flags & 0x20;
	size = flags < 0x40 ? single : size_bytes[flags >> 6];
	dictionary = dictionary_bytes[flags & 3];
	if (flags & 0x08)
		return UNPACK_UNSUPPORTED;
	if (s->b->in_len - 5 < !single + dictionary + size)
		return UNPACK_TRUNCATED;
	window = single ? 0 : (8UL + (in[5] & 7)) << (7 + (in[5] >> 3));
	s->pos = 5 + !single;
	if (little(in + s->pos, dictionary))
		return UNPACK_UNSUPPORTED;
	s->pos += dictionary;
	s->content_size = size ? little(in + s->pos, size) + (size == 2 ? 256 : 0) : NO_SIZE;
	s->pos += size;
	s->block_max = (u32)min(single ? s->content_size : window, (u64)BLOCK_MAX);
	s->checksum = flags & 0x04;
	return size && s->content_size > s->b->out_size ? UNPACK_NO_SPACE : UNPACK_OK;
}

/* Go on to the next stream of literals. The one before it must have been used up exactly. */
static bool next_stream(struct literals *l)
{
	size_t size;

	if (!l->streams || l->bits.left)
		return false;
	size = l->size[--l->streams];
	if (!zstd_bits_open(&l->bits, l->next, size))
		return false;
	l->next += size;
	l->in_stream = l->streams ? l->per_stream : l->left;
	return true;
}

/* Open the streams of Huffman-coded literals in @bytes bytes at @p. */
static bool open_streams(struct literals *l, const u8 *p, size_t bytes, bool four)
{
	size_t rest = bytes;

	l->streams = four ? 4 : 1;
	l->per_stream = four ? (l->left + 3) / 4 : 0;
	l->bits.left = 0;
	l->in_stream = 0;
	l->next = p;
	if (four) {
		if (bytes < JUMP_TABLE || l->per_stream * 3 > l->left)
			return false;
		l->next += JUMP_TABLE;
		rest -= JUMP_TABLE;
		for (u32 i = 0; i < 3; i++) {
			l->size[3 - i] = little(p + 2 * i, 2);
			if (l->size[3 - i] > rest)
				return false;
			rest -= l->size[3 - i];
		}
	}
	l->size[0] = rest;
	return true;
}

/* Append the next @n literals to the output. Callers checked that both suffice. */
static bool take_literals(struct zstd *s, size_t n)
{
	u8 *to = s->b->out + s->out_pos;
	struct literals *l = &s->lit;

	ASSERT(n <= l->left && n <= s->b->out_size - s->out_pos);
	s->out_pos += n;
	if (l->kind == LITERALS_RAW) {
		memcpy(to, l->raw, n);
		l->raw += n;
		l->left -= (u32)n;
		return true;
	}
	if (l->kind == LITERALS_RLE) {
		memset(to, *l->raw, n);
		l->left -= (u32)n;
		return true;
	}
	while (n) {
		u32 some;

		if (!l->in_stream && !next_stream(l))
			return false;
		some = (u32)min(n, (size_t)l->in_stream);
		n -= some;
		l->in_stream -= some;
		l->left -= some;
		while (some--)
			*to++ = huf_symbol(&s->huf, &l->bits);
		if (l->bits.left < 0)
			return false;
	}
	return true;
}

/* True when all streams were read to their end. */
static bool literals_done(const struct literals *l)
{
	return !l->left && (l->kind < LITERALS_COMPRESSED || (!l->streams && !l->bits.left));
}

/* Read the header of Huffman-coded literals, with sizes of @bits bits each. */
static enum unpack_error coded_literals(struct zstd *s, const u8 *p, size_t bytes, size_t *used)
{
	static const u8 header_bytes[] = { 3, 3, 4, 5 }, size_bits[] = { 10, 10, 14, 18 };
	u32 format = p[0] >> 2 & 3, header = header_bytes[format], bits = size_bits[format];
	struct literals *l = &s->lit;
	size_t packed, tree = 0;
	u64 v;

	if (bytes < header)
		return UNPACK_CORRUPT;
	v = little(p, header) >> 4;
	l->left = (u32)(v & ((1U << bits) - 1));
	packed = v >> bits;
	if (l->left > s->block_max || packed > bytes - header)
		return UNPACK_CORRUPT;
	if (l->kind == LITERALS_COMPRESSED)
		tree = huf_read(&s->huf, p + header, packed, &s->scratch);
	if (!s->huf.log || !l->left ||
	    !open_streams(l, p + header + tree, packed - tree, format != 0))
		return UNPACK_CORRUPT;
	*used = header + packed;
	return UNPACK_OK;
}

/* Read the literals section at @p. *@used: its size in bytes. */
static enum unpack_error literals_section(struct zstd *s, const u8 *p, size_t bytes, size_t *used)
{
	struct literals *l = &s->lit;
	u32 format, header;

	if (!bytes)
		return UNPACK_CORRUPT;
	l->kind = p[0] & 3;
	if (l->kind >= LITERALS_COMPRESSED)
		return coded_literals(s, p, bytes, used);
	format = p[0] >> 2 & 3;
	header = format == 1 ? 2 : format == 3 ? 3 : 1;
	if (bytes < header)
		return UNPACK_CORRUPT;
	l->left = (u32)(little(p, header) >> (header == 1 ? 3 : 4));
	*used = header + (l->kind == LITERALS_RAW ? l->left : 1);
	if (l->left > s->block_max || *used > bytes)
		return UNPACK_CORRUPT;
	l->raw = p + header;
	return UNPACK_OK;
}

/* Set up the table of one of the codes by @mode. True if it is valid; *@used: bytes read. */
static bool sequence_table(struct zstd *s, u32 which, u32 mode, const u8 *p, size_t bytes,
			   size_t *used)
{
	const struct code *c = &codes[which];
	struct fse_table *t = &s->table[which];

	*used = 0;
	switch (mode) {
	case TABLE_PREDEFINED:
		fse_build(t, c->default_log, c->default_share, c->default_codes);
		break;
	case TABLE_RLE:
		if (!bytes || p[0] >= c->codes)
			return false;
		fse_build_single(t, p[0]);
		*used = 1;
		break;
	case TABLE_FSE:
		s->have_table[which] = false;
		*used = fse_read(t, p, bytes, c->log_max, c->codes);
		if (!*used)
			return false;
		break;
	default:
		return s->have_table[which];
	}
	s->have_table[which] = true;
	return true;
}

/* Get the distance for a value of the offset code, and update the last three distances. */
static u32 match_distance(struct zstd *s, u64 value, bool literals)
{
	u32 *rep = s->rep, i, back;

	if (value > 3) {
		/* The largest value is 2^32 - 1, from code 31. */
		back = (u32)(value - 3);
		i = 2;
	} else {
		i = (u32)value - 1 + !literals;
		back = i == 3 ? rep[0] - 1 : rep[i];
		i = min(i, 2U);
	}
	for (; i; i--)
		rep[i] = rep[i - 1];
	rep[0] = back;
	return back;
}

static enum unpack_error one_sequence(struct zstd *s, u64 offset, u32 lits, u32 match)
{
	u32 back = match_distance(s, offset, lits != 0);
	const u8 *from;
	u8 *to;

	if (lits > s->lit.left)
		return UNPACK_CORRUPT;
	if ((u64)lits + match > s->b->out_size - s->out_pos)
		return UNPACK_NO_SPACE;
	if (!take_literals(s, lits) || !back || back > s->out_pos)
		return UNPACK_CORRUPT;
	to = s->b->out + s->out_pos;
	from = to - back;
	s->out_pos += match;
	if (back >= match) {
		memcpy(to, from, match);
		return UNPACK_OK;
	}
	/* Copy by bytes: the match may overlap its output. */
	while (match--)
		*to++ = *from++;
	return UNPACK_OK;
}

static void next_state(const struct fse_table *t, u32 *state, struct zstd_bits *b)
{
	const struct fse_state *e = &t->state[*state];

	*state = e->next + zstd_bits_read(b, e->bits);
}

static enum unpack_error sequences(struct zstd *s, const u8 *p, size_t bytes, u32 nr)
{
	static const u8 update_order[] = { LITERAL_LENGTH, MATCH_LENGTH, OFFSET };
	u32 state[NR_CODES];
	struct zstd_bits b;

	if (!zstd_bits_open(&b, p, bytes))
		return UNPACK_CORRUPT;
	for (u32 i = 0; i < NR_CODES; i++)
		state[i] = zstd_bits_read(&b, s->table[i].log);
	while (nr--) {
		u32 oc = s->table[OFFSET].state[state[OFFSET]].symbol;
		u32 mc = s->table[MATCH_LENGTH].state[state[MATCH_LENGTH]].symbol;
		u32 lc = s->table[LITERAL_LENGTH].state[state[LITERAL_LENGTH]].symbol;
		u64 offset = (1UL << oc) + zstd_bits_read(&b, oc);
		u32 match, lits;
		enum unpack_error e;

		if (mc < MATCH_CODES_PLAIN)
			match = MATCH_MIN + mc;
		else
			match = match_range[mc - MATCH_CODES_PLAIN].base +
				zstd_bits_read(&b, match_range[mc - MATCH_CODES_PLAIN].extra);
		lits = literal_range[lc].base + zstd_bits_read(&b, literal_range[lc].extra);
		for (u32 i = 0; nr && i < NR_CODES; i++)
			next_state(&s->table[update_order[i]], &state[update_order[i]], &b);
		if (b.left < 0)
			return UNPACK_CORRUPT;
		e = one_sequence(s, offset, lits, match);
		if (e)
			return e;
	}
	return b.left ? UNPACK_CORRUPT : UNPACK_OK;
}

/* Read the number of sequences. Return: bytes it takes; 0 when cut short. */
static u32 sequence_count(const u8 *p, size_t bytes, u32 *nr)
{
	u32 size = !bytes ? 0 : p[0] < 128 ? 1 : p[0] < 255 ? 2 : 3;

	if (!size || bytes < size)
		return 0;
	*nr = size == 1 ? p[0] : size == 2 ? (p[0] - 128U) << 8 | p[1]
					   : (p[1] | (u32)p[2] << 8) + 0x7f00;
	return size;
}

static enum unpack_error sequences_section(struct zstd *s, const u8 *p, size_t bytes)
{
	u32 nr, modes;
	size_t at = sequence_count(p, bytes, &nr), used;

	if (!at)
		return UNPACK_CORRUPT;
	if (!nr)
		return at == bytes ? UNPACK_OK : UNPACK_CORRUPT;
	if (at == bytes || p[at] & 3)
		return UNPACK_CORRUPT;
	modes = p[at++];
	for (u32 i = 0; i < NR_CODES; i++, at += used)
		if (!sequence_table(s, i, modes >> (6 - 2 * i) & 3, p + at, bytes - at, &used))
			return UNPACK_CORRUPT;
	return sequences(s, p + at, bytes - at, nr);
}

static enum unpack_error compressed_block(struct zstd *s, const u8 *p, size_t bytes)
{
	size_t start = s->out_pos, used;
	enum unpack_error e = literals_section(s, p, bytes, &used);

	if (!e)
		e = sequences_section(s, p + used, bytes - used);
	if (e)
		return e;
	if (s->lit.left > s->b->out_size - s->out_pos)
		return UNPACK_NO_SPACE;
	if (!take_literals(s, s->lit.left) || !literals_done(&s->lit) ||
	    s->out_pos - start > s->block_max)
		return UNPACK_CORRUPT;
	return UNPACK_OK;
}

static enum unpack_error block(struct zstd *s, bool *last)
{
	const u8 *p = s->b->in + s->pos;
	size_t left = s->b->in_len - s->pos, bytes, size;
	u32 header, kind;

	if (left < BLOCK_HEADER)
		return UNPACK_TRUNCATED;
	header = (u32)little(p, BLOCK_HEADER);
	*last = header & 1;
	kind = header >> 1 & 3;
	size = header >> 3;
	bytes = kind == BLOCK_RLE ? 1 : size;
	p += BLOCK_HEADER;
	if (size > s->block_max || kind > BLOCK_COMPRESSED)
		return UNPACK_CORRUPT;
	if (bytes > left - BLOCK_HEADER)
		return UNPACK_TRUNCATED;
	s->pos += BLOCK_HEADER + bytes;
	if (kind == BLOCK_COMPRESSED)
		return compressed_block(s, p, bytes);
	if (size > s->b->out_size - s->out_pos)
		return UNPACK_NO_SPACE;
	if (kind == BLOCK_RAW)
		memcpy(s->b->out + s->out_pos, p, size);
	else
		memset(s->b->out + s->out_pos, *p, size);
	s->out_pos += size;
	return UNPACK_OK;
}

enum unpack_error zstd_decompress(struct unpack_buf *b, struct unpack_work *work)
{
	struct zstd *s = (struct zstd *)work;
	enum unpack_error e;
	bool last = false;

	memset(s, 0, sizeof(*s));
	s->b = b;
	s->rep[0] = 1;
	s->rep[1] = 4;
	s->rep[2] = 8;
	e = frame_header(s);
	while (!e && !last)
		e = block(s, &last);
	if (e)
		return e;
	if (s->content_size != NO_SIZE && s->content_size != s->out_pos)
		return UNPACK_BAD_CHECK;
	if (s->checksum) {
		if (b->in_len - s->pos < CHECKSUM_BYTES)
			return UNPACK_TRUNCATED;
		if (little(b->in + s->pos, CHECKSUM_BYTES) != (u32)xxh64(b->out, s->out_pos))
			return UNPACK_BAD_CHECK;
		s->pos += CHECKSUM_BYTES;
	}
	b->in_used = s->pos;
	b->out_len = s->out_pos;
	return UNPACK_OK;
}
