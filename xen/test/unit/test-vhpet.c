/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The HPET: counter, one-shot and periodic comparators, routing, hostile writes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <xen/x86/vhpet.h>

#include <public/xen.h>
#include <public/hvm/save.h>

static u32 raised, last_gsi;
static bool line;
static u32 up;		/* lines that are up */
static s_time_t deadline[VHPET_TIMERS];

static void on_irq(void *ctx, u32 gsi, bool asserted)
{
	/* The two old ones, and those that timers can be routed to. */
	assert_true(gsi == 2 || gsi == 8 || (gsi >= 20 && gsi < 24));
	line = asserted;
	up = asserted ? up | 1u << gsi : up & ~(1u << gsi);
	if (!asserted)
		return;
	raised++;
	last_gsi = gsi;
}

static void on_set_timer(void *ctx, u32 timer, s_time_t d) { deadline[timer] = d; }

static const struct vhpet_ops ops = { on_irq, on_set_timer };

static int set_up(void **state)
{
	raised = 0;
	line = false;
	up = 0;
	for (u32 i = 0; i < VHPET_TIMERS; i++)
		deadline[i] = INT64_MAX;
	return 0;
}

static void test_counter(void **state)
{
	struct vhpet h;

	vhpet_init(&h, &ops, NULL);
	assert_int_equal(vhpet_mmio_read(&h, 4, 4, 0), 10000000);
	assert_int_equal(vhpet_mmio_read(&h, 0, 4, 0), 0x8086a201);
	vhpet_mmio_write(&h, 0xf0, 8, 1UL << 33, 0);
	assert_int_equal(vhpet_mmio_read(&h, 0xf0, 8, 1000), 1UL << 33);
	vhpet_mmio_write(&h, 0x10, 4, 1, 1000);
	assert_int_equal(vhpet_mmio_read(&h, 0xf0, 8, 2000), (1UL << 33) + 100);
	assert_int_equal(vhpet_mmio_read(&h, 0xf4, 4, 2000), 2);
	vhpet_mmio_write(&h, 0x10, 4, 0, 2000);
	assert_int_equal(vhpet_mmio_read(&h, 0xf0, 4, 9000), 100);
	assert_int_equal(vhpet_mmio_read(&h, 0xf2, 4, 0), 0);
	assert_int_equal(vhpet_mmio_read(&h, 0xffc, 4, 0), 0);
}

static void test_oneshot(void **state)
{
	struct vhpet h;

	vhpet_init(&h, &ops, NULL);
	vhpet_mmio_write(&h, 0x120, 4, 4 | 21 << 9, 0);
	vhpet_mmio_write(&h, 0x128, 8, 500, 0);
	assert_int_equal(deadline[1], INT64_MAX);
	vhpet_mmio_write(&h, 0x10, 4, 1, 100);
	assert_int_equal(deadline[1], 5100);
	vhpet_fired(&h, 1, 5099);
	assert_int_equal(raised, 0);
	vhpet_fired(&h, 1, 5100);
	assert_int_equal(raised, 1);
	assert_int_equal(last_gsi, 21);
	assert_false(line);
	vhpet_fired(&h, 1, 9000);
	assert_int_equal(raised, 1);
	vhpet_mmio_write(&h, 0x120, 4, 4 | 3 << 9, 0);	/* a route it does not have */
	assert_int_equal(vhpet_mmio_read(&h, 0x120, 4, 0) >> 9 & 31, 21);
}

/* After power-on a timer has no line. */
static void test_no_route(void **state)
{
	struct vhpet h;

	vhpet_init(&h, &ops, NULL);
	vhpet_mmio_write(&h, 0x100, 4, 4 | 2, 0);
	vhpet_mmio_write(&h, 0x108, 8, 500, 0);
	vhpet_mmio_write(&h, 0x10, 4, 1, 0);
	vhpet_fired(&h, 0, 5000);
	assert_int_equal(raised, 0);
	vhpet_mmio_write(&h, 0x20, 4, 1, 6000);
}

/* A level goes down on the line that it went up on, also when legacy mode moves the timer. */
static void test_legacy_moves(void **state)
{
	struct vhpet h;

	vhpet_init(&h, &ops, NULL);
	vhpet_mmio_write(&h, 0x100, 4, 4 | 2 | 20 << 9, 0);
	vhpet_mmio_write(&h, 0x108, 8, 500, 0);
	vhpet_mmio_write(&h, 0x10, 4, 1, 0);
	vhpet_fired(&h, 0, 5000);
	assert_int_equal(up, 1u << 20);
	vhpet_mmio_write(&h, 0x10, 4, 3, 6000);
	assert_int_equal(up, 0);
	assert_int_equal(vhpet_mmio_read(&h, 0x20, 4, 6000), 0);
}

