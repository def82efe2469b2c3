/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The real-time clock: calendar, formats, setting, interrupts, hostile writes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include <xen/errno.h>
#include <xen/x86/vrtc.h>

#include <public/xen.h>
#include <public/hvm/save.h>

#define SEC 1000000000L

static bool irq;
static s_time_t deadline;

static void on_irq(void *ctx, bool asserted) { irq = asserted; }
static void on_set_timer(void *ctx, s_time_t d) { deadline = d; }

static const struct vrtc_ops ops = { on_irq, on_set_timer };

static int set_up(void **state)
{
	irq = false;
	deadline = INT64_MAX;
	return 0;
}

static u8 rd(struct vrtc *r, u8 reg, s_time_t now)
{
	vrtc_write(r, 0x70, reg, now);
	return vrtc_read(r, 0x71, now);
}

static void wr(struct vrtc *r, u8 reg, u8 val, s_time_t now)
{
	vrtc_write(r, 0x70, reg, now);
	vrtc_write(r, 0x71, val, now);
}

static u32 bcd(u8 v) { return (v >> 4) * 10u + (v & 15); }

/* Against libc's calendar. */
static void test_calendar(void **state)
{
	struct vrtc r;

	vrtc_init(&r, 0, 0, 0, &ops, NULL);
	for (s64 t = 0; t < 240L * 365 * 86400; t += 86400 * 3 + 12345) {
		struct tm tm;
		time_t tt = t;

		gmtime_r(&tt, &tm);
		assert_int_equal(bcd(rd(&r, 0, t * SEC)), tm.tm_sec);
		assert_int_equal(bcd(rd(&r, 2, t * SEC)), tm.tm_min);
		assert_int_equal(bcd(rd(&r, 4, t * SEC)), tm.tm_hour);
		assert_int_equal(bcd(rd(&r, 6, t * SEC)), tm.tm_wday + 1);
		assert_int_equal(bcd(rd(&r, 7, t * SEC)), tm.tm_mday);
		assert_int_equal(bcd(rd(&r, 8, t * SEC)), tm.tm_mon + 1);
		assert_int_equal(bcd(rd(&r, 9, t * SEC)) + bcd(rd(&r, 0x32, t * SEC)) * 100,
				 tm.tm_year + 1900);
	}
}

static void test_set(void **state)
{
	struct vrtc r;

	vrtc_init(&r, 1700000000 * SEC, 0, 0, &ops, NULL);
	wr(&r, 0xb, 0x82, SEC);
	wr(&r, 0, 0x30, SEC);
	wr(&r, 2, 0x59, SEC);
	wr(&r, 4, 0x23, SEC);
	wr(&r, 7, 0x28, SEC);
	wr(&r, 8, 0x02, SEC);
	wr(&r, 9, 0x24, SEC);
	assert_int_equal(rd(&r, 0, 5 * SEC), 0x30);	/* stands still */
	wr(&r, 0xb, 0x02, 5 * SEC);
	assert_int_equal(r.offset, 1709164770 - 1700000005);
	assert_int_equal(rd(&r, 7, 35 * SEC), 0x29);
	assert_int_equal(rd(&r, 4, 35 * SEC), 0);
	wr(&r, 0xb, 0x04, 35 * SEC);			/* binary, 12 hours */
	assert_int_equal(rd(&r, 4, 35 * SEC), 12);
	assert_int_equal(rd(&r, 4, (35 + 13 * 3600) * SEC), 0x81);
	wr(&r, 9, 99, 36 * SEC);
	assert_int_equal(rd(&r, 9, 36 * SEC), 99);
	assert_int_equal(rd(&r, 0xd, 0), 0x80);
}

