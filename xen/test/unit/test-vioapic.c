/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Virtual IO-APICs: edge and level, remote IRR, several chips, hostile writes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <xen/errno.h>
#include <xen/x86/vioapic.h>

#include <public/xen.h>
#include <public/hvm/save.h>

struct record {
	struct apic_msg msg;
	u32 delivered, changed, eois, gsi;
	u64 old, new;
};

static void on_deliver(void *ctx, const struct apic_msg *msg)
{
	struct record *r = ctx;

	r->msg = *msg;
	r->delivered++;
}

static void on_changed(void *ctx, u32 gsi, u64 old, u64 new)
{
	struct record *r = ctx;

	r->gsi = gsi;
	r->old = old;
	r->new = new;
	r->changed++;
}

static void on_eoi(void *ctx, u32 gsi)
{
	struct record *r = ctx;

	r->gsi = gsi;
	r->eois++;
}

static const struct vioapic_ops ops = { on_deliver, on_changed, on_eoi };

static void start(struct vioapic_group *g, struct record *r)
{
	memset(r, 0, sizeof(*r));
	vioapic_group_init(g, &ops, r);
	assert_int_equal(vioapic_add(g, gpaddr_make(0xfec00000), 0, 24, 1), 0);
}

static void wr(struct vioapic_group *g, struct vioapic *a, u8 idx, u32 val)
{
	vioapic_mmio_write(g, a, 0, 4, idx);
	vioapic_mmio_write(g, a, 0x10, 4, val);
}

static u32 rd(struct vioapic_group *g, struct vioapic *a, u8 idx)
{
	vioapic_mmio_write(g, a, 0, 4, idx);
	return (u32)vioapic_mmio_read(a, 0x10, 4);
}

static void test_registers(void **state)
{
	struct vioapic_group g;
	struct vioapic *a = &g.apic[0];
	struct record r;

	start(&g, &r);
	assert_ptr_equal(vioapic_at(&g, gpaddr_make(0xfec00010)), a);
	assert_null(vioapic_at(&g, gpaddr_make(0xfec01010)));
	assert_int_equal(rd(&g, a, 0), 1 << 24);
	assert_int_equal(rd(&g, a, 1), 0x170020);
	assert_int_equal(rd(&g, a, 0x10), 0x10000);
	assert_int_equal(rd(&g, a, 0x40), ~0u);
	wr(&g, a, 0x15, 0x03ffffff);
	assert_int_equal(r.changed, 1);
	assert_int_equal(r.gsi, 2);
	wr(&g, a, 0x14, 0xffffffff);
	assert_int_equal(rd(&g, a, 0x14), 0x1afff);
	assert_int_equal(rd(&g, a, 0x15), 0x03000000);
	wr(&g, a, 0x14, 0xffffffff);
	assert_int_equal(r.changed, 2);
}

static void test_edge(void **state)
{
	struct vioapic_group g;
	struct vioapic *a = &g.apic[0];
	struct record r;

	start(&g, &r);
	vioapic_pulse(&g, 4);
	assert_int_equal(r.delivered, 0);
	wr(&g, a, 0x19, 0x06000000);
	wr(&g, a, 0x18, 0x0951);
	vioapic_set_line(&g, 4, true);
	vioapic_set_line(&g, 4, true);
	assert_int_equal(r.delivered, 1);
	assert_int_equal(r.msg.dest, 6);
	assert_int_equal(r.msg.vector, 0x51);
	assert_int_equal(r.msg.mode, APIC_DM_LOWEST);
	assert_true(r.msg.logical && !r.msg.level && !r.msg.wide);
	vioapic_set_line(&g, 4, false);
	vioapic_pulse(&g, 4);
	assert_int_equal(r.delivered, 2);
	vioapic_pulse(&g, 400);
	vioapic_eoi(&g, 0x51);
	assert_int_equal(r.eois, 0);
}

