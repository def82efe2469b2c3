/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the hypervisor sees RAM, and keeping its caches in step with memory. */
#ifndef XEN_HAL_MM_H
#define XEN_HAL_MM_H

#include <xen/types.h>

/**
 * Address at which frame 0 is mapped, or would be if it were RAM. All RAM is mapped in one piece
 * from here on, writable and cached. Set before the page allocator gets memory; constant then.
 */
extern char *hal_direct_map;

/** Frame of a hypervisor address: of RAM in the direct map, of the image, or of a stack. Any
 * context. */
mfn_t hal_virt_to_mfn(const void *va);

#endif
