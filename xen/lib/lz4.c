/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * LZ4 in its legacy frame, as Linux's build makes it: a magic number, then blocks of at most 8 MiB
 * unpacked, each preceded by its packed size. There is no end mark, and there are no
 * checksums. Facts: the LZ4 project's block and frame format documents.
 */
#include <xen/compiler.h>
#include <xen/decompress.h>
#include <xen/string.h>

#define LEGACY_MAGIC 0x184c2102
#define BLOCK_MAX (8UL << 20)
#define MIN_MATCH 4
#define LONG_RUN 15

/* One block: the rest of its input, and the start of its output. */
struct block {
	const u8 *in, *in_end;
	u8 *out, *out_start, *out_end;
};

static u32 le32(const u8 *p)
{
	return p[0] | (u32)p[1] << 8 | (u32)p[2] << 16 | (u32)p[3] << 24;
}

/* After a length of 15, bytes are added up to and including the first that is not 255. */
static bool run_length(struct block *b, size_t *len)
{
	u8 more;

	if (*len != LONG_RUN)
		return true;
	do {
		if (b->in == b->in_end)
			return false;
		more = *b->in++;
		*len += more;
	} while (more == 0xff);
	return true;
}

static enum unpack_error literals(struct block *b, size_t len)
{
	if (!run_length(b, &len) || len > (size_t)(b->in_end - b->in))
		return UNPACK_CORRUPT;
	if (len > (size_t)(b->out_end - b->out))
		return UNPACK_NO_SPACE;
	memcpy(b->out, b->in, len);
	b->in += len;
	b->out += len;
	return UNPACK_OK;
}

/* Copy by bytes: the match may overlap its output. */
static enum unpack_error match(struct block *b, size_t len)
{
	const u8 *from;
	size_t back;

	if (b->in_end - b->in < 2)
		return UNPACK_CORRUPT;
	back = b->in[0] | (size_t)b->in[1] << 8;
	b->in += 2;
	if (!run_length(b, &len) || !back || back > (size_t)(b->out - b->out_start))
		return UNPACK_CORRUPT;
	len += MIN_MATCH;
	if (len > (size_t)(b->out_end - b->out))
		return UNPACK_NO_SPACE;
	for (from = b->out - back; len; len--)
		*b->out++ = *from++;
	return UNPACK_OK;
}

static enum unpack_error unpack_block(struct block *b)
{
	enum unpack_error e = UNPACK_OK;

	/* The last sequence has only literals. */
	while (b->in < b->in_end && !e) {
		u8 token = *b->in++;

		e = literals(b, token >> 4);
		if (!e && b->in < b->in_end)
			e = match(b, token & 15);
	}
	return e;
}

enum unpack_error lz4_decompress(struct unpack_buf *b)
{
	size_t at = 4, done = 0;

	if (b->in_len < 4)
		return UNPACK_TRUNCATED;
	if (le32(b->in) != LEGACY_MAGIC)
		return UNPACK_BAD_MAGIC;
	while (at < b->in_len) {
		size_t room = b->out_size - done, size;
		struct block k;
		enum unpack_error e;

		if (b->in_len - at < 4)
			return UNPACK_TRUNCATED;
		size = le32(b->in + at);
		at += 4;
		if (size > b->in_len - at)
			return UNPACK_TRUNCATED;
		k = (struct block){ b->in + at, b->in + at + size, b->out + done, b->out + done,
				    b->out + done + min(room, BLOCK_MAX) };
		e = unpack_block(&k);
		if (e)
			return e == UNPACK_NO_SPACE && room > BLOCK_MAX ? UNPACK_CORRUPT : e;
		at += size;
		done += (size_t)(k.out - k.out_start);
	}
	b->in_used = at;
	b->out_len = done;
	return UNPACK_OK;
}
