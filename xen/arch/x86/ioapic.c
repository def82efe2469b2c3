/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IO-APICs (Intel 82093AA data sheet and its successors). */
#include <asm/irq.h>

#include "ioapic.h"

#include <xen/acpi.h>
#include <xen/iommu.h>
#include <xen/printk.h>
#include <asm/io.h>
#include <asm/irq.h>
#include <asm/mm.h>

#define IOREGSEL 0x00
#define IOWIN 0x10
#define REG_VERSION 1
#define REG_ENTRY(pin) (0x10 + 2 * (pin))
#define ENTRY_LOW_POLARITY BIT(13)
#define ENTRY_LEVEL BIT(15)
#define ENTRY_MASKED BIT(16)
#define MAX_PINS 240

/** Constant after ioapic_init; the registers under irq.c's lock. */
struct ioapic {
	u8 *regs;
	u32 gsi_base, pins;
};

static struct ioapic ioapics[ACPI_MAX_IOAPICS];
static u32 nr_ioapics;

static u32 reg_read(const struct ioapic *io, u32 reg)
{
	writel(reg, io->regs + IOREGSEL);
	return readl(io->regs + IOWIN);
}

static void reg_write(const struct ioapic *io, u32 reg, u32 v)
{
	writel(reg, io->regs + IOREGSEL);
	writel(v, io->regs + IOWIN);
}

static const struct ioapic *find(u32 gsi)
{
	for (u32 i = 0; i < nr_ioapics; i++)
		if (gsi - ioapics[i].gsi_base < ioapics[i].pins)
			return &ioapics[i];
	return NULL;
}

bool ioapic_has(u32 gsi) { return find(gsi); }

u32 irq_ioapic_pins(u32 gsi_base)
{
	const struct ioapic *io = find(gsi_base);

	return io ? io->pins : 0;
}

void ioapic_set_mask(u32 gsi, bool masked)
{
	const struct ioapic *io = find(gsi);
	u32 reg = REG_ENTRY(gsi - io->gsi_base), low = reg_read(io, reg);

	ASSERT(gsi - io->gsi_base < io->pins);
	reg_write(io, reg, masked ? low | ENTRY_MASKED : low & ~ENTRY_MASKED);
}

void ioapic_route(u32 gsi, u8 vector, u8 apic_id, bool level, bool low, bool masked)
{
	const struct ioapic *io = find(gsi);
	u32 reg = REG_ENTRY(gsi - io->gsi_base);

	ASSERT(gsi - io->gsi_base < io->pins && (masked || vector >= VECTOR_DEVICE_FIRST));
	/* Masked while the two halves do not belong together. */
	reg_write(io, reg, ENTRY_MASKED);
	reg_write(io, reg + 1, iommu_remaps_interrupts() ? iommu_line_word(vector) :
			       (u32)apic_id << 24);
	reg_write(io, reg, vector | (level ? ENTRY_LEVEL : 0) | (low ? ENTRY_LOW_POLARITY : 0) |
			   (masked ? ENTRY_MASKED : 0));
}

static bool __init overlaps(u32 base, u32 pins)
{
	for (u32 i = 0; i < nr_ioapics; i++)
		if (base < ioapics[i].gsi_base + ioapics[i].pins &&
		    ioapics[i].gsi_base < base + pins)
			return true;
	return false;
}

static void __init add(const struct acpi_madt_ioapic *m)
{
	struct ioapic *io = &ioapics[nr_ioapics];
	u32 version;

	io->regs = hal_map_mmio(m->address, 0x20);
	if (!io->regs) {
		printk(LOG_ERR "IO-APIC %u: cannot map %#lx, ignored\n", m->id, m->address.v);
		return;
	}
	version = reg_read(io, REG_VERSION);
	io->gsi_base = m->gsi_base;
	io->pins = (version >> 16 & 0xff) + 1;
	if (version == 0xffffffffU || io->pins > MAX_PINS || io->gsi_base > 0xffff ||
	    overlaps(io->gsi_base, io->pins)) {
		printk(LOG_ERR "IO-APIC %u at %#lx does not answer sensibly, ignored\n", m->id,
		       m->address.v);
		return;
	}
	for (u32 pin = 0; pin < io->pins; pin++)
		reg_write(io, REG_ENTRY(pin), ENTRY_MASKED);
	nr_ioapics++;
	printk(LOG_INFO "IO-APIC %u: version %#x, GSI %u-%u\n", m->id, version & 0xff,
	       io->gsi_base, io->gsi_base + io->pins - 1);
}

u32 __init ioapic_init(void)
{
	const struct acpi_madt *m = acpi_madt();
	u32 end = 0;

	for (u32 i = 0; m && i < m->nr_ioapics; i++)
		add(&m->ioapic[i]);
	for (u32 i = 0; i < nr_ioapics; i++)
		end = max(end, ioapics[i].gsi_base + ioapics[i].pins);
	return end;
}
