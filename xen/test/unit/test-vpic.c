/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The 8259A pair: initialisation, cascade, end of interrupt, spurious ones, hostile writes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include <xen/errno.h>
#include <xen/x86/vpic.h>

#include <public/xen.h>
#include <public/hvm/save.h>

static bool output;

static void on_output(void *ctx, bool asserted) { output = asserted; }

static const struct vpic_ops ops = { on_output };

/* As PC firmware and kernels do: vectors 0x30 and 0x38. */
static void start(struct vpic *p)
{
	static const struct { u16 port; u8 val; } init[] = {
		{ 0x20, 0x11 }, { 0x21, 0x30 }, { 0x21, 4 }, { 0x21, 1 },
		{ 0xa0, 0x11 }, { 0xa1, 0x38 }, { 0xa1, 2 }, { 0xa1, 1 },
		{ 0x21, 0 }, { 0xa1, 0 },
	};

	output = false;
	vpic_init(p, &ops, NULL);
	for (u32 i = 0; i < ARRAY_SIZE(init); i++)
		vpic_write(p, init[i].port, init[i].val);
}

static void test_master(void **state)
{
	struct vpic p;

	start(&p);
	assert_int_equal(vpic_read(&p, 0x21), 0);
	vpic_set_irq(&p, 4, true);
	assert_true(output);
	assert_int_equal(vpic_ack(&p), 0x34);
	assert_false(output);
	vpic_set_irq(&p, 5, true);		/* lower priority waits */
	assert_false(output);
	vpic_set_irq(&p, 1, true);		/* higher does not */
	assert_true(output);
	assert_int_equal(vpic_ack(&p), 0x31);
	vpic_write(&p, 0x20, 0x0b);
	assert_int_equal(vpic_read(&p, 0x20), 0x12);
	vpic_write(&p, 0x20, 0x20);
	vpic_write(&p, 0x20, 0x64);		/* specific, of 4 */
	assert_int_equal(vpic_ack(&p), 0x35);
	vpic_write(&p, 0x20, 0x20);
	vpic_set_irq(&p, 1, true);		/* still up: no new edge */
	assert_false(output);
	assert_int_equal(vpic_ack(&p), 0x37);	/* spurious */
	assert_int_equal(p.chip[0].isr, 0);
}

static void test_slave(void **state)
{
	struct vpic p;

	start(&p);
	vpic_set_irq(&p, 12, true);
	assert_true(output);
	assert_int_equal(vpic_ack(&p), 0x3c);
	assert_int_equal(p.chip[0].isr, 4);
	assert_int_equal(p.chip[1].isr, 0x10);
	vpic_write(&p, 0xa0, 0x20);
	vpic_write(&p, 0x20, 0x20);
	assert_int_equal(p.chip[0].isr | p.chip[1].isr, 0);
	vpic_write(&p, 0xa1, 0x10);
	vpic_set_irq(&p, 12, false);
	vpic_set_irq(&p, 12, true);
	assert_false(output);
	vpic_write(&p, 0xa1, 0);
	assert_true(output);
	vpic_set_irq(&p, 12, false);		/* gone before it was acknowledged */
	assert_false(output);
}

static void test_level(void **state)
{
	struct vpic p;

	start(&p);
	vpic_write(&p, 0x4d0, 0xff);
	assert_int_equal(vpic_read(&p, 0x4d0), 0xf8);
	vpic_set_irq(&p, 5, true);
	assert_int_equal(vpic_ack(&p), 0x35);
	vpic_write(&p, 0x20, 0x20);
	assert_true(output);
	vpic_set_irq(&p, 5, false);
	assert_false(output);
}

static void test_rotate_and_poll(void **state)
{
	struct vpic p;

	start(&p);
	vpic_set_irq(&p, 3, true);
	assert_int_equal(vpic_ack(&p), 0x33);
	vpic_write(&p, 0x20, 0xa0);		/* rotate on EOI: 3 is the lowest now */
	vpic_set_irq(&p, 3, false);
	vpic_set_irq(&p, 3, true);
	vpic_set_irq(&p, 4, true);
	assert_int_equal(vpic_ack(&p), 0x34);
	vpic_write(&p, 0x20, 0x20);
	vpic_write(&p, 0x20, 0x0c);
	assert_int_equal(vpic_read(&p, 0x20), 0x83);
}

