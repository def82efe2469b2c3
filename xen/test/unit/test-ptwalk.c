/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guest page-table walks in every paging mode. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <xen/x86/ptwalk.h>

#define PAGES 16
#define P 1UL
#define W 2UL
#define U 4UL
#define A 0x20UL
#define D 0x40UL
#define PS 0x80UL
#define NX (1UL << 63)

static u8 mem[PAGES * PAGE_SIZE];
static u32 reads, sets, refuse;

static bool mem_read(void *opaque, gpaddr_t addr, u32 size, u64 *val)
{
	reads++;
	if (addr.v + size > sizeof(mem))
		return false;
	*val = 0;
	memcpy(val, mem + addr.v, size);
	return true;
}

static bool mem_set_bits(void *opaque, gpaddr_t addr, u32 size, u64 old, u64 bits)
{
	u64 now = 0;

	sets++;
	memcpy(&now, mem + addr.v, size);
	if (refuse) {
		refuse--;
		return false;
	}
	assert_true(now == old);
	now |= bits;
	memcpy(mem + addr.v, &now, size);
	return true;
}

static void put8(u32 page, u32 index, u64 val) { memcpy(mem + page * 4096 + index * 8, &val, 8); }
static void put4(u32 page, u32 index, u32 val) { memcpy(mem + page * 4096 + index * 4, &val, 4); }
static u64 get8(u32 page, u32 index)
{
	u64 val;

	memcpy(&val, mem + page * 4096 + index * 8, 8);
	return val;
}

#define VA 0x0000123456789abcUL
#define IDX(va, level) ((va) >> (12 + ((level) - 1) * 9) & 511)
#define FRAME 0x7654321000UL

/** Tables in pages 1 (top) and up for @va; each level has @flags, the last maps FRAME. */
static struct x86_walk long_mode(u64 va, u32 levels, u64 flags)
{
	struct x86_walk w = {
		.cr0 = X86_CR0_PE | X86_CR0_PG | X86_CR0_WP, .cr3 = 1 * PAGE_SIZE,
		.cr4 = X86_CR4_PAE | (levels == 5 ? X86_CR4_LA57 : 0),
		.efer = X86_EFER_LMA | X86_EFER_NXE, .maxphyaddr = 46, .has_1g = true,
		.read = mem_read,
	};
	u32 i;

	memset(mem, 0, sizeof(mem));
	reads = sets = refuse = 0;
	for (i = 1; i < levels; i++)
		put8(i, IDX(va, levels + 1 - i), (i + 1) * PAGE_SIZE | flags);
	put8(levels, IDX(va, 1), FRAME | flags);
	return w;
}

static int walk(const struct x86_walk *w, u64 va, u32 access, struct x86_walk_result *res)
{
	memset(res, 0, sizeof(*res));
	return x86_walk(w, gvaddr_make(va), access, res);
}

static void test_no_paging(void **state)
{
	struct x86_walk w = { .cr0 = X86_CR0_PE };
	struct x86_walk_result res;

	assert_int_equal(walk(&w, 0xfee00030, X86_WALK_WRITE, &res), X86_WALK_OK);
	assert_int_equal(res.gpa.v, 0xfee00030);
	assert_true(res.writable && res.user && !res.nx);
}

static void test_four_levels(void **state)
{
	struct x86_walk w = long_mode(VA, 4, P | W);
	struct x86_walk_result res;

	assert_int_equal(walk(&w, VA, 0, &res), X86_WALK_OK);
	assert_int_equal(res.gpa.v, FRAME | (VA & 0xfff));
	assert_int_equal(res.order, 0);
	assert_int_equal(reads, 4);
	assert_true(res.writable && !res.user && !res.nx && !res.dirty);
	assert_int_equal(walk(&w, VA ^ 0x1000, 0, &res), X86_WALK_FAULT);
	assert_int_equal(res.pfec, 0);
	assert_int_equal(walk(&w, VA ^ 0x1000, X86_WALK_WRITE | X86_WALK_USER, &res),
			 X86_WALK_FAULT);
	assert_int_equal(res.pfec, X86_PFEC_W | X86_PFEC_U);
	/* The upper half: bits above 47 take no part. */
	w = long_mode(0xffff880000001000UL, 4, P);
	assert_int_equal(walk(&w, 0xffff880000001234UL, 0, &res), X86_WALK_OK);
	assert_int_equal(res.gpa.v, FRAME | 0x234);
}

static void test_five_levels(void **state)
{
	u64 va = 0x00ab123456789abcUL;
	struct x86_walk w = long_mode(va, 5, P | W | U);
	struct x86_walk_result res;

	assert_int_equal(walk(&w, va, X86_WALK_USER, &res), X86_WALK_OK);
	assert_int_equal(res.gpa.v, FRAME | (va & 0xfff));
	assert_int_equal(reads, 5);
}

