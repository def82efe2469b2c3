/* SPDX-License-Identifier: GPL-2.0-or-later */
/* XEN_DOMCTL_*_cpu_policy and XEN_SYSCTL_get_cpu_*: CPU policies for the toolstack. */
#include <xen/assert.h>
#include <xen/errno.h>
#include <xen/hal/time.h>
#include <xen/string.h>
#include <xen/x86/control-regs.h>
#include <xen/xmalloc.h>

#include <asm/features.h>

#include "domctl.h"
#include "private.h"

#include <public/sysctl.h>

/* A policy in the ABI's form. */
struct serial {
	xen_cpuid_leaf_t leaves[CPUID_MAX_SERIALISED];
	xen_msr_entry_t msrs[CPUID_MAX_SERIALISED_MSRS];
};

/* Copy @p out; a NULL array asks for the largest possible number of entries. */
static long give_policy(struct vcpu *v, const struct cpuid_policy *p, guest_ptr_t leaves,
			u32 *nr_leaves, guest_ptr_t msrs, u32 *nr_msrs)
{
	struct serial *s = xzalloc(struct serial);
	u32 n = 0, m = 0;
	long rc = 0;

	if (!s)
		return -XEN_ENOMEM;
	if (guest_ptr_is_null(leaves))
		n = CPUID_MAX_SERIALISED;
	else
		rc = cpuid_policy_to_leaves(p, s->leaves, min(*nr_leaves, CPUID_MAX_SERIALISED),
					    &n);
	if (guest_ptr_is_null(msrs))
		m = CPUID_MAX_SERIALISED_MSRS;
	else if (!rc)
		rc = cpuid_policy_to_msrs(p, s->msrs, min(*nr_msrs, CPUID_MAX_SERIALISED_MSRS), &m);
	if (!rc && !guest_ptr_is_null(leaves) &&
	    guest_copy_out(v, leaves, s->leaves, n * sizeof(s->leaves[0])))
		rc = -XEN_EFAULT;
	if (!rc && !guest_ptr_is_null(msrs) &&
	    guest_copy_out(v, msrs, s->msrs, m * sizeof(s->msrs[0])))
		rc = -XEN_EFAULT;
	ASSERT(n <= CPUID_MAX_SERIALISED && m <= CPUID_MAX_SERIALISED_MSRS);
	*nr_leaves = n;
	*nr_msrs = m;
	xfree(s);
	return rc;
}

long domctl_get_cpu_policy(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	struct xen_domctl_cpu_policy *c = &op->u.cpu_policy;

	return give_policy(v, to_xd(d)->cpuid, guest_handle_ptr(c->leaves), &c->nr_leaves,
			   guest_handle_ptr(c->msrs), &c->nr_msrs);
}

/* The domain has not run yet: update what its vCPUs may do to the policy. */
static void apply(struct domain *d)
{
	struct vcpu *v;

	ASSERT(!d->creation_finished);
	for_each_vcpu(d, v) {
		hvm_state_begin(to_xv(v));
		hvm->set_policy(to_xv(v));
		hvm_state_end(to_xv(v));
	}
}

static bool state_fits(struct x86_vcpu *xv, const struct cpuid_policy *p)
{
	struct cr4_ctx c4;
	bool fits;

	hvm_state_begin(xv);
	c4 = (struct cr4_ctx){ .cr4 = hvm->get_cr(xv, 4), .cr3 = hvm->get_cr(xv, 3),
			       .long_mode = hvm->get_efer(xv) & EFER_LMA };
	fits = cr4_write_valid(p, &c4, c4.cr4) &&
	       !(hvm->get_efer(xv) & ~(efer_settable(p) | EFER_LMA)) &&
	       (xv->xcr0 == XCR0_X87 || cpuid_xcr0_valid(p, xv->xcr0));
	hvm_state_end(xv);
	return fits;
}

/* vCPUs whose state was loaded before may use what the new policy does not have. */
static bool all_states_fit(struct domain *d)
{
	struct vcpu *v;

	for_each_vcpu(d, v)
		if (!state_fits(to_xv(v), to_xd(d)->cpuid))
			return false;
	return true;
}

static long update(struct domain *d, struct xen_domctl_cpu_policy *c, const struct serial *s)
{
	struct x86_domain *xd = to_xd(d);
	struct cpuid_policy *max = xzalloc(struct cpuid_policy);
	struct cpuid_policy *before = xzalloc(struct cpuid_policy);
	long rc = -XEN_ENOMEM;

	if (!max || !before)
		goto out;
	hvm_cpuid_make(max, d);
	*before = *xd->cpuid;
	rc = cpuid_policy_update(xd->cpuid, max, s->leaves, c->nr_leaves, s->msrs, c->nr_msrs,
				 &c->err_leaf, &c->err_subleaf, &c->err_msr);
	if (!rc && !all_states_fit(d)) {
		*xd->cpuid = *before;
		rc = -XEN_EINVAL;
	}
	if (!rc)
		apply(d);
out:
	xfree(before);
	xfree(max);
	return rc;
}

