/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The page that a domain shares with the hypervisor, and each vCPU's vcpu_info, in the two layouts
 * of the ABI (public/xen.h, struct shared_info and struct vcpu_info). A guest in 32-bit mode has
 * words of 32 bits there: half as many bits to a word and half as many words, so a quarter of the
 * event channels of the 2-level ABI, and the wall clock elsewhere. The times of a vCPU and its
 * upcall flags lie alike in both.
 *
 * The hypervisor cannot know what a guest will be when it makes the page. As on Xen, the mode in
 * which the guest writes its hypercall page or sets HVM_PARAM_CALLBACK_IRQ decides.
 */
#ifndef XEN_SHARED_INFO_H
#define XEN_SHARED_INFO_H

#include <xen/domain.h>

#include <generated/compat_layouts.h>

/*
 * A bit has the same byte in arrays of 32-bit and of 64-bit words, as x86 is little-endian, so only
 * where an array begins depends on the layout.
 */

/** The layout of @v's domain is from now on that of @v's mode, as caller_is_32bit says. Writes the
 * wall clock anew when the layout changes; events raised in the old one are not moved. */
void shared_info_latch(struct vcpu *v);

static inline void *shared_info_at(const struct domain *d, u32 compat, size_t native)
{
	return (char *)d->shared_info +
	       (unlikely(READ_ONCE(d->shared_info_is_32bit)) ? compat : native);
}

/** Event channels of the 2-level ABI. */
static inline u32 shared_evtchn_ports(const struct domain *d)
{
	return unlikely(READ_ONCE(d->shared_info_is_32bit)) ? 32 * 32 : EVTCHN_2L_NR_CHANNELS;
}

/** The bit of a vCPU's selector for @port. */
static inline u32 shared_evtchn_selector(const struct domain *d, u32 port)
{
	return port / (unlikely(READ_ONCE(d->shared_info_is_32bit)) ? 32 : BITS_PER_LONG);
}

/** The bitmaps, aligned for atomic access. Should the layout change at this moment, the bit of a
 * port of either layout is still inside the page. */
static inline unsigned long *shared_evtchn_pending(const struct domain *d)
{
	return shared_info_at(d, COMPAT_OFFSET_shared_info_evtchn_pending,
			      offsetof(struct shared_info, evtchn_pending));
}

static inline unsigned long *shared_evtchn_mask(const struct domain *d)
{
	return shared_info_at(d, COMPAT_OFFSET_shared_info_evtchn_mask,
			      offsetof(struct shared_info, evtchn_mask));
}

/** The selector of a 32-bit guest. */
static inline u32 *shared_compat_selector(struct vcpu_info *vi)
{
	return (u32 *)((char *)vi + COMPAT_OFFSET_vcpu_info_evtchn_pending_sel);
}

/** Set bit @sel of a selector in @vi, memory of domain @d; true when it was set before. Atomic. */
static inline bool shared_select(const struct domain *d, struct vcpu_info *vi, u32 sel)
{
	if (unlikely(READ_ONCE(d->shared_info_is_32bit)))
		return __atomic_fetch_or(shared_compat_selector(vi), 1U << sel % 32,
					 __ATOMIC_SEQ_CST) & 1U << sel % 32;
	return __atomic_fetch_or(&vi->evtchn_pending_sel, BIT(sel), __ATOMIC_SEQ_CST) & BIT(sel);
}

/** Let upcalls be delivered again, where the ABI has a flag that holds them back. */
#ifdef XEN_HAVE_PV_UPCALL_MASK
static inline void shared_upcalls_unmask(struct vcpu_info *vi) { vi->evtchn_upcall_mask = 0; }
#else
static inline void shared_upcalls_unmask(struct vcpu_info *vi) {}
#endif

/** Set all its bits. */
void shared_select_all(const struct domain *d, struct vcpu_info *vi);

/** The fields of the wall clock: seconds and nanoseconds at system time 0, with a version. */
struct shared_wallclock {
	u32 *version, *sec, *sec_hi, *nsec;
};
struct shared_wallclock shared_wallclock(const struct domain *d);

#endif