static void test_large_pages(void **state)
{
	struct x86_walk w = long_mode(VA, 4, P);
	struct x86_walk_result res;

	put8(3, IDX(VA, 2), 0x40000000UL | P | PS | 1UL << 12);
	assert_int_equal(walk(&w, VA, 0, &res), X86_WALK_OK);
	assert_int_equal(res.gpa.v, 0x40000000UL | (VA & 0x1fffff));
	assert_int_equal(res.order, PAGE_ORDER_2M);
	put8(3, IDX(VA, 2), 0x40002000UL | P | PS);	/* reserved address bit */
	assert_int_equal(walk(&w, VA, 0, &res), X86_WALK_FAULT);
	assert_int_equal(res.pfec, X86_PFEC_P | X86_PFEC_RSVD);
	put8(2, IDX(VA, 3), 0x80000000UL | P | PS);
	assert_int_equal(walk(&w, VA, 0, &res), X86_WALK_OK);
	assert_int_equal(res.gpa.v, 0x80000000UL | (VA & 0x3fffffff));
	assert_int_equal(res.order, PAGE_ORDER_1G);
	w.has_1g = false;
	assert_int_equal(walk(&w, VA, 0, &res), X86_WALK_FAULT);
	assert_int_equal(res.pfec, X86_PFEC_P | X86_PFEC_RSVD);
	w.has_1g = true;
	put8(1, IDX(VA, 4), 2 * PAGE_SIZE | P | PS);	/* no 512 GiB pages */
	assert_int_equal(walk(&w, VA, 0, &res), X86_WALK_FAULT);
	assert_int_equal(res.pfec, X86_PFEC_P | X86_PFEC_RSVD);
}

/** The manuals' rules, written differently from the code under test. */
static bool expect_allowed(u64 rights, u32 access, u64 cr0, u64 cr4, u64 rflags)
{
	bool user = access & X86_WALK_USER, write = access & X86_WALK_WRITE;
	bool fetch = access & X86_WALK_FETCH, ac = rflags & 1UL << 18;

	if (fetch && (rights & NX))
		return false;
	if (user) {
		if (!(rights & U))
			return false;
		return !write || (rights & W);
	}
	if (rights & U) {
		if (fetch && (cr4 & X86_CR4_SMEP))
			return false;
		if (!fetch && (cr4 & X86_CR4_SMAP) && (!ac || (access & X86_WALK_IMPLICIT)))
			return false;
	}
	return !write || (rights & W) || !(cr0 & X86_CR0_WP);
}

/** All rights at one level (others permissive) by all kinds of access and controls. */
static void test_rights(void **state)
{
	static const u32 kinds[] = {
		0, X86_WALK_WRITE, X86_WALK_FETCH, X86_WALK_USER, X86_WALK_USER | X86_WALK_WRITE,
		X86_WALK_USER | X86_WALK_FETCH, X86_WALK_IMPLICIT,
		X86_WALK_IMPLICIT | X86_WALK_WRITE,
	};
	u32 level, bits, kind, ctl, denied = 0;
	struct x86_walk_result res;
	struct x86_walk w;
	bool allowed;
	u64 rights;

	for (level = 1; level <= 4; level++)
		for (bits = 0; bits < 8; bits++)
			for (kind = 0; kind < 8; kind++)
				for (ctl = 0; ctl < 16; ctl++) {
					w = long_mode(VA, 4, P | W | U);
					rights = (bits & 1 ? W : 0) | (bits & 2 ? U : 0) |
						 (bits & 4 ? NX : 0);
					put8(5 - level, IDX(VA, level),
					     (level == 1 ? FRAME : (6 - level) * PAGE_SIZE) | P |
					     rights);
					if (ctl & 1)
						w.cr0 &= ~X86_CR0_WP;
					w.cr4 |= (ctl & 2 ? X86_CR4_SMEP : 0) |
						 (ctl & 4 ? X86_CR4_SMAP : 0);
					w.rflags = ctl & 8 ? 1UL << 18 : 0;
					allowed = expect_allowed(rights, kinds[kind], w.cr0, w.cr4,
								 w.rflags);
					denied += !allowed;
					assert_int_equal(walk(&w, VA, kinds[kind], &res),
							 allowed ? X86_WALK_OK : X86_WALK_FAULT);
					if (!allowed)
						assert_int_equal(res.pfec & 9, X86_PFEC_P);
				}
	assert_true(denied > 500);
}

