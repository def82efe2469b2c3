/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bringing up the other CPUs, one after the other (SDM vol. 3, section 8.4; APM vol. 2, 15.27):
 * INIT to all, one delay for all of them, then STARTUP to each. A CPU that does not start is put
 * back into INIT so that it cannot wake later on a stack that belongs to another CPU.
 */
#include <asm/smp.h>

#include <xen/acpi.h>
#include <xen/hal/time.h>
#include <xen/param.h>
#include <xen/percpu.h>
#include <xen/printk.h>
#include <xen/sched.h>
#include <xen/string.h>
#include <xen/timer.h>
#include <asm/apic.h>
#include <asm/mm.h>
#include <asm/numa.h>
#include <asm/setup.h>
#include <asm/time.h>
#include <asm/trampoline.h>

#include "smp.h"

#define INIT_PAUSE_US 10000
#define STARTUP_PAUSE_NS 200000L
#define ALIVE_WAIT_NS 1000000000L

u32 cpu_apic_id[NR_CPUS] = { [0 ... NR_CPUS - 1] = APIC_ID_NONE };
static u8 cpu_node[NR_CPUS];
static u32 nr_cpus;			/* CPUs that have a number */

static u32 max_cpus = NR_CPUS;
PARAM_UINT_VAR("maxcpus", maxcpus, max_cpus);

/* Set by the CPU that is being started, to its number, once it runs C code. */
static u32 alive;

u8 hal_cpu_to_node(u32 cpu) { return cpu_node[cpu]; }

static void __init number_cpu(u32 id)
{
	ASSERT(nr_cpus < NR_CPUS && id != APIC_ID_NONE);
	cpu_apic_id[nr_cpus] = id;
	cpu_node[nr_cpus] = numa_node_of_apic(id);
	nr_cpus++;
}

void __init smp_init(void)
{
	const struct acpi_madt *m = acpi_madt();
	u32 out_of_reach = 0, limit = min(max(max_cpus, 1U), (u32)NR_CPUS);

	topology_init();
	number_cpu(apic_id());
	for (u32 i = 0; m && i < m->nr_cpus; i++) {
		u32 id = m->cpu[i].apic_id;

		if (id == cpu_apic_id[0])
			continue;
		if (id > XAPIC_MAX_ID && !apic_is_x2apic())
			out_of_reach++;
		else if (nr_cpus < limit)
			number_cpu(id);
	}
	if (out_of_reach)
		printk(LOG_WARN "SMP: %u CPUs cannot be reached without x2APIC mode\n",
		       out_of_reach);
	cpumask_set(&cpu_online_map, 0);
	smp_take_vectors();
}

static void __noreturn secondary_start(u64 cpu)
{
	cpu_init_self((u32)cpu);
	apic_init_secondary();
	__atomic_store_n(&alive, (u32)cpu, __ATOMIC_RELEASE);
	time_sync_secondary((u32)cpu);
	hvm_cpu_up();
	cpumask_test_and_set(&cpu_online_map, (u32)cpu);
	hal_irq_enable();
	cpu_run();
}

static bool __init wait_alive(u32 cpu, s_time_t limit)
{
	s_time_t start = hal_now_ns();

	while (__atomic_load_n(&alive, __ATOMIC_ACQUIRE) != cpu) {
		if (hal_now_ns() - start > limit)
			return false;
		hal_cpu_relax();
	}
	return true;
}

static bool __init wait_online(u32 cpu)
{
	s_time_t start = hal_now_ns();

	while (!cpumask_test(&cpu_online_map, cpu)) {
		if (hal_now_ns() - start > ALIVE_WAIT_NS)
			return false;
		hal_cpu_relax();
	}
	return true;
}

static void __init fill_trampoline(u32 cpu)
{
	struct trampoline_params *p = paddr_to_virt(
		paddr_make(TRAMPOLINE_PA + (u64)(trampoline_params - trampoline_start)));

	*p = (struct trampoline_params){
		idle_root.v, (u64)cpu_stack_top(cpu), (u64)secondary_start, cpu,
	};
	/* The target is started by an IPI, which does not order memory accesses in x2APIC mode. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static bool __init start_cpu(u32 cpu)
{
	u32 id = cpu_apic_id[cpu];

	ASSERT(cpu && cpu < nr_cpu_ids && !cpumask_test(&cpu_online_map, cpu));
	fill_trampoline(cpu);
	apic_send_boot(id, ICR_DM_STARTUP, TRAMPOLINE_PA >> PAGE_SHIFT);
	if (!wait_alive(cpu, STARTUP_PAUSE_NS))
		apic_send_boot(id, ICR_DM_STARTUP, TRAMPOLINE_PA >> PAGE_SHIFT);
	if (!wait_alive(cpu, ALIVE_WAIT_NS)) {
		printk(LOG_ERR "CPU%u (APIC id %u) did not start\n", cpu, id);
		apic_send_boot(id, ICR_DM_INIT, 0);
		return false;
	}
	time_sync_boot_cpu(cpu);
	if (wait_online(cpu))
		return true;
	printk(LOG_ERR "CPU%u (APIC id %u) started but did not come online\n", cpu, id);
	return false;
}

static bool __init prepare_cpu(u32 cpu)
{
	if (!cpu_prepare_memory(cpu) && !timer_cpu_prepare(cpu) && !sched_cpu_prepare(cpu))
		return true;
	printk(LOG_ERR "CPU%u (APIC id %u): no memory to start it\n", cpu, cpu_apic_id[cpu]);
	return false;
}

void __init smp_boot_all(void)
{
	s_time_t start = hal_now_ns();
	u32 online = 1;

	memcpy(paddr_to_virt(paddr_make(TRAMPOLINE_PA)), trampoline_start,
	       (size_t)(trampoline_end - trampoline_start));
	for (u32 cpu = 1; cpu < nr_cpus; cpu++)
		apic_send_boot(cpu_apic_id[cpu], ICR_DM_INIT, 0);
	if (nr_cpus > 1)
		udelay(INIT_PAUSE_US);
	for (u32 cpu = 1; cpu < nr_cpus; cpu++) {
		if (!prepare_cpu(cpu))
			continue;
		/*
		 * Readers that iterate over all CPU numbers must see this no later than the CPU's
		 * bit.
		 */
		nr_cpu_ids = cpu + 1;
		if (start_cpu(cpu))
			online++;
	}
	printk(LOG_INFO "SMP: %u of %u CPUs online after %ld ms\n", online, nr_cpus,
	       (hal_now_ns() - start) / 1000000);
}
