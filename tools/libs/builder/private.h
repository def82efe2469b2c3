/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TOOLS_BUILDER_PRIVATE_H
#define TOOLS_BUILDER_PRIVATE_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "builder.h"

/** Fill @err and return @rc. */
int bld_fail(struct bld_error *err, int rc, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
