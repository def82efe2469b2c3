/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host's xenstored through its client library. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xenstore.h>

#include "store.h"

#define MAX_PERMS 8

struct xen_store {
	struct lx_store s;
	struct xs_handle *h;
};

static struct xs_handle *handle(struct lx_store *s)
{
	return ((struct xen_store *)s)->h;
}

static int result(bool ok)
{
	return ok ? 0 : errno ? -errno : -EIO;
}

static char *xen_read(struct lx_store *s, uint32_t tx, const char *path)
{
	unsigned int n;

	return xs_read(handle(s), tx, path, &n);
}

static int xen_write(struct lx_store *s, uint32_t tx, const char *path, const char *value)
{
	return result(xs_write(handle(s), tx, path, value, (unsigned int)strlen(value)));
}

static int xen_mkdir(struct lx_store *s, uint32_t tx, const char *path)
{
	return result(xs_mkdir(handle(s), tx, path));
}

static int xen_remove(struct lx_store *s, uint32_t tx, const char *path)
{
	int rc = result(xs_rm(handle(s), tx, path));

	return rc == -ENOENT ? 0 : rc;
}

static int xen_set_perms(struct lx_store *s, uint32_t tx, const char *path,
			 const struct lx_perm *perms, unsigned int n)
{
	struct xs_permissions p[MAX_PERMS];

	if (n > MAX_PERMS)
		return -E2BIG;
	for (unsigned int i = 0; i < n; i++)
		p[i] = (struct xs_permissions){ .id = perms[i].domid,
						.perms = (perms[i].read ? XS_PERM_READ : 0u) |
							 (perms[i].write ? XS_PERM_WRITE : 0u) };
	return result(xs_set_permissions(handle(s), tx, path, p, n));
}

static char **xen_list(struct lx_store *s, uint32_t tx, const char *path, unsigned int *n)
{
	return xs_directory(handle(s), tx, path, n);
}

static uint32_t xen_begin(struct lx_store *s)
{
	return xs_transaction_start(handle(s));
}

static int xen_end(struct lx_store *s, uint32_t tx, bool abort)
{
	return result(xs_transaction_end(handle(s), tx, abort));
}

static int xen_introduce(struct lx_store *s, uint32_t domid, uint64_t gfn, uint32_t port)
{
	return result(xs_introduce_domain(handle(s), domid, gfn, port));
}

static int xen_release(struct lx_store *s, uint32_t domid)
{
	return result(xs_release_domain(handle(s), domid));
}

static int xen_watch(struct lx_store *s, const char *path, const char *token)
{
	return result(xs_watch(handle(s), path, token));
}

static int xen_unwatch(struct lx_store *s, const char *path, const char *token)
{
	return result(xs_unwatch(handle(s), path, token));
}

static int xen_fd(struct lx_store *s)
{
	return xs_fileno(handle(s));
}

static char **xen_fired(struct lx_store *s)
{
	return xs_check_watch(handle(s));
}

static void xen_close(struct lx_store *s)
{
	xs_close(handle(s));
	free(s);
}

static const struct lx_store_ops xen_ops = {
	.read = xen_read,
	.write = xen_write,
	.mkdir = xen_mkdir,
	.remove = xen_remove,
	.set_perms = xen_set_perms,
	.list = xen_list,
	.begin = xen_begin,
	.end = xen_end,
	.introduce = xen_introduce,
	.release = xen_release,
	.watch = xen_watch,
	.unwatch = xen_unwatch,
	.fd = xen_fd,
	.fired = xen_fired,
	.close = xen_close,
};

struct lx_store *lx_store_open(void)
{
	struct xen_store *x = calloc(1, sizeof(*x));

	if (!x)
		return NULL;
	x->s.ops = &xen_ops;
	x->h = xs_open(0);
	if (x->h)
		return &x->s;
	free(x);
	return NULL;
}
