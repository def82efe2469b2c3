/* SPDX-License-Identifier: GPL-2.0-or-later */
/* XXH64 with seed 0 (specification of the xxHash project). */
#include <xen/compiler.h>
#include <xen/string.h>
#include <xen/xxhash.h>

#define P1 0x9e3779b185ebca87UL
#define P2 0xc2b2ae3d27d4eb4fUL
#define P3 0x165667b19e3779f9UL
#define P4 0x85ebca77c2b2ae63UL
#define P5 0x27d4eb2f165667c5UL
#define LANES 4
#define STRIPE (LANES * sizeof(u64))

static u64 rotate(u64 v, u32 n)
{
	return v << n | v >> (64 - n);
}

static u64 mix(u64 lane, u64 v)
{
	return rotate(lane + v * P2, 31) * P1;
}

static u64 word(const u8 *p)
{
	u64 v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static u32 half_word(const u8 *p)
{
	u32 v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* Process the whole stripes of the data, in four lanes. */
static u64 stripes(const u8 *p, size_t n)
{
	static const u8 turn[LANES] = { 1, 7, 12, 18 };
	u64 lane[LANES] = { P1 + P2, P2, 0, -P1 }, h = 0;

	for (; n; n--)
		for (u32 i = 0; i < LANES; i++, p += sizeof(u64))
			lane[i] = mix(lane[i], word(p));
	for (u32 i = 0; i < LANES; i++)
		h += rotate(lane[i], turn[i]);
	for (u32 i = 0; i < LANES; i++)
		h = (h ^ mix(0, lane[i])) * P1 + P4;
	return h;
}

u64 xxh64(const void *data, size_t bytes)
{
	const u8 *p = data, *end = p + bytes;
	u64 h = (bytes < STRIPE ? P5 : stripes(p, bytes / STRIPE)) + bytes;

	for (p += bytes / STRIPE * STRIPE; end - p >= 8; p += 8)
		h = rotate(h ^ mix(0, word(p)), 27) * P1 + P4;
	for (; end - p >= 4; p += 4)
		h = rotate(h ^ half_word(p) * P1, 23) * P2 + P3;
	for (; p < end; p++)
		h = rotate(h ^ *p * P5, 11) * P1;
	h = (h ^ h >> 33) * P2;
	h = (h ^ h >> 29) * P3;
	return h ^ h >> 32;
}
