/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hypervisor's heap for small objects. Zeroed, NULL when there is no memory. */
#ifndef XEN_XMALLOC_H
#define XEN_XMALLOC_H

#include <xen/compiler.h>

/** @size bytes, zeroed, aligned to 16 (page-aligned from PAGE_SIZE on). Not in IRQ context. */
void *xzalloc_bytes(size_t size);
void xfree(void *p);

#define xzalloc(type) ((type *)xzalloc_bytes(sizeof(type)))
/** Allocate @n objects of @size bytes; NULL also when the product overflows. */
static inline void *xzalloc_bytes_array(size_t n, size_t size)
{
	size_t bytes;

	return __builtin_mul_overflow(n, size, &bytes) ? NULL : xzalloc_bytes(bytes);
}
#define xzalloc_array(type, n) ((type *)xzalloc_bytes_array((n), sizeof(type)))

#endif
