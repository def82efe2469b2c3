/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The p2m engine with formats of other shapes, its flushes, and its observers. */
#include "unit.h"

#include <string.h>

#include <asm/host.h>
#include <xen/errno.h>
#include <xen/p2m_fmt.h>

#define MAX_TOLD 64
#define MFN(n) mfn_make(0x100000 + (n))	/* beyond all RAM, as devices are */
#define GIB PAGE_ORDER_1G
#define G2M PAGE_ORDER_2M

static struct p2m_fmt fmt;
static struct domain dom;

/* Flushes and what observers heard, since the last forget(). */
static u32 flushes, calls, nr_told;
static struct p2m_range flushed, told[MAX_TOLD];
/* The entry that must be empty at a flush; NULL: any content will do. */
static u64 *broken;
static u32 broken_seen;

const struct p2m_fmt *hal_p2m_fmt(const struct domain *d)
{
	return &fmt;
}

void hal_p2m_flush(struct p2m *p, gfn_t start, u64 n)
{
	flushes++;
	flushed = (struct p2m_range){ start, n };
	broken_seen += broken && !*broken;
}

static void changed(struct p2m_observer *o, struct p2m *p, const struct p2m_range *range, u32 nr)
{
	calls++;
	for (u32 i = 0; i < nr && nr_told < MAX_TOLD; i++)
		told[nr_told++] = range[i];
}

static struct p2m_observer observer = { .changed = changed };

static void forget(void)
{
	flushes = calls = nr_told = broken_seen = 0;
}

static void begin(u32 levels, u32 root_order, bool break_first)
{
	fmt = p2m_fmt_npt;
	fmt.levels = levels;
	fmt.root_order = root_order;
	fmt.break_first = break_first;
	dom = (struct domain){ .is_hardware = true };
	assert_int_equal(p2m_domain_init(&dom), 0);
	forget();
}

static void end(void)
{
	u64 before;

	assert_int_equal(p2m_domain_destroy(&dom), 0);
	before = free_page_count(NUMA_NO_NODE);
	p2m_domain_free(&dom);
	assert_int_equal(free_page_count(NUMA_NO_NODE), before + (1UL << fmt.root_order));
}

static int map(u64 gfn, u64 mfn, u32 order)
{
	return p2m_map(dom.p2m, gfn_make(gfn), MFN(mfn), order, P2M_MMIO_DIRECT);
}

static u64 at(u64 gfn)
{
	enum p2m_type type;
	mfn_t mfn = p2m_lookup(dom.p2m, gfn_make(gfn), &type, NULL);

	return type == P2M_INVALID ? ~0UL : mfn.v - MFN(0).v;
}

/* Three to five levels, one to sixteen root pages: the ends of the space, and what lies beyond. */
static void test_formats(void **state)
{
	for (u32 levels = 3; levels <= P2M_MAX_LEVELS; levels++) {
		for (u32 root = 0; root <= 4; root++) {
			u64 last, free_before = free_page_count(NUMA_NO_NODE);

			begin(levels, root, false);
			last = (1UL << (levels * 9 + root)) - 1;
			assert_int_equal(map(0, 1, 0), 0);
			assert_int_equal(map(last, 2, 0), 0);
			assert_int_equal(map(last / 2 + 1, 3, 0), 0);
			assert_int_equal(map(last + 1, 4, 0), -XEN_EINVAL);
			assert_int_equal(at(0), 1);
			assert_int_equal(at(last), 2);
			assert_int_equal(at(last / 2 + 1), 3);
			assert_int_equal(at(last / 2), ~0UL);
			assert_int_equal(at(last + 1), ~0UL);
			/* A superpage in the root's table, where there are three levels. */
			assert_int_equal(map(1UL << GIB, 1UL << GIB, GIB), 0);
			assert_int_equal(at((1UL << GIB) + 5), (1UL << GIB) + 5);
			assert_int_equal(map((1UL << GIB) + 5, 9, 0), 0);
			assert_int_equal(at((1UL << GIB) + 5), 9);
			assert_int_equal(at((1UL << GIB) + 6), (1UL << GIB) + 6);
			assert_int_equal(map(1UL << GIB, 1UL << GIB, GIB), 0);
			assert_int_equal(at((1UL << GIB) + 5), (1UL << GIB) + 5);
			end();
			assert_int_equal(free_page_count(NUMA_NO_NODE), free_before);
		}
	}
}

