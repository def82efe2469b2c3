/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two layouts of the shared page: checks of what both share, and the rarer accesses. */
#include <xen/shared_info.h>

#include <xen/hal/vcpu.h>
#include <xen/printk.h>

BUILD_BUG_ON(COMPAT_OFFSET_shared_info_vcpu_info != offsetof(struct shared_info, vcpu_info));
BUILD_BUG_ON(COMPAT_OFFSET_vcpu_info_time_version != offsetof(struct vcpu_info, time.version));
BUILD_BUG_ON(COMPAT_OFFSET_vcpu_info_evtchn_upcall_pending !=
	     offsetof(struct vcpu_info, evtchn_upcall_pending));
BUILD_BUG_ON(COMPAT_OFFSET_shared_info_evtchn_mask % sizeof(unsigned long));

static bool is_32bit(const struct domain *d)
{
	return READ_ONCE(d->shared_info_is_32bit);
}

void shared_info_latch(struct vcpu *v)
{
	struct domain *d = v->domain;

	if (is_32bit(d) == v->caller_is_32bit)
		return;
	WRITE_ONCE(d->shared_info_is_32bit, v->caller_is_32bit);
	hal_domain_update_wallclock(d);
}

void shared_select_all(const struct domain *d, struct vcpu_info *vi)
{
	if (is_32bit(d))
		__atomic_store_n(shared_compat_selector(vi), ~0U, __ATOMIC_SEQ_CST);
	else
		__atomic_store_n(&vi->evtchn_pending_sel, ~0UL, __ATOMIC_SEQ_CST);
}

struct shared_wallclock shared_wallclock(const struct domain *d)
{
	ASSERT(d->shared_info);
	return (struct shared_wallclock){
		.version = shared_info_at(d, COMPAT_OFFSET_shared_info_wc_version,
					  offsetof(struct shared_info, wc_version)),
		.sec = shared_info_at(d, COMPAT_OFFSET_shared_info_wc_sec,
				      offsetof(struct shared_info, wc_sec)),
		.sec_hi = shared_info_at(d, COMPAT_OFFSET_shared_info_wc_sec_hi,
					 offsetof(struct shared_info, wc_sec_hi)),
		.nsec = shared_info_at(d, COMPAT_OFFSET_shared_info_wc_nsec,
				       offsetof(struct shared_info, wc_nsec)),
	};
}
