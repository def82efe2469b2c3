/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Paths and values of xenstore put together. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "store.h"

#define TRIES 100

static bool print(char path[LX_PATH_BYTES], const char *fmt, va_list ap)
{
	int n = vsnprintf(path, LX_PATH_BYTES, fmt, ap);

	return n >= 0 && n < LX_PATH_BYTES;
}

char *lx_read(struct lx_store *s, uint32_t tx, const char *fmt, ...)
{
	char path[LX_PATH_BYTES];
	va_list ap;
	bool ok;

	va_start(ap, fmt);
	ok = print(path, fmt, ap);
	va_end(ap);
	errno = ENAMETOOLONG;
	return ok ? s->ops->read(s, tx, path) : NULL;
}

int lx_write(struct lx_store *s, uint32_t tx, const char *path, const char *fmt, ...)
{
	char *value;
	va_list ap;
	int n, rc;

	va_start(ap, fmt);
	n = vasprintf(&value, fmt, ap);
	va_end(ap);
	if (n < 0)
		return -ENOMEM;
	rc = s->ops->write(s, tx, path, value);
	free(value);
	return rc;
}

int lx_remove(struct lx_store *s, uint32_t tx, const char *fmt, ...)
{
	char path[LX_PATH_BYTES];
	va_list ap;
	bool ok;

	va_start(ap, fmt);
	ok = print(path, fmt, ap);
	va_end(ap);
	return ok ? s->ops->remove(s, tx, path) : -ENAMETOOLONG;
}

int lx_transaction(struct lx_store *s, int (*fn)(struct lx_store *s, uint32_t tx, void *arg),
		   void *arg)
{
	int rc = -EAGAIN;

	for (unsigned int i = 0; i < TRIES && rc == -EAGAIN; i++) {
		uint32_t tx = s->ops->begin(s);
		int end;

		if (!tx)
			return -EIO;
		rc = fn(s, tx, arg);
		end = s->ops->end(s, tx, rc != 0);
		rc = rc ? rc : end;
	}
	return rc;
}
