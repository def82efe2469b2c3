/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The XZ container: stream header, blocks, index, footer. */
#include "lzma.h"

#include <xen/compiler.h>
#include <xen/crc32.h>
#include <xen/string.h>

#define FILTER_X86 0x04
#define FILTER_LZMA2 0x21
#define CHECK_CRC32 1
#define STREAM_HEADER 12
#define STREAM_FOOTER 12

/* Size of each kind of check in bytes. */
static const u8 check_size[16] = { 0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64 };

struct xz {
	struct unpack_buf *b;
	size_t pos, out_pos;
	u32 check;
	/* Totals of the blocks, which the index must match. */
	u64 blocks;
	u32 sizes_crc;
	/* The block's header */
	bool x86;
	u32 x86_start, dict_size;
	u64 packed_size, unpacked_size;	/* ~0: not given */
};

static u32 le32(const u8 *p)
{
	return p[0] | (u32)p[1] << 8 | (u32)p[2] << 16 | (u32)p[3] << 24;
}

/* Read a number in groups of seven bits, the lowest first, before @end. */
static bool read_number(const u8 *in, size_t *pos, size_t end, u64 *v)
{
	*v = 0;
	for (u32 shift = 0; shift < 63 && *pos < end; shift += 7) {
		u8 b = in[(*pos)++];

		*v |= (u64)(b & 0x7f) << shift;
		if (!(b & 0x80))
			return b || !shift;
	}
	return false;
}

static bool all_zero(const u8 *p, size_t n)
{
	for (; n; n--)
		if (*p++)
			return false;
	return true;
}

static enum unpack_error stream_header(struct xz *x)
{
	static const u8 magic[] = { 0xfd, '7', 'z', 'X', 'Z', 0 };
	const u8 *in = x->b->in;

	if (x->b->in_len < STREAM_HEADER)
		return UNPACK_TRUNCATED;
	if (memcmp(in, magic, sizeof(magic)))
		return UNPACK_BAD_MAGIC;
	if (crc32(0, in + 6, 2) != le32(in + 8))
		return UNPACK_BAD_HEADER;
	if (in[6] || in[7] > 15)
		return UNPACK_UNSUPPORTED;
	x->check = in[7];
	x->pos = STREAM_HEADER;
	return UNPACK_OK;
}

/* Decode the dictionary size in LZMA2's property byte: two values for each power of two. */
static enum unpack_error lzma2_props(struct xz *x, const u8 *props, u64 len)
{
	if (len != 1 || props[0] > 40)
		return UNPACK_UNSUPPORTED;
	x->dict_size = props[0] == 40 ? ~0U : (2 | (props[0] & 1U)) << (props[0] / 2 + 11);
	return UNPACK_OK;
}

static enum unpack_error x86_props(struct xz *x, const u8 *props, u64 len)
{
	if (len != 0 && len != 4)
		return UNPACK_UNSUPPORTED;
	x->x86 = true;
	x->x86_start = len ? le32(props) : 0;
	return UNPACK_OK;
}

static enum unpack_error filters(struct xz *x, size_t *pos, size_t end, u32 count)
{
	const u8 *in = x->b->in;
	enum unpack_error e;
	u64 id, len;

	if (count > 2)
		return UNPACK_UNSUPPORTED;
	for (u32 i = 0; i < count; i++) {
		if (!read_number(in, pos, end, &id) || !read_number(in, pos, end, &len) ||
		    len > end - *pos)
			return UNPACK_BAD_HEADER;
		if (i == count - 1)
			e = id == FILTER_LZMA2 ? lzma2_props(x, in + *pos, len)
					       : UNPACK_UNSUPPORTED;
		else
			e = id == FILTER_X86 ? x86_props(x, in + *pos, len) : UNPACK_UNSUPPORTED;
		if (e)
			return e;
		*pos += len;
	}
	return UNPACK_OK;
}

/* Leaves x->pos after the header. */
static enum unpack_error block_header(struct xz *x)
{
	const u8 *in = x->b->in;
	size_t size = (in[x->pos] + 1UL) * 4, end, pos;
	enum unpack_error e;
	u32 flags;

