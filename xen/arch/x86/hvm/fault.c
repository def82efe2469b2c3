/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Nested page faults: accesses to guest physical memory that the p2m does not allow. The address is
 * a device's register, device memory that is mapped on first access, or nothing.
 */
#include <xen/p2m.h>
#include <xen/printk.h>
#include <xen/trace.h>
#include <xen/x86/emul.h>

#include "private.h"

/*
 * Device memory of a domain mapped 1:1 is everything it has rights to that is not RAM. It is mapped
 * on first access.
 */
static bool map_device_page(struct x86_vcpu *xv, gpaddr_t gpa)
{
	struct domain *d = xv->v.domain;
	gfn_t gfn = gpaddr_to_gfn(gpa);
	bool done;

	if (!d->is_mapped_1to1 || mfn_is_ram(mfn_make(gfn.v)))
		return false;
	/* Held during the mapping, so that a range that is revoked meanwhile does not reappear. */
	spin_lock(&d->lock);
	done = rangeset_contains(&d->iomem_caps, gfn.v, gfn.v) &&
	       p2m_map(d->p2m, gfn, mfn_make(gfn.v), 0, P2M_MMIO_DIRECT) == 0;
	spin_unlock(&d->lock);
	return done;
}

/* Kinds of instruction that could have made such an access. A fetch also translates addresses. */
static u32 classes_of_fault(u32 flags)
{
	return flags & HVM_FAULT_WALK ? X86_CLASS_MEMORY | X86_CLASS_REGISTER : X86_CLASS_MEMORY;
}

/*
 * Emulate the access at RIP, unless event delivery made it: a stack or a descriptor table outside
 * RAM would fail again and again.
 */
static void emulate_access(struct x86_vcpu *xv, gpaddr_t gpa, u32 flags)
{
	if (hvm->event_pending(xv))
		domain_crash(xv->v.domain,
			     "vCPU %u: stack or descriptors for an event are not in RAM: %#lx, "
			     "rip %#lx", xv->v.id, gpa.v, hvm->get_rip(xv));
	else
		hvm_emulate_one(xv, classes_of_fault(flags));
}

/* A register of @dev. The delivery of an event is not an instruction's operand. */
static u32 access_device(struct x86_vcpu *xv, struct device *dev, gpaddr_t gpa, u32 flags)
{
	u32 len = 0;

	if (!(flags & (HVM_FAULT_FETCH | HVM_FAULT_WALK)) && !hvm->event_pending(xv) &&
	    hvm_mmio_move(xv, dev, gpa, flags & HVM_FAULT_WRITE, &len))
		return len;
	emulate_access(xv, gpa, flags);
	return 0;
}

static void trace_fault(const struct domain *d, gpaddr_t gpa, u32 flags)
{
	enum p2m_type t;
	mfn_t mfn = p2m_lookup(d->p2m, gpaddr_to_gfn(gpa), &t, NULL);

	trace_record_nested_fault(gpa.v, mfn.v, (flags & (HVM_FAULT_WRITE | HVM_FAULT_FETCH)) |
				  (u32)(t != P2M_INVALID) << 2, t);
}

u32 hvm_do_nested_fault(struct x86_vcpu *xv, gpaddr_t gpa, u32 flags)
{
	struct device *dev = hvm_mmio_device(xv, gpa, 1);
	struct domain *d = xv->v.domain;
	enum p2m_type t;

	TRACE_EVENT(TRACE_ID_nested_fault, trace_fault(d, gpa, flags));
	if (dev)
		return access_device(xv, dev, gpa, flags);
	if (p2m_lookup(d->p2m, gpaddr_to_gfn(gpa), &t, NULL).v != INVALID_MFN_VALUE &&
	    t != P2M_RAM_RO && t != P2M_GRANT_RO) {
		/*
		 * Another vCPU mapped it meanwhile: retry. Executing a granted page is never
		 * allowed.
		 */
		if ((flags & HVM_FAULT_FETCH) && t == P2M_GRANT_RW)
			domain_crash(d, "execution of granted page at %#lx", gpa.v);
		return 0;
	}
	if (t == P2M_INVALID && map_device_page(xv, gpa))
		return 0;
	if (flags & HVM_FAULT_FETCH) {
		domain_crash(d, "vCPU %u runs where no memory is: %#lx, rip %#lx", xv->v.id, gpa.v,
			     hvm->get_rip(xv));
		return 0;
	}
	/*
	 * Nothing is mapped: reads return all ones, writes (also to read-only pages) are dropped.
	 */
	emulate_access(xv, gpa, flags);
	return 0;
}
