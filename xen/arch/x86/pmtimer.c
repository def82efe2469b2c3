/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ACPI power management timer (ACPI specification, section 4.8.2.1). */
#include "clock.h"

#include <xen/acpi.h>
#include <asm/io.h>

#define PM_TIMER_HZ 3579545

static u16 port;
static u64 bits;

static u64 pm_read(void) { return inl(port); }
static u64 pm_mask(void) { return bits; }

static u64 pm_probe(void)
{
	const struct acpi_fadt *f = acpi_fadt();

	if (!f || f->pm_timer.space != ACPI_SPACE_IO || !f->pm_timer.address ||
	    f->pm_timer.address > 0xfffc)
		return 0;
	port = (u16)f->pm_timer.address;
	bits = f->pm_timer_32bit ? 0xffffffff : 0xffffff;
	return clock_counts(&pmtimer_clock) ? PM_TIMER_HZ : 0;
}

const struct clock_source pmtimer_clock = { "ACPI PM timer", pm_probe, pm_read, pm_mask };
OPS_TABLE(pmtimer_clock, name);
