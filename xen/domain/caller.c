/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Helpers of hypercall handlers: find the domain that an argument names and check that the caller
 * may act on it; tell whether a long call should stop and be continued.
 */
#include <xen/errno.h>
#include <xen/hypercall.h>
#include <xen/printk.h>
#include <xen/softirq.h>

bool hypercall_preempt_check(void)
{
	return softirq_pending();
}

struct domain *domain_from_arg(struct vcpu *v, u16 domid, int *err)
{
	struct domain *d;

	ASSERT(!is_idle_vcpu(v));
	*err = 0;
	if (domid == DOMID_SELF || domid == v->domain->id) {
		domain_get(v->domain);
		return v->domain;
	}
	if (!v->domain->is_privileged) {
		*err = -XEN_EPERM;
		return NULL;
	}
	d = domain_get_by_id(domid);
	if (!d)
		*err = -XEN_ESRCH;
	return d;
}
