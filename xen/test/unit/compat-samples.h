/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One filled structure of each kind that 32-bit guests lay out differently. compat-samples.c is
 * compiled for both widths; in the i386 object each symbol begins with i386_.
 */
#ifndef TEST_COMPAT_SAMPLES_H
#define TEST_COMPAT_SAMPLES_H

#include <stddef.h>
#include <stdint.h>

#include <public/domctl.h>
#include <public/grant_table.h>
#include <public/hvm/dm_op.h>
#include <public/memory.h>
#include <public/physdev.h>
#include <public/platform.h>
#include <public/sched.h>
#include <public/vcpu.h>
#include <public/version.h>
#include <public/xen.h>

/* S(tag) for each sample; its type is struct tag. */
#define COMPAT_SAMPLES(S)                                                                          \
	S(xen_memory_reservation)                                                                  \
	S(xen_add_to_physmap)                                                                      \
	S(xen_add_to_physmap_batch)                                                                \
	S(xen_remove_from_physmap)                                                                 \
	S(xen_mem_acquire_resource)                                                                \
	S(xen_pod_target)                                                                          \
	S(xen_memory_map)                                                                          \
	S(xen_foreign_memory_map)                                                                  \
	S(multicall_entry)                                                                         \
	S(xen_platform_parameters)                                                                 \
	S(gnttab_setup_table)                                                                      \
	S(gnttab_copy)                                                                             \
	S(gnttab_get_status_frames)                                                                \
	S(vcpu_runstate_info)                                                                      \
	S(vcpu_register_runstate_memory_area)                                                      \
	S(vcpu_set_singleshot_timer)                                                               \
	S(sched_poll)                                                                              \
	S(xen_domctl)                                                                              \
	S(xen_platform_op)                                                                         \
	S(xen_dm_op_buf)                                                                           \
	S(physdev_map_pirq)

/* Members of the shared page whose place depends on the width. */
#define COMPAT_SHARED(S)                                                                           \
	S(vcpu_info, vcpu_info[1])                                                                 \
	S(pending, evtchn_pending[0])                                                              \
	S(mask, evtchn_mask[0])                                                                    \
	S(wc_version, wc_version)                                                                  \
	S(wc_sec, wc_sec)                                                                          \
	S(wc_nsec, wc_nsec)                                                                        \
	S(wc_sec_hi, WC_SEC_HI)

#ifdef __i386__
#define WC_SEC_HI arch.wc_sec_hi
#else
#define WC_SEC_HI wc_sec_hi
#endif

#endif
