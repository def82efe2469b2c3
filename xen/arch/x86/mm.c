/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hypervisor's page tables: mapping, and translating addresses back.
 *
 * All CPUs share them. Entries only ever change from absent to present, so no TLB flush is needed;
 * the lock orders writers.
 */
#include <xen/types.h>
#include <public/arch-x86/hvm/start_info.h>
#include <xen/errno.h>
#include <xen/printk.h>
#include <xen/string.h>
#include <asm/features.h>
#include <asm/mm.h>
#include <asm/processor.h>
#include <asm/sections.h>
#include <asm/setup.h>

paddr_t idle_root;
char *hal_direct_map = (char *)DIRECT_MAP_BASE;

static DEFINE_SPINLOCK(map_lock, LOCK_RANK_NONE);
static u64 mmio_next = MMIO_BASE;	/* [map_lock] */
static bool heap_ready;

void mm_use_heap(void)
{
	heap_ready = true;
}

/* Bits of the address that level @l (4 is the top) covers with one entry. */
static inline u32 level_shift(u32 l) { return PAGE_SHIFT + 9 * (l - 1); }

static pte_t *table_of(pte_t e) { return paddr_to_virt(paddr_make(e & PTE_ADDR_MASK)); }

static void *alloc_table(void)
{
	struct page_info *pg;

	if (!heap_ready)
		return boot_alloc(PAGE_SIZE, PAGE_SIZE);
	pg = alloc_pages(0, 0);
	return pg ? page_to_virt(pg) : NULL;
}

static bool fits(u32 level, u64 va, u64 pa, u64 left)
{
	u64 size = 1UL << level_shift(level);

	if (level > 3 || (level == 3 && !cpu_has(X86_FEATURE_PAGE1GB)))
		return false;
	return !((va | pa) & (size - 1)) && left >= size;
}

/* Map as much as one entry covers at @va. Returns the bytes mapped, 0 when out of memory. */
static u64 map_one(u64 va, u64 pa, u64 left, u64 prot)
{
	pte_t *table = paddr_to_virt(idle_root), *e;
	u32 level = 4;

	for (;; level--) {
		e = &table[(va >> level_shift(level)) % PTES_PER_TABLE];
		if (level == 1 || (!(*e & PTE_PRESENT) && fits(level, va, pa, left)))
			break;
		if (!(*e & PTE_PRESENT)) {
			void *next = alloc_table();

			if (next == NULL)
				return 0;
			WRITE_ONCE(*e, virt_to_paddr(next).v | PTE_PRESENT | PTE_WRITE |
					       PTE_ACCESSED);
		}
		BUG_ON(*e & PTE_LARGE);
		table = table_of(*e);
	}
	BUG_ON(*e & PTE_PRESENT);
	WRITE_ONCE(*e, pa | prot | (level > 1 ? PTE_LARGE : 0));
	return 1UL << level_shift(level);
}

int map_pages(u64 va, paddr_t pa, u64 size, u64 prot)
{
	u64 done = 0;

	ASSERT(!page_offset(va) && !page_offset(pa.v) && !page_offset(size));
	ASSERT(!(prot & PTE_WRITE) || prot & PTE_NX || va == pa.v);
	while (done < size) {
		u64 step = map_one(va + done, pa.v + done, size - done, prot);

		if (step == 0)
			return -XEN_ENOMEM;
		done += step;
	}
	return 0;
}

static paddr_t walk(u64 va)
{
	pte_t *table = paddr_to_virt(paddr_make(read_cr3() & PTE_ADDR_MASK));

	for (u32 level = 4;; level--) {
		pte_t e = table[(va >> level_shift(level)) % PTES_PER_TABLE];
		u64 mask = (1UL << level_shift(level)) - 1;

		BUG_ON(!(e & PTE_PRESENT));
		if (level == 1 || (e & PTE_LARGE))
			return paddr_make((e & PTE_ADDR_MASK & ~mask) | (va & mask));
		table = table_of(e);
	}
}

paddr_t virt_to_paddr(const void *p)
{
	u64 va = (u64)p;

	if (va - DIRECT_MAP_BASE < DIRECT_MAP_SIZE)
		return paddr_make(va - DIRECT_MAP_BASE);
	if (va >= (u64)image_start && va < (u64)image_end)
		return paddr_make(image_pa(p));
	return walk(va);
}

mfn_t hal_virt_to_mfn(const void *va)
{
	return paddr_to_mfn(virt_to_paddr(va));
}

static void *map_window(paddr_t pa, size_t size, u64 prot)
{
	u64 offset = page_offset(pa.v), va, flags, limit = 1UL << boot_cpu.phys_bits;
	int rc;

	ASSERT(size);
	/*
	 * Firmware tables may hold addresses beyond the CPU's width; using an entry with reserved
	 * bits faults.
	 */
	if (pa.v >= limit || size > limit - pa.v)
		return NULL;
	size = ROUND_UP(size + offset, PAGE_SIZE);
	flags = spin_lock_irqsave(&map_lock);
	va = mmio_next;
	/*
	 * Use large pages when the size is worth it; the virtual address then gets the same offset
	 * into them.
	 */
	if (size >= SIZE_2M)
		va = ROUND_UP(va, SIZE_2M) + (pa.v & (SIZE_2M - 1) & PAGE_MASK);
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
	for (u32 i = 0; i < boot_info.nr_regions; i++) {
		const struct boot_region *r = &boot_info.regions[i];
		bool direct = r->type == XEN_HVM_MEMMAP_TYPE_RAM ||
			      r->type == XEN_HVM_MEMMAP_TYPE_ACPI ||
			      r->type == XEN_HVM_MEMMAP_TYPE_NVS;

		if (direct && pa.v >= r->start && size <= r->size &&
		    pa.v - r->start <= r->size - size)
			return paddr_to_virt(pa);
	}
	return map_window(pa, size, PROT_RO);
}

void text_patch(void *addr, const void *bytes, size_t len)
{
	ASSERT((const char *)addr >= image_start && (const char *)addr + len <= init_text_end);
	memcpy(paddr_to_virt(paddr_make(image_pa(addr))), bytes, len);
	/* Serialise: the bytes may already be in this CPU's pipeline. */
	cpuid(0);
}
