/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which MSRs and ports guests reach without an exit (SDM volume 3, sections 24.6.4 and 24.6.9). */
#include <xen/domain.h>
#include <xen/string.h>

#include <asm/mm.h>
#include <asm/msr.h>

#include "vmx.h"

#define HALF_PORTS 0x8000U	/* a page of bits for each half of the ports */
/* Quarters of the MSR bitmap: reads and writes, of low and high numbers. */
#define MSR_WRITES 2048
#define MSR_HIGH 1024
#define MSR_HIGH_FIRST 0xc0000000U
#define MSR_RANGE 0x2000U

static u8 *msr_map, *x2apic_map;
static u8 *io_all[2], *io_hardware[2];

static void *alloc_map(void)
{
	struct page_info *pg = alloc_pages(0, 0);

	if (!pg)
		panic("vmx: no memory for permission maps");
	memset(page_to_virt(pg), 0xff, PAGE_SIZE);
	return page_to_virt(pg);
}

static void allow_msr(u8 *map, u32 msr, bool read, bool write)
{
	u32 bit = msr & (MSR_RANGE - 1), at = msr < MSR_RANGE ? 0 : MSR_HIGH;

	ASSERT(msr - (at ? MSR_HIGH_FIRST : 0) < MSR_RANGE);
	if (read)
		map[at + bit / 8] &= ~(1 << bit % 8);
	if (write)
		map[MSR_WRITES + at + bit / 8] &= ~(1 << bit % 8);
}

/*
 * Registers of the APIC that the processor accesses in the virtual-APIC page while the guest's APIC
 * is in x2APIC mode. ICR has its upper half elsewhere in the page, and the timer's count is
 * computed. Of the writable ones these three are carried out by the processor alone.
 */
static void allow_x2apic(u8 *map)
{
	static const u8 readable[] = {
		APIC_REG_ID, APIC_REG_VERSION, APIC_REG_TPR, APIC_REG_PPR, APIC_REG_LDR,
		APIC_REG_SPIV, APIC_REG_ESR, APIC_REG_LVTT, APIC_REG_LVT_THERMAL,
		APIC_REG_LVT_PERF, APIC_REG_LVT0, APIC_REG_LVT1, APIC_REG_LVT_ERROR,
		APIC_REG_TMICT, APIC_REG_TDCR,
	};
	static const u8 writable[] = { APIC_REG_TPR, APIC_REG_EOI, APIC_REG_SELF_IPI };

	for (u32 i = 0; i < ARRAY_SIZE(readable); i++)
		allow_msr(map, MSR_X2APIC_FIRST + readable[i], true, false);
	for (u32 r = APIC_REG_ISR; r < APIC_REG_ESR; r++)
		allow_msr(map, MSR_X2APIC_FIRST + r, true, false);
	for (u32 i = 0; i < ARRAY_SIZE(writable); i++)
		allow_msr(map, MSR_X2APIC_FIRST + writable[i], false, true);
}

void vmx_make_maps(void)
{
	static const u32 direct[] = {
		MSR_STAR, MSR_LSTAR, MSR_CSTAR, MSR_SFMASK, MSR_FS_BASE, MSR_GS_BASE,
		MSR_KERNEL_GS_BASE, MSR_SYSENTER_CS, MSR_SYSENTER_ESP, MSR_SYSENTER_EIP,
	};

	if (msr_map)
		return;
	msr_map = alloc_map();
	for (u32 i = 0; i < ARRAY_SIZE(direct); i++)
		allow_msr(msr_map, direct[i], true, true);
	x2apic_map = alloc_map();
	memcpy(x2apic_map, msr_map, PAGE_SIZE);
	allow_x2apic(x2apic_map);
	for (u32 half = 0; half < 2; half++) {
		io_all[half] = alloc_map();
		io_hardware[half] = alloc_map();
	}
}

u64 vmx_msr_bitmap(bool x2apic)
{
	ASSERT(msr_map && x2apic_map);
	return virt_to_paddr(x2apic ? x2apic_map : msr_map).v;
}

u64 vmx_io_bitmap(const struct domain *d, u32 half)
{
	ASSERT(half < 2 && io_all[half]);
	return virt_to_paddr(d->is_hardware ? io_hardware[half] : io_all[half]).v;
}

void vmx_allow_ports(u16 first, u16 last)
{
	ASSERT(first <= last && io_hardware[0]);
	for (u32 port = first; port <= last; port++)
		io_hardware[port / HALF_PORTS][port % HALF_PORTS / 8] &= ~(1 << port % 8);
}