/* A flush covers exactly the range that changed since the flush before. */
static void test_ranged_flush(void **state)
{
	begin(4, 0, false);
	assert_int_equal(map(0x1000, 1, 0), 0);
	assert_int_equal(map(0x2000, 2, 0), 0);
	assert_int_equal(map(0x200000, 0x200000, G2M), 0);
	assert_int_equal(flushes, 0);
	assert_int_equal(map(0x1000, 7, 0), 0);
	assert_int_equal(flushes, 1);
	assert_true(flushed.start.v == 0x1000 && flushed.n == 1);
	p2m_batch_begin(dom.p2m);
	assert_int_equal(p2m_unmap(dom.p2m, gfn_make(0x2000), 0), 0);
	assert_int_equal(p2m_unmap(dom.p2m, gfn_make(0x1000), 0), 0);
	assert_int_equal(flushes, 1);
	p2m_batch_end(dom.p2m);
	assert_int_equal(flushes, 2);
	assert_true(flushed.start.v == 0x1000 && flushed.n == 0x1001);
	/* A superpage that is split was one translation. */
	assert_int_equal(map(0x200007, 3, 0), 0);
	assert_int_equal(flushes, 3);
	assert_true(flushed.start.v == 0x200000 && flushed.n == 512);
	end();
}

/* Where the format asks for it, an entry that is there is emptied and flushed before it changes. */
static void test_break_first(void **state)
{
	u64 *leaf;

	for (u32 demanded = 0; demanded < 2; demanded++) {
		begin(3, 1, demanded);
		assert_int_equal(map(1UL << GIB, 1UL << GIB, GIB), 0);
		leaf = (u64 *)mfn_to_virt(dom.p2m->root) + 1;
		assert_true(*leaf);
		broken = leaf;
		/* Split, then a superpage in place of the table, then another superpage. */
		assert_int_equal(map((1UL << GIB) + 3, 8, 0), 0);
		assert_int_equal(broken_seen, demanded);
		assert_int_equal(map(1UL << GIB, 2UL << GIB, GIB), 0);
		assert_int_equal(broken_seen, 2 * demanded);
		assert_int_equal(map(1UL << GIB, 1UL << GIB, GIB), 0);
		assert_int_equal(broken_seen, 3 * demanded);
		assert_int_equal(at((1UL << GIB) + 3), (1UL << GIB) + 3);
		/* An entry that is not present need not be emptied first. */
		broken = NULL;
		forget();
		assert_int_equal(map(5, 5, 0), 0);
		assert_int_equal(flushes, 0);
		end();
	}
}

static void expect(u32 i, u64 start, u64 n)
{
	if (told[i].start.v != start || told[i].n != n)
		fail_msg("range %u: %#lx, %#lx frames", i, told[i].start.v, told[i].n);
}

