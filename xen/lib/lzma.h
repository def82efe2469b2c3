/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The LZMA coder, the LZMA2 chunks that carry it, and the x86 filter of the XZ container. */
#ifndef LIB_LZMA_H
#define LIB_LZMA_H

#include <xen/decompress.h>

#define NR_STATES 12
#define POS_STATES 16
#define LITERAL_CODER 0x300
#define ALIGN_BITS 4
#define END_MARK (~0U)		/* the distance that ends a stream of unknown size */

struct len_coder {
	u16 choice, choice2;
	u16 low[POS_STATES][8], mid[POS_STATES][8], high[256];
};

struct probs {
	u16 is_match[NR_STATES][POS_STATES];
	u16 is_rep[NR_STATES], is_rep0[NR_STATES], is_rep1[NR_STATES], is_rep2[NR_STATES];
	u16 is_rep0_long[NR_STATES][POS_STATES];
	u16 dist_slot[4][64];
	u16 dist_special[115];
	u16 dist_align[1 << ALIGN_BITS];
	struct len_coder match_len, rep_len;
	u16 literal[16][LITERAL_CODER];
};

/* The range coder and the chunk it reads. Functions work on a copy, which stays in registers. */
struct range_coder {
	u32 range, code;
	const u8 *in, *in_end;
	bool overrun;
};

struct lzma {
	struct probs p;
	struct range_coder rc;
	/* Output: the dictionary begins at dict */
	u8 *dict;
	size_t pos, limit;	/* offsets from dict */
	u32 dict_size;
	u32 state, rep[4];
	u32 lc, lp_mask, pos_mask;
};
/** Set which bits of the position and the last literal select a probability; false if invalid. */
bool lzma_set_props(struct lzma *s, u32 props);
/** Reset all probabilities and the state machine. */
void lzma_reset_state(struct lzma *s);
/** Begin with coded data at @p; false when its first bytes are invalid. */
bool lzma_begin(struct lzma *s, const u8 *p, size_t bytes);
/**
 * Decode until @s->limit is reached, or with @to_mark until the end mark; then the coder must be in
 * its final state. UNPACK_NO_SPACE: there is more than fits below the limit.
 */
enum unpack_error lzma_run(struct lzma *s, bool to_mark);

/**
 * Decode LZMA2 chunks from @in (at *@pos, advanced) up to the end mark, appending to @out at
 * *@out_pos. Distances reach back at most @dict_size bytes.
 */
enum unpack_error lzma2_decode(struct unpack_work *work, const u8 *in, size_t in_len, size_t *pos,
			       u8 *out, size_t out_size, size_t *out_pos, u32 dict_size);

/** Undo the x86 branch filter: make absolute call and jump targets relative again. */
void bcj_x86_decode(u8 *buf, size_t len, u32 start);

#endif
