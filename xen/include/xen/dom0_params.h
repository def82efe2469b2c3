/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What dom0_mem= and dom0_max_vcpus= say. Constant after params_parse. */
#ifndef XEN_DOM0_PARAMS_H
#define XEN_DOM0_PARAMS_H

#include <xen/types.h>

/** The most vCPUs that the hardware domain may have. */
#define DOM0_MAX_VCPUS 128U

/**
 * Pages for the hardware domain: what dom0_mem= asks for, where @free pages are free of the
 * machine's @total; @fallback where it names no exact size. max: overrides min:, as in Xen.
 */
u64 dom0_mem_pages(u64 free, u64 total, u64 fallback);
/** The most pages it may come to have: what max: says, @pages without it or if that is more. */
u64 dom0_mem_max_pages(u64 free, u64 total, u64 pages);

/** vCPUs for the hardware domain on @cpus CPUs; without the parameter @fallback (0: one a CPU). */
u32 dom0_vcpus(u32 cpus, u32 fallback);

#endif
