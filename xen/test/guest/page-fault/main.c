/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("page faults in the guest: vector, error code and address, from kernel and user mode");

#define HOLE FREE_VA
#define CR0_WP BIT(16)
#define EFER_NXE BIT(11)

static u8 page[PAGE_SIZE] PAGE_ALIGNED;

static void do_read(void *at) { (void)*(volatile u8 *)at; }
static void do_write(void *at) { *(volatile u8 *)at = 1; }
static void do_call(void *at) { ((void (*)(void))at)(); }
static u64 user_read(void) { return *(volatile u8 *)HOLE; }
static void do_user(void *at) { user_call(user_read); }

static void expect(void (*fn)(void *), u64 at, u32 error, const char *what)
{
	struct trap t = try_call(fn, (void *)at);

	CHECK(t.taken && t.vector == VEC_PF, "%s: %s vector %u", what, t.taken ? "" : "no trap,",
	      t.vector);
	CHECK(t.error == error, "%s: error %#x, expected %#x", what, t.error, error);
	CHECK(t.cr2 == at, "%s: cr2 %#lx, expected %#lx", what, t.cr2, at);
}

void test_main(void)
{
	struct trap t;

	map_page(HOLE, 0, 0);
	write_cr0(read_cr0() | CR0_WP);
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_NXE);
	expect(do_read, HOLE + 0x123, 0, "read of nothing");
	expect(do_write, HOLE + 0x456, 2, "write to nothing");
	/* The error code identifies a fetch only where there is a no-execute bit. */
	expect(do_call, HOLE + 0x10, has_wide_ptes ? 0x10 : 0, "call of nothing");
	map_page(HOLE, (u64)page, PTE_P);
	t = try_call(do_read, (void *)HOLE);
	CHECK(!t.taken, "reading a read-only page: vector %u", t.vector);
	expect(do_write, HOLE + 8, 3, "write to a read-only page");
	expect(do_user, HOLE, 5, "user read of a kernel page");
	map_page(HOLE, (u64)page, PTE_P | PTE_W | (has_wide_ptes ? PTE_NX : 0));
	page[0] = 0xc3;
	if (has_wide_ptes)
		expect(do_call, HOLE, 0x11, "call into a no-execute page");
	pte_set(HOLE, pte_get(HOLE) & ~(PTE_A | PTE_D));
	flush_page(HOLE);
	do_read((void *)HOLE);
	CHECK((pte_get(HOLE) & (PTE_A | PTE_D)) == PTE_A, "after a read %#lx", pte_get(HOLE));
	do_write((void *)HOLE);
	CHECK((pte_get(HOLE) & (PTE_A | PTE_D)) == (PTE_A | PTE_D), "after a write %#lx",
	      pte_get(HOLE));
	if (sizeof(word) < 8)
		return;
	t = try_call(do_read, NON_CANONICAL);
	CHECK(t.taken && t.vector == VEC_GP, "non-canonical: vector %u", t.vector);
}
