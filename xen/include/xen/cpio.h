/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading cpio archives of the "newc" kind, as initial RAM disks use. */
#ifndef XEN_CPIO_H
#define XEN_CPIO_H

#include <xen/types.h>

/** One file of an archive; @name and @data point into the archive. */
struct cpio_file {
	const char *name;	/* ends with a NUL */
	const void *data;
	u64 size;		/* bytes of @data */
};

/**
 * Read the file at offset @pos of @archive, @len bytes long, and move @pos past it.
 * Returns 1 when @file is filled in, 0 at the archive's end mark, -XEN_EINVAL when the bytes there
 * are not a newc header or reach beyond the archive. Layout: cpio(5), "New ASCII Format".
 */
int cpio_next(const void *archive, u64 len, u64 *pos, struct cpio_file *file);

/** Find the file called @name. Returns 1 and fills in @file, 0: none, -XEN_EINVAL: damaged. */
int cpio_find(const void *archive, u64 len, const char *name, struct cpio_file *file);

#endif