static void test_fetch_bit(void **state)
{
	struct x86_walk w = long_mode(VA, 4, P);
	struct x86_walk_result res;

	assert_int_equal(walk(&w, VA + 0x1000, X86_WALK_FETCH, &res), X86_WALK_FAULT);
	assert_int_equal(res.pfec, X86_PFEC_I);
	w.efer &= ~X86_EFER_NXE;
	assert_int_equal(walk(&w, VA + 0x1000, X86_WALK_FETCH, &res), X86_WALK_FAULT);
	assert_int_equal(res.pfec, 0);
	/* Without NXE the NX bit is reserved. */
	put8(4, IDX(VA, 1), FRAME | P | NX);
	assert_int_equal(walk(&w, VA, 0, &res), X86_WALK_FAULT);
	assert_int_equal(res.pfec, X86_PFEC_P | X86_PFEC_RSVD);
	/* In an entry that leads to a table, too. */
	put8(4, IDX(VA, 1), FRAME | P);
	put8(2, IDX(VA, 3), 3 * PAGE_SIZE | P | NX);
	assert_int_equal(walk(&w, VA, 0, &res), X86_WALK_FAULT);
	assert_int_equal(res.pfec, X86_PFEC_P | X86_PFEC_RSVD);
}

static void test_reserved_address(void **state)
{
	struct x86_walk w = long_mode(VA, 4, P);
	struct x86_walk_result res;

	put8(4, IDX(VA, 1), 1UL << 46 | P);
	assert_int_equal(walk(&w, VA, 0, &res), X86_WALK_FAULT);
	assert_int_equal(res.pfec, X86_PFEC_P | X86_PFEC_RSVD);
	w.maxphyaddr = 0;
	assert_int_equal(walk(&w, VA, 0, &res), X86_WALK_OK);
}

static void test_bad_table(void **state)
{
	struct x86_walk w = long_mode(VA, 4, P);
	struct x86_walk_result res;

	put8(2, IDX(VA, 3), 0x100000000UL | P);
	assert_int_equal(walk(&w, VA, 0, &res), X86_WALK_BAD_TABLE);
	assert_int_equal(res.bad_addr.v, 0x100000000UL + IDX(VA, 2) * 8);
}

static void test_accessed_dirty(void **state)
{
	struct x86_walk w = long_mode(VA, 4, P | W);
	struct x86_walk_result res;

	w.set_bits = mem_set_bits;
	assert_int_equal(walk(&w, VA, X86_WALK_NO_AD, &res), X86_WALK_OK);
	assert_int_equal(sets, 0);
	assert_int_equal(walk(&w, VA, 0, &res), X86_WALK_OK);
	assert_int_equal(sets, 4);
	assert_int_equal(get8(1, IDX(VA, 4)) & (A | D), A);
	assert_int_equal(get8(4, IDX(VA, 1)) & (A | D), A);
	assert_int_equal(walk(&w, VA, X86_WALK_WRITE, &res), X86_WALK_OK);
	assert_int_equal(sets, 5);
	assert_int_equal(get8(4, IDX(VA, 1)) & (A | D), A | D);
	assert_true(res.dirty);
	/* A denied access leaves no trace. */
	w = long_mode(VA, 4, P);
	w.set_bits = mem_set_bits;
	assert_int_equal(walk(&w, VA, X86_WALK_WRITE, &res), X86_WALK_FAULT);
	assert_int_equal(sets, 0);
}

static void test_races(void **state)
{
	struct x86_walk w = long_mode(VA, 4, P | W);
	struct x86_walk_result res;

	w.set_bits = mem_set_bits;
	refuse = 3;
	assert_int_equal(walk(&w, VA, 0, &res), X86_WALK_OK);
	w = long_mode(VA, 4, P | W);
	w.set_bits = mem_set_bits;
	refuse = 1000000;
	assert_int_equal(walk(&w, VA, 0, &res), X86_WALK_FAULT);
	assert_true(sets < 100);
}

static void test_protection_keys(void **state)
{
	struct x86_walk w = long_mode(VA, 4, P | W | U);
	struct x86_walk_result res;

	put8(4, IDX(VA, 1), FRAME | P | W | U | 5UL << 59);
	w.pkru = 2U << 10;	/* key 5: no writes */
	assert_int_equal(walk(&w, VA, X86_WALK_USER | X86_WALK_WRITE, &res), X86_WALK_OK);
	w.cr4 |= X86_CR4_PKE;
	assert_int_equal(walk(&w, VA, X86_WALK_USER, &res), X86_WALK_OK);
	assert_int_equal(walk(&w, VA, X86_WALK_USER | X86_WALK_WRITE, &res), X86_WALK_FAULT);
	assert_int_equal(res.pfec, X86_PFEC_P | X86_PFEC_W | X86_PFEC_U | X86_PFEC_PK);
	w.pkru = 1U << 10;	/* no access, but fetches pass */
	assert_int_equal(walk(&w, VA, X86_WALK_USER, &res), X86_WALK_FAULT);
	assert_int_equal(walk(&w, VA, X86_WALK_USER | X86_WALK_FETCH, &res), X86_WALK_OK);
	w.pkru = 3U << 8;	/* another key */
	assert_int_equal(walk(&w, VA, X86_WALK_USER | X86_WALK_WRITE, &res), X86_WALK_OK);
}

