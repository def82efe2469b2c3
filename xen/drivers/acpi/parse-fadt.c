/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fixed hardware (FADT), the event timer (HPET) and PCI's memory-mapped space (MCFG). */
#include <xen/acpi.h>
#include <xen/errno.h>
#include <xen/string.h>

#include "bytes.h"

#define FADT_V1_SIZE 116
#define FADT_TIMER_32BIT BIT(8)
#define FADT_HAS_RESET BIT(10)
#define FADT_HW_REDUCED BIT(20)
#define GAS_SIZE 12
#define HPET_SIZE 56
#define MCFG_ENTRIES 44
#define MCFG_ENTRY_SIZE 16

static struct acpi_register load_gas(const u8 *p)
{
	return (struct acpi_register){ p[0], p[1], load64(p + 4) };
}

/* Later tables give each block twice; the generic form wins if it is present and not 0. */
static struct acpi_register block(const u8 *p, size_t len, u32 old, u32 width, u32 gas)
{
	struct acpi_register r = { ACPI_SPACE_IO, (u8)width, load32(p + old) };

	if (gas + GAS_SIZE <= len && load64(p + gas + 4))
		r = load_gas(p + gas);
	return r;
}

static paddr_t pointer(const u8 *p, size_t len, u32 old, u32 wide)
{
	if (wide + 8 <= len && load64(p + wide))
		return paddr_make(load64(p + wide));
	return paddr_make(load32(p + old));
}

int acpi_parse_fadt(const u8 *p, size_t len, struct acpi_fadt *out)
{
	u32 flags;

	if (len < FADT_V1_SIZE || memcmp(p, "FACP", 4))
		return -XEN_EINVAL;
	flags = load32(p + 112);
	*out = (struct acpi_fadt){
		.dsdt = pointer(p, len, 40, 140),
		.facs = pointer(p, len, 36, 132),
		.sci_irq = load16(p + 46),
		.smi_command = load32(p + 48),
		.acpi_enable = p[52],
		.pm1a_event = block(p, len, 56, 16, 148),
		.pm1b_event = block(p, len, 60, 16, 160),
		.pm1a_control = block(p, len, 64, 16, 172),
		.pm1b_control = block(p, len, 68, 16, 184),
		.pm_timer = block(p, len, 76, 32, 208),
		.rtc_century = p[108] < 128 ? p[108] : 0,
		.pm_timer_32bit = flags & FADT_TIMER_32BIT,
		.hw_reduced = flags & FADT_HW_REDUCED,
	};
	if (flags & FADT_HAS_RESET && len >= 129) {
		out->reset = load_gas(p + 116);
		out->reset_value = p[128];
		out->has_reset = out->reset.address != 0;
	}
	return 0;
}

int acpi_parse_hpet(const u8 *p, size_t len, struct acpi_hpet *out)
{
	struct acpi_register r;

	if (len < HPET_SIZE || memcmp(p, "HPET", 4))
		return -XEN_EINVAL;
	r = load_gas(p + 40);
	if (r.space != ACPI_SPACE_MEMORY || !r.address || r.address & 7)
		return -XEN_EINVAL;
	*out = (struct acpi_hpet){ paddr_make(r.address), p[52], load16(p + 53) };
	return 0;
}

int acpi_parse_mcfg(const u8 *p, size_t len, struct acpi_mcfg *out)
{
	if (len < MCFG_ENTRIES || memcmp(p, "MCFG", 4))
		return -XEN_EINVAL;
	*out = (struct acpi_mcfg){ 0 };
	for (size_t at = MCFG_ENTRIES; at + MCFG_ENTRY_SIZE <= len; at += MCFG_ENTRY_SIZE) {
		struct acpi_mcfg_entry e = {
			paddr_make(load64(p + at)), load16(p + at + 8), p[at + 10], p[at + 11],
		};

		/* Each bus takes 1 MiB; hardware cannot decode any other alignment. */
		if (e.start_bus > e.end_bus || !e.address.v || e.address.v & 0xfffff)
			return -XEN_EINVAL;
		if (out->nr < ARRAY_SIZE(out->entry))
			out->entry[out->nr++] = e;
	}
	return 0;
}
