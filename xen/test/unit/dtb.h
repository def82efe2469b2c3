/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Device trees written by hand, for tests of what reads them. */
#ifndef TEST_DTB_H
#define TEST_DTB_H

#include <xen/types.h>

/** Start an empty tree; there is one at a time. */
void dtb_start(void);
void dtb_begin(const char *name);
void dtb_end(void);
void dtb_prop(const char *name, const void *value, u32 len);
void dtb_u32(const char *name, u32 v);
void dtb_u64(const char *name, u64 v);
/** One string, with its NUL. */
void dtb_string(const char *name, const char *s);
/** Close it; the blob is aligned to 8 and stays until the next dtb_start. */
const void *dtb_finish(u32 *len);

#endif