static void test_observer(void **state)
{
	struct p2m *p;

	begin(4, 0, false);
	p = dom.p2m;
	assert_int_equal(map(1, 1, 0), 0);
	assert_int_equal(calls, 0);
	p2m_observe(p, &observer);
	/* New, changed, gone, and no change at all */
	assert_int_equal(map(2, 2, 0), 0);
	assert_int_equal(map(1, 7, 0), 0);
	assert_int_equal(p2m_unmap(p, gfn_make(2), 0), 0);
	assert_int_equal(calls, 3);
	assert_int_equal(p2m_unmap(p, gfn_make(2), 0), 0);
	assert_int_equal(map(1, 7, 0), 0);
	assert_int_equal(calls, 3);
	expect(0, 2, 1);
	expect(1, 1, 1);
	expect(2, 2, 1);
	/* A call that maps many frames tells observers of one range. */
	forget();
	assert_int_equal(p2m_map_range(p, gfn_make(0x3ff), MFN(0x3ff), 1026, P2M_MMIO_DIRECT), 0);
	assert_int_equal(calls, 1);
	assert_int_equal(nr_told, 1);
	expect(0, 0x3ff, 1026);
	/* A batch tells them of each range, up to a limit. */
	forget();
	p2m_batch_begin(p);
	for (u64 i = 0; i < 5; i++)
		assert_int_equal(map(0x10000 + 16 * i, i, 0), 0);
	assert_int_equal(map(0x10041, 5, 0), 0);
	assert_int_equal(calls, 0);
	p2m_batch_end(p);
	assert_int_equal(calls, 1);
	assert_int_equal(nr_told, 5);
	expect(0, 0x10000, 1);
	expect(4, 0x10040, 2);
	forget();
	p2m_batch_begin(p);
	for (u64 i = 0; i < 3 * P2M_CHANGES; i++)
		assert_int_equal(map(0x20000 + 16 * i, i, 0), 0);
	p2m_batch_end(p);
	assert_int_equal(calls, 1);
	assert_int_equal(nr_told, P2M_CHANGES);
	expect(P2M_CHANGES - 1, 0x20000 + 16 * (P2M_CHANGES - 1), 16 * 2 * P2M_CHANGES + 1);
	/* Splitting a superpage changes no translation, so they are told of the new page only. */
	assert_int_equal(map(0x200000, 0x200000, G2M), 0);
	forget();
	assert_int_equal(map(0x200009, 1, 0), 0);
	assert_int_equal(nr_told, 1);
	expect(0, 0x200009, 1);
	p2m_unobserve(p, &observer);
	assert_int_equal(map(9, 9, 0), 0);
	assert_int_equal(calls, 1);
	/* At the end of the domain they are told that everything changed. */
	p2m_observe(p, &observer);
	forget();
	assert_int_equal(p2m_domain_destroy(&dom), 0);
	assert_int_equal(calls, 1);
	expect(0, 0, 1UL << 36);
	end();
}

static u32 order_at(u64 gfn)
{
	enum p2m_type type;
	u32 order;

	p2m_lookup(dom.p2m, gfn_make(gfn), &type, &order);
	return order;
}

/* 1 GiB of RAM that was mapped by 2 MiB becomes one mapping if nothing in it is different. */
static void test_join(void **state)
{
	u64 first = 1UL << GIB, tables;

	begin(4, 0, false);
	for (u64 i = 0; i < 512; i++)
		assert_int_equal(p2m_map(dom.p2m, gfn_make(first + i * 512), MFN(first + i * 512),
					 G2M, P2M_RAM_RW), 0);
	tables = dom.p2m->table_pages;
	/* Another frame, a smaller mapping, another type, none */
	assert_int_equal(p2m_map(dom.p2m, gfn_make(first + 512), MFN(7 * 512), G2M, P2M_RAM_RW), 0);
	p2m_join(dom.p2m, gfn_make(first), GIB);
	assert_int_equal(order_at(first), G2M);
	assert_int_equal(p2m_map(dom.p2m, gfn_make(first + 512), MFN(first + 512), 0, P2M_RAM_RW),
			 0);
	p2m_join(dom.p2m, gfn_make(first), GIB);
	assert_int_equal(order_at(first), G2M);
	assert_int_equal(p2m_map(dom.p2m, gfn_make(first + 512), MFN(first + 512), G2M, P2M_RAM_RO),
			 0);
	p2m_join(dom.p2m, gfn_make(first), GIB);
	assert_int_equal(order_at(first), G2M);
	assert_int_equal(p2m_unmap(dom.p2m, gfn_make(first + 512), G2M), 0);
	p2m_join(dom.p2m, gfn_make(first), GIB);
	assert_int_equal(order_at(first), G2M);

	assert_int_equal(p2m_map(dom.p2m, gfn_make(first + 512), MFN(first + 512), G2M, P2M_RAM_RW),
			 0);
	p2m_join(dom.p2m, gfn_make(first), GIB);
	assert_int_equal(order_at(first), GIB);
	assert_int_equal(at(first + 12345), first + 12345);
	assert_int_equal(dom.p2m->table_pages, tables - 1);
	end();
}

