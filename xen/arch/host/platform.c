/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guests' platform; the simulated machine has almost none. */
#include <xen/errno.h>
#include <xen/p2m_fmt.h>
#include <xen/hal/vcpu.h>

#include "private.h"

const struct p2m_fmt *hal_p2m_fmt(const struct domain *d)
{
	return &p2m_fmt_npt;
}

void hal_p2m_flush(struct p2m *p, gfn_t start, u64 n)
{
	host_log(EV_GUEST, p->domain->id, 0);
}

int hal_guest_va_to_gfn(struct vcpu *v, gvaddr_t va, gfn_t *gfn)
{
	/* Linear addresses are guest physical ones here. */
	if (va.v >= (1UL << 40))
		return -XEN_EFAULT;
	*gfn = gfn_make(va.v >> PAGE_SHIFT);
	return 0;
}

long hal_memory_map_op(struct vcpu *v, u32 cmd, guest_ptr_t arg)
{
	return -XEN_ENOSYS;
}

long hal_hvm_op(struct vcpu *v, u32 cmd, guest_ptr_t arg)
{
	return -XEN_ENOSYS;
}

int hal_hvm_param_set(struct domain *d, u32 index, u64 value)
{
	return 0;
}

/* The guests' view does not include the wall clock here. */
void hal_domain_update_wallclock(struct domain *d)
{
}
