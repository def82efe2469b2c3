/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of nodes: which are valid, and walking along their components. */
#ifndef XSD_PATH_H
#define XSD_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** The home of a domain, with room for the largest number: "/local/domain/65535/" and a NUL. */
#define PATH_HOME_MAX 24

/** Write "/local/domain/@domid/" to @home; returns its length. */
size_t path_home(char home[PATH_HOME_MAX], uint16_t domid);

/**
 * Make @name, as a connection of domain @domid sent it, absolute: a name without a slash in front
 * is relative to the domain's home. Only letters, digits and -/_@ are allowed, no empty
 * components, no slash at the end, and the lengths of xs_wire.h.
 *
 * Returns the absolute name (malloc'ed) and in *@home_len how many leading bytes were put in front
 * of it, or NULL when it is not valid.
 */
char *path_absolute(const char *name, uint16_t domid, size_t *home_len);

/** Is this an absolute name as path_absolute() makes them? */
bool path_is_absolute(const char *path, size_t len);

/** Is @name one of those with an @ in front, which stand for events and not for nodes? */
bool path_is_special(const char *name);
/** Is it made of what names are made of, and not too long? (It need not stand for anything.) */
bool path_special_valid(const char *name);

/**
 * Step along an absolute path. *@p points after the previous component (start: the whole path);
 * returns the length of the next and sets *@p to its first byte, 0 at the end.
 */
size_t path_next(const char **p, const char *end);

/** Length of the parent's path of @path (1 for children of the root, "/"). @path is not "/". */
size_t path_parent_len(const char *path, size_t len);

#endif
