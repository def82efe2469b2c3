/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's clocks: its TSC is the host's with an offset, and the time page (pvclock) gives it
 * system time by the same line the hypervisor uses, so the two agree to the nanosecond and the
 * page changes only when the vCPU or the clock does.
 */
#include <xen/errno.h>
#include <xen/hal/time.h>
#include <xen/hal/vcpu.h>
#include <xen/string.h>

#include "private.h"

/* ns = ((tsc << shift) * mul) >> 32 */
void hvm_tsc_scale(u32 *mul, s8 *shift)
{
	u64 khz = cycles_khz(), ratio;
	s8 s = 0;

	/* Bring it into (1 GHz, 2 GHz] so that mul just fits its 32 bits. */
	while (khz > 2000000) {
		khz >>= 1;
		s--;
	}
	while (khz <= 1000000) {
		khz <<= 1;
		s++;
	}
	/* khz was rounded above; divide by the exact one. */
	khz = cycles_khz();
	ratio = s >= 0 ? (1000000UL << 32) / (khz << s) : ((1000000UL << 32) / khz) << -s;
	*mul = ratio >> 32 ? UINT32_MAX : (u32)ratio;
	*shift = s;
}

void arch_vcpu_update_time(struct vcpu *v)
{
	struct x86_vcpu *xv = to_xv(v);
	struct vcpu_time_info *t = &v->vcpu_info->time;
	u64 stamp = cycles_now();
	u32 version = t->version | 1;

	WRITE_ONCE(t->version, version);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	t->tsc_timestamp = stamp + xv->tsc_offset;
	t->system_time = (u64)cycles_to_ns(stamp);
	hvm_tsc_scale(&t->tsc_to_system_mul, &t->tsc_shift);
	t->flags = XEN_PVCLOCK_TSC_STABLE_BIT;
	__atomic_thread_fence(__ATOMIC_RELEASE);
	WRITE_ONCE(t->version, version + 1);
}

/* One writer at a time, or readers could see halves of two updates under an even version. */
static DEFINE_SPINLOCK(wallclock_lock, LOCK_RANK_NONE);

/* Wall clock at system time 0, in the domain's shared info. */
void arch_domain_update_wallclock(struct domain *d)
{
	struct shared_info *s = d->shared_info;
	u32 version, nsec;
	u64 sec;

	spin_lock(&wallclock_lock);
	version = s->wc_version | 1;
	wallclock_get(&sec, &nsec);
	sec += (u64)d->time_offset_seconds;
	WRITE_ONCE(s->wc_version, version);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	s->wc_sec = (u32)sec;
	s->wc_sec_hi = (u32)(sec >> 32);
	s->wc_nsec = nsec;
	__atomic_thread_fence(__ATOMIC_RELEASE);
	WRITE_ONCE(s->wc_version, version + 1);
	spin_unlock(&wallclock_lock);
}
