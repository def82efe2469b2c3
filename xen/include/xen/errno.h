/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Error numbers are the ABI's own (XEN_E*); functions return them negated. */
#ifndef XEN_ERRNO_H
#define XEN_ERRNO_H

#include <public/errno.h>

/** Internal, never returned to a guest: call again with the updated arguments. */
#define XEN_ERESTART 85

#endif
