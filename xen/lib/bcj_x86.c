/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The x86 branch filter of XZ. The encoder turned the relative targets after the opcodes E8 and E9
 * into absolute ones if the top byte of the operand looked like a sign extension. An opcode byte
 * may also be part of an operand. So the history of opcode bytes in the last three positions
 * (bit 0: the nearest) decides whether a candidate counts, and which of its bytes would have made
 * the encoder choose differently.
 */
#include "lzma.h"

#include <xen/compiler.h>

static bool is_sign_byte(u8 b)
{
	return b == 0x00 || b == 0xff;
}

static bool is_opcode(u8 b)
{
	return (b & 0xfe) == 0xe8;
}

/* For reading any eight bytes at once. */
typedef u64 __attribute__((may_alias, aligned(1))) any_u64_t;

/* True when one of the eight bytes may be an opcode, false when none is. */
static bool may_hold_opcode(const u8 *p)
{
	u64 low = 0x0101010101010101, x = (*(const any_u64_t *)p & ~low) ^ 0xe8 * low;

	/* The usual test of a word for a zero byte. */
	return (x - low) & ~x & 0x80 * low;
}

static u32 read_le32(const u8 *p)
{
	return p[0] | (u32)p[1] << 8 | (u32)p[2] << 16 | (u32)p[3] << 24;
}

static void write_le32(u8 *p, u32 v)
{
	for (u32 i = 0; i < 4; i++)
		p[i] = (u8)(v >> (8 * i));
}

/* The distance to the oldest opcode in the history; 0 without history. */
static u32 oldest(u32 history)
{
	return history ? 32 - (u32)__builtin_clz(history) : 0;
}

/* True when the history allows the candidate at @op to be an instruction. */
static bool may_convert(const u8 *op, u32 history)
{
	if (!history)
		return true;
	if (history & (history - 1))
		return false;
	return !is_sign_byte(op[4 - oldest(history)]);
}

static u32 to_relative(u32 target, u32 next_ip, u32 history)
{
	u32 shift = 8 * oldest(history);
	u32 rel = target - next_ip;

	/* A byte that overlaps an earlier candidate must not look like a sign byte. */
	if (history && is_sign_byte((u8)(rel >> (24 - shift))))
		rel = (rel ^ ((1U << (32 - shift)) - 1)) - next_ip;
	/* Only 25 bits count: extend their sign. */
	rel &= 0x01ffffff;
	return rel | (0 - (rel & 0x01000000));
}

void bcj_x86_decode(u8 *buf, size_t len, u32 start)
{
	size_t last = 0;	/* position of the last candidate */
	u32 history = 0;

	for (size_t i = 0; i + 4 < len; i++) {
		size_t distance;

		/* Skip most of the image in large steps. */
		while (i + 12 < len && !may_hold_opcode(buf + i))
			i += 8;
		if (!is_opcode(buf[i]))
			continue;
		distance = i - last;
		last = i;
		history = distance > 3 ? 0 : distance ? (history << (distance - 1)) & 7 : history;
		if (!may_convert(buf + i, history) || !is_sign_byte(buf[i + 4])) {
			history = (history << 1 | 1) & 7;
			continue;
		}
		write_le32(buf + i + 1,
			   to_relative(read_le32(buf + i + 1), start + (u32)i + 5, history));
		i += 4;
	}
}
