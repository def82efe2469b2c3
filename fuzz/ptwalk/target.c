/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzzes the guest page-table walker with tables of the input's making, and compares the walk that
 * takes the short path with the one that sets accessed and dirty bits on the way.
 *
 * Input: control bytes, an address, then entries that fill four pages of tables over and over.
 */
#include <stdlib.h>
#include <string.h>

#include <xen/x86/ptwalk.h>

#define PAGES 4
#define HEADER 16

static u8 mem[PAGES * PAGE_SIZE];
static u32 reads;

static void check(bool ok)
{
	if (!ok)
		abort();
}

static bool mem_read(void *opaque, gpaddr_t addr, u32 size, u64 *val)
{
	(void)opaque;
	check(size == 4 || size == 8);
	check(!(addr.v & (size - 1)));
	check(++reads < 1000);
	if (addr.v >= sizeof(mem))
		return false;
	*val = 0;
	memcpy(val, mem + addr.v, size);
	return true;
}

static bool mem_set_bits(void *opaque, gpaddr_t addr, u32 size, u64 old, u64 bits)
{
	u64 now = 0;

	(void)opaque;
	check(addr.v < sizeof(mem) && !(bits & ~0x60UL));
	memcpy(&now, mem + addr.v, size);
	/* The same table may serve two levels, so the entry may have changed since. */
	if (now != old)
		return false;
	now |= bits;
	memcpy(mem + addr.v, &now, size);
	return true;
}

/** Entries from the input, their addresses mostly folded into the tables. */
static void fill_tables(const u8 *data, size_t size)
{
	u64 entry;
	size_t at;
	u32 i;

	for (i = 0; i < sizeof(mem) / 8; i++) {
		at = i * 8 % size;
		entry = 0;
		memcpy(&entry, data + at, size - at < 8 ? size - at : 8);
		if (!(entry >> 9 & 1))
			entry &= ~0x000fffffffffc000UL;
		memcpy(mem + i * 8, &entry, 8);
	}
}

static void check_result(const struct x86_walk *w, const struct x86_walk_result *res, u32 access,
			 u64 va)
{
	u64 low = (1UL << (PAGE_SHIFT + res->order)) - 1;

	if (!(w->cr0 & X86_CR0_PG))
		return;
	check(res->order == 0 || res->order == 9 || res->order == 10 || res->order == 18);
	check((res->gpa.v & low) == (va & low));
	check(!(res->gpa.v >> (w->maxphyaddr ? w->maxphyaddr : 52)) || !(w->cr4 & X86_CR4_PAE));
	if (access & X86_WALK_USER)
		check(res->user && (!(access & X86_WALK_WRITE) || res->writable));
	if (access & X86_WALK_FETCH)
		check(!res->nx);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct x86_walk w = { .read = mem_read };
	struct x86_walk_result a = { 0 }, b = { 0 };
	u32 access;
	u64 va = 0;
	int first, second;

	if (size <= HEADER)
		return 0;
	memcpy(&va, data, 8);
	access = data[8] & 0xf;
	if (access & X86_WALK_FETCH)
		access &= ~(X86_WALK_WRITE | X86_WALK_IMPLICIT);
	if (access & X86_WALK_USER)
		access &= ~X86_WALK_IMPLICIT;
	w.cr0 = X86_CR0_PE | (data[9] & 1 ? 0 : X86_CR0_PG) | (data[9] & 2 ? X86_CR0_WP : 0);
	w.cr4 = (data[9] & 4 ? X86_CR4_PSE : 0) | (data[9] & 8 ? X86_CR4_SMEP : 0) |
		(data[9] & 0x10 ? X86_CR4_SMAP : 0) | (data[9] & 0x20 ? X86_CR4_PKE : 0) |
		(data[9] & 0x40 ? X86_CR4_LA57 : 0) | (data[10] & 3 ? X86_CR4_PAE : 0);
	w.efer = (data[10] & 3) > 1 ? X86_EFER_LMA : 0;
	w.efer |= data[10] & 4 ? X86_EFER_NXE : 0;
	w.has_1g = data[10] & 8;
	w.rflags = data[10] & 0x10 ? 1UL << 18 : 0;
	w.maxphyaddr = data[11] % 4 * 4 + 40;
	w.cr3 = data[12] % PAGES * PAGE_SIZE;
	memcpy(&w.pkru, data + 12, 4);
	fill_tables(data + HEADER, size - HEADER);

	reads = 0;
	first = x86_walk(&w, gvaddr_make(va), access, &a);
	w.set_bits = mem_set_bits;
	second = x86_walk(&w, gvaddr_make(va), access, &b);
	if (first == X86_WALK_OK)
		check_result(&w, &a, access, va);
	check(first == second || (first == X86_WALK_OK && second == X86_WALK_FAULT));
	if (first == X86_WALK_OK && second == X86_WALK_OK)
		check(a.gpa.v == b.gpa.v && a.order == b.order && a.writable == b.writable &&
		      a.user == b.user && a.nx == b.nx);
	if (first == X86_WALK_FAULT)
		check(a.pfec == b.pfec);
	return 0;
}
