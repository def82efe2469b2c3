/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening what the toolstack stands on, and speaking. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <xentoollog.h>

#include "device.h"

void lx_prepare(struct lx *lx, struct xentoollog_logger *log)
{
	*lx = (struct lx){
		.log = log, .state_dir = LX_STATE_DIR, .libxl_dir = LX_LIBXL_DIR,
		.run_dir = LX_RUN_DIR, .log_dir = LX_LOG_DIR, .host = &lx_host_linux,
	};
}

int lx_open(struct lx *lx, struct xentoollog_logger *log)
{
	int rc;

	lx_prepare(lx, log);
	lx->ctl = ctl_open(&ctl_backend_xen, log);
	if (!lx->ctl)
		return -errno;
	lx->store = lx_store_open();
	if (lx->store)
		return 0;
	rc = errno ? -errno : -ECONNREFUSED;
	lx_error(lx, rc, "cannot reach xenstore: is xenstored running?");
	ctl_close(lx->ctl);
	return rc;
}

void lx_close(struct lx *lx)
{
	if (lx->store)
		lx->store->ops->close(lx->store);
	ctl_close(lx->ctl);
}

void lx_error(struct lx *lx, int rc, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	xtl_log(lx->log, XTL_ERROR, rc < 0 ? -rc : -1, "libxl", "%s", text);
}

void lx_info(struct lx *lx, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	xtl_logv(lx->log, XTL_VERBOSE, -1, "libxl", fmt, ap);
	va_end(ap);
}
