/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hypervisor's page tables: 4 levels of 512 entries, level 0 at the root (ARM ARM, D8.2).
 * Entries only ever change from invalid to valid, so no TLB maintenance is needed: TLBs do not hold
 * invalid entries.
 */
#include <asm/mm.h>

#include <xen/errno.h>
#include <xen/hal/cpu.h>
#include <xen/printk.h>
#include <xen/spinlock.h>
#include <xen/string.h>
#include <asm/sections.h>
#include <asm/setup.h>
#include <asm/sysreg.h>

#define EARLY_TABLES 32
#define TABLE_ENTRIES 512
#define PTE_ADDR_MASK 0xfffffffff000UL

char *hal_direct_map = (char *)DIRECT_MAP_BASE;

static u64 image_pa;
/* Tables for the mappings before memory is known: the device tree and the console. */
static u64 early_tables[EARLY_TABLES][TABLE_ENTRIES] __aligned(4096);
static u32 early_used;
static DEFINE_SPINLOCK(map_lock, LOCK_RANK_NONE);
static u64 mmio_next = MMIO_BASE;	/* [map_lock] */
static bool heap_ready;

void __init mm_init(u64 pa)
{
	image_pa = pa;
}

void mm_use_heap(void)
{
	heap_ready = true;
}

static inline u32 level_shift(u32 level) { return PAGE_SHIFT + 9 * (3 - level); }

static bool in_image(const void *p)
{
	return (const char *)p >= image_start && (const char *)p < image_end;
}

static u64 *table_of(u64 entry)
{
	u64 pa = entry & PTE_ADDR_MASK;

	if (pa - image_pa < (u64)(image_end - image_start))
		return (u64 *)(image_start + (pa - image_pa));
	return paddr_to_virt(paddr_make(pa));
}

static u64 *alloc_table(void)
{
	struct page_info *pg;

	if (heap_ready) {
		pg = alloc_pages(0, 0);
		return pg ? page_to_virt(pg) : NULL;
	}
	BUG_ON(early_used == EARLY_TABLES);
	return early_tables[early_used++];
}

/* Map as much as one entry covers at @va. Returns the bytes mapped, 0 when out of memory. */
static u64 map_one(u64 va, u64 pa, u64 left, u64 prot)
{
	u64 *table = idle_root_table, *e;
	u32 level = 0;

	for (;; level++) {
		u64 size = 1UL << level_shift(level);

		e = &table[(va >> level_shift(level)) % TABLE_ENTRIES];
		if (level == 3 || (level > 0 && !*e && !((va | pa) & (size - 1)) && left >= size))
			break;
		if (!*e) {
			u64 *next = alloc_table();

			if (!next)
				return 0;
			/* The table's zeros reach the walker before the entry that leads to it. */
			dsb_ish();
			WRITE_ONCE(*e, virt_to_paddr(next).v | PTE_VALID | PTE_TABLE);
		}
		BUG_ON(!(*e & PTE_TABLE));
		table = table_of(*e);
	}
	BUG_ON(*e);
	WRITE_ONCE(*e, pa | prot | (level == 3 ? PTE_TABLE : 0));
	return 1UL << level_shift(level);
}

int map_pages(u64 va, paddr_t pa, u64 size, u64 prot)
{
	u64 done = 0;

	ASSERT(!page_offset(va) && !page_offset(pa.v) && !page_offset(size));
	ASSERT(prot & PTE_XN);
	while (done < size) {
		u64 step = map_one(va + done, pa.v + done, size - done, prot);

		if (!step)
			return -XEN_ENOMEM;
		done += step;
	}
	dsb_ish();
	isb();
	return 0;
}

static paddr_t walk(u64 va)
{
	u64 *table = idle_root_table;

	for (u32 level = 0;; level++) {
		u64 e = table[(va >> level_shift(level)) % TABLE_ENTRIES];
		u64 mask = (1UL << level_shift(level)) - 1;

		BUG_ON(!(e & PTE_VALID));
		if (level == 3 || !(e & PTE_TABLE))
			return paddr_make((e & PTE_ADDR_MASK & ~mask) | (va & mask));
		table = table_of(e);
	}
}

