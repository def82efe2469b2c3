/* SPDX-License-Identifier: GPL-2.0-or-later */
/* LZMA2: chunks of LZMA-coded or stored data. */
#include "lzma.h"

#include <xen/compiler.h>
#include <xen/string.h>

struct lzma2 {
	struct lzma s;
	bool have_dict, have_props, need_state;
};
BUILD_BUG_ON(sizeof(struct lzma2) > sizeof(struct unpack_work));

/* @p points after the control byte and the sizes; the caller checked that the chunk fits. */
static enum unpack_error lzma_chunk(struct lzma2 *l, u32 control, const u8 *p, u32 packed)
{
	u32 reset = control >> 5 & 3;
	enum unpack_error e;

	if (reset >= 2) {
		if (!lzma_set_props(&l->s, *p++))
			return UNPACK_CORRUPT;
		l->have_props = true;
	}
	if (!l->have_props || (!reset && l->need_state))
		return UNPACK_CORRUPT;
	if (reset) {
		lzma_reset_state(&l->s);
		l->need_state = false;
	}
	if (!lzma_begin(&l->s, p, packed))
		return UNPACK_CORRUPT;
	e = lzma_run(&l->s, false);
	/* The chunk gives its unpacked size, and all its input must have been used. */
	return e || l->s.rc.in != l->s.rc.in_end ? UNPACK_CORRUPT : UNPACK_OK;
}

static void reset_dict(struct lzma2 *l, u8 *at)
{
	l->s.dict = at;
	l->s.pos = 0;
	l->have_dict = true;
}

static u32 be16(const u8 *p)
{
	return (u32)p[0] << 8 | p[1];
}

/* Decode a chunk; @p points after the control byte. *@used: bytes read from there. */
static enum unpack_error chunk(struct lzma2 *l, u32 control, const u8 *p, size_t avail, u8 *out,
			       size_t room, size_t *used)
{
	bool packed = control & 0x80;
	u32 head = packed ? 4 + (control >= 0xc0) : 2, size, in_size;
	enum unpack_error e = UNPACK_OK;

	if (!packed && control > 2)
		return UNPACK_CORRUPT;
	if (avail < head)
		return UNPACK_TRUNCATED;
	size = be16(p) + 1 + (packed ? (control & 0x1f) << 16 : 0);
	in_size = packed ? be16(p + 2) + 1 : size;
	if (avail - head < in_size)
		return UNPACK_TRUNCATED;
	if (size > room)
		return UNPACK_NO_SPACE;
	if (control >= 0xe0 || control == 1)
		reset_dict(l, out);
	if (!l->have_dict)
		return UNPACK_CORRUPT;
	l->s.limit = l->s.pos + size;
	if (packed) {
		e = lzma_chunk(l, control, p + 4, in_size);
	} else {
		memcpy(l->s.dict + l->s.pos, p + 2, size);
		l->s.pos += size;
		/* Stored data makes a reset of the state due only if it reset the dictionary. */
		l->need_state |= control == 1;
	}
	*used = head + in_size;
	return e;
}

enum unpack_error lzma2_decode(struct unpack_work *work, const u8 *in, size_t in_len, size_t *pos,
			       u8 *out, size_t out_size, size_t *out_pos, u32 dict_size)
{
	struct lzma2 *l = (struct lzma2 *)work;

	memset(l, 0, sizeof(*l));
	l->s.dict_size = dict_size;
	l->need_state = true;
	for (;;) {
		enum unpack_error e;
		u32 control;
		size_t used;

		if (*pos >= in_len)
			return UNPACK_TRUNCATED;
		control = in[(*pos)++];
		if (!control)
			return UNPACK_OK;
		e = chunk(l, control, in + *pos, in_len - *pos, out + *out_pos,
			  out_size - *out_pos, &used);
		if (e)
			return e;
		*pos += used;
		*out_pos = (size_t)(l->s.dict + l->s.pos - out);
	}
}
