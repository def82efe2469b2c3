/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guest MSRs by vendor and feature, and every number a guest can think of. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <xen/errno.h>
#include <xen/x86/msr-policy.h>

static struct cpuid_policy policy;
static struct guest_msrs msrs;
static const struct msr_ctx ctx = { .policy = &policy, .guest_tsc = 1000 };
static u32 effects;

static int set_up(void **state)
{
	memset(&policy, 0, sizeof(policy));
	policy.vendor = CPUID_VENDOR_AMD;
	policy.ext[1].d = 1u << (XEN_X86_FEATURE_RDTSCP % 32);
	guest_msrs_init(&msrs, 40, 0x1234);
	return 0;
}

static int rd(u32 msr, u64 *val) { return guest_msr_read(&msrs, &ctx, msr, val); }
static int wr(u32 msr, u64 val) { return guest_msr_write(&msrs, &ctx, msr, val, &effects); }

static void test_linux_amd(void **state)
{
	static const u32 read_write[] = {
		0xc0010000, 0xc0010001, 0xc0010002, 0xc0010003, 0xc0010010, 0xc0010015, 0xc001001f,
		0xc0010058, 0xc0010140, 0xc0011028, 0xc0011029, 0x17a, 0x400, 0x404, 0x8b,
	};
	u64 v;

	for (u32 i = 0; i < ARRAY_SIZE(read_write); i++) {
		assert_int_equal(rd(read_write[i], &v), 0);
		assert_int_equal(wr(read_write[i], v), 0);
	}
	assert_int_equal(rd(0x8b, &v), 0);
	assert_int_equal(v, 0x1234);
	assert_int_equal(rd(0x179, &v), 0);
	assert_int_equal(v, 2);
	assert_int_equal(wr(0x179, 2), -XEN_EINVAL);
	assert_int_equal(rd(0xc0010015, &v), 0);
	assert_int_equal(v, 1 << 24);
	assert_int_equal(rd(0x1a0, &v), -XEN_EINVAL);
	assert_int_equal(rd(0xc0011020, &v), -XEN_EINVAL);
	assert_int_equal(rd(0xce, &v), -XEN_ENOENT);
	assert_int_equal(wr(0x401, 1), -XEN_EINVAL);
	assert_int_equal(rd(0x408, &v), -XEN_ENOENT);
}

static void test_linux_intel(void **state)
{
	u64 v;

	policy.vendor = CPUID_VENDOR_INTEL;
	assert_int_equal(rd(0x8b, &v), 0);
	assert_int_equal(v, 0x123400000000);
	assert_int_equal(wr(0x8b, 0), 0);
	assert_int_equal(rd(0x3a, &v), 0);
	assert_int_equal(v, 1);
	assert_int_equal(wr(0x3a, 5), -XEN_EINVAL);
	assert_int_equal(rd(0xce, &v), 0);
	assert_int_equal(rd(0x1a0, &v), 0);
	assert_int_equal(v, 0x1801);
	assert_int_equal(wr(0x1a0, 0), 0);
	rd(0x1a0, &v);
	assert_int_equal(v, 0x1800);
	assert_int_equal(rd(0xc0010015, &v), -XEN_ENOENT);
	assert_int_equal(rd(0x48, &v), -XEN_EINVAL);
}

static void test_tsc(void **state)
{
	u64 v;

	assert_int_equal(rd(0x10, &v), 0);
	assert_int_equal(v, 1000);
	assert_int_equal(wr(0x10, 400), 0);
	assert_int_equal(effects, MSR_EFFECT_TSC);
	assert_int_equal((s64)msrs.tsc_adjust, -600);
	assert_int_equal(rd(0x3b, &v), -XEN_EINVAL);
	assert_int_equal(wr(0x3b, 0), -XEN_EINVAL);
	policy.feat[0].b = 1u << (XEN_X86_FEATURE_TSC_ADJUST % 32);
	assert_int_equal(rd(0x3b, &v), 0);
	assert_int_equal((s64)v, -600);
	assert_int_equal(wr(0x3b, 0), 0);
	assert_int_equal(msrs.tsc_adjust, 0);
	assert_int_equal(wr(0xc0000103, 5), 0);
	assert_int_equal(effects, MSR_EFFECT_TSC_AUX);
	assert_int_equal(wr(0xc0000103, 1UL << 32), -XEN_EINVAL);
	assert_int_equal(wr(0x277, PAT_RESET_VALUE), 0);
	assert_int_equal(effects, MSR_EFFECT_MEM_TYPE);
}

/* The table is searched by halves, so every number must be found whatever its neighbours. */
static void test_every_number(void **state)
{
	static const u32 bases[] = { 0, 0xc0000000, 0xc0010000 };
	u32 found = 0;
	u64 v;

	for (u32 b = 0; b < ARRAY_SIZE(bases); b++)
		for (u32 i = 0; i < 0x2000; i++) {
			int r = rd(bases[b] + i, &v);

			assert_true(r == 0 || r == -XEN_EINVAL || r == -XEN_ENOENT);
			found += r != -XEN_ENOENT;
			r = wr(bases[b] + i, (u64)rand() << 20);
			assert_true(r == 0 || r == -XEN_EINVAL || r == -XEN_ENOENT);
		}
	assert_true(found > 450);
	assert_int_equal(rd(0xc0002fff, &v), -XEN_EINVAL);
	assert_int_equal(rd(0xc00110e3, &v), -XEN_EINVAL);
	assert_int_equal(rd(0xffffffff, &v), -XEN_ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_linux_amd, set_up),
		cmocka_unit_test_setup(test_linux_intel, set_up),
		cmocka_unit_test_setup(test_tsc, set_up),
		cmocka_unit_test_setup(test_every_number, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
