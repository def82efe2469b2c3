/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Factors for <xen/timescale.h>. */
#include <xen/assert.h>
#include <xen/timescale.h>

#define NS_PER_SEC 1000000000UL

/* floor((2^95 - 1) / d) for d >= 2^31, so that the result fits; long division by 32-bit digits. */
static u64 inverse_of(u32 d)
{
	u64 rest = 0x7fffffff, q = 0;

	for (u32 i = 0; i < 2; i++) {
		rest = rest % d << 32 | 0xffffffffU;
		q = q << 32 | rest / d;
	}
	return q;
}

void timescale_init(struct timescale *s, u64 hz)
{
	u64 ns = NS_PER_SEC;

	s->right = 32;
	/* Bring ns / hz into [1/2, 1). */
	while (ns >= hz) {
		hz <<= 1;
		s->right--;
	}
	while (ns * 2 < hz) {
		ns <<= 1;
		s->right++;
	}
	/* Rounded to nearest, bit by bit: ns * 2^32 is too large for 64 bits. */
	s->mul = 0;
	for (u32 bit = 0; bit < 32; bit++) {
		ns <<= 1;
		s->mul <<= 1;
		if (ns >= hz) {
			ns -= hz;
			s->mul |= 1;
		}
	}
	if (ns * 2 >= hz && s->mul != ~0U)
		s->mul++;
	ASSERT(s->mul >> 31 && s->right < 64);
	s->inverse = inverse_of(s->mul);
}
