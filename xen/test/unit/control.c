/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See control.h. */
#include "control.h"

#include <xen/errno.h>
#include <xen/hypercall.h>

#include <asm/host.h>

struct domain *dom0;
struct vcpu *caller;

long hyper(struct vcpu *v, u32 nr, void *op)
{
	struct hypercall hc = { .nr = nr, .arg = { (u64)(uintptr_t)op } };
	long rc;

	do {
		rc = hypercall_dispatch(v, &hc);
	} while (rc == -XEN_ERESTART);
	return rc;
}

long domctl(struct xen_domctl *op, u32 cmd, u16 domid)
{
	op->cmd = cmd;
	op->domain = domid;
	op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	return hyper(caller, __HYPERVISOR_domctl, op);
}

long sysctl(struct xen_sysctl *op, u32 cmd)
{
	op->cmd = cmd;
	op->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
	return hyper(caller, __HYPERVISOR_sysctl, op);
}

struct xen_domctl good_config(void)
{
	struct xen_domctl op = { .u.createdomain = {
		.flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap,
		.max_vcpus = 2,
		.max_evtchn_port = 1023,
		.max_grant_frames = 32,
		.max_maptrack_frames = -1,
		.grant_opts = XEN_DOMCTL_GRANT_version(2),
	} };

	return op;
}

u16 make_guest(void)
{
	struct xen_domctl op = good_config();

	HOST_CHECK(domctl(&op, XEN_DOMCTL_createdomain, 0) == 0);
	return op.domain;
}

void destroy_guest(u16 id)
{
	struct xen_domctl op = { 0 };

	HOST_CHECK(domctl(&op, XEN_DOMCTL_destroydomain, id) == 0);
	HOST_CHECK(domctl(&op, XEN_DOMCTL_destroydomain, id) == -XEN_ESRCH);
}

void control_start(void)
{
	struct domain_config cfg = { .domid = 0, .max_vcpus = 1, .max_pages = 64,
				     .is_privileged = true, .is_hardware = true,
				     .node = NUMA_NO_NODE };
	int err;

	host_init(7, CONTROL_CPUS, 32 << 20);
	host_start();
	dom0 = domain_create(&cfg, &err);
	HOST_CHECK(dom0 && domain_vcpu_create(dom0, 0) == 0);
	caller = dom0->vcpu[0];
}
