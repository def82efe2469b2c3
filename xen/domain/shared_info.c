/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The two layouts of the shared page. A bit has the same byte in arrays of 32-bit and of 64-bit
 * words, as x86 is little-endian, so only where an array begins depends on the layout.
 */
#include <xen/shared_info.h>

#include <generated/compat_layouts.h>

#include <xen/hal/vcpu.h>
#include <xen/printk.h>

BUILD_BUG_ON(COMPAT_OFFSET_shared_info_vcpu_info != offsetof(struct shared_info, vcpu_info));
BUILD_BUG_ON(COMPAT_OFFSET_vcpu_info_time_version != offsetof(struct vcpu_info, time.version));
BUILD_BUG_ON(COMPAT_OFFSET_vcpu_info_evtchn_upcall_pending !=
	     offsetof(struct vcpu_info, evtchn_upcall_pending));
BUILD_BUG_ON(COMPAT_OFFSET_vcpu_info_evtchn_upcall_mask !=
	     offsetof(struct vcpu_info, evtchn_upcall_mask));
BUILD_BUG_ON(COMPAT_OFFSET_shared_info_evtchn_mask % sizeof(unsigned long));

static bool is_32bit(const struct domain *d)
{
	return READ_ONCE(d->shared_info_is_32bit);
}

static void *at(const struct domain *d, u32 compat, size_t native)
{
	ASSERT(d->shared_info);
	return (char *)d->shared_info + (is_32bit(d) ? compat : native);
}

void shared_info_latch(struct vcpu *v)
{
	struct domain *d = v->domain;

	if (is_32bit(d) == v->caller_is_32bit)
		return;
	WRITE_ONCE(d->shared_info_is_32bit, v->caller_is_32bit);
	arch_domain_update_wallclock(d);
}

u32 shared_evtchn_ports(const struct domain *d)
{
	return is_32bit(d) ? 32 * 32 : EVTCHN_2L_NR_CHANNELS;
}

u32 shared_evtchn_selector(const struct domain *d, u32 port)
{
	ASSERT(port < EVTCHN_2L_NR_CHANNELS);
	return port / (is_32bit(d) ? 32 : BITS_PER_LONG);
}

unsigned long *shared_evtchn_pending(const struct domain *d)
{
	return at(d, COMPAT_OFFSET_shared_info_evtchn_pending,
		  offsetof(struct shared_info, evtchn_pending));
}

unsigned long *shared_evtchn_mask(const struct domain *d)
{
	return at(d, COMPAT_OFFSET_shared_info_evtchn_mask,
		  offsetof(struct shared_info, evtchn_mask));
}

static u32 *compat_selector(struct vcpu_info *vi)
{
	return (u32 *)((char *)vi + COMPAT_OFFSET_vcpu_info_evtchn_pending_sel);
}

bool shared_select(const struct domain *d, struct vcpu_info *vi, u32 sel)
{
	ASSERT(sel < BITS_PER_LONG);
	if (is_32bit(d))
		return __atomic_fetch_or(compat_selector(vi), 1U << sel % 32, __ATOMIC_SEQ_CST) &
		       1U << sel % 32;
	return __atomic_fetch_or(&vi->evtchn_pending_sel, BIT(sel), __ATOMIC_SEQ_CST) & BIT(sel);
}

void shared_select_all(const struct domain *d, struct vcpu_info *vi)
{
	if (is_32bit(d))
		__atomic_store_n(compat_selector(vi), ~0U, __ATOMIC_SEQ_CST);
	else
		__atomic_store_n(&vi->evtchn_pending_sel, ~0UL, __ATOMIC_SEQ_CST);
}

struct shared_wallclock shared_wallclock(const struct domain *d)
{
	return (struct shared_wallclock){
		.version = at(d, COMPAT_OFFSET_shared_info_wc_version,
			      offsetof(struct shared_info, wc_version)),
		.sec = at(d, COMPAT_OFFSET_shared_info_wc_sec,
			  offsetof(struct shared_info, wc_sec)),
		.sec_hi = at(d, COMPAT_OFFSET_shared_info_arch_wc_sec_hi,
			     offsetof(struct shared_info, wc_sec_hi)),
		.nsec = at(d, COMPAT_OFFSET_shared_info_wc_nsec,
			   offsetof(struct shared_info, wc_nsec)),
	};
}