#define TIB_FRAMES (1UL << 28)
/* Where the ABI puts a guest's memory: 3 GiB at 1 GiB, 1016 GiB at 8 GiB (public/arch-arm.h). */
#define LOW_FIRST (1UL << 18)
#define LOW_FRAMES (3UL << 18)
#define HIGH_FIRST (8UL << 18)
#define HIGH_FRAMES (1016UL << 18)
#define LPAE_ADDRESS 0xfffffffff000UL

/* A walk of ARMv8's second stage as the processor makes it, 40 bits from level 1 with two tables
 * side by side (ARM ARM, D8.3.1): *@pa, and how many bits of it the entry translates; 0: none. */
static u32 walk_lpae(u64 ipa, u64 *pa)
{
	const u64 *table = mfn_to_virt(dom.p2m->root);

	for (u32 shift = 30;; shift -= 9) {
		u64 entry = table[ipa >> shift & (shift == 30 ? 0x3ff : 0x1ff)];

		if (!(entry & 1))
			return 0;
		if (shift == 12 || !(entry & 2)) {
			/* The access flag is set, and a page's descriptor has bit 1. */
			assert_true(entry & 1UL << 10 && (shift > 12 || entry & 2));
			*pa = (entry & LPAE_ADDRESS) | (ipa & ((1UL << shift) - 1));
			return shift;
		}
		table = mfn_to_virt(mfn_make((entry & LPAE_ADDRESS) >> PAGE_SHIFT));
	}
}

static void begin_lpae(void)
{
	begin(3, 1, true);
	fmt = p2m_fmt_lpae;
	assert_int_equal(P2M_LEVEL_BITS * fmt.levels + fmt.root_order + PAGE_SHIFT, 40);
}

static void map_guest(u64 mfn)
{
	assert_int_equal(p2m_map_range(dom.p2m, gfn_make(LOW_FIRST), mfn_make(mfn), LOW_FRAMES,
				       P2M_RAM_RW), 0);
	assert_int_equal(p2m_map_range(dom.p2m, gfn_make(HIGH_FIRST), mfn_make(mfn + LOW_FRAMES),
				       HIGH_FRAMES, P2M_RAM_RW), 0);
}

static void check_guest(u64 mfn, u32 bits)
{
	for (u64 ipa = 0; ipa < 1UL << 40; ipa += (1UL << 29) + PAGE_SIZE * 7) {
		u64 gfn = ipa >> PAGE_SHIFT, pa = 0;
		bool low = gfn - LOW_FIRST < LOW_FRAMES;
		u64 frame = low ? gfn - LOW_FIRST : gfn - HIGH_FIRST + LOW_FRAMES;

		if (!low && gfn - HIGH_FIRST >= HIGH_FRAMES) {
			assert_int_equal(walk_lpae(ipa, &pa), 0);
			continue;
		}
		assert_int_equal(walk_lpae(ipa, &pa), bits);
		assert_int_equal(pa, ((mfn + frame) << PAGE_SHIFT) | page_offset(ipa));
	}
}

/* The largest guest that 40 bits allow, of memory that is not there: by 1 GiB where the machine's
 * memory allows it, otherwise by 2 MiB, and a page taken out of it splits only what it must. */
static void test_lpae_1tb(void **state)
{
	u64 mfn = 1UL << 30, pa;

	begin_lpae();
	map_guest(mfn);
	check_guest(mfn, 30);
	assert_int_equal(dom.p2m->table_pages, 2);
	assert_true(p2m_map_range(dom.p2m, gfn_make(TIB_FRAMES), mfn_make(mfn), 1, P2M_RAM_RW) < 0);
	forget();
	assert_int_equal(p2m_unmap(dom.p2m, gfn_make(TIB_FRAMES - 1), 0), 0);
	assert_true(flushes);
	assert_int_equal(walk_lpae((1UL << 40) - PAGE_SIZE, &pa), 0);
	assert_int_equal(walk_lpae((1UL << 40) - 2 * PAGE_SIZE, &pa), 12);
	assert_int_equal(walk_lpae((1UL << 40) - (1UL << 21) - 1, &pa), 21);
	assert_int_equal(walk_lpae((1UL << 40) - (1UL << 30) - 1, &pa), 30);
	assert_int_equal(dom.p2m->table_pages, 4);
	end();
	/* Its frames begin at a multiple of 2 MiB only. */
	mfn += 512;
	begin_lpae();
	map_guest(mfn);
	check_guest(mfn, 21);
	assert_int_equal(dom.p2m->table_pages, 2 + ((LOW_FRAMES + HIGH_FRAMES) >> 18));
	end();
}

