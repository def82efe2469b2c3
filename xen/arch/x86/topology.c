/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Threads, cores and packages. An APIC id consists of package, core and thread number; CPUID gives
 * the width of each field. All CPUs are assumed to be like the boot CPU.
 */
#include <xen/hal/smp.h>

#include <xen/printk.h>
#include <asm/apic.h>
#include <asm/features.h>
#include <asm/processor.h>
#include <asm/smp.h>

#define TOPOLOGY_LEAF 0xb
#define TOPOLOGY_THREADS 1
#define TOPOLOGY_CORES 2

/* Constant after topology_init. */
static u32 thread_bits, package_bits;	/* lowest bit of the core and the package number */

/* Number of bits needed to number @n things. */
static u32 bits_for(u32 n)
{
	u32 bits = 0;

	while (bits < 31 && (1U << bits) < n)
		bits++;
	return bits;
}

static bool from_topology_leaf(void)
{
	if (boot_cpu.max_leaf < TOPOLOGY_LEAF)
		return false;
	for (u32 level = 0; level < 4; level++) {
		struct cpuid_regs r = cpuid_count(TOPOLOGY_LEAF, level);
		u32 type = r.ecx >> 8 & 0xff;

		if (!type || !(r.ebx & 0xffff))
			break;
		if (type == TOPOLOGY_THREADS)
			thread_bits = r.eax & 0x1f;
		if (type == TOPOLOGY_CORES)
			package_bits = r.eax & 0x1f;
	}
	package_bits = max(package_bits, thread_bits);
	return package_bits != 0;
}

static void from_amd_leaves(void)
{
	u32 sizes = boot_cpu.max_ext_leaf >= 0x80000008 ? cpuid(0x80000008).ecx : 0;

	package_bits = sizes >> 12 & 0xf;
	if (!package_bits)
		package_bits = bits_for((sizes & 0xff) + 1);
	if (cpu_has(X86_FEATURE_TOPOEXT) && boot_cpu.max_ext_leaf >= 0x8000001e)
		thread_bits = bits_for((cpuid(0x8000001e).ebx >> 8 & 0xff) + 1);
}

static void from_intel_leaves(void)
{
	u32 logical = cpu_has(X86_FEATURE_HTT) ? cpuid(1).ebx >> 16 & 0xff : 1;
	u32 cores = boot_cpu.max_leaf >= 4 ? (cpuid_count(4, 0).eax >> 26) + 1 : 1;

	package_bits = bits_for(logical);
	thread_bits = package_bits - min(package_bits, bits_for(cores));
}

void __init topology_init(void)
{
	if (!from_topology_leaf()) {
		if (boot_cpu.vendor == CPU_VENDOR_AMD)
			from_amd_leaves();
		else
			from_intel_leaves();
	}
	thread_bits = min(thread_bits, package_bits);
}

u32 hal_cpu_to_core(u32 cpu)
{
	return (cpu_apic_id[cpu] & ((1U << package_bits) - 1)) >> thread_bits;
}

u32 hal_cpu_to_socket(u32 cpu)
{
	return cpu_apic_id[cpu] >> package_bits;
}
