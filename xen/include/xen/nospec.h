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

/** All ones when @i < @n, else 0, without a branch that could be mispredicted. */
static inline u64 array_mask_nospec(u32 i, u32 n)
{
	u64 index = i;

	/* The compiler knows from the check before that i < n, and must not use that here. */
	__asm__ volatile("" : "+r"(index));
	return (u64)((s64)(index - n) >> 63);
}

/**
 * @i, which was checked to be less than @n; 0 where that check was mispredicted. Both are numbers
 * of at most 32 bits: of a wider one the caller passes the low half, after its check.
 */
#define array_index_nospec(i, n)                                \
	({                                                      \
		_Static_assert(sizeof(i) <= sizeof(u32), #i);   \
		(typeof(i))((i) & array_mask_nospec((i), (u32)(n)));    \
	})

#endif