static u8 seen[128];

static int collect(u64 gfn, u32 n)
{
	memset(seen, 0, sizeof(seen));
	return p2m_collect_dirty(dom.p2m, gfn_make(gfn), n, seen);
}

static u32 nr_seen(void)
{
	u32 n = 0;

	for (u32 i = 0; i < sizeof(seen); i++)
		n += (u32)__builtin_popcount(seen[i]);
	return n;
}

/* What the hypervisor does after it has written to a page. */
static void written(u64 gfn)
{
	read_lock(&dom.p2m->lock);
	p2m_mark_dirty(dom.p2m, gfn_make(gfn));
	read_unlock(&dom.p2m->lock);
}

/* Two superpages, and a hole behind them: all RAM counts as written once, then what was written. */
static void test_dirty(void **state)
{
	u32 order;
	enum p2m_type type;

	begin(4, 0, false);
	dom.max_pages = 1024;
	assert_int_equal(p2m_map(dom.p2m, gfn_make(512), MFN(512), G2M, P2M_RAM_RW), 0);
	assert_int_equal(p2m_map(dom.p2m, gfn_make(1024), MFN(1024), G2M, P2M_RAM_RW), 0);
	written(513);
	written(5);
	assert_false(dom.p2m->records_writes);
	forget();
	assert_int_equal(collect(1024 - 8, 16), 0);
	assert_int_equal(nr_seen(), 16);
	/* One flush for all, which covers what was asked about. */
	assert_int_equal(flushes, 1);
	assert_true(flushed.start.v <= 1024 - 8 && flushed.start.v + flushed.n >= 1024 + 8);
	assert_true(dom.p2m->records_writes);
	forget();
	assert_int_equal(collect(1024 - 8, 16), 0);
	assert_int_equal(nr_seen(), 0);
	assert_int_equal(flushes, 0);
	written(1024 - 8);
	written(1024 + 7);
	assert_int_equal(collect(1024 - 8, 16), 0);
	assert_int_equal(seen[0], 1);
	assert_int_equal(seen[1], 0x80);
	assert_int_equal(flushes, 1);
	/* Translations are as before. */
	for (u64 gfn = 512; gfn < 1536; gfn++)
		assert_int_equal(at(gfn), gfn);
	p2m_lookup(dom.p2m, gfn_make(1024), &type, &order);
	assert_int_equal(type, P2M_RAM_RW);
	/* Holes, pages that cannot be written, and what lies beyond the space never are written. */
	assert_int_equal(p2m_set_ram_type(dom.p2m, gfn_make(1534), P2M_RAM_RO), 0);
	assert_int_equal(collect(1530, 12), 0);
	assert_int_equal(seen[0], 0x2f);
	assert_int_equal(seen[1], 0);
	assert_int_equal(collect(1UL << 36, 8), 0);
	assert_int_equal(nr_seen(), 0);
	/* A page that becomes another counts as written. */
	assert_int_equal(p2m_map(dom.p2m, gfn_make(1024), MFN(7), 0, P2M_RAM_RW), 0);
	assert_int_equal(collect(1024, 2), 0);
	assert_int_equal(seen[0], 1);
	fmt.dirty = 0;
	assert_int_equal(collect(1024, 2), -XEN_ENODATA);
	end();
}

static int boot(void **state)
{
	host_init(1, 1, 16UL << 20);
	/* One run first: pages that small allocations keep must not be counted as lost. */
	begin(4, 0, false);
	end();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_formats),
		cmocka_unit_test(test_ranged_flush),
		cmocka_unit_test(test_break_first),
		cmocka_unit_test(test_observer),
		cmocka_unit_test(test_join),
		cmocka_unit_test(test_lpae_1tb),
		cmocka_unit_test(test_dirty),
	};

	return cmocka_run_group_tests(tests, boot, NULL);
}
