/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Faults of ARM's SMMUs of version 1 and 2: one register for those of the unit and one for each
 * context bank's, which keep the first fault until they are cleared. A device can cause faults
 * without end, so interrupts are switched off once there were many, and a timer looks on later.
 */
#include "smmu2.h"

#include <xen/assert.h>
#include <xen/hal/irq.h>
#include <xen/hal/time.h>

#define FLOOD_PERIOD 100000000L	/* ns */
#define LOOK_PERIOD 1000000000L
#define FLOOD 64U		/* faults in a period */
#define FAULTS_AT_ONCE 16U	/* the interrupt comes again for those that are left */

/* By the bits of GFSR. */
static const char *const global_causes[] = {
	"the device, or another of its stream's group, belongs to nothing",
	"the device tree does not name its stream",
	"its stream is mapped twice",
	"its context bank does not exist",
	"its context bank's interrupt does not exist",
	"it reaches for the unit's own registers",
	"the unit cannot read what it needs",
	"the request is not permitted",
};

/* By the bits of FSR from 1 on. */
static const char *const context_causes[] = {
	"its domain has nothing there",
	"its page tables are not valid",
	"its domain may not access that memory so",
	"its page tables cannot be read",
	"two translations contradict each other",
	"its translations are locked",
	"beyond what the unit can address",
	"the unit does not support such a request",
};

static const char *cause_of(const char *const *causes, u32 bits)
{
	return bits ? causes[__builtin_ctz(bits)] : "for a reason that is not known";
}

void smmu2_write_control(const struct smmu2_unit *u)
{
	u32 v = CR0_FAULTS_ABORT | CR0_CONFIG_FAULTS_ABORT | CR0_UNKNOWN_FAULT |
		CR0_CONFLICT_FAULT | CR0_PRIVATE_VMIDS | CR0_PRIVATE_TLB;

	ASSERT(spin_is_locked_by_me(&u->lock));
	if (u->interrupts)
		v |= CR0_FAULTS_INTERRUPT | CR0_CONFIG_FAULTS_INTERRUPT;
	writel(v, u->regs + SMMU2_CR0);
}

void smmu2_enable_bank(const struct smmu2_unit *u, u32 bank)
{
	u32 v = SCTLR_ENABLE | SCTLR_FAULTS_ABORT | SCTLR_GO_ON;

	ASSERT(spin_is_locked_by_me(&u->lock) && u->bank[bank].space);
	if (u->interrupts)
		v |= SCTLR_FAULTS_INTERRUPT;
	writel(v, smmu2_bank_page(u, bank) + SMMU2_SCTLR);
}

static void let_interrupt(struct smmu2_unit *u, bool on)
{
	if (u->interrupts == on)
		return;
	u->interrupts = on;
	smmu2_write_control(u);
	for (u32 i = 0; i < u->nr_banks; i++)
		if (u->bank[i].space)
			smmu2_enable_bank(u, i);
}

static u64 read_address(const u8 *reg)
{
	return readl(reg) | (u64)readl(reg + 4) << 32;
}

/* False: there is none. */
static bool take_global(const struct smmu2_unit *u, struct iommu_fault *f)
{
	u32 status = readl(u->regs + SMMU2_GFSR);

	if (!status)
		return false;
	*f = (struct iommu_fault){
		.bdf = (u16)readl(u->regs + SMMU2_GFSYNR1),
		.address = read_address(u->regs + SMMU2_GFAR),
		.access = readl(u->regs + SMMU2_GFSYNR0) & GFSYNR0_WRITE ? "write" : "read",
		.cause = cause_of(global_causes, status & GFSR_CAUSES),
	};
	writel(status, u->regs + SMMU2_GFSR);
	return true;
}

static bool take_context(const struct smmu2_unit *u, u32 bank, struct iommu_fault *f)
{
	u8 *page = smmu2_bank_page(u, bank);
	u32 status = readl(page + SMMU2_FSR);

	if (!status)
		return false;
	*f = (struct iommu_fault){
		.bdf = (u16)readl(smmu2_page1(u) + SMMU2_CBFRSYNRA(bank)),
		.address = read_address(page + SMMU2_FAR),
		.access = readl(page + SMMU2_FSYNR0) & FSYNR0_WRITE ? "write" : "read",
		.cause = cause_of(context_causes, (status & FSR_CAUSES) >> 1),
	};
	writel(status, page + SMMU2_FSR);
	return true;
}

/* Report what there is. After many faults in a period no more interrupts come in it. */
static void look(struct smmu2_unit *u)
{
	struct iommu_fault found[FAULTS_AT_ONCE];
	u64 flags = spin_lock_irqsave(&u->lock);
	u32 n = take_global(u, &found[0]);

	for (u32 i = 0; i < u->nr_banks && n < FAULTS_AT_ONCE; i++)
		n += u->bank[i].space && take_context(u, i, &found[n]);
	u->faults += n;
	let_interrupt(u, u->faults < FLOOD);
	spin_unlock_irqrestore(&u->lock, flags);
	for (u32 i = 0; i < n; i++)
		iommu_report(&found[i]);
}

static void fault_arrived(void *unit)
{
	struct smmu2_unit *u = unit;

	look(u);
	if (!u->interrupts)
		timer_set(&u->timer, hal_now_ns() + FLOOD_PERIOD);
}

static void period_is_over(void *unit)
{
	struct smmu2_unit *u = unit;
	u64 flags = spin_lock_irqsave(&u->lock);

	u->faults = 0;
	spin_unlock_irqrestore(&u->lock, flags);
	look(u);
	timer_set(&u->timer, hal_now_ns() + LOOK_PERIOD);
}

static bool is_first(const u32 *irq, u32 i)
{
	for (u32 j = 0; j < i; j++)
		if (irq[j] == irq[i])
			return false;
	return true;
}

const char *smmu2_faults_start(struct smmu2_unit *u)
{
	const u32 *irq = u->firmware->irq;
	const char *why = "the device tree names no interrupt of its";

	timer_init(&u->timer, period_is_over, u, 0);
	for (u32 i = 0; i < IOMMU_MAX_IRQS && irq[i]; i++) {
		const struct hal_irq_line line = { .number = irq[i], .level = true };

		if (!i)
			why = NULL;
		if (is_first(irq, i) && hal_irq_request(&line, fault_arrived, u))
			why = "one of its interrupts is in use";
	}
	period_is_over(u);
	return why;
}
