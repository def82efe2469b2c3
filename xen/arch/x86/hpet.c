/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The HPET's main counter (IA-PC HPET specification 1.0a). Its comparators are not used. */
#include "clock.h"

#include <xen/acpi.h>
#include <xen/compiler.h>
#include <asm/io.h>
#include <asm/mm.h>

#define HPET_CAPABILITIES 0x000
#define HPET_CONFIG 0x010
#define HPET_COUNTER 0x0f0
#define HPET_TIMER_CONFIG(n) (0x100 + 0x20 * (n))
#define CAP_64BIT BIT(13)
#define CONFIG_ENABLE BIT(0)
#define CONFIG_LEGACY BIT(1)
#define TIMER_INT_ENABLE BIT(2)
#define MIN_PERIOD_FS 1000000UL		/* 1 GHz */
#define MAX_PERIOD_FS 100000000UL	/* the specification's limit */
#define FS_PER_SEC 1000000000000000UL

static u8 *regs;
static u64 bits;

/* Half reads tear on some chipsets, so only a 32-bit counter's low half is read that way. */
static u64 hpet_read(void)
{
	return bits >> 32 ? readq(regs + HPET_COUNTER) : readl(regs + HPET_COUNTER);
}

static u64 hpet_mask(void) { return bits; }

static u64 hpet_probe(void)
{
	const struct acpi_hpet *h = acpi_hpet();
	u32 cap, period, timers;

	regs = h ? hal_map_mmio(h->address, 0x400) : NULL;
	if (!regs)
		return 0;
	cap = readl(regs + HPET_CAPABILITIES);
	period = readl(regs + HPET_CAPABILITIES + 4);
	if (period < MIN_PERIOD_FS || period > MAX_PERIOD_FS)
		return 0;
	bits = cap & CAP_64BIT ? ~0UL : 0xffffffff;
	timers = (cap >> 8 & 0x1f) + 1;
	writel(readl(regs + HPET_CONFIG) & ~(u32)(CONFIG_ENABLE | CONFIG_LEGACY),
	       regs + HPET_CONFIG);
	for (u32 n = 0; n < timers; n++)
		writel(readl(regs + HPET_TIMER_CONFIG(n)) & ~(u32)TIMER_INT_ENABLE,
		       regs + HPET_TIMER_CONFIG(n));
	writel(readl(regs + HPET_CONFIG) | CONFIG_ENABLE, regs + HPET_CONFIG);
	return clock_counts(&hpet_clock) ? (FS_PER_SEC + period / 2) / period : 0;
}

const struct clock_source hpet_clock = { "HPET", hpet_probe, hpet_read, hpet_mask };
OPS_TABLE(hpet_clock, name);
