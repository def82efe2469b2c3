/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starting the other CPUs by PSCI. */
#include <asm/smp.h>

#include <xen/hal/smp.h>
#include <xen/hal/time.h>
#include <xen/numa.h>
#include <xen/hal/numa.h>
#include <xen/param.h>
#include <xen/percpu.h>
#include <xen/printk.h>
#include <xen/sched.h>
#include <xen/timer.h>
#include <asm/domain.h>
#include <asm/gic.h>
#include <asm/mm.h>
#include <asm/sections.h>
#include <asm/setup.h>
#include <asm/sysreg.h>
#include <asm/time.h>

#define ONLINE_WAIT_NS 1000000000L
#define MPIDR_MASK 0xff00ffffffUL

/* Read by head.S, with the MMU off. */
struct secondary_boot {
	u64 stack, percpu_offset, cpu;
};

static u64 mpidr_of[NR_CPUS];
static u32 nr_cpus;			/* CPUs that have a number */
static struct secondary_boot secondary_boot __aligned(64);

static u32 max_cpus = NR_CPUS;
PARAM_UINT_VAR("maxcpus", maxcpus, max_cpus);

u64 cpu_mpidr(u32 cpu) { return mpidr_of[cpu]; }

/* Affinity level 0 is a core, or a thread where MPIDR_EL1.MT says so; 1 and up are clusters. */
u32 hal_cpu_to_core(u32 cpu)
{
	return mpidr_of[cpu] & BIT(24) ? (u32)(mpidr_of[cpu] >> 8 & 0xff)
				       : (u32)(mpidr_of[cpu] & 0xff);
}

u32 hal_cpu_to_socket(u32 cpu) { return (u32)(mpidr_of[cpu] >> 16 & 0xff); }
u8 hal_cpu_to_node(u32 cpu) { return 0; }
u32 hal_numa_nr_nodes(void) { return 1; }
u8 hal_numa_distance(u32 from, u32 to) { return NUMA_LOCAL_DISTANCE; }
u64 hal_numa_node_bytes(u32 node) { return total_page_count() << PAGE_SHIFT; }

void __init smp_init(void)
{
	u32 limit = min(max(max_cpus, 1U), (u32)NR_CPUS);

	mpidr_of[0] = sysreg_read(mpidr_el1) & (MPIDR_MASK | BIT(24));
	nr_cpus = 1;
	for (u32 i = 0; i < machine.nr_cpus && nr_cpus < limit; i++)
		if (machine.cpu_mpidr[i] != (mpidr_of[0] & MPIDR_MASK))
			mpidr_of[nr_cpus++] = machine.cpu_mpidr[i] | (mpidr_of[0] & BIT(24));
	cpumask_set(&cpu_online_map, 0);
}

/* Called by head.S. */
void __noreturn secondary_start(u32 cpu);
void __noreturn secondary_start(u32 cpu)
{
	cpu_init_self();
	gic->cpu_up();
	time_cpu_up();
	guests_cpu_up();
	cpumask_test_and_set(&cpu_online_map, cpu);
	hal_irq_enable();
	cpu_run();
}

static bool __init start_cpu(u32 cpu)
{
	s_time_t start = hal_now_ns();
	int rc;

	secondary_boot = (struct secondary_boot){ (u64)cpu_stack_top(cpu), percpu_offset[cpu],
						  cpu };
	clean_invalidate(&secondary_boot, sizeof(secondary_boot));
	rc = psci_cpu_on(mpidr_of[cpu] & MPIDR_MASK, virt_to_paddr(secondary_entry).v,
			 virt_to_paddr(&secondary_boot).v);
	if (rc) {
		printk(LOG_ERR "CPU%u (%#lx) was not started: PSCI says %d\n", cpu,
		       mpidr_of[cpu] & MPIDR_MASK, rc);
		return false;
	}
	while (!cpumask_test(&cpu_online_map, cpu)) {
		if (hal_now_ns() - start > ONLINE_WAIT_NS) {
			/* It may still come, on its stack: nothing of it may be used again. */
			panic("CPU%u (%#lx) started but did not come online", cpu,
			      mpidr_of[cpu] & MPIDR_MASK);
		}
		hal_cpu_relax();
	}
	return true;
}

void __init smp_boot_all(void)
{
	s_time_t start = hal_now_ns();
	u32 online = 1;

	for (u32 cpu = 1; cpu < nr_cpus; cpu++) {
		if (cpu_prepare_memory(cpu) || timer_cpu_prepare(cpu) || sched_cpu_prepare(cpu)) {
			printk(LOG_ERR "CPU%u: no memory to start it\n", cpu);
			continue;
		}
		/* Readers that iterate over all numbers must see this before the CPU's bit. */
		nr_cpu_ids = cpu + 1;
		online += start_cpu(cpu);
	}
	printk(LOG_INFO "SMP: %u of %u CPUs online after %ld ms\n", online, nr_cpus,
	       (hal_now_ns() - start) / 1000000);
}
