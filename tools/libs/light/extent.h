/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a disk's data lie: as parts of files and of block devices. Two disks whose parts overlap
 * share data, whatever their names are. A disk has several parts when it lies in something else: a
 * partition is itself and a part of its drive, a loop device is itself and a part of its file.
 */
#ifndef TOOLS_LIGHT_EXTENT_H
#define TOOLS_LIGHT_EXTENT_H

#include <stdbool.h>
#include <stdint.h>

#define LX_MAX_EXTENTS 16
#define LX_EXTENT_END UINT64_MAX

struct lx_extent {
	bool file;			/* a file (device and inode), else a block device */
	uint64_t device, inode;		/* makedev(); the inode of a block device is 0 */
	uint64_t from, to;		/* bytes; @to is excluded, LX_EXTENT_END is the end */
	bool scattered;			/* somewhere in it, as a logical volume is */
};

struct lx_extents {
	unsigned int n;
	struct lx_extent e[LX_MAX_EXTENTS];
};

/** Have the two data in common? Two that are scattered in one device have not: they are volumes of
 * one group. */
static inline bool lx_extents_overlap(const struct lx_extents *a, const struct lx_extents *b)
{
	for (unsigned int i = 0; i < a->n; i++) {
		for (unsigned int k = 0; k < b->n; k++) {
			const struct lx_extent *x = &a->e[i], *y = &b->e[k];

			if (x->file == y->file && x->device == y->device && x->inode == y->inode &&
			    !(x->scattered && y->scattered) && x->from < y->to && y->from < x->to)
				return true;
		}
	}
	return false;
}

#endif
