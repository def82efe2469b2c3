/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What x86's guests find of a machine: one IO-APIC and its lines, vectors for MSIs, ACPI's MADT, no
 * registers for sleep and reset, no serial port.
 */
#include <xen/acpi.h>
#include <xen/console.h>
#include <xen/errno.h>
#include <xen/guest_map.h>
#include <xen/mm.h>
#include <xen/serial.h>
#include <xen/string.h>
#include <xen/hal/cpu.h>
#include <xen/hal/mm.h>
#include <xen/hal/smp.h>
#include <xen/hal/time.h>

#include <asm/apic.h>
#include <asm/features.h>
#include <asm/host.h>
#include <asm/hvm.h>
#include <asm/irq.h>
#include <asm/machine.h>
#include <asm/mm.h>
#include <asm/setup.h>
#include <asm/time.h>
#include <asm/traps.h>

#include "processor.h"

#define SLEEP_PORT 0x604
#define RESET_PORT 0xcf9
#define RESET_VALUE 6
#define SLP_ENABLE BIT(13)
#define MSI_ADDRESS 0xfee00000UL
#define MSI_ADDRESS_CPU_SHIFT 12

struct boot_info boot_info = {
	.nr_regions = 2,
	.regions = { { 0, 0xa0000, GUEST_REGION_RAM }, { 0x100000, 0x7ff00000, GUEST_REGION_RAM } },
};
u32 cpu_apic_id[NR_CPUS];

static const struct acpi_madt madt = {
	.nr_ioapics = 1, .ioapic = { { .id = 1, .address = { SOFT_IOAPIC_BASE } } },
};

/* One entry a vector. */
static struct irq {
	void (*fn)(void *arg);	/* NULL: free */
	void *arg;
	s32 gsi;		/* -1: an MSI */
	bool masked;
} irqs[VECTOR_DEVICE_LAST + 1];

const struct acpi_madt *acpi_madt(void) { return &madt; }
const struct acpi_mcfg *acpi_mcfg(void) { return NULL; }
bool serial_owns_port(u16 port) { return port >= 0x3f8 && port < 0x400; }
bool serial_owns_pci(struct pci_addr a) { return a.bdf == SOFT_PCI_SERIAL << 3; }
void idt_use_ist(bool use) {}

bool machine_is_sleep_port(u16 port) { return port == SLEEP_PORT || port == SLEEP_PORT + 1; }

bool machine_is_power_off(u16 port, u16 val)
{
	return port == SLEEP_PORT && (val & SLP_ENABLE);
}

u16 machine_reset_port(u8 *val)
{
	*val = RESET_VALUE;
	return RESET_PORT;
}

paddr_t virt_to_paddr(const void *va)
{
	return paddr_make((u64)((const char *)va - hal_direct_map));
}

const struct timescale *time_tsc_scale(void)
{
	static struct timescale s;

	if (!s.mul)
		timescale_init(&s, hal_cycles_khz() * 1000UL);
	return &s;
}

/* ---- interrupts of devices ---- */

u32 irq_nr_gsis(void) { return SOFT_NR_GSIS; }
u32 irq_ioapic_pins(u32 gsi_base) { return gsi_base ? 0 : SOFT_NR_GSIS; }

static int allocate(s32 gsi, void (*fn)(void *arg), void *arg)
{
	for (u32 v = VECTOR_DEVICE_FIRST; v <= VECTOR_DEVICE_LAST; v++)
		if (!irqs[v].fn) {
			irqs[v] = (struct irq){ .fn = fn, .arg = arg, .gsi = gsi };
			return (int)v;
		}
	return -XEN_ENOSPC;
}

static struct irq *irq_of_gsi(u32 gsi)
{
	for (u32 v = VECTOR_DEVICE_FIRST; v <= VECTOR_DEVICE_LAST; v++)
		if (irqs[v].fn && irqs[v].gsi == (s32)gsi)
			return &irqs[v];
	return NULL;
}

int irq_request_gsi(u32 gsi, bool level, bool low, void (*fn)(void *arg), void *arg)
{
	if (gsi >= SOFT_NR_GSIS)
		return -XEN_EINVAL;
	return irq_of_gsi(gsi) ? -XEN_EBUSY : allocate((s32)gsi, fn, arg);
}

int irq_alloc_msi_vector(void (*fn)(void *arg), void *arg, struct msi_msg *out)
{
	int vector = allocate(-1, fn, arg);

	if (vector >= 0)
		*out = (struct msi_msg){ MSI_ADDRESS, (u32)vector };
	return vector;
}

static struct irq *irq_at(int vector)
{
	return vector >= VECTOR_DEVICE_FIRST && vector <= VECTOR_DEVICE_LAST && irqs[vector].fn ?
	       &irqs[vector] : NULL;
}

void irq_free(int vector)
{
	ASSERT(irq_at(vector));
	irqs[vector].fn = NULL;
}

int irq_set_cpu(int vector, u32 cpu, struct msi_msg *out)
{
	if (!irq_at(vector) || cpu >= NR_CPUS || !cpumask_test(&cpu_online_map, cpu))
		return -XEN_EINVAL;
	if (out)
		*out = (struct msi_msg){ MSI_ADDRESS | cpu << MSI_ADDRESS_CPU_SHIFT, (u32)vector };
	return 0;
}

static void set_masked(u32 gsi, bool masked)
{
	struct irq *irq = irq_of_gsi(gsi);

	if (irq)
		irq->masked = masked;
}

void irq_mask_gsi(u32 gsi) { set_masked(gsi, true); }
void irq_unmask_gsi(u32 gsi) { set_masked(gsi, false); }
void irq_guest_eoi(u32 gsi) {}

/* As an interrupt of this CPU, with everything that another may do in between. */
static void fire(const struct irq *irq)
{
	cpumask_t self;

	if (!irq || !irq->fn || irq->masked)
		return;
	cpumask_clear(&self);
	cpumask_set(&self, hal_smp_cpu_id());
	hal_smp_call(&self, irq->fn, irq->arg, false);
}

void soft_line_fires(u32 gsi) { fire(irq_of_gsi(gsi)); }
void soft_msi_fires(u8 vector) { fire(irq_at(vector)); }

u32 soft_vectors_in_use(void)
{
	u32 n = 0;

	for (u32 v = VECTOR_DEVICE_FIRST; v <= VECTOR_DEVICE_LAST; v++)
		n += irqs[v].fn != NULL;
	return n;
}

/* ---- the boot ---- */

static void cpu_features(void)
{
	boot_cpu.features[0] = cpuid(1).edx;
	boot_cpu.features[1] = cpuid(1).ecx;
	boot_cpu.features[8] = cpuid(0x80000008).ebx;
}

void soft_processor_init(void)
{
	cpumask_t online = cpu_online_map;

	cpu_features();
	for (u32 i = 0; i < nr_cpu_ids; i++) {
		cpu_apic_id[i] = i;
		cpumask_set(&cpu_online_map, i);
		host_become_cpu(i);
		if (i)
			hvm_cpu_up();
		else
			hvm_init();
	}
	host_become_cpu(0);
	cpu_online_map = online;
}
