/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PAE: an identity map of 4 GiB by 2 MiB pages, split where needed. */
#include "cpu.h"

#define ADDR_MASK ((u64)0x000ffffffffff000)
#define CR4_PAE BIT(5)

const bool has_paging = true;
const bool has_wide_ptes = true;
static u64 pointers[4] __attribute__((aligned(32)));
static u64 directories[4][512] PAGE_ALIGNED;
void paging_on(void);

void paging_on(void)
{
	for (u32 i = 0; i < 4 * 512; i++)
		if (!directories[i / 512][i % 512])
			directories[i / 512][i % 512] = (u64)i << 21 | PTE_P | PTE_W | PTE_U |
							PTE_PS;
	for (u32 i = 0; i < 4; i++)
		pointers[i] = (u32)directories[i] | PTE_P;
	write_cr4(read_cr4() | CR4_PAE);
	write_cr3((word)pointers);
	write_cr0(read_cr0() | CR0_PG);
}

static u64 *entry_of(u64 va)
{
	u64 *e = &directories[va >> 30 & 3][va >> 21 & 511], first = *e;

	if (first & PTE_PS) {
		u64 *table = alloc_pages(1, PAGE_SIZE);

		for (u32 i = 0; i < 512; i++)
			table[i] = (first & ~PTE_PS) + i * PAGE_SIZE;
		*e = (u32)table | PTE_P | PTE_W | PTE_U;
	}
	return (u64 *)(word)(*e & ADDR_MASK) + (va >> 12 & 511);
}

u64 pte_get(u64 va)
{
	return *entry_of(va);
}

void pte_set(u64 va, u64 pte)
{
	*entry_of(va) = pte;
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
