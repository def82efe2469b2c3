/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What reading a kernel file has in common on all architectures. */
#include <stdarg.h>
#include <stdio.h>

#include "private.h"

int bld_fail(struct bld_error *err, int rc, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	return rc;
}

void bld_kernel_close(struct bld_kernel *k)
{
	free(k->unpacked);
	k->unpacked = NULL;
}
