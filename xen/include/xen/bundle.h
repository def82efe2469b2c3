/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Several boot modules in one file.
 *
 * Some loaders pass a single module without arguments (one is QEMU's -kernel with the PVH entry).
 * So a cpio archive with a file called "modules" is a bundle: each line of that file names a file
 * of the archive, followed by its arguments. scripts/bundle.py makes such archives.
 */
#ifndef XEN_BUNDLE_H
#define XEN_BUNDLE_H

#include <xen/types.h>

/** The longest line of the index, with its NUL. */
#define BUNDLE_LINE_MAX 1024

/** A module of a bundle: @size bytes at @data, inside the archive; @args without its name. */
typedef void bundle_fn(void *ctx, const char *args, const void *data, u64 size);

/**
 * Call @fn for each module of the archive, @size bytes at @archive, in the index's order. 1; 0 when
 * it is not a bundle; -XEN_EINVAL at the first mistake, with a line about it in @why. Not
 * reentrant.
 */
int bundle_read(const void *archive, u64 size, bundle_fn *fn, void *ctx, char *why, size_t why_len);

#endif
