/* SPDX-License-Identifier: GPL-2.0-or-later */
/* XXH64, the checksum of Zstandard's frames. */
#ifndef XEN_XXHASH_H
#define XEN_XXHASH_H

#include <xen/types.h>

/** The hash of @bytes bytes at @data, with seed 0. Any context. */
u64 xxh64(const void *data, size_t bytes);

#endif