/* What the CPU did not take comes again; a level only if it is still up. */
static void test_unack(void **state)
{
	struct vpic p;

	start(&p);
	vpic_write(&p, 0x4d1, 0x10);
	vpic_set_irq(&p, 3, true);
	assert_int_equal(vpic_vector(&p), 0x33);
	assert_int_equal(vpic_ack(&p), 0x33);
	vpic_set_irq(&p, 1, true);		/* more urgent, and comes in between */
	vpic_unack(&p);
	assert_int_equal(p.chip[0].isr, 0);
	assert_int_equal(vpic_ack(&p), 0x31);
	vpic_write(&p, 0x20, 0x20);
	assert_int_equal(vpic_ack(&p), 0x33);
	vpic_write(&p, 0x20, 0x20);
	assert_false(output);
	vpic_set_irq(&p, 12, true);
	assert_int_equal(vpic_ack(&p), 0x3c);
	vpic_unack(&p);
	assert_true(output);
	assert_int_equal(p.chip[0].isr | p.chip[1].isr, 0);
	assert_int_equal(vpic_ack(&p), 0x3c);
	vpic_set_irq(&p, 12, false);
	vpic_unack(&p);
	assert_false(output);
	/* There is nothing to give back of a spurious one. */
	assert_int_equal(vpic_ack(&p), 0x37);
	vpic_unack(&p);
	assert_int_equal(p.chip[0].irr, 0);
	/* Rotation on automatic end of interrupt is undone, too. */
	vpic_write(&p, 0x20, 0x11);
	vpic_write(&p, 0x21, 0x30);
	vpic_write(&p, 0x21, 4);
	vpic_write(&p, 0x21, 3);
	vpic_write(&p, 0x20, 0x80);
	vpic_set_irq(&p, 4, true);
	assert_int_equal(vpic_ack(&p), 0x34);
	assert_int_equal(p.chip[0].lowest, 4);
	vpic_unack(&p);
	assert_int_equal(p.chip[0].lowest, 7);
	assert_int_equal(vpic_ack(&p), 0x34);
}

static void test_save(void **state)
{
	struct hvm_hw_vpic rec = { 0 };
	struct vpic p, q;

	start(&p);
	start(&q);
	vpic_set_irq(&p, 4, true);
	assert_int_equal(vpic_record.save(&p, 0, &rec, 0), sizeof(rec));
	assert_int_equal(vpic_record.check(&q, 1, &rec, sizeof(rec)), -XEN_EINVAL);
	output = false;
	assert_int_equal(vpic_record.check(&q, 0, &rec, sizeof(rec)), 0);
	vpic_record.load(&q, 0, &rec, sizeof(rec), 0);
	assert_true(output);
	assert_int_equal(vpic_ack(&q), 0x34);
}

static void test_hostile(void **state)
{
	static const u16 ports[] = { 0x20, 0x21, 0xa0, 0xa1, 0x4d0, 0x4d1 };
	struct vpic p;

	srand(6);
	start(&p);
	for (int i = 0; i < 500000; i++) {
		vpic_write(&p, ports[rand() % 6], (u8)rand());
		vpic_read(&p, ports[rand() % 6]);
		vpic_set_irq(&p, (u32)rand() % 20, rand() & 1);
		if (rand() & 1)
			vpic_ack(&p);
		if (!(rand() & 3)) {
			vpic_ack(&p);
			vpic_unack(&p);
		}
		assert_int_equal(output, p.output);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_master), cmocka_unit_test(test_slave),
		cmocka_unit_test(test_level), cmocka_unit_test(test_unack),
		cmocka_unit_test(test_rotate_and_poll),
		cmocka_unit_test(test_save), cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
