/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state oracle's look at memory: frames in use, and what is in a frame. Of pages that were not
 * written since oracle_remember() it knows both without reading them.
 */
#ifndef TEST_STATE_ORACLE_MEMORY_H
#define TEST_STATE_ORACLE_MEMORY_H

#include <xen/types.h>

/** Frames are asked for in groups of 64. */
#define ORACLE_GROUP 64

/** Frames of group @group that are not free or have references: a bit for each. */
u64 oracle_used(u64 group);
/** Which eight words of the page at @page, which is RAM, are not all zero: a bit for each. */
u64 oracle_eights(const u64 *page);
/** True when frame @mfn has held the same bytes, for the same owner, since oracle_remember(). */
bool oracle_holds_the_same(u64 mfn);
/** True when each look is to be made twice, with and without what is remembered. */
bool oracle_looks_twice(void);
/** Read all memory again, or use what is remembered once more. */
void oracle_read_all(bool all);

#endif