static void test_level(void **state)
{
	struct vioapic_group g;
	struct vioapic *a = &g.apic[0];
	struct record r;

	start(&g, &r);
	vioapic_set_line(&g, 9, true);
	wr(&g, a, 0x22, 0x8061);		/* unmasking finds the line up */
	assert_int_equal(r.delivered, 1);
	assert_true(r.msg.level);
	assert_true(rd(&g, a, 0x22) & RTE_REMOTE_IRR);
	vioapic_set_line(&g, 9, true);
	assert_int_equal(r.delivered, 1);
	vioapic_eoi(&g, 0x62);
	assert_int_equal(r.eois, 0);
	vioapic_eoi(&g, 0x61);			/* still up: again, once */
	assert_int_equal(r.eois, 1);
	assert_int_equal(r.delivered, 2);
	vioapic_set_line(&g, 9, false);
	vioapic_mmio_write(&g, a, 0x40, 4, 0x61);
	assert_int_equal(r.eois, 2);
	assert_int_equal(r.delivered, 2);
	assert_false(rd(&g, a, 0x22) & RTE_REMOTE_IRR);
	/* Edge mode and back clears what is stuck. */
	vioapic_set_line(&g, 9, true);
	assert_int_equal(r.delivered, 3);
	wr(&g, a, 0x22, 0x10061);
	assert_false(rd(&g, a, 0x22) & RTE_REMOTE_IRR);
	vioapic_group_reset(&g);
	assert_int_equal(vioapic_rte(&g, 9), RTE_MASKED);
}

static void test_several(void **state)
{
	struct vioapic_group g;
	struct record r;

	start(&g, &r);
	assert_int_equal(vioapic_add(&g, gpaddr_make(0xfec00000), 24, 8, 2), -XEN_EINVAL);
	assert_int_equal(vioapic_add(&g, gpaddr_make(0xfec01000), 23, 8, 2), -XEN_EINVAL);
	assert_int_equal(vioapic_add(&g, gpaddr_make(0xfec01000), 24, 129, 2), -XEN_EINVAL);
	assert_int_equal(vioapic_add(&g, gpaddr_make(0xfec01000), 24, 32, 2), 0);
	wr(&g, &g.apic[1], 0x10, 0x8044);
	vioapic_set_line(&g, 24, true);
	assert_int_equal(r.delivered, 1);
	assert_int_equal(r.msg.vector, 0x44);
	vioapic_set_line(&g, 24, false);
	vioapic_eoi(&g, 0x44);
	assert_int_equal(r.gsi, 24);
}

static void test_save(void **state)
{
	struct vioapic_group g, h;
	struct record r, s;
	struct hvm_hw_vioapic rec;

	start(&g, &r);
	start(&h, &s);
	wr(&g, &g.apic[0], 0x22, 0x8061);
	vioapic_set_line(&g, 9, true);
	assert_int_equal(vioapic_record.save(&g, 0, &rec, 0), sizeof(rec));
	assert_int_equal(vioapic_record.check(&h, 0, &rec, sizeof(rec)), 0);
	vioapic_record.load(&h, 0, &rec, sizeof(rec), 0);
	assert_int_equal(s.delivered, 0);
	assert_memory_equal(g.apic[0].rte, h.apic[0].rte, sizeof(g.apic[0].rte));
	vioapic_eoi(&h, 0x61);
	assert_int_equal(s.eois, 1);
	rec.base_address = 0;
	assert_int_equal(vioapic_record.check(&h, 0, &rec, sizeof(rec)), -XEN_EINVAL);
	/* A second one has no record. */
	assert_int_equal(vioapic_add(&h, gpaddr_make(0xfec01000), 24, 8, 2), 0);
	assert_int_equal(vioapic_record.check(&h, 0, &rec, sizeof(rec)), -XEN_EOPNOTSUPP);
	assert_int_equal(vioapic_record.save(&h, 0, &rec, 0), -XEN_EOPNOTSUPP);
}

static void test_hostile(void **state)
{
	struct vioapic_group g;
	struct record r;

	srand(11);
	start(&g, &r);
	vioapic_add(&g, gpaddr_make(0xfec01000), 24, 128, 2);
	for (int i = 0; i < 300000; i++) {
		struct vioapic *a = &g.apic[rand() & 1];
		u32 size = 1u << rand() % 4;

		switch (rand() % 4) {
		case 0:
			vioapic_mmio_write(&g, a, (u32)(rand() % 5) << 4, size, (u64)rand() * 3);
			break;
		case 1:
			vioapic_mmio_read(a, (u32)rand() % 4096, size);
			break;
		case 2:
			vioapic_set_line(&g, (u32)rand() % 160, rand() & 1);
			break;
		default:
			vioapic_eoi(&g, (u8)rand());
			break;
		}
		for (u32 pin = 0; pin < a->nr_pins; pin++)
			assert_int_equal(bit_test(a->remote_irr, pin),
					 !!(a->rte[pin] & RTE_REMOTE_IRR));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_registers), cmocka_unit_test(test_edge),
		cmocka_unit_test(test_level), cmocka_unit_test(test_several),
		cmocka_unit_test(test_save), cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
