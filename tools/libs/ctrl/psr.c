/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Monitoring and allocation of the last-level cache. What errors mean, commands say. */
#include "private.h"

#include <public/platform.h>

/* The registers of the counters (SDM vol. 4), by which XENPF_resource_op names them. */
#define MSR_TIME 0x10
#define MSR_QM_EVTSEL 0xc8d
#define MSR_QM_CTR 0xc8e
#define COUNTER_BAD ((uint64_t)3 << 62)

int ctl_psr_cmt(struct ctl *ctl, uint32_t domid, uint32_t cmd, uint32_t *rmid)
{
	struct xen_domctl op = { .cmd = XEN_DOMCTL_psr_cmt_op, .domain = (domid_t)domid };
	int rc;

	op.u.psr_cmt_op.cmd = cmd;
	rc = domctl_quiet(ctl, &op);
	*rmid = op.u.psr_cmt_op.data;
	return rc;
}

int ctl_psr_cmt_info(struct ctl *ctl, uint32_t cmd, uint32_t cpu, uint64_t *value)
{
	struct xen_sysctl op = { .cmd = XEN_SYSCTL_psr_cmt_op };
	int rc;

	op.u.psr_cmt_op.cmd = cmd;
	op.u.psr_cmt_op.u.l3_cache.cpu = cpu;
	rc = sysctl_quiet(ctl, &op);
	*value = op.u.psr_cmt_op.u.data;
	return rc;
}

int ctl_psr_alloc_info(struct ctl *ctl, struct xen_sysctl_psr_alloc *info)
{
	struct xen_sysctl op = { .cmd = XEN_SYSCTL_psr_alloc, .u.psr_alloc = *info };
	int rc = sysctl_quiet(ctl, &op);

	*info = op.u.psr_alloc;
	return rc;
}

int ctl_psr_alloc(struct ctl *ctl, uint32_t domid, uint32_t cmd, uint32_t socket, uint64_t *mask)
{
	struct xen_domctl op = { .cmd = XEN_DOMCTL_psr_alloc, .domain = (domid_t)domid };
	int rc;

	op.u.psr_alloc = (struct xen_domctl_psr_alloc){ cmd, socket, *mask };
	rc = domctl_quiet(ctl, &op);
	*mask = op.u.psr_alloc.data;
	return rc;
}

int ctl_psr_counter(struct ctl *ctl, uint32_t cpu, uint32_t event, uint32_t rmid, uint64_t *count,
		    uint64_t *ns)
{
	const struct xenpf_resource_entry want[] = {
		{ .u.cmd = XEN_RESOURCE_OP_MSR_WRITE, .idx = MSR_QM_EVTSEL,
		  .val = event | (uint64_t)rmid << 32 },
		{ .u.cmd = XEN_RESOURCE_OP_MSR_READ, .idx = MSR_QM_CTR },
		{ .u.cmd = XEN_RESOURCE_OP_MSR_READ, .idx = MSR_TIME },
	};
	const long n = sizeof(want) / sizeof(want[0]);
	struct xen_platform_op op = { .cmd = XENPF_resource_op,
				      .interface_version = XENPF_INTERFACE_VERSION };
	struct xenpf_resource_entry *e = buf_get(ctl, want, sizeof(want));
	void *buf = NULL;
	long rc = -ENOMEM;

	op.u.resource_op.nr_entries = (uint32_t)n;
	op.u.resource_op.cpu = cpu;
	set_xen_guest_handle(op.u.resource_op.entries, e);
	if (e)
		buf = buf_get(ctl, &op, sizeof(op));
	if (buf)
		rc = call2(ctl, __HYPERVISOR_platform_op, (uintptr_t)buf, 0);
	if (rc >= 0 && rc < n)
		rc = e[rc].u.ret < 0 ? e[rc].u.ret : -EPROTO;
	else if (rc == n && e[1].val & COUNTER_BAD)
		rc = -EIO;
	if (rc == n) {
		*count = e[1].val;
		*ns = e[2].val;
	}
	buf_put(ctl, buf);
	buf_put(ctl, e);
	return rc == n ? 0 : rc < 0 ? (int)rc : -EPROTO;
}
