/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The LZMA2 decoder and the x86 filter, as the XZ container uses them. */
#ifndef LIB_LZMA_H
#define LIB_LZMA_H

#include <xen/decompress.h>

/**
 * Decode LZMA2 chunks from @in (at *@pos, advanced) up to the end mark, appending to @out at
 * *@out_pos. Distances reach back at most @dict_size bytes.
 */
enum unpack_error lzma2_decode(struct unpack_work *work, const u8 *in, size_t in_len, size_t *pos,
			       u8 *out, size_t out_size, size_t *out_pos, u32 dict_size);

/** Undo the x86 branch filter: absolute call and jump targets become relative again. */
void bcj_x86_decode(u8 *buf, size_t len, u32 start);

#endif
