/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guest's own page tables, on top of the identity map that head.S made. */
#include "cpu.h"

#define ADDR_MASK 0x000ffffffffff000UL

extern u64 boot_pml4[512];
const bool has_paging = true;
const bool has_wide_ptes = true;

/* Replace a 2 MiB or 1 GiB entry by a table that maps the same. */
static u64 *split(u64 *entry, u32 level)
{
	u64 *table = alloc_pages(1, PAGE_SIZE);
	u64 step = PAGE_SIZE << (9 * (level - 1));
	u64 first = *entry;

	if (level == 1)
		first &= ~PTE_PS;
	for (u32 i = 0; i < 512; i++)
		table[i] = first + i * step;
	*entry = (u64)table | PTE_P | PTE_W | PTE_U;
	return table;
}

static u64 *pte_of(u64 va)
{
	u64 *table = boot_pml4;

	for (u32 level = 3; level; level--) {
		u64 *e = &table[va >> (12 + 9 * level) & 511];

		if (!(*e & PTE_P))
			*e = (u64)alloc_pages(1, PAGE_SIZE) | PTE_P | PTE_W | PTE_U;
		table = *e & PTE_PS && level < 3 ? split(e, level) : (u64 *)(*e & ADDR_MASK);
	}
	return &table[va >> 12 & 511];
}

u64 pte_get(u64 va)
{
	return *pte_of(va);
}

void pte_set(u64 va, u64 pte)
{
	*pte_of(va) = pte;
}

void map_page(u64 va, u64 pa, u64 flags)
{
	pte_set(va, pa | flags);
	flush_page(va);
}

void flush_page(u64 va)
{
	__asm__ volatile("invlpg (%0)" :: "r"(va) : "memory");
}
