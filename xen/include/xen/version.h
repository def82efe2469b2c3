/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Version of this build. scripts/version.sh generates the values. */
#ifndef XEN_VERSION_H
#define XEN_VERSION_H

/** The ABI version that guests and tools see (XENVER_version). */
#define XENOLITH_ABI_MAJOR 4
#define XENOLITH_ABI_MINOR 17
#define XENOLITH_ABI_EXTRA ".0-xenolith"

extern const char xenolith_commit[];	/* git commit, "+" when the tree was changed */
extern const char xenolith_compiler[];
extern const char xenolith_build_date[];	/* date of the commit, for reproducible builds */

#endif
