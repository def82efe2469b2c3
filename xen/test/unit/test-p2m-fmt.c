/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entries of second-stage tables, bit by bit, and the engine on each format against a model. */
#include "unit.h"

#include <asm/host.h>
#include <xen/errno.h>
#include <xen/p2m_fmt.h>

#define NX (1UL << 63)
#define AT(mfn) ((mfn) << PAGE_SHIFT)
#define TYPE(t) ((u64)(t) << 52)
#define NR_GFNS 2048
#define BEYOND 0x100000UL	/* the first frame that is not RAM */

static const struct p2m_fmt *const formats[] = { &p2m_fmt_npt, &p2m_fmt_ept,
						 &p2m_fmt_lpae };
static const struct p2m_fmt *chosen;
static struct domain dom;

const struct p2m_fmt *hal_p2m_fmt(const struct domain *d)
{
	return chosen;
}

void hal_p2m_flush(struct p2m *p, gfn_t start, u64 n)
{
}

/* Rights in bits 0-2 (read, write, execute), memory type in bits 3-5, large page in bit 7. */
static void test_ept_entries(void **state)
{
	static const struct { enum p2m_type type; u64 low; } leaf[] = {
		{ P2M_RAM_RW, 0x37 }, { P2M_RAM_RO, 0x35 }, { P2M_MMIO_DIRECT, 0x07 },
		{ P2M_GRANT_RW, 0x33 }, { P2M_GRANT_RO, 0x31 }, { P2M_FOREIGN, 0x37 },
		{ P2M_XENSHARE, 0x37 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(leaf); i++) {
		u64 upper = TYPE(leaf[i].type);

		assert_int_equal(p2m_fmt_ept.leaf(mfn_make(0x12345), leaf[i].type, 0),
				 upper | AT(0x12345UL) | leaf[i].low);
		assert_int_equal(p2m_fmt_ept.leaf(mfn_make(0x12200), leaf[i].type, 1),
				 upper | AT(0x12200UL) | leaf[i].low | 0x80);
		assert_int_equal(p2m_fmt_ept.leaf(mfn_make(0x40000), leaf[i].type, 2),
				 upper | AT(0x40000UL) | leaf[i].low | 0x80);
	}
	assert_int_equal(p2m_fmt_ept.table(mfn_make(0x777)), AT(0x777UL) | 7);
}

/* Present, user, accessed and dirty in every leaf; writable, uncached and no-execute by type. */
static void test_npt_entries(void **state)
{
	static const struct { enum p2m_type type; u64 bits; } leaf[] = {
		{ P2M_RAM_RW, 0x67 }, { P2M_RAM_RO, 0x65 }, { P2M_MMIO_DIRECT, 0x77 },
		{ P2M_GRANT_RW, 0x67 | NX }, { P2M_GRANT_RO, 0x65 | NX }, { P2M_FOREIGN, 0x67 },
		{ P2M_XENSHARE, 0x67 },
	};

	for (u32 i = 0; i < ARRAY_SIZE(leaf); i++) {
		u64 upper = TYPE(leaf[i].type);

		assert_int_equal(p2m_fmt_npt.leaf(mfn_make(0x12345), leaf[i].type, 0),
				 upper | AT(0x12345UL) | leaf[i].bits);
		assert_int_equal(p2m_fmt_npt.leaf(mfn_make(0x12200), leaf[i].type, 1),
				 upper | AT(0x12200UL) | leaf[i].bits | 0x80);
	}
	assert_int_equal(p2m_fmt_npt.table(mfn_make(0x777)), AT(0x777UL) | 0x27);
}

/* Whatever is encoded is decoded again, and an empty entry is not present. */
static void test_round_trip(void **state)
{
	for (u32 f = 0; f < ARRAY_SIZE(formats); f++) {
		const struct p2m_fmt *fmt = formats[f];

		assert_false(p2m_entry_is_present(fmt, 0));
		for (enum p2m_type t = P2M_RAM_RW; t <= P2M_XENSHARE; t++) {
			for (u32 level = 0; level <= P2M_MAX_LEAF_LEVEL; level++) {
				u64 mfn = (unit_random() >> 28) & ~((1UL << 9 * level) - 1);
				u64 e = fmt->leaf(mfn_make(mfn), t, level);

				assert_true(p2m_entry_is_present(fmt, e));
				assert_true(p2m_entry_is_leaf(fmt, e, level));
				assert_int_equal(p2m_entry_mfn(fmt, e).v, mfn);
				assert_int_equal(p2m_entry_type(fmt, e), t);
			}
		}
		for (u32 level = 1; level < fmt->levels; level++)
			assert_false(p2m_entry_is_leaf(fmt, fmt->table(mfn_make(0x55)), level));
	}
}

struct expected {
	u64 mfn;
	enum p2m_type type;
};

static void random_step(struct expected *model)
{
	static const u32 orders[] = { 0, 0, 0, PAGE_ORDER_2M };
	u32 order = orders[unit_random_below(ARRAY_SIZE(orders))];
	u64 n = 1UL << order, gfn = unit_random_below(NR_GFNS) & ~(n - 1);
	u64 mfn = (BEYOND + unit_random_below(0x100000)) & ~(n - 1);
	enum p2m_type type = unit_random_below(5);	/* not P2M_FOREIGN: it holds references */

	if (type == P2M_INVALID)
		assert_int_equal(p2m_unmap(dom.p2m, gfn_make(gfn), order), 0);
	else
		assert_int_equal(p2m_map(dom.p2m, gfn_make(gfn), mfn_make(mfn), order, type), 0);
	for (u64 i = 0; i < n; i++)
		model[gfn + i] = (struct expected){ type ? mfn + i : INVALID_MFN_VALUE, type };
}

static void test_engine(void **state)
{
	static struct expected model[NR_GFNS];

	unit_seed();
	for (u32 f = 0; f < ARRAY_SIZE(formats); f++) {
		chosen = formats[f];
		dom = (struct domain){ .is_hardware = true };
		assert_int_equal(p2m_domain_init(&dom), 0);
		for (u32 i = 0; i < NR_GFNS; i++)
			model[i] = (struct expected){ INVALID_MFN_VALUE, P2M_INVALID };
		for (u32 step = 0; step < 4000; step++) {
			u64 gfn = unit_random_below(NR_GFNS);
			enum p2m_type type;
			mfn_t mfn;

			random_step(model);
			mfn = p2m_lookup(dom.p2m, gfn_make(gfn), &type, NULL);
			if (mfn.v != model[gfn].mfn || type != model[gfn].type)
				fail_msg("%s step %u: gfn %#lx is %#lx type %u, not %#lx type %u",
					 chosen->name, step, gfn, mfn.v, type, model[gfn].mfn,
					 model[gfn].type);
		}
		assert_int_equal(p2m_domain_destroy(&dom), 0);
		p2m_domain_free(&dom);
	}
}

static int boot(void **state)
{
	host_init(1, 1, 16UL << 20);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ept_entries),
		cmocka_unit_test(test_npt_entries),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_engine),
	};

	return cmocka_run_group_tests(tests, boot, NULL);
}
