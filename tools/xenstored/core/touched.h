/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A set of paths with flags each: what a transaction looked at, or which changes were told
 * already.
 */
#ifndef XSD_TOUCHED_H
#define XSD_TOUCHED_H

#include <stdbool.h>
#include <stddef.h>

#define TOUCHED_VALUE 1U	/* value, permissions, or that it is (not) there */
#define TOUCHED_CHILDREN 2U	/* the names of its children */
#define TOUCHED_SUBTREE 4U	/* everything below, too */

struct touched;

struct touched *touched_new(void);
void touched_free(struct touched *t);
/** Make room for one path of @len bytes, without the reserve; false when there is no memory. */
bool touched_room(struct touched *t, size_t len);
/** Add @path, for which there is room, or @flags to it; the flags that it did not have before. */
unsigned int touched_add(struct touched *t, const char *path, size_t len, unsigned int flags);
/** Paths in the set. */
unsigned int touched_count(const struct touched *t);
/** Memory the set takes, in bytes. */
size_t touched_bytes(const struct touched *t);
/** Does @fn say true for every path? Stops at the first false. */
bool touched_all(const struct touched *t, bool (*fn)(void *ctx, const char *path, size_t len,
						     unsigned int flags), void *ctx);

#endif
