/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening the hypervisor, and copying structures there and back. */
#include "private.h"

struct ctl *ctl_open(const struct ctl_backend *backend, struct xentoollog_logger *log)
{
	struct ctl *ctl = calloc(1, sizeof(*ctl));

	if (!ctl)
		return NULL;
	ctl->backend = backend;
	ctl->log = log;
	ctl->priv = backend->open(log);
	if (!ctl->priv) {
		int err = errno;

		free(ctl);
		errno = err;
		return NULL;
	}
	return ctl;
}

void ctl_close(struct ctl *ctl)
{
	if (!ctl)
		return;
	ctl->backend->close(ctl->priv);
	free(ctl);
}

struct xentoollog_logger *ctl_log(struct ctl *ctl)
{
	return ctl->log;
}

void *buf_get(struct ctl *ctl, const void *from, size_t bytes)
{
	void *buf = ctl->backend->buf_alloc(ctl->priv, bytes ? bytes : 1);

	if (!buf)
		return NULL;
	if (from)
		memcpy(buf, from, bytes);
	else
		memset(buf, 0, bytes);
	return buf;
}

void buf_put(struct ctl *ctl, void *buf)
{
	if (buf)
		ctl->backend->buf_free(ctl->priv, buf);
}

long call2(struct ctl *ctl, unsigned int op, uint64_t a, uint64_t b)
{
	const uint64_t arg[5] = { a, b };

	return ctl->backend->hypercall(ctl->priv, op, arg);
}

long failed(struct ctl *ctl, long rc, const char *what, long domid)
{
	if (domid >= 0)
		xtl_log(ctl->log, XTL_ERROR, (int)-rc, "ctrl", "domain %ld: %s failed", domid,
			what);
	else
		xtl_log(ctl->log, XTL_ERROR, (int)-rc, "ctrl", "%s failed", what);
	return rc;
}

long call_struct(struct ctl *ctl, unsigned int op, unsigned int cmd, void *arg, size_t bytes)
{
	void *buf = buf_get(ctl, arg, bytes);
	long rc;

	if (!buf)
		return -ENOMEM;
	rc = call2(ctl, op, cmd, (uintptr_t)buf);
	memcpy(arg, buf, bytes);
	buf_put(ctl, buf);
	return rc;
}

int domctl_quiet(struct ctl *ctl, struct xen_domctl *op)
{
	void *buf;
	long rc;

	op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	buf = buf_get(ctl, op, sizeof(*op));
	if (!buf)
		return -ENOMEM;
	rc = call2(ctl, __HYPERVISOR_domctl, (uintptr_t)buf, 0);
	memcpy(op, buf, sizeof(*op));
	buf_put(ctl, buf);
	return (int)rc;
}

int domctl(struct ctl *ctl, struct xen_domctl *op, const char *what)
{
	long domid = op->domain;
	int rc = domctl_quiet(ctl, op);

	return rc < 0 ? (int)failed(ctl, rc, what, domid) : rc;
}

int sysctl_quiet(struct ctl *ctl, struct xen_sysctl *op)
{
	void *buf;
	long rc;

	op->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
	buf = buf_get(ctl, op, sizeof(*op));
	if (!buf)
		return -ENOMEM;
	rc = call2(ctl, __HYPERVISOR_sysctl, (uintptr_t)buf, 0);
	memcpy(op, buf, sizeof(*op));
	buf_put(ctl, buf);
	return (int)rc;
}

int sysctl_op(struct ctl *ctl, struct xen_sysctl *op, const char *what)
{
	int rc = sysctl_quiet(ctl, op);

	return rc < 0 ? (int)failed(ctl, rc, what, -1) : rc;
}
