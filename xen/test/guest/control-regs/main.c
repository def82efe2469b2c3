/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("control registers: bits stick, CR8 is checked, paging and TLB follow");
RUN("long=CR8+and+what+long+mode+forbids");

static void set_cr4(void *v) { write_cr4((u64)v); }
static void set_cr0(void *v) { write_cr0((u64)v); }
static void set_cr8(void *v) { write_cr8((u64)v); }

static bool faults(void (*fn)(void *), u64 v)
{
	struct trap t = try_call(fn, (void *)v);

	return t.taken && t.vector == VEC_GP;
}

static u8 pages[2][PAGE_SIZE] PAGE_ALIGNED;

/* Each bit that CPUID does not offer must fault and leave the register unchanged. */
static void cr4_policy(u64 cr4)
{
	struct cpuid one = cpuid(1, 0), seven = cpuid(7, 0);
	u64 hidden = BIT(12) | BIT(13) | BIT(14) | BIT(15) | BIT(19) | BIT(23) | BIT(24) | BIT(40);

	hidden |= seven.c & BIT(2) ? 0 : BIT(11);	/* UMIP */
	hidden |= seven.b & BIT(0) ? 0 : BIT(16);	/* FSGSBASE */
	hidden |= one.c & BIT(17) ? 0 : BIT(17);	/* PCID */
	hidden |= one.c & BIT(26) ? 0 : BIT(18);	/* XSAVE */
	hidden |= seven.b & BIT(7) ? 0 : BIT(20);	/* SMEP */
	hidden |= seven.b & BIT(20) ? 0 : BIT(21);	/* SMAP */
	hidden |= seven.c & BIT(3) ? 0 : BIT(22);	/* PKU */
	for (u32 bit = 0; bit < 64; bit++)
		if (hidden & BIT(bit))
			CHECK(faults(set_cr4, cr4 | BIT(bit)), "CR4 bit %u was accepted", bit);
	CHECK(faults(set_cr4, cr4 & ~BIT(5)), "PAE was cleared in long mode");
	CHECK_EQ(read_cr4() | BIT(6), cr4 | BIT(6));
	CHECK(!faults(set_cr4, cr4 | BIT(6)), "MCE refused");
	CHECK_EQ(read_cr4(), cr4 | BIT(6));
	/* Whether a cleared MCE reads as cleared depends on the processor's intercepts. */
	CHECK(!faults(set_cr4, cr4 & ~BIT(6)), "clearing MCE refused");
}

void test_main(void)
{
	u64 cr0 = read_cr0(), cr4 = read_cr4(), cr3 = read_cr3();

	/* Reserved bits of CR0 are left out: an emulated processor may take them. */
	CHECK(faults(set_cr8, 16), "CR8 of 16");
	write_cr8(5);
	CHECK_EQ(read_cr8(), 5);
	write_cr8(0);
	CHECK(!faults(set_cr0, cr0 | BIT(16)), "WP refused");
	CHECK_EQ(read_cr0(), cr0 | BIT(16));
	CHECK(!faults(set_cr4, cr4 | BIT(7)), "PGE refused");
	pages[0][0] = 1;
	pages[1][0] = 2;
	map_page(FREE_VA, (u64)pages[0], PTE_P | PTE_W);
	CHECK_EQ(*(volatile u8 *)FREE_VA, 1);
	pte_set(FREE_VA, (u64)pages[1] | PTE_P | PTE_W);
	write_cr3(cr3);
	CHECK_EQ(*(volatile u8 *)FREE_VA, 2);
	pte_set(FREE_VA, (u64)pages[0] | PTE_P | PTE_W);
	flush_page(FREE_VA);
	CHECK_EQ(*(volatile u8 *)FREE_VA, 1);
	/* Global entries go with the PGE bit. */
	pte_set(FREE_VA, (u64)pages[1] | PTE_P | PTE_W | BIT(8));
	flush_page(FREE_VA);
	CHECK_EQ(*(volatile u8 *)FREE_VA, 2);
	pte_set(FREE_VA, (u64)pages[0] | PTE_P | PTE_W);
	write_cr4(cr4);
	CHECK_EQ(*(volatile u8 *)FREE_VA, 1);
	write_cr0(cr0);
	cr4_policy(cr4);
}
