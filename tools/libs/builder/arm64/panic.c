/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the hypervisor's sources do here when an invariant is broken. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <xen/assert.h>

void panic(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	abort();
}
