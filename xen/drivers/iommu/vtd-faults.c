/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fault records of Intel's IOMMU (section 7 of its specification). A device can cause faults
 * without end, so the interrupt is switched off once all records were full, and a timer looks again
 * later: a flood costs one look each period.
 */
#include "vtd.h"
#include "private.h"

#include <xen/hal/io.h>
#include <xen/hal/irq.h>
#include <xen/hal/time.h>
#include <xen/printk.h>

#define FLOOD_PERIOD 100000000L	/* ns */

#define STATUS_OVERFLOW BIT(0)
#define CONTROL_MASKED BIT(31)

/* Two words of a record. */
#define RECORD_BYTES 16U
#define RECORD_SECOND 8U
#define RECORD_LAST 12U			/* its last four bytes, with: */
#define RECORD_VALID BIT(31)
#define RECORD_READ BIT(62)
#define RECORD_REASON(r) ((u8)((r) >> 32))
#define IS_INTERRUPT(reason) ((reason) >> 4 == 2)
#define INTERRUPT_FIRST 0xfee00000UL

static const char *const causes[] = {
	[0x01] = "its bus has no devices",
	[0x02] = "the device belongs to nothing",
	[0x03] = "its context entry is not valid",
	[0x04] = "beyond what the unit can address",
	[0x05] = "its domain may not write there",
	[0x06] = "its domain may not read there",
	[0x07] = "its page tables cannot be read",
	[0x08] = "the root table cannot be read",
	[0x09] = "the context table cannot be read",
	[0x0a] = "reserved bits in the root table",
	[0x0b] = "reserved bits in the context table",
	[0x0c] = "reserved bits in its page tables",
	[0x0d] = "the kind of request is not permitted",
};

static void report(u64 first, u64 second)
{
	u8 reason = RECORD_REASON(second);
	struct iommu_fault f = {
		.bdf = (u16)second, .address = first & ~(PAGE_SIZE - 1),
		.access = second & RECORD_READ ? "read" : "write",
		.cause = reason < ARRAY_SIZE(causes) ? causes[reason] : NULL,
	};

	if (IS_INTERRUPT(reason)) {
		/* The index into the remapping table is where an address is otherwise. */
		f.address = INTERRUPT_FIRST;
		f.access = "interrupt";
		f.cause = "it is not one that the device may raise";
	}
	if (!f.cause)
		f.cause = "for a reason that is not known";
	iommu_report(&f);
}

/* Report and clear all records. Were all full, or did some not fit? */
static bool drain(struct vtd_unit *u)
{
	u8 *record = u->regs + CAP_FAULT_PLACE(u->cap);
	u32 nr = CAP_FAULTS(u->cap), full = 0;
	bool overflow = readl(u->regs + VTD_FAULT_STATUS) & STATUS_OVERFLOW;

	for (u32 i = 0; i < nr; i++, record += RECORD_BYTES) {
		if (!(readl(record + RECORD_LAST) & RECORD_VALID))
			continue;
		report(readq(record), readq(record + RECORD_SECOND));
		writel(RECORD_VALID, record + RECORD_LAST);
		full++;
	}
	if (overflow)
		writel(STATUS_OVERFLOW, u->regs + VTD_FAULT_STATUS);
	return overflow || full == nr;
}

/* Both the interrupt and the timer. */
static void look(void *unit)
{
	struct vtd_unit *u = unit;
	u64 flags = spin_lock_irqsave(&u->fault_lock);
	bool flood = drain(u);

	writel(flood ? CONTROL_MASKED : 0, u->regs + VTD_FAULT_CONTROL);
	/* A fault that came before that write raises no interrupt. */
	if (!flood)
		flood = drain(u);
	if (flood)
		timer_set(&u->timer, hal_now_ns() + FLOOD_PERIOD);
	spin_unlock_irqrestore(&u->fault_lock, flags);
}

const char *vtd_faults_init(struct vtd_unit *u)
{
	struct hal_msi msi;

	if (CAP_FAULT_PLACE(u->cap) + CAP_FAULTS(u->cap) * RECORD_BYTES > VTD_REGISTERS)
		return "its fault records are beyond its page of registers";
	spin_lock_init(&u->fault_lock, "vtd-faults", LOCK_RANK_NONE);
	timer_init(&u->timer, look, u, 0);
	if (hal_irq_request_msi(look, u, &msi))
		return "no interrupt vector is free";
	writel(msi.data, u->regs + VTD_FAULT_DATA);
	writel((u32)msi.address, u->regs + VTD_FAULT_ADDRESS);
	writel((u32)(msi.address >> 32), u->regs + VTD_FAULT_ADDRESS_HIGH);
	look(u);
	return NULL;
}
