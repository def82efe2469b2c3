/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VCPUOP_*: a guest's calls on its own vCPUs (timers: vcpu_timers.c). VCPUOP_initialise is for
 * guests without APIC emulation; it refuses PVH guests, which use INIT and SIPI.
 */
#include <xen/errno.h>
#include <xen/evtchn.h>
#include <xen/hal/vcpu.h>
#include <xen/p2m.h>
#include <xen/string.h>

#include "private.h"

/* Shared by vCPUs without a slot in shared_info until they register one; no guest sees it. */
static struct vcpu_info dummy_vcpu_info;

struct vcpu_info *vcpu_info_initial(struct domain *d, u32 id)
{
	return d->shared_info && id < XEN_LEGACY_MAX_VCPUS ? &d->shared_info->vcpu_info[id]
							   : &dummy_vcpu_info;
}

void vcpu_areas_release(struct vcpu *v)
{
	struct domain *d = v->domain;

	v->vcpu_info = vcpu_info_initial(d, v->id);
	if (v->vcpu_info_page)
		page_put(v->vcpu_info_page);
	v->vcpu_info_page = NULL;
	runstate_area_release(v);
}

static int register_vcpu_info(struct vcpu *v, const struct vcpu_register_vcpu_info *r)
{
	struct page_info *pg;
	struct vcpu_info *vi;
	void *page;

	if (r->rsvd || (r->offset & 7) || r->offset > PAGE_SIZE - sizeof(struct vcpu_info))
		return -XEN_EINVAL;
	spin_lock(&v->domain->lock);
	if (v->vcpu_info_page) {
		spin_unlock(&v->domain->lock);
		return -XEN_EINVAL;
	}
	page = map_guest_page(v->domain, gfn_make(r->mfn), &pg);
	if (!page) {
		spin_unlock(&v->domain->lock);
		return -XEN_EINVAL;
	}
	vi = (struct vcpu_info *)((char *)page + r->offset);
	ASSERT(v->vcpu_info && !v->vcpu_info_page);
	if (v->vcpu_info == &dummy_vcpu_info)
		memset(vi, 0, sizeof(*vi));
	else
		*vi = *v->vcpu_info;
	v->vcpu_info_page = pg;
	__atomic_store_n(&v->vcpu_info, vi, __ATOMIC_RELEASE);
	spin_unlock(&v->domain->lock);
	hal_vcpu_update_time(v);
	evtchn_vcpu_info_moved(v);
	return 0;
}

static long op_up_down(struct vcpu *t, u32 cmd)
{
	long rc = 0;

	spin_lock(&t->domain->lock);
	if (cmd == VCPUOP_up && !t->is_initialised)
		rc = -XEN_EINVAL;
	else if (cmd == VCPUOP_up)
		__atomic_fetch_and(&t->pause_flags, ~VPF_DOWN, __ATOMIC_SEQ_CST);
	else
		__atomic_fetch_or(&t->pause_flags, VPF_DOWN, __ATOMIC_SEQ_CST);
	spin_unlock(&t->domain->lock);
	if (!rc && cmd == VCPUOP_up)
		vcpu_wake(t);
	else if (!rc)
		vcpu_sleep_nosync(t);
	return rc;
}

static long get_runstate(struct vcpu *v, struct vcpu *t, guest_ptr_t arg)
{
	struct vcpu_runstate_info info;

	vcpu_runstate_get(t, &info);
	return guest_copy_out(v, arg, &info, sizeof(info)) ? -XEN_EFAULT : 0;
}

static long register_runstate(struct vcpu *v, struct vcpu *t, guest_ptr_t arg)
{
	struct vcpu_register_runstate_memory_area area;

	if (guest_copy_in(v, &area, arg, sizeof(area)))
		return -XEN_EFAULT;
	return runstate_area_register(t, gvaddr_make(area.addr.p));
}

static long get_physid(struct vcpu *v, struct vcpu *t, guest_ptr_t arg)
{
	struct vcpu_get_physid id = { .phys_id = 0 };

	/* Only a vCPU that is pinned to one CPU has physical ids: those of that CPU. */
	if (cpumask_weight(&t->part_of->hard) != 1)
		return -XEN_EINVAL;
	id.phys_id = cpumask_first(&t->part_of->hard) | ((u64)t->id << 32);
	return guest_copy_out(v, arg, &id, sizeof(id)) ? -XEN_EFAULT : 0;
}

long do_vcpu_op(struct vcpu *v, struct hypercall *hc)
{
	u32 cmd = (u32)hc->arg[0], id = (u32)hc->arg[1];
	guest_ptr_t arg = gvaddr_make(hc->arg[2]);
	struct vcpu_register_vcpu_info info;
	struct vcpu *t;

	t = domain_vcpu(v->domain, id);
	if (!t)
		return -XEN_ENOENT;
	switch (cmd) {
	case VCPUOP_up:
	case VCPUOP_down:
		return op_up_down(t, cmd);
	case VCPUOP_is_up:
		return !(READ_ONCE(t->pause_flags) & VPF_DOWN);
	case VCPUOP_get_runstate_info:
		return get_runstate(v, t, arg);
	case VCPUOP_register_runstate_memory_area:
		return register_runstate(v, t, arg);
	case VCPUOP_set_periodic_timer:
	case VCPUOP_stop_periodic_timer:
	case VCPUOP_set_singleshot_timer:
	case VCPUOP_stop_singleshot_timer:
		return t == v ? vcpu_timer_op(v, cmd, arg) : -XEN_EINVAL;
	case VCPUOP_register_vcpu_info:
		if (guest_copy_in(v, &info, arg, sizeof(info)))
			return -XEN_EFAULT;
		return register_vcpu_info(t, &info);
	case VCPUOP_get_physid:
		return get_physid(v, t, arg);
	case VCPUOP_send_nmi:
		hal_vcpu_nmi(t);
		return 0;
	default:
		return -XEN_ENOSYS;
	}
}
