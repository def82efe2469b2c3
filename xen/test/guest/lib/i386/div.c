/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Division of 64-bit numbers, which the compiler calls in 32-bit code. */
#include "test.h"

u64 __udivmoddi4(u64 n, u64 d, u64 *rest);
u64 __udivdi3(u64 n, u64 d);
u64 __umoddi3(u64 n, u64 d);
s64 __divdi3(s64 n, s64 d);
s64 __moddi3(s64 n, s64 d);

/* Bit by bit: speed does not matter here. */
u64 __udivmoddi4(u64 n, u64 d, u64 *rest)
{
	u64 q = 0, r = 0;

	for (int i = 63; i >= 0; i--) {
		bool carry = r >> 63;

		r = r << 1 | (n >> i & 1);
		if (carry || r >= d) {
			r -= d;
			q |= BIT(i);
		}
	}
	if (rest)
		*rest = r;
	return q;
}

u64 __udivdi3(u64 n, u64 d)
{
	return __udivmoddi4(n, d, NULL);
}

u64 __umoddi3(u64 n, u64 d)
{
	u64 r;

	__udivmoddi4(n, d, &r);
	return r;
}

static u64 magnitude(s64 v)
{
	return v < 0 ? -(u64)v : (u64)v;
}

s64 __divdi3(s64 n, s64 d)
{
	u64 q = __udivmoddi4(magnitude(n), magnitude(d), NULL);

	return (n < 0) != (d < 0) ? -(s64)q : (s64)q;
}

s64 __moddi3(s64 n, s64 d)
{
	u64 r;

	__udivmoddi4(magnitude(n), magnitude(d), &r);
	return n < 0 ? -(s64)r : (s64)r;
}
