/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The values of dom0_mem= and dom0_max_vcpus=. Constant after params_parse. */
#ifndef XEN_DOM0_PARAMS_H
#define XEN_DOM0_PARAMS_H

#include <xen/types.h>

/** The most vCPUs that the hardware domain may have. */
#define DOM0_MAX_VCPUS 128U

/**
 * Pages for the hardware domain by dom0_mem=, on a machine with @free pages free of @total;
 * @fallback if it names no exact size. max: overrides min:, as in Xen.
 */
u64 dom0_mem_pages(u64 free, u64 total, u64 fallback);
/** Its limit in pages: the value of max:, or @pages if that is more or max: is not given. */
u64 dom0_mem_max_pages(u64 free, u64 total, u64 pages);

/** vCPUs for the hardware domain on @cpus CPUs; without the parameter @fallback (0: one a CPU). */
u32 dom0_vcpus(u32 cpus, u32 fallback);

struct vcpu;
/** With dom0_vcpus_pin: pin @v, the nth vCPU, to the nth CPU, counted round. Boot. */
void dom0_pin_vcpu(struct vcpu *v);

#endif