paddr_t virt_to_paddr(const void *p)
{
	u64 va = (u64)p;

	if (va - DIRECT_MAP_BASE < DIRECT_MAP_SIZE)
		return paddr_make(va - DIRECT_MAP_BASE);
	if (in_image(p))
		return paddr_make(image_pa + (va - XEN_LINK_BASE));
	return walk(va);
}

mfn_t hal_virt_to_mfn(const void *va)
{
	return paddr_to_mfn(virt_to_paddr(va));
}

static void *map_window(paddr_t pa, size_t size, u64 prot)
{
	u64 offset = page_offset(pa.v), va, flags;
	int rc;

	ASSERT(size);
	if (pa.v >> 48 || size > (1UL << 48) - pa.v)
		return NULL;
	size = ROUND_UP(size + offset, PAGE_SIZE);
	flags = spin_lock_irqsave(&map_lock);
	va = mmio_next;
	if (size > MMIO_BASE + MMIO_SIZE - va) {
		spin_unlock_irqrestore(&map_lock, flags);
		return NULL;
	}
	mmio_next = va + size;
	rc = map_pages(va, paddr_make(pa.v - offset), size, prot);
	spin_unlock_irqrestore(&map_lock, flags);
	return rc ? NULL : (void *)(va + offset);
}

void *hal_map_mmio(paddr_t pa, size_t size)
{
	return map_window(pa, size, PROT_DEVICE);
}

void *hal_map_phys_ro(paddr_t pa, size_t size)
{
	return map_window(pa, size, PROT_RO);
}

static u64 line_bytes(void)
{
	return 4UL << (sysreg_read(ctr_el0) >> 16 & 0xf);
}

void clean_invalidate(const void *va, size_t len)
{
	u64 line = line_bytes(), end = (u64)va + len;

	for (u64 p = ROUND_DOWN((u64)va, line); p < end; p += line)
		__asm__ volatile("dc civac, %0" : : "r"(p) : "memory");
	dsb_sy();
}

int hal_cache_maintain(const void *va, size_t len, u32 ops)
{
	u64 line = line_bytes(), end = (u64)va + len;

	ASSERT(ops && len);
	/* Invalidating alone could drop what a neighbour in the same line wrote. */
	if (ops & HAL_CACHE_INVALIDATE) {
		clean_invalidate(va, len);
		return 0;
	}
	for (u64 p = ROUND_DOWN((u64)va, line); p < end; p += line)
		__asm__ volatile("dc cvac, %0" : : "r"(p) : "memory");
	dsb_sy();
	return 0;
}

#define DCZID_PROHIBITED BIT(4)
#define ZERO_UNROLLED 4

/* One instruction clears a block whose size the processor says, 64 bytes as a rule (ARM ARM,
 * D19.2.36 DCZID_EL0). */
void hal_zero_pages(void *va, u64 n)
{
	u64 dczid = sysreg_read(dczid_el0), block = 4UL << (dczid & 0xf);
	u64 end = (u64)va + (n << PAGE_SHIFT);

	ASSERT(!page_offset((u64)va));
	if ((dczid & DCZID_PROHIBITED) || PAGE_SIZE % (ZERO_UNROLLED * block)) {
		memset(va, 0, n << PAGE_SHIFT);
		return;
	}
	for (u64 p = (u64)va; p < end; p += ZERO_UNROLLED * block)
		__asm__ volatile("dc	zva, %0\n\t"
				 "dc	zva, %1\n\t"
				 "dc	zva, %2\n\t"
				 "dc	zva, %3"
				 : : "r"(p), "r"(p + block), "r"(p + 2 * block), "r"(p + 3 * block)
				 : "memory");
}