static void test_two_levels(void **state)
{
	struct x86_walk w = {
		.cr0 = X86_CR0_PE | X86_CR0_PG, .cr3 = 1 * PAGE_SIZE, .cr4 = X86_CR4_PSE,
		.read = mem_read,
	};
	struct x86_walk_result res;
	u32 va = 0xc0123456;

	memset(mem, 0, sizeof(mem));
	put4(1, va >> 22, 2 * PAGE_SIZE | P | W);
	put4(2, va >> 12 & 1023, 0xabcde000 | P | W);
	assert_int_equal(walk(&w, va, X86_WALK_WRITE, &res), X86_WALK_OK);
	assert_int_equal(res.gpa.v, 0xabcde456);
	/* PSE-36: bits 13 to 20 are address bits 32 to 39. */
	put4(1, va >> 22, 0x80000000 | 0x12 << 13 | P | PS);
	assert_int_equal(walk(&w, va, 0, &res), X86_WALK_OK);
	assert_int_equal(res.gpa.v, 0x1280000000UL | (va & 0x3fffff));
	assert_int_equal(res.order, 10);
	put4(1, va >> 22, 0x80000000 | 1 << 21 | P | PS);
	assert_int_equal(walk(&w, va, 0, &res), X86_WALK_FAULT);
	/* Without CR4.PSE the bit means nothing. */
	w.cr4 = 0;
	put4(1, va >> 22, 2 * PAGE_SIZE | P | W | PS);
	assert_int_equal(walk(&w, va, 0, &res), X86_WALK_OK);
	assert_int_equal(res.gpa.v, 0xabcde456);
	/* WP is clear here: the supervisor may write anywhere. */
	put4(2, va >> 12 & 1023, 0xabcde000 | P);
	assert_int_equal(walk(&w, va, X86_WALK_WRITE, &res), X86_WALK_OK);
}

static void test_pae(void **state)
{
	struct x86_walk w = {
		.cr0 = X86_CR0_PE | X86_CR0_PG, .cr3 = 1 * PAGE_SIZE + 0x20, .cr4 = X86_CR4_PAE,
		.efer = X86_EFER_NXE, .maxphyaddr = 40, .read = mem_read,
	};
	struct x86_walk_result res;
	u32 va = 0xc0623456;

	memset(mem, 0, sizeof(mem));
	put8(1, 4 + (va >> 30), 2 * PAGE_SIZE | P);
	put8(2, va >> 21 & 511, 3 * PAGE_SIZE | P | W | U);
	put8(3, va >> 12 & 511, 0x12345000 | P | W | U | NX);
	assert_int_equal(walk(&w, va, X86_WALK_WRITE | X86_WALK_USER, &res), X86_WALK_OK);
	assert_int_equal(res.gpa.v, 0x12345456);
	assert_true(res.nx);
	assert_int_equal(walk(&w, va, X86_WALK_FETCH, &res), X86_WALK_FAULT);
	assert_int_equal(res.pfec, X86_PFEC_P | X86_PFEC_I);
	/* The CPU works from its copies of the pointers. */
	w.pdpte_valid = true;
	assert_int_equal(walk(&w, va, 0, &res), X86_WALK_FAULT);
	w.pdpte[3] = 2 * PAGE_SIZE | P;
	assert_int_equal(walk(&w, va, 0, &res), X86_WALK_OK);
	put8(3, va >> 12 & 511, 0x12345000 | P | 1UL << 55);
	assert_int_equal(walk(&w, va, 0, &res), X86_WALK_FAULT);
	assert_int_equal(res.pfec, X86_PFEC_P | X86_PFEC_RSVD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_paging), cmocka_unit_test(test_four_levels),
		cmocka_unit_test(test_five_levels), cmocka_unit_test(test_large_pages),
		cmocka_unit_test(test_rights), cmocka_unit_test(test_fetch_bit),
		cmocka_unit_test(test_reserved_address), cmocka_unit_test(test_bad_table),
		cmocka_unit_test(test_accessed_dirty), cmocka_unit_test(test_races),
		cmocka_unit_test(test_protection_keys), cmocka_unit_test(test_two_levels),
		cmocka_unit_test(test_pae),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
