/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine's devices, which the hardware domain gets: the registers of every node of the device
 * tree that the hypervisor does not use itself, at the same addresses, and their shared interrupts
 * under the same numbers.
 */
#include <xen/domain_iommu.h>
#include <xen/dt_devices.h>
#include <xen/hal/io.h>
#include <xen/hal/vcpu.h>
#include <xen/iommu.h>
#include <xen/p2m.h>
#include <xen/printk.h>
#include <xen/string.h>
#include <asm/mm.h>
#include <asm/setup.h>

#include "private.h"

/* Of a frame for MSIs (ARM's SBSA, appendix on GICv2m): first interrupt and how many. */
#define MSI_TYPER 0x008
#define MSI_TYPER_BASE(v) ((v) >> 16 & 0x3ff)
#define MSI_TYPER_NUMBER(v) ((v) & 0x3ff)

#define NR_STREAMS 0x10000U	/* of an IOMMU */
#define MAX_PCI_LINES 128	/* of one host bridge: four for each of 32 slots */

static int __init give_range(struct domain *d, const struct dt_range *r)
{
	u64 end = min(r->start + r->size, 1UL << GUEST_PHYS_BITS);

	if (!r->size)
		return 0;
	if (r->start + r->size > end)
		printk(LOG_WARN "dom0: device memory [%#lx, %#lx) is above what a guest can "
		       "address\n", max(r->start, end), r->start + r->size);
	if (r->start >= end)
		return 0;
	return rangeset_add(&d->iomem_caps, r->start >> PAGE_SHIFT, (end - 1) >> PAGE_SHIFT);
}

static bool __init is_pci(const struct fdt *t, fdt_node_t n)
{
	const char *type = fdt_get_string(t, n, "device_type");

	return type && !strcmp(type, "pci");
}

static int __init give_registers(const struct fdt *t, fdt_node_t n, void *arg)
{
	struct dt_range r;
	int rc = 0;

	for (u32 i = 0; !rc && dt_reg(t, n, i, &r); i++)
		rc = give_range(arg, &r);
	for (u32 i = 0; !rc && is_pci(t, n) && dt_bus_window(t, n, i, &r); i++)
		rc = give_range(arg, &r);
	return rc;
}

static int __init take(struct domain *d, const struct dt_range *r)
{
	return r->size ? rangeset_remove(&d->iomem_caps, r->start >> PAGE_SHIFT,
					 (r->start + r->size - 1) >> PAGE_SHIFT) : 0;
}

/* A page that holds anything of the hypervisor's or of a guest's is not the domain's, whatever else
 * is in it. */
static int __init take_own(struct domain *d)
{
	paddr_t base;
	u64 size;
	int rc = machine.uart.kind != DT_UART_NONE ? take(d, &machine.uart.regs) : 0;

	for (u32 i = 0; !rc && i < machine.nr_banks; i++)
		rc = take(d, &machine.bank[i]);
	for (u32 i = 0; !rc && i < machine.nr_gic; i++)
		rc = take(d, &machine.gic[i]);
	for (u32 i = 0; !rc && iommu_unit_registers(i, &base, &size); i++)
		rc = take(d, &(struct dt_range){ base.v, size });
	for (u32 i = 0; !rc && i < machine.nr_passed; i++)
		rc = take(d, &machine.passed[i]);
	return rc;
}

static int __init map_range(u64 first, u64 last, void *arg)
{
	struct domain *d = arg;

	return p2m_map_range(d->p2m, gfn_make(first), mfn_make(first), last - first + 1,
			     P2M_MMIO_DIRECT);
}

/* Several devices may share one. Those of the manifest's guests, and local ones, are not the
 * domain's. */
static void __init give_irq(struct domain *d, u32 irq)
{
	if (irq >= GIC_NR_LOCAL && !guest_device_passed_irq(irq))
		guest_irq_give(d, irq);
}

static void __init give_msis(struct domain *d, const struct fdt *t, fdt_node_t n)
{
	u32 base = 0, number = 0, v;
	struct dt_range r;
	const char *regs;

	if (!dt_reg(t, n, 0, &r))
		return;
	regs = hal_map_mmio(paddr_make(r.start), r.size);
	if (!regs)
		return;
	v = readl(regs + MSI_TYPER);
	base = MSI_TYPER_BASE(v);
	number = MSI_TYPER_NUMBER(v);
	/* The tree's word counts where the register is wrong. */
	fdt_get_u32(t, n, "arm,msi-base-spi", &base);
	fdt_get_u32(t, n, "arm,msi-num-spis", &number);
	for (u32 i = 0; i < min(number, (u32)GIC_MAX_IRQS); i++)
		give_irq(d, base + i);
}

static int __init give_irqs(const struct fdt *t, fdt_node_t n, void *arg)
{
	static u32 line[MAX_PCI_LINES] __initdata;
	u32 irq, nr = is_pci(t, n) ? dt_bus_irqs(t, n, line, MAX_PCI_LINES) : 0;

	for (u32 i = 0; dt_irq(t, n, i, &irq); i++)
		give_irq(arg, irq);
	for (u32 i = 0; i < nr; i++)
		give_irq(arg, line[i]);
	if (dt_is_msi_frame(t, &machine, n))
		give_msis(arg, t, n);
	return 0;
}

/* All streams of the machine's are dom0's, as it has all devices but those of guests. */
static int __init confine_devices(struct domain *d)
{
	int rc;

	if (!iommu_in_use())
		return 0;
	rc = domain_iommu_init(d);
	for (u32 stream = 0; !rc && stream < NR_STREAMS; stream++)
		if (!guest_device_passed_stream((u16)stream))
			rc = domain_iommu_attach(d, (struct pci_addr){ .bdf = (u16)stream });
	if (rc)
		return rc;
	guest_start_iommu();
	printk(LOG_INFO "IOMMU: the devices of dom0 reach its memory only\n");
	return 0;
}

int __init guest_give_devices(struct domain *d)
{
	int rc = dt_for_each_device(&machine_tree, &machine, give_registers, d);

	ASSERT(d->is_hardware);
	if (!rc)
		rc = take_own(d);
	if (!rc)
		rc = rangeset_for_each(&d->iomem_caps, map_range, d);
	if (!rc)
		rc = dt_for_each_device(&machine_tree, &machine, give_irqs, d);
	if (!rc)
		rc = confine_devices(d);
	printk(LOG_INFO "dom0: %u ranges of device memory, %u interrupts\n", d->iomem_caps.count,
	       to_ad(d)->vgic.nr_hw);
	return rc;
}
