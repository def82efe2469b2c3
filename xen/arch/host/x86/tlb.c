/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whose translations the software processor may hold under each address space identifier (APM
 * volume 2, section 15.16). It has no translations; it tells when a guest would use those of
 * another control block, those it made before it ran elsewhere or under another identifier, or
 * those of page tables that the hypervisor has replaced since.
 */
#include <xen/hal/smp.h>

#include <asm/processor.h>

#include "processor.h"

#define CR0_PAGING (X86_CR0_PG | X86_CR0_WP)
#define CR4_PAGING (X86_CR4_PSE | X86_CR4_PAE | X86_CR4_PGE | X86_CR4_SMEP | X86_CR4_SMAP)

static struct soft_tables tables_of(const struct vmcb *b)
{
	return (struct soft_tables){ .cr0 = b->cr0 & CR0_PAGING, .cr3 = b->cr3,
				     .cr4 = b->cr4 & CR4_PAGING, .efer = b->efer & EFER_NXE,
				     .ncr3 = b->ncr3 };
}

static bool same_tables(const struct soft_tables *a, const struct soft_tables *b)
{
	return a->cr0 == b->cr0 && a->cr3 == b->cr3 && a->cr4 == b->cr4 && a->efer == b->efer &&
	       a->ncr3 == b->ncr3;
}

static void flush_all(struct soft_cpu *c)
{
	for (u32 i = 0; i < SOFT_NR_ASIDS; i++)
		c->tlb[i].owner = 0;
}

/* What a control block left under other identifiers may be used no more, as it changes now. */
static void outdate(u64 vmcb_pa)
{
	for (u32 cpu = 0; cpu < nr_cpu_ids; cpu++)
		for (u32 i = 0; i < SOFT_NR_ASIDS; i++)
			if (soft_cpu_of(cpu)->tlb[i].owner == vmcb_pa)
				soft_cpu_of(cpu)->tlb[i].outdated = true;
}

const char *soft_tlb_enter(const struct vmcb *b, u64 vmcb_pa)
{
	struct soft_tables now = tables_of(b);
	struct soft_tag *tag;

	if (!b->asid || b->asid >= SOFT_NR_ASIDS)
		return "an address space identifier that it lacks";
	if (b->tlb_control == SVM_TLB_FLUSH_ALL)
		flush_all(soft_cpu());
	else if (b->tlb_control)
		return "TLB_CONTROL";
	tag = &soft_cpu()->tlb[b->asid];
	if (!tag->owner) {
		outdate(vmcb_pa);
		*tag = (struct soft_tag){ .owner = vmcb_pa, .tables = now };
	}
	if (tag->owner != vmcb_pa)
		return "the TLB holds another guest's translations";
	if (tag->outdated || !same_tables(&tag->tables, &now))
		return "the TLB holds translations that are out of date";
	return NULL;
}

void soft_tlb_leave(const struct vmcb *b)
{
	soft_cpu()->tlb[b->asid].tables = tables_of(b);
}
