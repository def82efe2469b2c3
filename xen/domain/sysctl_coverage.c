/* SPDX-License-Identifier: GPL-2.0-or-later */
/* XEN_SYSCTL_coverage_op: what of the hypervisor has run, for xencov. */
#include <xen/coverage.h>
#include <xen/errno.h>
#include <xen/printk.h>

#include "domctl.h"

struct guest_sink {
	struct coverage_sink sink;
	struct vcpu *v;
	guest_ptr_t buffer;
	u32 used, size;
};

static int put(struct coverage_sink *k, const void *bytes, u32 n)
{
	struct guest_sink *g = container_of(k, struct guest_sink, sink);
	guest_ptr_t at = guest_ptr_add(g->buffer, g->used);

	ASSERT(n <= g->size - g->used);
	g->used += n;
	return guest_copy_out(g->v, at, bytes, n) ? -XEN_EFAULT : 0;
}

static long read_counters(struct vcpu *v, struct xen_sysctl_coverage_op *c)
{
	struct guest_sink g = {
		.sink = { put },
		.v = v,
		.buffer = guest_handle_ptr(c->buffer),
		.size = coverage_bytes(),
	};
	int rc;

	if (c->size < g.size)
		return -XEN_ENOBUFS;
	rc = coverage_write(&g.sink);
	c->size = g.used;
	return rc;
}

/* The work is bounded by the size of the image, which is built for tests only. */
long sysctl_coverage(struct vcpu *v, struct xen_sysctl *op)
{
	struct xen_sysctl_coverage_op *c = &op->u.coverage_op;

	if (!coverage_is_built()) {
		printk(LOG_G_DEBUG "the image does not count what runs; x86_64-coverage does\n");
		return -XEN_EOPNOTSUPP;
	}
	switch (c->cmd) {
	case XEN_SYSCTL_COVERAGE_get_size:
		c->size = coverage_bytes();
		return 0;
	case XEN_SYSCTL_COVERAGE_read:
		return read_counters(v, c);
	case XEN_SYSCTL_COVERAGE_reset:
		coverage_reset();
		return 0;
	default:
		return -XEN_EOPNOTSUPP;
	}
}
