/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory that is there when the machine has none left.
 *
 * A request is checked first and then cannot fail, so its allocations must succeed. They come from
 * the allocator, and when that has nothing more, from a reserve that was put aside before. No
 * request begins while the reserve is not whole (memory_ready()), and quotas bound what one of a
 * guest's takes, so the reserve lasts for it. Requests of the tools have no bound; those that may
 * be large ask for their size first.
 */
#ifndef XSD_MEMORY_H
#define XSD_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/** What the allocator adds to a block, about. */
#define ALLOC_OVERHEAD 16U

/** Put @bytes aside, touched, so that they exist. False when there is no memory for them. */
bool memory_reserve(size_t bytes);
/** Can the next request take @bytes (0: as much as a guest's may) without failing? Tries to make
 *  the reserve whole again when it has been used. True when nothing was ever reserved. */
bool memory_ready(size_t bytes);

/** Allocate @size bytes; never returns NULL. Without memory and reserve the process ends, and its
 *  journal is enough for the next one to go on; see above why no guest gets it there. */
void *xs_alloc(size_t size);
/** The same, cleared. */
void *xs_zalloc(size_t size);
/** Resize as realloc(3) does; never returns NULL. */
void *xs_realloc(void *p, size_t size);
/** Resize without the reserve: NULL when there is no memory, and @p is as it was. */
void *xs_try_realloc(void *p, size_t size);
/** A copy of the @len bytes at @s with a NUL after them. */
char *xs_strndup(const char *s, size_t len);
/** Free what one of these returned; NULL is allowed. */
void xs_free(void *p);

#endif
