/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CR4 and EFER by CPUID policy; the table of combined exceptions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <xen/x86/control-regs.h>

#define FEATURE(name) XEN_X86_FEATURE_##name
#define CR4_PAE (1UL << 5)
#define CR4_MCE (1UL << 6)
#define CR4_UMIP (1UL << 11)
#define CR4_PCIDE (1UL << 17)
#define CR4_PKE (1UL << 22)

static struct cpuid_policy policy;

static void offer(u32 feature)
{
	u32 *const words[] = { &policy.basic[1].d, &policy.basic[1].c, &policy.ext[1].d };

	assert_true(feature / 32 < ARRAY_SIZE(words));
	*words[feature / 32] |= 1u << (feature % 32);
}

static int set_up(void **state)
{
	memset(&policy, 0, sizeof(policy));
	offer(FEATURE(PAE));
	offer(FEATURE(MCE));
	offer(FEATURE(LM));
	return 0;
}

static void test_cr4(void **state)
{
	struct cr4_ctx c = { .cr4 = CR4_PAE, .cr3 = 0x1000, .long_mode = true };

	assert_true(cr4_write_valid(&policy, &c, CR4_PAE));
	assert_true(cr4_write_valid(&policy, &c, CR4_PAE | CR4_MCE));
	for (u32 bit = 0; bit < 64; bit++)
		if ((1UL << bit) & ~(CR4_PAE | CR4_MCE))
			assert_false(cr4_write_valid(&policy, &c, CR4_PAE | 1UL << bit));
	assert_false(cr4_write_valid(&policy, &c, CR4_MCE));
	c.long_mode = false;
	assert_true(cr4_write_valid(&policy, &c, 0));
}

static void test_pcide(void **state)
{
	struct cr4_ctx c = { .cr4 = CR4_PAE, .cr3 = 0x1000, .long_mode = true };

	assert_false(cr4_write_valid(&policy, &c, CR4_PAE | CR4_PCIDE));
	offer(FEATURE(PCID));
	assert_true(cr4_write_valid(&policy, &c, CR4_PAE | CR4_PCIDE));
	c.cr3 = 0x1005;
	assert_false(cr4_write_valid(&policy, &c, CR4_PAE | CR4_PCIDE));
	c.cr4 |= CR4_PCIDE;
	assert_true(cr4_write_valid(&policy, &c, CR4_PAE | CR4_PCIDE));
	assert_true(cr4_write_valid(&policy, &c, CR4_PAE));
	c.long_mode = false;
	assert_false(cr4_write_valid(&policy, &c, CR4_PAE | CR4_PCIDE));
}

static void test_efer(void **state)
{
	assert_int_equal(efer_settable(&policy), 1 << 8);
	offer(FEATURE(NX));
	assert_int_equal(efer_settable(&policy), 1 << 8 | 1 << 11);
	offer(FEATURE(SYSCALL));
	offer(FEATURE(FFXSR));
	/* A guest can never set LMA, SVME and LMSLE. */
	assert_int_equal(efer_settable(&policy), 1 << 0 | 1 << 8 | 1 << 11 | 1 << 14);
}

/* Rows and columns: benign, contributory, page fault. */
static void test_combine(void **state)
{
	static const u8 benign[] = { 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19 };
	static const u8 contributory[] = { 0, 10, 11, 12, 13 };

	for (u32 v = 0; v < 32; v++)
		for (u32 i = 0; i < sizeof(benign); i++) {
			assert_int_equal(x86_combine_exceptions((u8)v, benign[i]), benign[i]);
			if (v != 8)
				assert_int_equal(x86_combine_exceptions(benign[i], (u8)v), v);
		}
	for (u32 i = 0; i < sizeof(contributory); i++) {
		u8 c = contributory[i];

		for (u32 k = 0; k < sizeof(contributory); k++)
			assert_int_equal(x86_combine_exceptions(c, contributory[k]), 8);
		assert_int_equal(x86_combine_exceptions(c, 14), 14);
		assert_int_equal(x86_combine_exceptions(14, c), 8);
		assert_int_equal(x86_combine_exceptions(8, c), X86_SHUTDOWN);
	}
	assert_int_equal(x86_combine_exceptions(14, 14), 8);
	assert_int_equal(x86_combine_exceptions(8, 14), X86_SHUTDOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_cr4, set_up),
		cmocka_unit_test_setup(test_pcide, set_up),
		cmocka_unit_test_setup(test_efer, set_up),
		cmocka_unit_test_setup(test_combine, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
