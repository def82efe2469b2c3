/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The CPUs that are online and parked, and the offsets of their per-CPU variables. */
#include <xen/cpumask.h>
#include <xen/hal/smp.h>
#include <xen/percpu.h>

cpumask_t cpu_online_map, cpu_parked_map;
u32 nr_cpu_ids = 1;
u64 percpu_offset[NR_CPUS];

static void nothing(void *arg)
{
}

/* Handlers run with interrupts off: they have ended when all CPUs have answered. */
void smp_wait_for_handlers(void)
{
	hal_smp_call(&cpu_online_map, nothing, NULL, true);
}
