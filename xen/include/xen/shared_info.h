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

/** The layout of @v's domain is from now on that of @v's mode, as caller_is_32bit says. Writes the
 * wall clock anew when the layout changes; events raised in the old one are not moved. */
void shared_info_latch(struct vcpu *v);

/** Event channels of the 2-level ABI. */
u32 shared_evtchn_ports(const struct domain *d);
/** The bit of a vCPU's selector that stands for @port. */
u32 shared_evtchn_selector(const struct domain *d, u32 port);
/** The bitmaps, aligned for atomic access. Should the layout change at this moment, the bit of a
 * port of either layout is still inside the page. */
unsigned long *shared_evtchn_pending(const struct domain *d);
unsigned long *shared_evtchn_mask(const struct domain *d);

/** Set bit @sel of a selector in @vi, memory of domain @d; true when it was set before. Atomic. */
bool shared_select(const struct domain *d, struct vcpu_info *vi, u32 sel);
/** Set all its bits. */
void shared_select_all(const struct domain *d, struct vcpu_info *vi);

/** The fields of the wall clock: seconds and nanoseconds at system time 0, with a version. */
struct shared_wallclock {
	u32 *version, *sec, *sec_hi, *nsec;
};
struct shared_wallclock shared_wallclock(const struct domain *d);

#endif
