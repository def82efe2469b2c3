/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes to CR0; CR4 and EFER by CPUID policy; the table of combined exceptions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <xen/x86/control-regs.h>
#include <xen/x86/regs.h>

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

#define PROTECTED (X86_CR0_PE | X86_CR0_ET | X86_CR0_NE)
#define PAGED (PROTECTED | X86_CR0_PG)

static bool cr0_write(struct cr0_ctx c, u64 val, u64 *efer)
{
	u64 cr0;
	bool ok = cr0_write_valid(&c, val, &cr0, efer);

	/* ET reads as one; bits that are not defined are dropped. */
	if (ok)
		assert_int_equal(cr0, (val & 0xe005003f) | X86_CR0_ET);
	return ok;
}

static void test_cr0(void **state)
{
	struct cr0_ctx real = { .cr0 = X86_CR0_ET }, off = { .cr0 = PROTECTED };
	struct cr0_ctx legacy = { .cr0 = PAGED, .cr4 = X86_CR4_PAE };
	struct cr0_ctx ready = { PROTECTED, X86_CR4_PAE, EFER_LME, false };
	struct cr0_ctx full = { PAGED, X86_CR4_PAE, EFER_LME | EFER_LMA, true };
	u64 efer;

	assert_true(cr0_write(real, PROTECTED, &efer));
	assert_true(cr0_write(off, 0, &efer));
	assert_true(cr0_write(off, PROTECTED | 0x00a0ffc0, &efer));
	assert_false(cr0_write(off, PROTECTED | 1UL << 32, &efer));
	assert_false(cr0_write(real, X86_CR0_PG, &efer));
	assert_true(cr0_write(off, PROTECTED | X86_CR0_CD | X86_CR0_NW, &efer));
	assert_false(cr0_write(off, PROTECTED | X86_CR0_NW, &efer));
	/* Paging without long mode, on and off */
	assert_true(cr0_write(off, PAGED, &efer));
	assert_int_equal(efer, 0);
	assert_true(cr0_write(legacy, PROTECTED, &efer));
	/* Into long mode needs PAE and code that is not 64-bit already. */
	assert_true(cr0_write(ready, PAGED, &efer));
	assert_int_equal(efer, EFER_LME | EFER_LMA);
	ready.code_64bit = true;
	assert_false(cr0_write(ready, PAGED, &efer));
	ready = (struct cr0_ctx){ PROTECTED, 0, EFER_LME, false };
	assert_false(cr0_write(ready, PAGED, &efer));
	/* In long mode other bits may change. Only compatibility mode without PCIDs leaves it. */
	assert_true(cr0_write(full, PAGED | X86_CR0_CD, &efer));
	assert_int_equal(efer, EFER_LME | EFER_LMA);
	assert_false(cr0_write(full, PROTECTED, &efer));
	full.code_64bit = false;
	assert_true(cr0_write(full, PROTECTED, &efer));
	assert_int_equal(efer, EFER_LME);
	full.cr4 |= X86_CR4_PCIDE;
	assert_false(cr0_write(full, PROTECTED, &efer));
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
		cmocka_unit_test(test_cr0),
		cmocka_unit_test_setup(test_cr4, set_up),
		cmocka_unit_test_setup(test_pcide, set_up),
		cmocka_unit_test_setup(test_efer, set_up),
		cmocka_unit_test_setup(test_combine, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
