/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ACPI timer's rate and wrap, and the event block's interrupt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include <xen/x86/pmtimer.h>

#include <public/xen.h>
#include <public/hvm/save.h>

static bool sci;
static s_time_t deadline;

static void on_sci(void *ctx, bool asserted) { sci = asserted; }
static void on_set_timer(void *ctx, s_time_t d) { deadline = d; }

static const struct pmtimer_ops ops = { on_sci, on_set_timer };

static void test_rate(void **state)
{
	struct pmtimer pt;

	pmtimer_init(&pt, true, 500, NULL, NULL);
	assert_int_equal(pmtimer_read(&pt, 500), 0);
	assert_int_equal(pmtimer_read(&pt, 500 + 1000000000), 3579545);
	assert_int_equal(pmtimer_read(&pt, 500 + 1000000000000), (u32)3579545000UL);
	assert_int_equal(pmtimer_read(&pt, 0), 0);
	pt.wide = false;
	assert_int_equal(pmtimer_read(&pt, 500 + 1000000000000), 3579545000UL & 0xffffff);
}

static void test_overflow(void **state)
{
	struct pmtimer pt;

	pmtimer_init(&pt, false, 0, &ops, NULL);
	pmtimer_event_write(&pt, 2, 2, PM1_TMR, 0);
	assert_in_range(deadline, 2343000000UL, 2344000000UL);	/* 2^23 ticks */
	pmtimer_fired(&pt, deadline - 10);
	assert_false(sci);
	pmtimer_fired(&pt, deadline);
	assert_true(sci);
	assert_int_equal(deadline, INT64_MAX);
	assert_int_equal(pmtimer_event_read(&pt, 0, 4), PM1_TMR << 16 | PM1_TMR);
	pmtimer_event_write(&pt, 0, 2, PM1_TMR, 2400000000);
	assert_false(sci);
	assert_in_range(deadline, 4686000000UL, 4688000000UL);
	pmtimer_event_write(&pt, 2, 2, PM1_POWER_BUTTON, 2400000000);
	assert_int_equal(deadline, INT64_MAX);
	pmtimer_raise(&pt, PM1_POWER_BUTTON);
	assert_true(sci);
}

static void test_save(void **state)
{
	struct hvm_hw_pmtimer rec;
	struct pmtimer pt;

	pmtimer_init(&pt, true, 0, NULL, NULL);
	pmtimer_record.save(&pt, 0, &rec, 1000000000);
	assert_int_equal(pmtimer_record.check(&pt, 0, &rec, sizeof(rec)), 0);
	pmtimer_record.load(&pt, 0, &rec, sizeof(rec), 77);
	assert_int_equal(pmtimer_read(&pt, 77), 3579545);
}

static void test_hostile(void **state)
{
	struct pmtimer pt;

	srand(1);
	sci = false;
	pmtimer_init(&pt, false, 0, &ops, NULL);
	for (s_time_t now = 0; now < 100000000000; now += rand() % 1000000) {
		pmtimer_event_write(&pt, (u32)rand() % 6, 1u << rand() % 3, (u32)rand() * 2, now);
		pmtimer_event_read(&pt, (u32)rand() % 6, 1u << rand() % 3);
		pmtimer_fired(&pt, now);
		assert_int_equal(sci, (pt.sts & pt.en & 0x321) != 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rate), cmocka_unit_test(test_overflow),
		cmocka_unit_test(test_save), cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
