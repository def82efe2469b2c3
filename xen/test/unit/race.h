/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Races by seed. Objects that unit.mk compiles with -fsanitize=thread call a function at every
 * access to memory; here each such call is a point where another fiber may go on. So the
 * interleavings of unchanged hypervisor code are tried access by access, and a seed repeats one.
 */
#ifndef UNIT_RACE_H
#define UNIT_RACE_H

#include <xen/types.h>

/** Run the @n functions (at most 16) at once, until all have returned or one has called
 * race_stop(). */
void race_run(u64 seed, void (*const *fn)(void), u32 n);
/** Let others go on, perhaps. Also a point where the calling function waits for them. */
void race_point(void);
/** End race_run() at once. */
void race_stop(void);
/** 0 <= result < @n, by the seed. */
u32 race_random(u32 n);

#endif
