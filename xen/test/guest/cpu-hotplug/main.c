/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

#include <public/platform.h>
#include <public/sysctl.h>

TEST("CPUs go offline and online under load, the caller's own too; timers are not lost");
RUN("dom0=1 vcpus=3 cpus=4 timeout=60");

#define CPUS 4
#define TIMER_VECTOR 0x70

static volatile u32 turns, naps;
static volatile bool stop;

static long hotplug(u32 op, u32 cpu)
{
	struct xen_sysctl s = { .cmd = XEN_SYSCTL_cpu_hotplug,
				.interface_version = XEN_SYSCTL_INTERFACE_VERSION };

	s.u.cpu_hotplug = (struct xen_sysctl_cpu_hotplug){ .cpu = cpu, .op = op };
	return HC1(__HYPERVISOR_sysctl, &s);
}

static long platform_cpu(u32 cmd, u32 cpu)
{
	struct xen_platform_op op = { .cmd = cmd, .interface_version = XENPF_INTERFACE_VERSION };

	op.u.cpu_ol.cpuid = cpu;
	return HC1(__HYPERVISOR_platform_op, &op);
}

static struct xen_sysctl_physinfo machine(void)
{
	struct xen_sysctl s = { .cmd = XEN_SYSCTL_physinfo,
				.interface_version = XEN_SYSCTL_INTERFACE_VERSION };

	CHECK_EQ(HC1(__HYPERVISOR_sysctl, &s), 0);
	CHECK_EQ(s.u.physinfo.max_cpu_id, CPUS - 1);
	return s.u.physinfo;
}

static u32 nr_cpus(void)
{
	return machine().nr_cpus;
}

static void spin(void *arg)
{
	while (!stop)
		turns++;
}

static void due(struct regs *regs)
{
	naps++;
	apic_eoi();
}

/* Sleeps and is woken by its own APIC's timer, which the hypervisor keeps on some CPU. */
static void nap(void *arg)
{
	apic_enable();
	apic_write(APIC_TDCR, 0xb);
	apic_write(APIC_LVTT, TIMER_VECTOR);
	while (!stop) {
		apic_write(APIC_TMICT, 500000);
		__asm__ volatile("sti; hlt; cli");
	}
}

static void check_both_go_on(u32 cpu)
{
	u32 t = turns, n = naps;

	CHECK(WAIT_FOR(turns != t, 5000), "the busy vCPU is stuck after CPU %u", cpu);
	CHECK(WAIT_FOR(naps != n, 5000), "the napping vCPU is stuck after CPU %u", cpu);
}

static void storm(void)
{
	for (u32 round = 0; round < 4; round++) {
		for (u32 cpu = 1; cpu < CPUS; cpu++) {
			CHECK_EQ(hotplug(XEN_SYSCTL_CPU_HOTPLUG_OFFLINE, cpu), 0);
			check_both_go_on(cpu);
		}
		CHECK_EQ(nr_cpus(), 1);
		for (u32 cpu = 1; cpu < CPUS; cpu++) {
			CHECK_EQ(hotplug(XEN_SYSCTL_CPU_HOTPLUG_ONLINE, cpu), 0);
			check_both_go_on(cpu);
		}
		CHECK_EQ(nr_cpus(), CPUS);
	}
}

static void errors(void)
{
	/* Bochs' machine has two threads a core, QEMU's has one. */
	long smt = machine().threads_per_core > 1 ? 0 : -XEN_EOPNOTSUPP;

	CHECK_EQ(hotplug(XEN_SYSCTL_CPU_HOTPLUG_OFFLINE, 0), -XEN_EINVAL);
	CHECK_EQ(hotplug(XEN_SYSCTL_CPU_HOTPLUG_OFFLINE, CPUS), -XEN_EINVAL);
	CHECK_EQ(hotplug(XEN_SYSCTL_CPU_HOTPLUG_ONLINE, 1), -XEN_EEXIST);
	CHECK_EQ(hotplug(XEN_SYSCTL_CPU_HOTPLUG_SMT_ENABLE, 0), smt);
	CHECK_EQ(hotplug(77, 1), -XEN_EOPNOTSUPP);
	CHECK_EQ(platform_cpu(XENPF_cpu_offline, 0), -XEN_EOPNOTSUPP);
	CHECK_EQ(platform_cpu(XENPF_cpu_online, 1), 0);
	CHECK_EQ(platform_cpu(XENPF_cpu_offline, 1), 0);
	CHECK_EQ(platform_cpu(XENPF_cpu_offline, 1), 0);
	CHECK_EQ(nr_cpus(), CPUS - 1);
	CHECK_EQ(platform_cpu(XENPF_cpu_online, 1), 0);
	CHECK_EQ(platform_cpu(XENPF_cpu_online, CPUS), -XEN_EINVAL);
}

void test_main(void)
{
	smp_need(2);
	set_vector(TIMER_VECTOR, due);
	smp_run(1, spin, NULL);
	smp_run(2, nap, NULL);
	errors();
	storm();
	stop = true;
	CHECK(smp_wait(1, 20000), "the busy vCPU is stuck");
	CHECK(smp_wait(2, 20000), "the napping vCPU is stuck");
}
