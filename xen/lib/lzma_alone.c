/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The LZMA_Alone container, which Linux's build calls LZMA: properties, dictionary size, size of
 * the data (all ones: an end mark follows it), then one stream of the coder. It has no checksum.
 */
#include "lzma.h"

#include <xen/compiler.h>
#include <xen/string.h>

#define HEADER 13
#define SIZE_AT 5
#define SIZE_UNKNOWN (~0UL)
/* Smaller dictionary sizes are raised to this one. */
#define DICT_MIN 4096U

BUILD_BUG_ON(sizeof(struct lzma) > sizeof(struct unpack_work));

enum unpack_error lzma_decompress(struct unpack_buf *b, struct unpack_work *work)
{
	struct lzma *s = (struct lzma *)work;
	enum unpack_error e;
	u32 dict_size;
	u64 size;

	if (b->in_len < HEADER)
		return UNPACK_TRUNCATED;
	memset(s, 0, sizeof(*s));
	memcpy(&dict_size, b->in + 1, sizeof(dict_size));
	memcpy(&size, b->in + SIZE_AT, sizeof(size));
	if (!lzma_set_props(s, b->in[0]))
		return UNPACK_BAD_MAGIC;
	if (size != SIZE_UNKNOWN && size > b->out_size)
		return UNPACK_NO_SPACE;
	s->dict_size = max(dict_size, DICT_MIN);
	s->dict = b->out;
	s->limit = min(size, (u64)b->out_size);
	lzma_reset_state(s);
	if (!lzma_begin(s, b->in + HEADER, b->in_len - HEADER))
		return UNPACK_CORRUPT;
	e = lzma_run(s, size == SIZE_UNKNOWN);
	if (e)
		return e;
	b->in_used = (size_t)(s->rc.in - b->in);
	b->out_len = s->pos;
	return UNPACK_OK;
}