	if (size > x->b->in_len - x->pos)
		return UNPACK_TRUNCATED;
	end = x->pos + size - 4;
	if (crc32(0, in + x->pos, size - 4) != le32(in + end))
		return UNPACK_BAD_HEADER;
	flags = in[x->pos + 1];
	pos = x->pos + 2;
	if (flags & 0x3c)
		return UNPACK_UNSUPPORTED;
	x->packed_size = x->unpacked_size = ~0UL;
	x->x86 = false;
	if (flags & 0x40 && !read_number(in, &pos, end, &x->packed_size))
		return UNPACK_BAD_HEADER;
	if (flags & 0x80 && !read_number(in, &pos, end, &x->unpacked_size))
		return UNPACK_BAD_HEADER;
	e = filters(x, &pos, end, (flags & 3) + 1);
	if (e)
		return e;
	if (!all_zero(in + pos, end - pos))
		return UNPACK_BAD_HEADER;
	x->pos = end + 4;
	return UNPACK_OK;
}

static void note_sizes(struct xz *x, u64 unpadded, u64 unpacked)
{
	u64 pair[2] = { unpadded, unpacked };

	x->sizes_crc = crc32(x->sizes_crc, pair, sizeof(pair));
}

static enum unpack_error block(struct xz *x, struct unpack_work *work)
{
	struct unpack_buf *b = x->b;
	size_t start = x->pos, data, out_start = x->out_pos, pad;
	enum unpack_error e = block_header(x);

	if (e)
		return e;
	data = x->pos;
	e = lzma2_decode(work, b->in, b->in_len, &x->pos, b->out, b->out_size, &x->out_pos,
			 x->dict_size);
	if (e)
		return e;
	if ((x->packed_size != ~0UL && x->packed_size != x->pos - data) ||
	    (x->unpacked_size != ~0UL && x->unpacked_size != x->out_pos - out_start))
		return UNPACK_BAD_CHECK;
	if (x->x86)
		bcj_x86_decode(b->out + out_start, x->out_pos - out_start, x->x86_start);
	pad = -(x->pos - data) & 3;
	if (b->in_len - x->pos < pad + check_size[x->check])
		return UNPACK_TRUNCATED;
	if (!all_zero(b->in + x->pos, pad))
		return UNPACK_CORRUPT;
	note_sizes(x, x->pos - start + check_size[x->check], x->out_pos - out_start);
	x->blocks++;
	x->pos += pad;
	if (x->check == CHECK_CRC32 && crc32(0, b->out + out_start, x->out_pos - out_start) !=
	    le32(b->in + x->pos))
		return UNPACK_BAD_CHECK;
	x->pos += check_size[x->check];
	return UNPACK_OK;
}

/* Check the index, which repeats the sizes of the blocks, and the footer, which repeats that
 * of the index. */
static enum unpack_error index_and_footer(struct xz *x)
{
	const u8 *in = x->b->in, *footer;
	size_t start = x->pos, end = x->b->in_len, pad;
	u32 seen = x->sizes_crc;
	u64 count, unpadded, unpacked;

	x->pos++;
	x->sizes_crc = 0;
	if (!read_number(in, &x->pos, end, &count) || count != x->blocks)
		return UNPACK_BAD_CHECK;
	while (count--) {
		if (!read_number(in, &x->pos, end, &unpadded) ||
		    !read_number(in, &x->pos, end, &unpacked))
			return UNPACK_BAD_HEADER;
		note_sizes(x, unpadded, unpacked);
	}
	if (x->sizes_crc != seen)
		return UNPACK_BAD_CHECK;
	pad = -(x->pos - start) & 3;
	if (end - x->pos < pad + 4 + STREAM_FOOTER)
		return UNPACK_TRUNCATED;
	if (!all_zero(in + x->pos, pad))
		return UNPACK_BAD_HEADER;
	x->pos += pad;
	if (crc32(0, in + start, x->pos - start) != le32(in + x->pos))
		return UNPACK_BAD_HEADER;
	x->pos += 4;
	footer = in + x->pos;
	if (memcmp(footer + 10, "YZ", 2) || memcmp(footer + 8, in + 6, 2) ||
	    crc32(0, footer + 4, 6) != le32(footer) ||
	    (le32(footer + 4) + 1UL) * 4 != x->pos - start)
		return UNPACK_BAD_HEADER;
	x->pos += STREAM_FOOTER;
	return UNPACK_OK;
}

enum unpack_error xz_decompress(struct unpack_buf *b, struct unpack_work *work)
{
	struct xz x = { .b = b };
	enum unpack_error e = stream_header(&x);

	while (!e) {
		if (x.pos >= b->in_len)
			return UNPACK_TRUNCATED;
		if (!b->in[x.pos]) {
			e = index_and_footer(&x);
			break;
		}
		e = block(&x, work);
	}
	b->in_used = x.pos;
	b->out_len = x.out_pos;
	return e;
}
