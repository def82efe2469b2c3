/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The interval timer: what kernels do to calibrate, the modes, latches, hostile writes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <xen/errno.h>
#include <xen/x86/vpit.h>

#include <public/xen.h>
#include <public/hvm/save.h>

static u32 irqs;
static s_time_t deadline;

static void on_irq(void *ctx) { irqs++; }
static void on_set_timer(void *ctx, s_time_t d) { deadline = d; }

static const struct vpit_ops ops = { on_irq, on_set_timer };

static int set_up(void **state)
{
	irqs = 0;
	deadline = INT64_MAX;
	return 0;
}

static u16 rd16(struct vpit *p, u32 port, s_time_t now)
{
	u16 low = vpit_read(p, port, now);

	return (u16)(low | vpit_read(p, port, now) << 8);
}

/* Count down on channel 2 in mode 0, watch its output in port 0x61. */
static void test_calibrate(void **state)
{
	struct vpit p;
	s_time_t now = 5000;

	vpit_init(&p, 0, &ops, NULL);
	vpit_write(&p, 0x61, (u8)((vpit_read(&p, 0x61, now) & ~2) | 1), now);
	vpit_write(&p, 0x43, 0xb0, now);
	assert_false(vpit_read(&p, 0x61, now) & 0x20);
	vpit_write(&p, 0x42, 11932 & 0xff, now);
	vpit_write(&p, 0x42, 11932 >> 8, now);
	assert_int_equal(rd16(&p, 0x42, now), 11932);
	assert_int_equal(rd16(&p, 0x42, now + 1000000), 11932 - 1193);
	assert_false(vpit_read(&p, 0x61, now + 9990000) & 0x20);
	assert_true(vpit_read(&p, 0x61, now + 10001000) & 0x20);
	assert_int_equal(deadline, INT64_MAX);
	/* The gate freezes it. */
	vpit_write(&p, 0x61, 0, now + 1000000);
	assert_int_equal(rd16(&p, 0x42, now + 7000000), 11932 - 1193);
	vpit_write(&p, 0x61, 1, now + 7000000);
	assert_in_range(rd16(&p, 0x42, now + 8000000), 11932 - 2387, 11932 - 2385);
}

static void test_periodic(void **state)
{
	struct vpit p;

	vpit_init(&p, 0, &ops, NULL);
	vpit_write(&p, 0x43, 0x34, 0);		/* channel 0, mode 2 */
	assert_int_equal(deadline, INT64_MAX);
	vpit_write(&p, 0x40, 0xa9, 0);
	vpit_write(&p, 0x40, 0x04, 0);		/* 1193: 1 kHz */
	assert_in_range(deadline, 999847, 999849);
	vpit_fired(&p, 100);
	assert_int_equal(irqs, 0);
	vpit_fired(&p, deadline);
	assert_int_equal(irqs, 1);
	assert_in_range(deadline, 1999694, 1999698);
	vpit_fired(&p, 10500000);
	assert_int_equal(irqs, 2);
	assert_in_range(deadline, 10998300, 10998400);
	vpit_write(&p, 0x43, 0x14, 0);
	vpit_write(&p, 0x40, 1, 10500000);	/* the shortest period */
	vpit_fired(&p, deadline);
	assert_true(deadline >= 10500000 + VPIT_MIN_PERIOD);
}

static void test_oneshot(void **state)
{
	struct vpit p;

	vpit_init(&p, 0, &ops, NULL);
	vpit_write(&p, 0x43, 0x30, 0);		/* channel 0, mode 0 */
	vpit_write(&p, 0x40, 0, 0);
	vpit_write(&p, 0x40, 0, 0);		/* 65536 */
	assert_in_range(deadline, 54925000, 54926000);
	vpit_fired(&p, deadline);
	assert_int_equal(irqs, 1);
	assert_int_equal(deadline, INT64_MAX);
}

static void test_latch(void **state)
{
	struct vpit p;

	vpit_init(&p, 0, &ops, NULL);
	vpit_write(&p, 0x43, 0x36, 0);		/* channel 0, mode 3 */
	vpit_write(&p, 0x40, 0x10, 0);
	vpit_write(&p, 0x40, 0x27, 0);		/* 10000 */
	vpit_write(&p, 0x43, 0x00, 1000000);	/* latch */
	assert_int_equal(rd16(&p, 0x40, 5000000), 10000 - 2 * 1193);
	assert_int_equal(rd16(&p, 0x40, 0), 10000);
	vpit_write(&p, 0x43, 0xe2, 0);		/* read back the status of channel 0 */
	assert_int_equal(vpit_read(&p, 0x40, 0), 0xb6);
	vpit_write(&p, 0x43, 0xc2, 5000000);	/* status and count; the second half is low */
	assert_int_equal(vpit_read(&p, 0x40, 0), 0x36);
	assert_int_equal(rd16(&p, 0x40, 0), 10000 - 2 * 5965 % 10000);
	assert_int_equal(vpit_read(&p, 0x43, 0), 0xff);
}

static void test_save(void **state)
{
	struct hvm_hw_pit rec;
	struct vpit p, q;

	vpit_init(&p, 0, &ops, NULL);
	vpit_init(&q, 0, &ops, NULL);
	vpit_write(&p, 0x43, 0x34, 0);
	vpit_write(&p, 0x40, 0xa9, 0);
	vpit_write(&p, 0x40, 0x04, 0);
	memset(&rec, 0, sizeof(rec));
	vpit_record.save(&p, 0, &rec, 0);
	assert_int_equal(vpit_record.check(&q, 0, &rec, sizeof(rec)), 0);
	vpit_record.load(&q, 0, &rec, sizeof(rec), 1000);
	assert_in_range(deadline, 1000847, 1000849);
	rec.channels[1].count = 0;
	assert_int_equal(vpit_record.check(&q, 0, &rec, sizeof(rec)), -XEN_EINVAL);
}

static void test_hostile(void **state)
{
	struct vpit p;
	s_time_t now = 0;

	srand(4);
	vpit_init(&p, 0, &ops, NULL);
	for (int i = 0; i < 500000; i++) {
		static const u8 ports[] = { 0x40, 0x41, 0x42, 0x43, 0x61 };

		vpit_write(&p, ports[rand() % 5], (u8)rand(), now);
		vpit_read(&p, ports[rand() % 5], now);
		now += rand() % 100000;
		vpit_fired(&p, now);
		assert_true(deadline == INT64_MAX || deadline > now - 100000);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_calibrate, set_up),
		cmocka_unit_test_setup(test_periodic, set_up),
		cmocka_unit_test_setup(test_oneshot, set_up),
		cmocka_unit_test_setup(test_latch, set_up),
		cmocka_unit_test_setup(test_save, set_up),
		cmocka_unit_test_setup(test_hostile, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
