/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CRC-32 as in IEEE 802.3, gzip and XZ. */
#ifndef XEN_CRC32_H
#define XEN_CRC32_H

#include <xen/types.h>

/** Continue @crc (0 to begin) over @len bytes. */
u32 crc32(u32 crc, const void *data, size_t len);

#endif
