/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MTRRs and PAT: validity, overlap rules, combination, save and restore. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <xen/errno.h>
#include <xen/x86/mtrr.h>

#include <public/xen.h>
#include <public/hvm/save.h>

static void test_registers(void **state)
{
	struct mtrr_state m;
	u64 v;

	mtrr_init(&m, 40);
	assert_int_equal(mtrr_read(&m, 0xfe, &v), 0);
	assert_int_equal(v, 0x508);
	assert_int_equal(mtrr_write(&m, 0xfe, 0), -XEN_EINVAL);
	assert_int_equal(mtrr_write(&m, 0x277, 0x0007040600070402), -XEN_EINVAL);
	assert_int_equal(mtrr_write(&m, 0x277, 0x0007010600070106), 0);
	assert_int_equal(mtrr_write(&m, 0x2ff, 7), -XEN_EINVAL);
	assert_int_equal(mtrr_write(&m, 0x2ff, 0x1006), -XEN_EINVAL);
	assert_int_equal(mtrr_write(&m, 0x200, 1UL << 40), -XEN_EINVAL);
	assert_int_equal(mtrr_write(&m, 0x201, 0x100), -XEN_EINVAL);
	assert_int_equal(mtrr_write(&m, 0x250, 0x0202020202020202), -XEN_EINVAL);
	assert_int_equal(mtrr_write(&m, 0x268, 0x0505050505050505), 0);
	assert_int_equal(mtrr_read(&m, 0x268, &v), 0);
	assert_int_equal(v, 0x0505050505050505);
	assert_true(mtrr_owns_msr(0x20f) && !mtrr_owns_msr(0x210) && !mtrr_owns_msr(0x251));
}

static void range(struct mtrr_state *m, u32 i, u64 base, u64 size, u32 type)
{
	assert_int_equal(mtrr_write(m, 0x200 + 2 * i, base | type), 0);
	assert_int_equal(mtrr_write(m, 0x201 + 2 * i, (~(size - 1) & 0xfffffff000) | 0x800), 0);
}

static void test_types(void **state)
{
	struct mtrr_state m;

	mtrr_init(&m, 40);
	assert_int_equal(mtrr_type(&m, gpaddr_make(0xa0000)), MEM_WB);
	range(&m, 0, 0x80000000, 0x80000000, MEM_UC);
	range(&m, 1, 0xc0000000, 0x10000000, MEM_WC);
	range(&m, 2, 0x40000000, 0x1000, MEM_WT);
	range(&m, 3, 0x40000000, 0x2000, MEM_WB);
	assert_int_equal(mtrr_type(&m, gpaddr_make(0xc0000000)), MEM_UC);
	assert_int_equal(mtrr_type(&m, gpaddr_make(0x7fffffff)), MEM_WB);
	assert_int_equal(mtrr_type(&m, gpaddr_make(0x40000fff)), MEM_WT);
	mtrr_write(&m, 0x2ff, 0xc06);
	mtrr_write(&m, 0x259, 0x0000000000000100);
	mtrr_write(&m, 0x26f, 0x0406060606060606);
	mtrr_write(&m, 0x250, 0x0406060606060606);
	assert_int_equal(mtrr_type(&m, gpaddr_make(0xa4000)), MEM_WC);
	assert_int_equal(mtrr_type(&m, gpaddr_make(0xfffff)), MEM_WT);
	assert_int_equal(mtrr_type(&m, gpaddr_make(0x70000)), MEM_WT);
	assert_int_equal(mtrr_type(&m, gpaddr_make(0x9ffff)), MEM_WB);
	mtrr_write(&m, 0x2ff, 6);
	assert_int_equal(mtrr_type(&m, gpaddr_make(0)), MEM_UC);
	assert_int_equal(mem_type_combine(MEM_WB, pat_entry(PAT_RESET_VALUE, 0)), MEM_WB);
	assert_int_equal(mem_type_combine(MEM_WC, pat_entry(PAT_RESET_VALUE, 2)), MEM_WC);
	assert_int_equal(mem_type_combine(MEM_WB, MEM_UC_MINUS), MEM_UC);
	assert_int_equal(mem_type_combine(MEM_UC, MEM_WT), MEM_UC);
}

static void test_save(void **state)
{
	struct mtrr_state m, n;
	struct hvm_hw_mtrr rec;

	mtrr_init(&m, 40);
	mtrr_init(&n, 40);
	range(&m, 7, 0x80000000, 0x80000000, MEM_UC);
	mtrr_write(&m, 0x26c, 0x0405060100040506);
	mtrr_record.save(&m, 0, &rec, 0);
	assert_int_equal(mtrr_record.check(&n, 0, &rec, sizeof(rec)), 0);
	mtrr_record.load(&n, 0, &rec, sizeof(rec), 0);
	assert_memory_equal(&m, &n, sizeof(m));
	rec.msr_mtrr_fixed[10] = 3;
	rec.msr_mtrr_def_type = 0;
	assert_int_equal(mtrr_record.check(&n, 0, &rec, sizeof(rec)), -XEN_EINVAL);
	assert_memory_equal(&m, &n, sizeof(m));
}

static void test_hostile(void **state)
{
	struct mtrr_state m;
	u64 v;

	srand(2);
	mtrr_init(&m, 52);
	for (int i = 0; i < 300000; i++) {
		u32 msr = 0x200 + (u32)rand() % 0x100;
		u64 val = ((u64)rand() << 33 ^ (u64)rand() << 5) >> rand() % 64;

		if (!mtrr_write(&m, msr, val)) {
			assert_int_equal(mtrr_read(&m, msr, &v), 0);
			assert_int_equal(v, val);
		}
		assert_in_range(mtrr_type(&m, gpaddr_make(val)), 0, 6);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_registers), cmocka_unit_test(test_types),
		cmocka_unit_test(test_save), cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
