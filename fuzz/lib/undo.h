/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Going back to remembered states of memory, for fuzz targets whose world is slow to build.
 *
 * Plain C types only: targets include this beside the hypervisor's headers or libc's.
 */
#ifndef FUZZ_UNDO_H
#define FUZZ_UNDO_H

#define UNDO_STATES 8		/* at most */

/**
 * Pages of [@start, @start + @bytes), both multiples of 4096, are restored when they were written:
 * they are write-protected, and the first write to each costs a fault. A page that was written is
 * then left writable for many runs and compared after each.
 */
void undo_pages(void *start, unsigned long bytes);
/** Restore all of [@start, @start + @bytes) each time: for small pieces without alignment. */
void undo_bytes(void *start, unsigned long bytes);

/** Remember the present contents of all memory named before, of which nothing is named later.
 *  Returns the state's number, from 0 on. */
unsigned int undo_remember(void);
/** Make the contents those of a state. */
void undo_restore(unsigned int state);

/** True when the page at @at surely holds what it held in the state that was restored last. */
_Bool undo_is_unwritten(const void *at);

/** Numbers for reports. */
struct undo_stats {
	unsigned long restores, faults, copied_pages;
};
extern struct undo_stats undo_stats;

#endif