long domctl_set_cpu_policy(struct vcpu *v, struct domain *d, struct xen_domctl *op)
{
	struct xen_domctl_cpu_policy *c = &op->u.cpu_policy;
	struct serial *s;
	long rc = -XEN_EFAULT;

	c->err_leaf = c->err_subleaf = c->err_msr = ~0U;
	/* A policy must not change once the guest has seen it. */
	if (d->creation_finished)
		return -XEN_EEXIST;
	if (c->nr_leaves > CPUID_MAX_SERIALISED || c->nr_msrs > CPUID_MAX_SERIALISED_MSRS)
		return -XEN_E2BIG;
	s = xzalloc(struct serial);
	if (!s)
		return -XEN_ENOMEM;
	if (!guest_copy_in(v, s->leaves, guest_handle_ptr(c->leaves),
			   c->nr_leaves * sizeof(s->leaves[0])) &&
	    !guest_copy_in(v, s->msrs, guest_handle_ptr(c->msrs), c->nr_msrs * sizeof(s->msrs[0])))
		rc = update(d, c, s);
	xfree(s);
	return rc;
}

/* A policy of the system, @index as in XEN_SYSCTL_cpu_policy_*; PV ones do not exist. */
static struct cpuid_policy *system_policy(u32 index, int *err)
{
	struct cpuid_policy *p;

	*err = -XEN_EOPNOTSUPP;
	if (index == XEN_SYSCTL_cpu_policy_pv_max || index == XEN_SYSCTL_cpu_policy_pv_default)
		return NULL;
	*err = -XEN_EINVAL;
	if (index > XEN_SYSCTL_cpu_policy_hvm_default)
		return NULL;
	*err = -XEN_ENOMEM;
	p = xzalloc(struct cpuid_policy);
	if (!p)
		return NULL;
	*err = 0;
	if (index == XEN_SYSCTL_cpu_policy_raw || index == XEN_SYSCTL_cpu_policy_host)
		*p = *hvm_host_cpuid();
	else
		hvm_cpuid_make(p, NULL);
	return p;
}

static long get_policy(struct vcpu *v, struct xen_sysctl *op)
{
	struct xen_sysctl_cpu_policy *c = &op->u.cpu_policy;
	struct cpuid_policy *p;
	int err;
	long rc;

	if (c->_rsvd)
		return -XEN_EINVAL;
	p = system_policy(c->index, &err);
	if (!p)
		return err;
	rc = give_policy(v, p, guest_handle_ptr(c->leaves), &c->nr_leaves,
			 guest_handle_ptr(c->msrs), &c->nr_msrs);
	xfree(p);
	return rc;
}

static long get_featureset(struct vcpu *v, struct xen_sysctl *op)
{
	/* From the numbering of feature sets to that of policies. */
	static const u32 policy_of[] = {
		[XEN_SYSCTL_cpu_featureset_raw] = XEN_SYSCTL_cpu_policy_raw,
		[XEN_SYSCTL_cpu_featureset_host] = XEN_SYSCTL_cpu_policy_host,
		[XEN_SYSCTL_cpu_featureset_pv] = XEN_SYSCTL_cpu_policy_pv_default,
		[XEN_SYSCTL_cpu_featureset_hvm] = XEN_SYSCTL_cpu_policy_hvm_default,
		[XEN_SYSCTL_cpu_featureset_pv_max] = XEN_SYSCTL_cpu_policy_pv_max,
		[XEN_SYSCTL_cpu_featureset_hvm_max] = XEN_SYSCTL_cpu_policy_hvm_max,
	};
	struct xen_sysctl_cpu_featureset *f = &op->u.cpu_featureset;
	u32 words[CPUID_FEATURESET_WORDS], room = f->nr_features;
	struct cpuid_policy *p;
	int err;

	if (f->index >= ARRAY_SIZE(policy_of))
		return -XEN_EINVAL;
	f->nr_features = CPUID_FEATURESET_WORDS;
	if (guest_ptr_is_null(guest_handle_ptr(f->features)))
		return 0;
	p = system_policy(policy_of[f->index], &err);
	if (!p)
		return err;
	cpuid_policy_featureset(p, words);
	xfree(p);
	f->nr_features = min(room, (u32)CPUID_FEATURESET_WORDS);
	if (guest_copy_out(v, guest_handle_ptr(f->features), words,
			   f->nr_features * sizeof(words[0])))
		return -XEN_EFAULT;
	return room < CPUID_FEATURESET_WORDS ? -XEN_ENOBUFS : 0;
}

void hal_physinfo(struct xen_sysctl_physinfo *info)
{
	info->cpu_khz = hal_cycles_khz();
	memcpy(info->hw_cap, boot_cpu.features, sizeof(info->hw_cap));
}

long hal_sysctl(struct vcpu *v, struct xen_sysctl *op, bool *copy)
{
	switch (op->cmd) {
	case XEN_SYSCTL_get_cpu_policy:
		*copy = true;
		return get_policy(v, op);
	case XEN_SYSCTL_get_cpu_featureset:
		*copy = true;
		return get_featureset(v, op);
	case XEN_SYSCTL_psr_cmt_op:
		*copy = true;
		return psr_cmt_sysctl(op);
	case XEN_SYSCTL_psr_alloc:
		*copy = true;
		return psr_alloc_sysctl(op);
	case XEN_SYSCTL_get_cpu_levelling_caps:
		/* Guests' CPUID is answered in software; nothing of the host's is masked. */
		op->u.cpu_levelling_caps.caps = 0;
		*copy = true;
		return 0;
	default:
		return -XEN_ENOSYS;
	}
}
