/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Second part of the boot: timers, scheduler, CPUs; and running them. */
#include <xen/ops.h>
#include <xen/printk.h>
#include <xen/rcu.h>
#include <xen/softirq.h>
#include <xen/timer.h>
#include <xen/trace.h>
#include <xen/hal/cpu.h>
#include <xen/hal/smp.h>

#include "libc.h"
#include "private.h"

static void cpu_main(void *arg)
{
	u32 cpu = hal_smp_cpu_id();

	host_cpus[cpu].in_irq = false;
	hal_irq_enable();
	cpu_run();
}

void host_start(void)
{
	u32 n = host_cfg.cpus;

	ops_check_all();
	timer_init_subsystem();
	sched_init();
	trace_init();
	for (u32 cpu = 1; cpu < n; cpu++)
		if (timer_cpu_prepare(cpu) || sched_cpu_prepare(cpu))
			panic("no memory for CPU %u", cpu);
	if (timer_cpu_prepare(n))
		panic("no memory for the observer");
	for (u32 cpu = 0; cpu < n; cpu++) {
		cpumask_set(&cpu_online_map, cpu);
		host_cpus[cpu].state = CPU_RUNS;
		libc_fiber_create(cpu + 1, cpu_main, NULL);
	}
	/* The program is no longer CPU 0, whose fiber is started anew. */
	host_cpus[n] = (struct host_cpu){
		.state = CPU_RUNS,
		.irq_on = true,
		.timer = INT64_MAX,
	};
	host_cpu_info[n].current_vcpu = sched_idle_vcpu(0);
	host_cpus[0].irq_on = false;
	host_observer = n;
	host_set_cpu(n);
	host_run(host_clock + 10000);
}

static bool stop_asked;

void host_stop(void)
{
	stop_asked = true;
	hal_smp_kick(host_observer);
}

enum host_stop host_run(s_time_t until)
{
	BUG_ON(host_current_cpu != host_observer);
	for (;;) {
		host_wait(until);
		if (stop_asked) {
			stop_asked = false;
			return HOST_STOP_ASKED;
		}
		if (softirq_pending()) {
			softirq_run();
			continue;
		}
		if (host_clock >= until)
			return HOST_STOP_TIME;
		/* Either a CPU called the observer, or there is nothing left to do. */
		if (!host_cpus[host_observer].kicked && !host_cpus[host_observer].nr_calls)
			return HOST_STOP_IDLE;
		host_cpus[host_observer].kicked = false;
		hal_irq_enable();
	}
}
