/* SPDX-License-Identifier: GPL-2.0-or-later */
/* First part of the simulated machine's boot: per-CPU areas, parameters, memory, console. */
#include <xen/console.h>
#include <xen/param.h>
#include <xen/percpu.h>
#include <xen/printk.h>
#include <xen/hal/cpu.h>

#include "libc.h"
#include "private.h"

extern char __start_percpu_data[] __attribute__((weak)), __stop_percpu_data[] __attribute__((weak));

/* CPU 0 uses the template itself, which works from the first instruction on. */
static void percpu_init(u32 cpus)
{
	u64 size = __stop_percpu_data - __start_percpu_data;
	u64 stride = ROUND_UP(size + 1, PAGE_SIZE);
	char *area = libc_map(stride * cpus);

	for (u32 cpu = 1; cpu < cpus; cpu++) {
		char *copy = area + (cpu - 1) * stride;

		memcpy(copy, __start_percpu_data, size);
		percpu_offset[cpu] = (u64)(copy - __start_percpu_data);
	}
}

void host_boot(const struct host_config *cfg)
{
	host_cfg = *cfg;
	BUG_ON(!cfg->cpus || cfg->cpus >= NR_CPUS);
	host_cfg.threads_per_core = cfg->threads_per_core ? cfg->threads_per_core : 1;
	host_cfg.cores_per_socket = cfg->cores_per_socket ? cfg->cores_per_socket : 4;
	host_cfg.sockets_per_node = cfg->sockets_per_node ? cfg->sockets_per_node : 1;

	host_seed(cfg->seed);
	/* One more than the CPUs, for the observer. */
	percpu_init(cfg->cpus + 1);
	for (u32 i = 0; i <= cfg->cpus; i++)
		host_cpus[i].timer = INT64_MAX;
	host_cpus[0].state = CPU_RUNS;
	host_set_cpu(0);
	cpumask_set(&cpu_online_map, 0);
	nr_cpu_ids = cfg->cpus;
	console_register(&host_console);
	host_memory_init();
	params_parse(cfg->cmdline ? cfg->cmdline : "");
	hal_irq_enable();
}

void host_init(u64 seed, u32 cpus, u64 ram_bytes)
{
	host_boot(&(struct host_config){ .seed = seed, .cpus = cpus, .ram_bytes = ram_bytes });
}