static void test_update(void **state)
{
	struct vrtc r;

	vrtc_init(&r, 100 * SEC, 0, 0, &ops, NULL);
	assert_false(rd(&r, 0xa, SEC / 2) & 0x80);
	assert_true(rd(&r, 0xa, SEC - 100000) & 0x80);
	rd(&r, 0xc, SEC / 2);
	wr(&r, 0xb, 0x12, SEC / 2);
	assert_int_equal(deadline, SEC);
	vrtc_fired(&r, SEC);
	assert_true(irq);
	assert_int_equal(deadline, INT64_MAX);
	assert_int_equal(rd(&r, 0xc, SEC + 5) & 0xb0, 0x90);
	assert_false(irq);
	assert_int_equal(deadline, 2 * SEC);
	assert_int_equal(rd(&r, 0xc, SEC + 6), 0);
}

static void test_periodic(void **state)
{
	struct vrtc r;

	vrtc_init(&r, 0, 0, 0, &ops, NULL);
	wr(&r, 0xb, 0x42, 1000);
	assert_int_equal(deadline, 1000 + 976562);	/* 1024 Hz */
	vrtc_fired(&r, deadline);
	assert_true(irq);
	assert_true(rd(&r, 0xc, deadline) & 0x40);
	wr(&r, 0xa, 0x20, 0);
	assert_int_equal(deadline, INT64_MAX);
}

static void test_alarm(void **state)
{
	struct vrtc r;

	vrtc_init(&r, 0, 0, 0, &ops, NULL);
	wr(&r, 1, 0x10, 0);
	wr(&r, 3, 0x20, 0);
	wr(&r, 5, 0x01, 0);
	wr(&r, 0xb, 0x22, 0);
	assert_int_equal(deadline, (3600 + 20 * 60 + 10) * SEC);
	vrtc_fired(&r, deadline);
	assert_true(irq);
	assert_true(rd(&r, 0xc, 4810 * SEC) & 0x20);
	assert_int_equal(deadline, (4810 + 86400) * SEC);
	wr(&r, 5, 0xff, 4900 * SEC);			/* every hour */
	assert_int_equal(deadline, (4810 + 3600) * SEC);
	wr(&r, 3, 0xff, 4900 * SEC);			/* every minute */
	assert_int_equal(deadline, 4930 * SEC);
	wr(&r, 1, 0x75, 4900 * SEC);			/* never */
	assert_int_equal(deadline, INT64_MAX);
}

static void test_save(void **state)
{
	struct hvm_hw_rtc rec;
	struct vrtc r, s;

	vrtc_init(&r, 0, 500, 0, &ops, NULL);
	vrtc_init(&s, 0, 0, 0, &ops, NULL);
	wr(&r, 0xb, 0x12, 0);
	memset(&rec, 0, sizeof(rec));
	vrtc_record.save(&r, 0, &rec, 3 * SEC);
	assert_int_equal(vrtc_record.check(&s, 0, &rec, sizeof(rec)), 0);
	vrtc_record.load(&s, 0, &rec, sizeof(rec), 3 * SEC);
	assert_int_equal(deadline, 4 * SEC);
	assert_int_equal(rd(&s, 0, 3 * SEC), 0x23);
	rec.rtc_offset = INT64_MIN;
	assert_int_equal(vrtc_record.check(&s, 0, &rec, sizeof(rec)), -XEN_EINVAL);
}

static void test_hostile(void **state)
{
	struct vrtc r;
	s_time_t now = 0;

	srand(8);
	vrtc_init(&r, 1700000000 * SEC, 0, 0, &ops, NULL);
	for (int i = 0; i < 300000; i++) {
		wr(&r, (u8)(rand() % 16), (u8)rand(), now);
		rd(&r, (u8)(rand() % 2 ? rand() % 16 : rand()), now);
		now += rand() % (2 * SEC);
		vrtc_fired(&r, now);
		assert_true(deadline > now);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_calendar, set_up),
		cmocka_unit_test_setup(test_set, set_up),
		cmocka_unit_test_setup(test_update, set_up),
		cmocka_unit_test_setup(test_periodic, set_up),
		cmocka_unit_test_setup(test_alarm, set_up),
		cmocka_unit_test_setup(test_save, set_up),
		cmocka_unit_test_setup(test_hostile, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
