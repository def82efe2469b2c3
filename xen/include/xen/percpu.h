/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Per-CPU variables: a template section and a copy of it for each CPU, at an offset. */
#ifndef XEN_PERCPU_H
#define XEN_PERCPU_H

#include <xen/cpumask.h>
#include <xen/hal/cpu.h>

/* The section name is a C identifier, so the linker provides __start_ and __stop_ symbols. */
#define DEFINE_PER_CPU(type, name) __section("percpu_data") __typeof__(type) name
#define DECLARE_PER_CPU(type, name) extern __typeof__(type) name

/** Distance from the template to each CPU's copy; set before the CPU runs any C code. */
extern u64 percpu_offset[NR_CPUS];

/* Integers, because the copies are not part of the template object. */
#define per_cpu(var, cpu) (*(__typeof__(var) *)((uintptr_t)&(var) + percpu_offset[cpu]))
#define this_cpu(var) (*(__typeof__(var) *)((uintptr_t)&(var) + hal_percpu_offset()))

#endif
