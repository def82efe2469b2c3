/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Array indices that a guest chooses. A processor may run ahead of a mispredicted bounds check with
 * an index out of bounds, and the state of its caches may then reveal what it loaded
 * (bounds check bypass, AMD's "Software Techniques for Managing Speculation", V1-1). So such an
 * index goes through array_index_nospec() between its check and its use.
 */
#ifndef XEN_NOSPEC_H
#define XEN_NOSPEC_H

#include <xen/compiler.h>

/** All ones when @i < @n, else 0, without a branch that could be mispredicted. Both < 2^63. */
static inline u64 array_mask_nospec(u64 i, u64 n)
{
	/* The compiler knows from the check before that i < n, and must not use that here. */
	__asm__ volatile("" : "+r"(i));
	return (u64)((s64)(i - n) >> 63);
}

/** @i, which was checked to be less than @n; 0 where that check was mispredicted. */
#define array_index_nospec(i, n) ((typeof(i))((i) & array_mask_nospec(i, n)))

#endif
