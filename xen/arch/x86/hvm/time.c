/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's clocks. Its TSC is the host's plus an offset. The time page (pvclock) gives it system
 * time by the same linear function that the hypervisor uses, so the two agree to the nanosecond and
 * the page changes only when the vCPU or the clock does.
 */
#include <xen/errno.h>
#include <xen/hal/time.h>
#include <xen/hal/vcpu.h>
#include <xen/shared_info.h>
#include <xen/string.h>

#include <asm/time.h>

#include "private.h"

void hal_vcpu_update_time(struct vcpu *v)
{
	struct x86_vcpu *xv = to_xv(v);
	struct vcpu_time_info *t = &v->vcpu_info->time;
	u64 stamp = hal_cycles_now();
	u32 version = t->version | 1;

	WRITE_ONCE(t->version, version);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	t->tsc_timestamp = stamp + xv->tsc_offset;
	t->system_time = (u64)hal_cycles_to_ns(stamp);
	t->tsc_to_system_mul = time_tsc_scale()->mul;
	t->tsc_shift = timescale_shift(time_tsc_scale());
	t->flags = XEN_PVCLOCK_TSC_STABLE_BIT;
	__atomic_thread_fence(__ATOMIC_RELEASE);
	WRITE_ONCE(t->version, version + 1);
}

void hvm_update_tsc_offset(struct x86_vcpu *xv)
{
	xv->tsc_offset = to_xd(xv->v.domain)->tsc_offset + xv->msrs.tsc_adjust;
	hvm->set_tsc_offset(xv, xv->tsc_offset);
	hal_vcpu_update_time(&xv->v);
}

/* One writer at a time: else readers could see halves of two updates under an even version. */
static DEFINE_SPINLOCK(wallclock_lock, LOCK_RANK_NONE);

/* Wall clock at system time 0, in the domain's shared info. */
void hal_domain_update_wallclock(struct domain *d)
{
	struct shared_wallclock c = shared_wallclock(d);
	u32 version, nsec;
	u64 sec;

	spin_lock(&wallclock_lock);
	version = *c.version | 1;
	hal_wallclock_get(&sec, &nsec);
	sec += (u64)d->time_offset_seconds;
	WRITE_ONCE(*c.version, version);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	*c.sec = (u32)sec;
	*c.sec_hi = (u32)(sec >> 32);
	*c.nsec = nsec;
	__atomic_thread_fence(__ATOMIC_RELEASE);
	WRITE_ONCE(*c.version, version + 1);
	spin_unlock(&wallclock_lock);
	hvm_chipset_wallclock(d, (s64)(sec * 1000000000 + nsec));
}
