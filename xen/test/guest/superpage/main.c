/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("the guest's own 2 MiB and 1 GiB pages: rights, accessed and dirty, split and joined, holes");
RUN("long=tables+of+four+levels");

#define MB2 (2UL << 20)
#define GB1 (1UL << 30)
#define AT 0x40000000000UL	/* a slot of the top table of its own */

extern u64 boot_pml4[512];
static u64 *pdpt, *pd, *pt;

static void do_write(void *at) { *(volatile u64 *)at = 1; }
static void do_call(void *at) { ((void (*)(void))at)(); }

#define RESERVED 8

static void expect_fault(void (*fn)(void *), u64 at, u32 error, const char *what)
{
	struct trap t = try_call(fn, (void *)at);

	/* For an entry with reserved bits QEMU does not set the present bit of the error code. */
	if (error & RESERVED)
		t.error |= 1;
	CHECK(t.taken && t.vector == VEC_PF && t.error == error && t.cr2 == at,
	      "%s: taken %u vector %u error %#x cr2 %#lx", what, t.taken, t.vector, t.error, t.cr2);
}

static void set(u64 *entry, u64 val)
{
	*entry = val;
	write_cr3(read_cr3());
}

static void rights(u8 *big)
{
	volatile u64 *p = (void *)(AT + 3 * PAGE_SIZE);

	set(&pd[0], (u64)big | PTE_P | PTE_W | PTE_PS);
	*p = 0x77;
	CHECK_EQ(*(u64 *)(big + 3 * PAGE_SIZE), 0x77);
	CHECK((pd[0] & (PTE_A | PTE_D)) == (PTE_A | PTE_D), "2M entry %#lx", pd[0]);
	set(&pd[0], (u64)big | PTE_P | PTE_PS);
	CHECK_EQ(*p, 0x77);
	CHECK((pd[0] & (PTE_A | PTE_D)) == PTE_A, "2M entry after a read %#lx", pd[0]);
	expect_fault(do_write, (u64)p, 3, "write to a read-only 2M page");
	big[8] = 0xc3;
	set(&pd[0], (u64)big | PTE_P | PTE_PS | PTE_NX);
	expect_fault(do_call, AT + 8, 0x11, "call into a no-execute 2M page");
	/* A reserved bit of a large page's address. */
	set(&pd[0], (u64)big | PTE_P | PTE_W | PTE_PS | BIT(13));
	expect_fault(do_write, (u64)p, 0xb, "a reserved bit");
}

static void split_and_join(u8 *big)
{
	volatile u64 *p = (void *)(AT + 5 * PAGE_SIZE);

	for (u32 i = 0; i < 512; i++)
		pt[i] = ((u64)big + (i ^ 1) * PAGE_SIZE) | PTE_P | PTE_W;
	*(u64 *)(big + 4 * PAGE_SIZE) = 4;
	*(u64 *)(big + 5 * PAGE_SIZE) = 5;
	set(&pd[0], (u64)big | PTE_P | PTE_W | PTE_PS);
	CHECK_EQ(*p, 5);
	set(&pd[0], (u64)pt | PTE_P | PTE_W);
	CHECK_EQ(*p, 4);
	pd[0] = (u64)big | PTE_P | PTE_W | PTE_PS;
	flush_page((u64)p);
	CHECK_EQ(*p, 5);
}

/* A hole in what the guest maps by one page: only that place is missing. */
static void hole(u8 *big)
{
	xen_pfn_t pfn = (u64)big / PAGE_SIZE + 7;
	struct xen_memory_reservation r = { .domid = DOMID_SELF, .nr_extents = 1 };
	volatile u64 *in = (void *)(AT + 7 * PAGE_SIZE);

	set_xen_guest_handle(r.extent_start, &pfn);
	in[0] = 7;
	in[-1] = 6;
	in[512] = 8;
	CHECK_EQ(memory_op(XENMEM_decrease_reservation, &r), 1);
	CHECK_EQ(in[0], ALL_ONES);
	CHECK_EQ(in[-1], 6);
	CHECK_EQ(in[512], 8);
	in[0] = 1;
	CHECK_EQ(in[0], ALL_ONES);
	CHECK_EQ(memory_op(XENMEM_populate_physmap, &r), 1);
	in[0] = 9;
	CHECK_EQ(in[0], 9);
}

static void giga(u8 *big)
{
	volatile u64 *p = (void *)(AT + GB1 + (u64)big % GB1);

	if (!(cpuid(0x80000001, 0).d & BIT(26)))
		return;
	set(&pdpt[1], ((u64)big & ~(GB1 - 1)) | PTE_P | PTE_W | PTE_PS);
	*p = 0x99;
	CHECK_EQ(*(u64 *)big, 0x99);
	CHECK((pdpt[1] & (PTE_A | PTE_D)) == (PTE_A | PTE_D), "1G entry %#lx", pdpt[1]);
	set(&pdpt[1], 0);
	expect_fault(do_write, (u64)p, 2, "an entry taken away");
}

void test_main(void)
{
	u8 *big = alloc_pages(512, MB2);

	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | BIT(11));
	write_cr0(read_cr0() | BIT(16));
	pdpt = alloc_pages(1, PAGE_SIZE);
	pd = alloc_pages(1, PAGE_SIZE);
	pt = alloc_pages(1, PAGE_SIZE);
	pdpt[0] = (u64)pd | PTE_P | PTE_W;
	boot_pml4[AT >> 39 & 511] = (u64)pdpt | PTE_P | PTE_W;
	rights(big);
	split_and_join(big);
	hole(big);
	giga(big);
}
