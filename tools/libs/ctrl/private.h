/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of libctrl share: getting memory across to the hypervisor and back. */
#ifndef TOOLS_CTRL_PRIVATE_H
#define TOOLS_CTRL_PRIVATE_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xentoollog.h>

#include "ctrl.h"

struct ctl {
	const struct ctl_backend *backend;
	void *priv;
	struct xentoollog_logger *log;
};

/** Memory that the hypervisor can reach, with a copy of @from when that is not NULL (else
 * cleared). NULL when there is none; freed with buf_put(). At least one byte. */
void *buf_get(struct ctl *ctl, const void *from, size_t bytes);
void buf_put(struct ctl *ctl, void *buf);

/** Issue @op with up to two arguments, and log a failure as one of @what for @domid. */
long call2(struct ctl *ctl, unsigned int op, uint64_t a, uint64_t b);
/** Tell the logger of a failure @rc, which is returned. @domid below 0: of no domain. */
long failed(struct ctl *ctl, long rc, const char *what, long domid);

/** XEN_DOMCTL_* / XEN_SYSCTL_* whose structure needs no other memory than what the caller put
 * there; results come back in @op. */
int domctl(struct ctl *ctl, struct xen_domctl *op, const char *what);
int domctl_quiet(struct ctl *ctl, struct xen_domctl *op);
int sysctl_op(struct ctl *ctl, struct xen_sysctl *op, const char *what);
int sysctl_quiet(struct ctl *ctl, struct xen_sysctl *op);
/** A structure copied in and out, as a subcommand's argument: @op(cmd, &arg). */
long call_struct(struct ctl *ctl, unsigned int op, unsigned int cmd, void *arg, size_t bytes);

#endif
