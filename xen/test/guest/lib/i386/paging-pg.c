/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two levels of 32-bit entries: an identity map of 4 GiB by 4 MiB pages, split where needed. */
#include "cpu.h"

#define ADDR_MASK 0xfffff000U
#define CR4_PSE BIT(4)

const bool has_paging = true;
const bool has_wide_ptes = false;
static u32 directory[1024] PAGE_ALIGNED;
void paging_on(void);

void paging_on(void)
{
	for (u32 i = 0; i < 1024; i++)
		if (!directory[i])
			directory[i] = (u32)(i << 22 | PTE_P | PTE_W | PTE_U | PTE_PS);
	write_cr4(read_cr4() | CR4_PSE);
	write_cr3((word)directory);
	write_cr0(read_cr0() | CR0_PG);
}

static u32 *entry_of(u64 va)
{
	u32 *e = &directory[va >> 22 & 1023];
	u32 *table, first = *e;

	if (first & PTE_PS) {
		table = alloc_pages(1, PAGE_SIZE);
		for (u32 i = 0; i < 1024; i++)
			table[i] = (first & ~(u32)PTE_PS) + i * PAGE_SIZE;
		*e = (u32)((word)table | PTE_P | PTE_W | PTE_U);
	}
	return (u32 *)(word)(*e & ADDR_MASK) + (va >> 12 & 1023);
}

u64 pte_get(u64 va)
{
	return *entry_of(va);
}

void pte_set(u64 va, u64 pte)
{
	if (pte >> 32)
		test_skip("needs entries of 64 bits");
	*entry_of(va) = (u32)pte;
}

void map_page(u64 va, u64 pa, u64 flags)
{
	pte_set(va, pa | flags);
	flush_page(va);
}

void flush_page(u64 va)
{
	__asm__ volatile("invlpg (%0)" :: "r"((word)va) : "memory");
}
