/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What one exit costs from the guest's instruction before to the one after: the shortest hypercall,
 * CPUID, MSRs, ports, device registers, memory that is not there.
 */
#include "bench.h"

#define LAPIC 0xfee00000UL
#define HPET 0xfed00000UL
/* A gap of the machine's and of every guest's address space, below the local APIC. */
#define HOLE 0xd0000000UL
#define PORT_PIT 0x42
#define PORT_NONE 0x1f00
#define PORT_DELAY 0x80
#define PORT_COM2_SCRATCH 0x2ff

static u32 mmio_read(u64 at)
{
	return *(volatile u32 *)at;
}

static void hypercall_null(const char *name, u32 rounds)
{
	MEASURE(name, rounds, HC2(__HYPERVISOR_xen_version, XENVER_version, NULL));
}

/* A number that no hypervisor knows: the way there and back alone. */
static void hypercall_unknown(const char *name, u32 rounds)
{
	MEASURE(name, rounds, HC1(63, 0));
}

static void cpuid_base(const char *name, u32 rounds)
{
	MEASURE(name, rounds, cpuid(0x40000000, 0));
}

static void cpuid_features(const char *name, u32 rounds)
{
	MEASURE(name, rounds, cpuid(1, 0));
}

static void msr_read(const char *name, u32 rounds)
{
	MEASURE(name, rounds, rdmsr(MSR_APIC_BASE));
}

static void msr_write(const char *name, u32 rounds)
{
	u64 v = rdmsr(MSR_PAT);

	MEASURE(name, rounds, wrmsr(MSR_PAT, v));
}

/* Not intercepted by anybody who can help it. */
static void msr_free(const char *name, u32 rounds)
{
	u64 v = rdmsr(MSR_KERNEL_GS_BASE);

	MEASURE(name, rounds, wrmsr(MSR_KERNEL_GS_BASE, v));
}

static void tsc_read(const char *name, u32 rounds)
{
	MEASURE(name, rounds, rdtsc());
}

static void port_pit(const char *name, u32 rounds)
{
	MEASURE(name, rounds, inb(PORT_PIT));
}

static void port_none(const char *name, u32 rounds)
{
	MEASURE(name, rounds, inb(PORT_NONE));
}

static void port_delay(const char *name, u32 rounds)
{
	MEASURE(name, rounds, outb(PORT_DELAY, 0));
}

static void port_device(const char *name, u32 rounds)
{
	MEASURE(name, rounds, inb(PORT_COM2_SCRATCH));
}

static void lapic_read(const char *name, u32 rounds)
{
	MEASURE(name, rounds, mmio_read(LAPIC + APIC_ID));
}

static void lapic_write(const char *name, u32 rounds)
{
	MEASURE(name, rounds, *(volatile u32 *)(LAPIC + APIC_TPR) = 0);
}

static void hpet_read(const char *name, u32 rounds)
{
	MEASURE(name, rounds, mmio_read(HPET + 0xf0));
}

static void hole_read(const char *name, u32 rounds)
{
	MEASURE(name, rounds, mmio_read(HOLE));
}

static void hole_write(const char *name, u32 rounds)
{
	MEASURE(name, rounds, *(volatile u32 *)HOLE = 0);
}

/* Each touch is the first of its page: nothing that was learnt at the last one helps. */
static void nested_fault(const char *name, u32 rounds)
{
	u64 at = HOLE + 0x100000;

	MEASURE(name, rounds, (mmio_read(at), at += PAGE_SIZE));
}

static const struct benchmark table[] = {
	{ "exit.hypercall", hypercall_null, 4000 },
	{ "exit.hypercall.unknown", hypercall_unknown, 4000 },
	{ "exit.cpuid", cpuid_base, 4000 },
	{ "exit.cpuid.features", cpuid_features, 4000 },
	{ "exit.msr.read", msr_read, 4000 },
	{ "exit.msr.write", msr_write, 4000 },
	{ "exit.msr.direct", msr_free, 4000 },
	{ "exit.rdtsc", tsc_read, 4000 },
	{ "exit.port.pit", port_pit, 4000 },
	{ "exit.port.none", port_none, 4000 },
	{ "exit.port.delay", port_delay, 4000 },
	{ "exit.port.serial", port_device, 4000 },
	{ "exit.mmio.lapic.read", lapic_read, 4000 },
	{ "exit.mmio.lapic.write", lapic_write, 4000 },
	{ "exit.mmio.hpet", hpet_read, 4000 },
	{ "exit.mmio.hole.read", hole_read, 2000 },
	{ "exit.mmio.hole.write", hole_write, 2000 },
	{ "exit.npf.first", nested_fault, 1024 },
};
DEFINE_GROUP(exits, table);