static void test_periodic(void **state)
{
	struct vhpet h;

	vhpet_init(&h, &ops, NULL);
	vhpet_mmio_write(&h, 0x10, 4, 3, 0);		/* legacy: timer 0 on line 2 */
	assert_true(vhpet_legacy(&h));
	vhpet_mmio_write(&h, 0x100, 4, 4 | 8 | 0x40 | 0x100 | 2, 0);
	vhpet_mmio_write(&h, 0x108, 4, 200000, 0);	/* first match at 2 ms */
	vhpet_mmio_write(&h, 0x108, 4, 100000, 0);	/* then every 1 ms */
	assert_int_equal(deadline[0], 2000000);
	vhpet_fired(&h, 0, 2000000);
	assert_int_equal(last_gsi, 2);
	assert_true(line);				/* level: until acknowledged */
	assert_int_equal(vhpet_mmio_read(&h, 0x20, 4, 0), 1);
	vhpet_mmio_write(&h, 0x20, 4, 1, 0);
	assert_false(line);
	assert_int_equal(deadline[0], 3000000);
	vhpet_fired(&h, 0, 7400000);
	assert_int_equal(deadline[0], 8000000);
	assert_int_equal(raised, 2);
}

static void test_save(void **state)
{
	struct hvm_hw_hpet rec;
	struct vhpet h, g;

	vhpet_init(&h, &ops, NULL);
	vhpet_init(&g, &ops, NULL);
	vhpet_mmio_write(&h, 0x10, 4, 1, 0);
	vhpet_mmio_write(&h, 0x120, 4, 4, 0);
	vhpet_mmio_write(&h, 0x128, 8, 500, 0);
	memset(&rec, 0, sizeof(rec));
	vhpet_record.save(&h, 0, &rec, 1000);
	assert_int_equal(vhpet_record.check(&g, 0, &rec, sizeof(rec)), 0);
	vhpet_record.load(&g, 0, &rec, sizeof(rec), 77000);
	assert_int_equal(vhpet_mmio_read(&g, 0xf0, 8, 77000), 100);
	assert_int_equal(deadline[1], 81000);
}

/* Ticks of 100 ns are too many, so some are left out; the next one survives a save and a load. */
static void test_save_fast(void **state)
{
	struct hvm_hw_hpet rec;
	struct vhpet h, g;
	s_time_t next;

	vhpet_init(&h, &ops, NULL);
	vhpet_init(&g, &ops, NULL);
	vhpet_mmio_write(&h, 0x10, 4, 1, 0);
	vhpet_mmio_write(&h, 0x140, 4, 4 | 8 | 0x40 | 20 << 9, 0);
	vhpet_mmio_write(&h, 0x148, 8, 100, 0);
	vhpet_mmio_write(&h, 0x148, 8, 10, 0);
	vhpet_fired(&h, 2, 1000);
	next = deadline[2];
	assert_in_range(next, 1000 + VHPET_MIN_PERIOD, 2000 + VHPET_MIN_PERIOD);
	memset(&rec, 0, sizeof(rec));
	vhpet_record.save(&h, 0, &rec, next - 10);
	vhpet_record.load(&g, 0, &rec, sizeof(rec), next - 10);
	assert_int_equal(deadline[2], next);
}

/* A period that was written with 64 bits, and has none left in 32, is not a period. */
static void test_period_out_of_range(void **state)
{
	struct vhpet h;

	vhpet_init(&h, &ops, NULL);
	vhpet_mmio_write(&h, 0x10, 4, 1, 0);
	vhpet_mmio_write(&h, 0x140, 4, 4 | 8 | 0x40 | 20 << 9, 0);
	vhpet_mmio_write(&h, 0x148, 8, 100, 0);
	vhpet_mmio_write(&h, 0x148, 8, 1UL << 32, 0);
	vhpet_mmio_write(&h, 0x140, 4, 4 | 8 | 0x100, 0);
	vhpet_fired(&h, 2, 1000);
	vhpet_fired(&h, 2, deadline[2]);
	assert_int_equal(raised, 1);
}

static void test_hostile(void **state)
{
	struct vhpet h;
	s_time_t now = 0;

	srand(9);
	vhpet_init(&h, &ops, NULL);
	for (int i = 0; i < 500000; i++) {
		u64 val = ((u64)rand() << 33 ^ (u64)rand() << 4) >> rand() % 64;
		u32 size = 1u << rand() % 4, reg = rand() % 3 ? rand() % 0x180 : 0x10;

		vhpet_mmio_write(&h, reg & -size, size, val, now);
		vhpet_mmio_read(&h, (u32)rand() % 0x420, size, now);
		now += rand() % 100000;
		vhpet_fired(&h, (u32)rand() % VHPET_TIMERS, now);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_counter, set_up),
		cmocka_unit_test_setup(test_oneshot, set_up),
		cmocka_unit_test_setup(test_no_route, set_up),
		cmocka_unit_test_setup(test_legacy_moves, set_up),
		cmocka_unit_test_setup(test_periodic, set_up),
		cmocka_unit_test_setup(test_save, set_up),
		cmocka_unit_test_setup(test_save_fast, set_up),
		cmocka_unit_test_setup(test_period_out_of_range, set_up),
		cmocka_unit_test_setup(test_hostile, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
