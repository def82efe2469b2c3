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

#define HAL_CACHE_CLEAN 1U	/* write dirty lines back */
#define HAL_CACHE_INVALIDATE 2U	/* drop the lines */

/**
 * Do @ops (HAL_CACHE_*, not 0) on the data caches' lines of [@va, @va + @len) of the direct map,
 * in all CPUs' caches; @len is not 0. Later accesses, and those of devices, see the result. 0, or
 * -XEN_EOPNOTSUPP when the processor cannot do exactly that to a range. Any context.
 */
int hal_cache_maintain(const void *va, size_t len, u32 ops);

#endif
