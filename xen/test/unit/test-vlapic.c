/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The virtual local APIC: priorities against a plain model, mode changes, timer, hostile writes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <xen/bitmap.h>
#include <xen/errno.h>
#include <xen/x86/vlapic.h>

#include <public/xen.h>
#include <public/hvm/save.h>

#include "changing-page.h"

#define ICR_SELF_NMI 0x40400u

struct record {
	struct vlapic *vl;
	struct apic_msg msg;
	u32 ipis, eois, lint0_changes;
	u8 eoi_vector;
	s_time_t deadline;
};

static void on_ipi(void *ctx, const struct apic_msg *msg)
{
	struct record *r = ctx;

	r->msg = *msg;
	r->ipis++;
}

static void on_eoi(void *ctx, u8 vector)
{
	struct record *r = ctx;

	r->eoi_vector = vector;
	r->eois++;
}

static void on_set_timer(void *ctx, s_time_t deadline)
{
	((struct record *)ctx)->deadline = deadline;
}

/* The guest's TSC runs at 2 GHz from system time 0. */
static s_time_t on_tsc_to_time(void *ctx, u64 tsc)
{
	return (s_time_t)(tsc / 2);
}

static void on_post(void *ctx, u8 vector, bool level)
{
	vlapic_set_irq(((struct record *)ctx)->vl, vector, level);
}

static void on_lint0(void *ctx)
{
	((struct record *)ctx)->lint0_changes++;
}

static const struct vlapic_ops ops = {
	on_post, on_ipi, on_eoi, on_set_timer, on_tsc_to_time, on_lint0,
};

static void start(struct vlapic *vl, struct record *r, u32 id)
{
	static struct vlapic_page pages[16] __aligned(PAGE_SIZE);
	static u32 next;

	memset(r, 0, sizeof(*r));
	r->vl = vl;
	r->deadline = INT64_MAX;
	vlapic_init(vl, &pages[next++ % ARRAY_SIZE(pages)], id, id == 0, 40, &ops, r);
	vlapic_mmio_write(vl, 0xf0, 4, 0x1ff, 0);
}

static u32 rd(struct vlapic *vl, u32 off)
{
	return (u32)vlapic_mmio_read(vl, off, 4, 0);
}

static void test_reset(void **state)
{
	struct vlapic vl;
	struct record r;

	start(&vl, &r, 6);
	assert_int_equal(rd(&vl, 0x20), 6u << 24);
	assert_int_equal(rd(&vl, 0x30), 0x50014);
	assert_int_equal(rd(&vl, 0xe0), ~0u);
	assert_int_equal(rd(&vl, 0x350), 0x10000);
	assert_int_equal(vlapic_pending(&vl), -1);
	vlapic_reset(&vl);
	assert_int_equal(rd(&vl, 0xf0), 0xff);
	assert_false(vlapic_set_irq(&vl, 0x40, false));
}

static void test_deliver(void **state)
{
	struct vlapic vl;
	struct record r;

	start(&vl, &r, 0);
	assert_true(vlapic_set_irq(&vl, 0x51, false));
	assert_false(vlapic_set_irq(&vl, 0x51, false));
	assert_true(vlapic_set_irq(&vl, 0x31, true));
	assert_false(vlapic_set_irq(&vl, 0x0f, false));
	assert_int_equal(vlapic_pending(&vl), 0x51);
	assert_true(vlapic_ack(&vl, 0x51));
	vlapic_unack(&vl, 0x51);
	assert_int_equal(vlapic_pending(&vl), 0x51);
	assert_int_equal(rd(&vl, 0xa0), 0);
	assert_true(vlapic_ack(&vl, 0x51));
	assert_false(vlapic_ack(&vl, 0x51));
	assert_int_equal(vlapic_pending(&vl), -1);
	assert_int_equal(rd(&vl, 0xa0), 0x50);
	vlapic_mmio_write(&vl, 0xb0, 4, 0, 0);
	assert_int_equal(r.eois, 0);
	assert_int_equal(vlapic_pending(&vl), 0x31);
	vlapic_sync_cr8(&vl, 3);
	assert_int_equal(vlapic_pending(&vl), -1);
	vlapic_sync_cr8(&vl, 2);
	assert_true(vlapic_ack(&vl, 0x31));
	assert_int_equal(rd(&vl, 0x110), 1u << 17);
	assert_int_equal(rd(&vl, 0x190), 1u << 17);
	vlapic_eoi(&vl);
	assert_int_equal(r.eois, 1);
	assert_int_equal(r.eoi_vector, 0x31);
	assert_int_equal(vlapic_highest_irr(&vl), -1);
	assert_int_equal(vl.irr_words, 0);
}

/* A plain model: one flag per vector, everything found by searching. */
struct model {
	bool irr[256], isr[256], level[256];
	u8 tpr;
};

static int model_top(const bool *map)
{
	for (int v = 255; v >= 0; v--)
		if (map[v])
			return v;
	return -1;
}

static int model_pending(const struct model *m)
{
	int v = model_top(m->irr), s = model_top(m->isr), limit = m->tpr >> 4;

	if (s >= 0 && s >> 4 > limit)
		limit = s >> 4;
	return v >= 0 && v >> 4 > limit ? v : -1;
}

static void model_step(struct vlapic *vl, struct record *r, struct model *m)
{
	u8 vec = (u8)(16 + rand() % 240);
	bool level = rand() & 1;
	int top;

	switch (rand() % 4) {
	case 0:
		assert_int_equal(vlapic_set_irq(vl, vec, level), !m->irr[vec]);
		m->irr[vec] = true;
		m->level[vec] = level;
		break;
	case 1:
		top = model_pending(m);
		if (top < 0)
			break;
		assert_true(vlapic_ack(vl, (u8)top));
		m->irr[top] = false;
		m->isr[top] = true;
		break;
	case 2:
		top = model_top(m->isr);
		r->eois = 0;
		vlapic_eoi(vl);
		assert_int_equal(r->eois, top >= 0 && m->level[top]);
		if (top >= 0)
			m->isr[top] = false;
		break;
	default:
		m->tpr = rand() % 4 ? 0 : (u8)rand();
		vlapic_set_tpr(vl, m->tpr);
		break;
	}
}

static void test_model(void **state)
{
	struct model m = { 0 };
	struct vlapic vl;
	struct record r;

	srand(7);
	start(&vl, &r, 0);
	for (int i = 0; i < 200000; i++) {
		model_step(&vl, &r, &m);
		assert_int_equal(vlapic_pending(&vl), model_pending(&m));
		assert_int_equal(vlapic_highest_irr(&vl), model_top(m.irr));
	}
}

/* Another CPU posts a vector after access number @at of the registers. */
struct post {
	struct vlapic *vl;
	u32 at;
	u8 vector;
	bool done;
};

static void post_now(void *page, u32 n, void *arg)
{
	struct post *p = arg;

	if (n != p->at)
		return;
	vlapic_set_irq(p->vl, p->vector, false);
	p->done = true;
}

/* The owner must find a request that is posted anywhere in its scan, also where it clears the mark
 * of a word that has no requests any more. */
static void test_posted_during_scan(void **state)
{
	static const u8 other[] = { 0x31, 0x35, 0x91, 0x21 };	/* same word and others */
	struct vlapic vl;
	struct record r;

	start(&vl, &r, 0);
	for (u32 i = 0; i < ARRAY_SIZE(other); i++) {
		struct post p = { &vl, 0, other[i], true };

		while (p.done) {
			p.at++;
			p.done = false;
			vlapic_set_irq(&vl, 0x31, false);
			assert_true(vlapic_ack(&vl, 0x31));
			vlapic_eoi(&vl);
			changing_page_begin(vl.page, post_now, &p);
			vlapic_pending(&vl);
			changing_page_end();
			assert_int_equal(vlapic_pending(&vl), p.done ? p.vector : -1);
			if (p.done)
				assert_true(vlapic_ack(&vl, p.vector));
			vlapic_eoi(&vl);
		}
		assert_true(p.at > 2);
	}
}

/* The end of the longest count may lie beyond the end of time, but not in the past. */
static void test_far_ahead(void **state)
{
	const s_time_t late = INT64_MAX - 1000;
	struct vlapic vl;
	struct record r;

	start(&vl, &r, 0);
	vlapic_mmio_write(&vl, 0x320, 4, 0x40, 0);
	vlapic_mmio_write(&vl, 0x3e0, 4, 0xa, 0);
	vlapic_mmio_write(&vl, 0x380, 4, ~0U, late);
	assert_true(r.deadline > late);
}

static void test_base(void **state)
{
	struct vlapic vl;
	struct record r;
	u64 v;

	start(&vl, &r, 0x25);
	assert_int_equal(vlapic_msr_read(&vl, 0x802, &v, 0), -XEN_EINVAL);
	assert_int_equal(vlapic_base_write(&vl, 0xfee00400), -XEN_EINVAL);
	assert_int_equal(vlapic_base_write(&vl, 0xfee00801), -XEN_EINVAL);
	assert_int_equal(vlapic_base_write(&vl, 0xfee00800 | 1UL << 40), -XEN_EINVAL);
	assert_int_equal(vlapic_msr_write(&vl, 0x1b, 0xfee00c00, 0), 0);
	assert_false(vlapic_mmio_active(&vl));
	assert_int_equal(vlapic_msr_read(&vl, 0x802, &v, 0), 0);
	assert_int_equal(v, 0x25);
	assert_int_equal(vlapic_msr_read(&vl, 0x80d, &v, 0), 0);
	assert_int_equal(v, 0x20020);
	assert_int_equal(vlapic_base_write(&vl, 0xfee00800), -XEN_EINVAL);
	assert_int_equal(vlapic_base_write(&vl, 0xfee00000), 0);
	assert_int_equal(vlapic_base_write(&vl, 0xfee00c00), -XEN_EINVAL);
	assert_int_equal(vlapic_base_write(&vl, 0xfee00800), 0);
	assert_true(vlapic_mmio_active(&vl));
	assert_int_equal(rd(&vl, 0xf0), 0xff);
}

static void test_x2apic(void **state)
{
	struct vlapic vl;
	struct record r;
	u64 v;

	start(&vl, &r, 4);
	assert_int_equal(vlapic_base_write(&vl, 0xfee00c00), 0);
	assert_int_equal(vlapic_msr_write(&vl, 0x830, 0x1234567800000841, 0), 0);
	assert_int_equal(r.ipis, 1);
	assert_int_equal(r.msg.dest, 0x12345678);
	assert_int_equal(r.msg.vector, 0x41);
	assert_true(r.msg.logical && r.msg.wide);
	assert_int_equal(vlapic_msr_read(&vl, 0x830, &v, 0), 0);
	assert_int_equal(v, 0x1234567800000841);
	assert_int_equal(vlapic_msr_write(&vl, 0x830, 1u << 20, 0), -XEN_EINVAL);
	assert_int_equal(vlapic_msr_write(&vl, 0x80b, 1, 0), -XEN_EINVAL);
	assert_int_equal(vlapic_msr_write(&vl, 0x80b, 0, 0), 0);
	assert_int_equal(vlapic_msr_write(&vl, 0x808, 0x100, 0), -XEN_EINVAL);
	assert_int_equal(vlapic_msr_write(&vl, 0x802, 0, 0), -XEN_EINVAL);
	assert_int_equal(vlapic_msr_write(&vl, 0x80e, 0, 0), -XEN_EINVAL);
	assert_int_equal(vlapic_msr_read(&vl, 0x80b, &v, 0), -XEN_EINVAL);
	assert_int_equal(vlapic_msr_read(&vl, 0x831, &v, 0), -XEN_EINVAL);
	assert_int_equal(vlapic_msr_write(&vl, 0x83f, 0xe5, 0), 0);
	assert_int_equal(vlapic_pending(&vl), 0xe5);
	/* An illegal vector, sent and received, is reported in ESR after a write to it. */
	assert_int_equal(vlapic_msr_write(&vl, 0x83f, 3, 0), 0);
	assert_int_equal(vlapic_msr_read(&vl, 0x828, &v, 0), 0);
	assert_int_equal(v, 0);
	assert_int_equal(vlapic_msr_write(&vl, 0x828, 0, 0), 0);
	assert_int_equal(vlapic_msr_read(&vl, 0x828, &v, 0), 0);
	assert_int_equal(v, 0x60);
}

/* A write latches the errors since the write before; later ones wait for the next write. */
static u32 esr(struct vlapic *vl)
{
	vlapic_mmio_write(vl, 0x280, 4, 0xffffffff, 0);
	return rd(vl, 0x280);
}

static void test_error_status(void **state)
{
	struct vlapic vl;
	struct record r;

	start(&vl, &r, 0);
	assert_false(vlapic_set_irq(&vl, 0x0f, false));
	assert_false(vlapic_set_irq(&vl, 0, true));
	assert_int_equal(rd(&vl, 0x280), 0);
	assert_int_equal(esr(&vl), 0x40);
	assert_int_equal(esr(&vl), 0);
	/* An illegal vector sent to another APIC: the sender's error is not the receiver's. */
	vlapic_mmio_write(&vl, 0x300, 4, 0x0f, 0);
	assert_int_equal(r.ipis, 1);
	assert_int_equal(r.msg.vector, 0x0f);
	assert_int_equal(esr(&vl), 0x20);
	vlapic_mmio_write(&vl, 0x300, 4, 0x4000f, 0);
	assert_int_equal(r.ipis, 1);
	assert_int_equal(esr(&vl), 0x60);
	/* NMI, SMI, INIT and startup messages have no vector to check. */
	vlapic_mmio_write(&vl, 0x300, 4, 0x400, 0);
	assert_int_equal(esr(&vl), 0);
	rd(&vl, 0x3d0);
	vlapic_mmio_write(&vl, 0x3d0, 4, 0, 0);
	assert_int_equal(esr(&vl), 0x80);
	/* The timer's LVT entry may have an illegal vector, too. */
	vlapic_mmio_write(&vl, 0x320, 4, 0x05, 0);
	vlapic_mmio_write(&vl, 0x380, 4, 10, 0);
	vlapic_timer_fired(&vl, 1000);
	assert_int_equal(vlapic_highest_irr(&vl), -1);
	assert_int_equal(esr(&vl), 0x40);
	/* The error interrupt comes once for each error; its own bad vector is only noted. */
	vlapic_mmio_write(&vl, 0x370, 4, 0x71, 0);
	vlapic_set_irq(&vl, 1, false);
	assert_true(vlapic_ack(&vl, 0x71));
	vlapic_eoi(&vl);
	vlapic_set_irq(&vl, 2, false);
	assert_int_equal(vlapic_highest_irr(&vl), -1);
	vlapic_mmio_write(&vl, 0x300, 4, 0x0e, 0);
	assert_int_equal(vlapic_pending(&vl), 0x71);
	assert_int_equal(esr(&vl), 0x60);
	vlapic_mmio_write(&vl, 0x370, 4, 0x02, 0);
	vlapic_mmio_write(&vl, 0x300, 4, 0x0e, 0);
	assert_int_equal(esr(&vl), 0x60);
	/* A disabled APIC receives nothing. */
	vlapic_mmio_write(&vl, 0xf0, 4, 0xff, 0);
	vlapic_set_irq(&vl, 3, false);
	assert_int_equal(esr(&vl), 0);
}

static void test_timer(void **state)
{
	struct vlapic vl;
	struct record r;

	start(&vl, &r, 0);
	vlapic_mmio_write(&vl, 0x320, 4, 0x30, 0);
	vlapic_mmio_write(&vl, 0x3e0, 4, 3, 0);		/* divide by 16 */
	vlapic_mmio_write(&vl, 0x380, 4, 100000, 1000);
	assert_int_equal(r.deadline, 1000 + 1600000);
	assert_int_equal(vlapic_mmio_read(&vl, 0x390, 4, 801000), 50000);
	vlapic_timer_fired(&vl, 1000);
	assert_int_equal(vlapic_pending(&vl), -1);
	/* Part of a tick before its end the count is not 0 yet. */
	assert_int_equal(vlapic_mmio_read(&vl, 0x390, 4, r.deadline - 1), 1);
	vlapic_timer_fired(&vl, r.deadline);
	assert_int_equal(vlapic_pending(&vl), 0x30);
	assert_int_equal(vlapic_mmio_read(&vl, 0x390, 4, 1700000), 0);

	vlapic_mmio_write(&vl, 0x320, 4, 0x20031, 2000000);	/* periodic: it begins anew */
	assert_int_equal(r.deadline, 2000000 + 1600000);
	vlapic_mmio_write(&vl, 0x3e0, 4, 0xb, 0);	/* divide by 1 */
	vlapic_mmio_write(&vl, 0x380, 4, 1000000, 0);
	vlapic_timer_fired(&vl, 3500000);
	assert_int_equal(vlapic_pending(&vl), 0x31);
	assert_int_equal(r.deadline, 4000000);
	assert_int_equal(vlapic_mmio_read(&vl, 0x390, 4, 3750000), 250000);
	vlapic_mmio_write(&vl, 0x380, 4, 1, 0);
	assert_true(vl.timer_period >= VLAPIC_MIN_PERIOD);
	vlapic_mmio_write(&vl, 0x380, 4, 0, 0);
	assert_int_equal(r.deadline, INT64_MAX);
}

static void test_tsc_deadline(void **state)
{
	struct vlapic vl;
	struct record r;
	u64 v;

	start(&vl, &r, 0);
	assert_int_equal(vlapic_msr_write(&vl, 0x6e0, 5000, 100), 0);
	assert_int_equal(r.deadline, INT64_MAX);	/* not in that mode */
	vlapic_mmio_write(&vl, 0x320, 4, 0x400ef, 0);
	vlapic_msr_write(&vl, 0x6e0, 5000, 100);
	assert_int_equal(r.deadline, 2500);
	vlapic_msr_read(&vl, 0x6e0, &v, 200);
	assert_int_equal(v, 5000);
	vlapic_timer_fired(&vl, 2500);
	assert_int_equal(vlapic_pending(&vl), 0xef);
	vlapic_msr_read(&vl, 0x6e0, &v, 2500);
	assert_int_equal(v, 0);
	assert_true(vlapic_ack(&vl, 0xef));
	vlapic_eoi(&vl);
	vlapic_msr_write(&vl, 0x6e0, 10, 2600);		/* already past */
	assert_int_equal(vlapic_pending(&vl), 0xef);
	vlapic_msr_write(&vl, 0x6e0, 9000, 2600);
	vlapic_mmio_write(&vl, 0x320, 4, 0xef, 0);	/* leaving the mode disarms */
	assert_int_equal(r.deadline, INT64_MAX);
}

static void test_icr_xapic(void **state)
{
	struct vlapic vl;
	struct record r;

	start(&vl, &r, 0);
	vlapic_mmio_write(&vl, 0x310, 4, 0x02000000, 0);
	vlapic_mmio_write(&vl, 0x300, 4, 0xc500, 0);
	assert_int_equal(r.msg.mode, APIC_DM_INIT);
	assert_int_equal(r.msg.dest, 2);
	assert_true(r.msg.assert && r.msg.level && !r.msg.wide);
	vlapic_mmio_write(&vl, 0x300, 4, 0x4699, 0);
	assert_int_equal(r.msg.mode, APIC_DM_STARTUP);
	assert_int_equal(r.msg.vector, 0x99);
	vlapic_mmio_write(&vl, 0x300, 4, 0x40044, 0);	/* self */
	assert_int_equal(r.ipis, 2);
	assert_int_equal(vlapic_pending(&vl), 0x44);
	vlapic_mmio_write(&vl, 0x300, 4, 0xc0044, 0);
	assert_int_equal(r.msg.shorthand, APIC_DEST_ALL_BUT_SELF);
}

static void test_route(void **state)
{
	struct vlapic vls[5], *v[5];
	struct record r;
	struct apic_msg msg = { .vector = 0x40, .dest = 6 };
	unsigned long mask[1];

	for (u32 i = 0; i < 5; i++) {
		start(&vls[i], &r, vcpu_apic_id(i));
		vlapic_mmio_write(&vls[i], 0xd0, 4, 1u << (24 + i), 0);
		v[i] = &vls[i];
	}
	v[4] = NULL;
	assert_int_equal(vlapic_route(v, 5, &msg, NULL, mask), 1);
	assert_int_equal(mask[0], 8);
	msg.dest = 8;
	assert_int_equal(vlapic_route(v, 5, &msg, NULL, mask), 0);
	msg.dest = 0xff;
	assert_int_equal(vlapic_route(v, 5, &msg, NULL, mask), 4);
	msg.logical = true;
	msg.dest = 5;
	assert_int_equal(vlapic_route(v, 5, &msg, NULL, mask), 2);
	assert_int_equal(mask[0], 5);
	msg.mode = APIC_DM_LOWEST;
	msg.dest = 0xf;
	vlapic_set_tpr(v[0], 0x20);
	vlapic_set_tpr(v[1], 0x20);
	vlapic_set_tpr(v[3], 0x10);
	assert_int_equal(vlapic_route(v, 5, &msg, NULL, mask), 1);
	assert_int_equal(mask[0], 4);
	msg.mode = APIC_DM_FIXED;
	msg.shorthand = APIC_DEST_ALL_BUT_SELF;
	assert_int_equal(vlapic_route(v, 5, &msg, v[1], mask), 3);
	assert_int_equal(mask[0], 0xd);
	vlapic_mmio_write(v[2], 0xe0, 4, 0x0fffffff, 0);
	vlapic_mmio_write(v[2], 0xd0, 4, 0x21000000, 0);
	assert_true(vlapic_match_dest(v[2], 0x23, true, false));
	assert_false(vlapic_match_dest(v[2], 0x13, true, false));
	assert_false(vlapic_match_dest(v[2], 0x22, true, false));
}

static void test_save(void **state)
{
	struct vlapic a, b;
	struct record ra, rb;
	struct hvm_hw_lapic mode = { 0 };
	struct hvm_hw_lapic_regs regs = { 0 };

	start(&a, &ra, 2);
	start(&b, &rb, 2);
	vlapic_set_irq(&a, 0x80, true);
	vlapic_ack(&a, 0x80);
	vlapic_set_irq(&a, 0x90, false);
	vlapic_mmio_write(&a, 0x320, 4, 0x20031, 0);
	vlapic_mmio_write(&a, 0x3e0, 4, 0xb, 0);
	vlapic_mmio_write(&a, 0x380, 4, 1000000, 100);
	vlapic_record.save(&a, 0, &mode, 400100);
	vlapic_regs_record.save(&a, 0, &regs, 400100);
	assert_int_equal(vlapic_record.check(&b, 0, &mode, sizeof(mode)), 0);
	assert_int_equal(vlapic_regs_record.check(&b, 0, &regs, sizeof(regs)), 0);
	vlapic_record.load(&b, 0, &mode, sizeof(mode), 900);
	vlapic_regs_record.load(&b, 0, &regs, sizeof(regs), 900);
	assert_int_equal(rb.deadline, 900 + 600000);
	assert_int_equal(vlapic_pending(&b), 0x90);
	assert_int_equal(b.isr_top, 0x80);
	vlapic_eoi(&b);
	assert_int_equal(rb.eoi_vector, 0x80);
	/* EOI to b came after the copy: let a catch up. */
	vlapic_eoi(&a);
	assert_memory_equal(a.page, b.page, sizeof(*a.page));
}

static void test_hostile(void **state)
{
	struct vlapic vl;
	struct record r;
	s_time_t now = 0;
	u64 v;

	srand(3);
	start(&vl, &r, 0);
	for (int i = 0; i < 500000; i++) {
		u64 val = ((u64)rand() << 33) ^ ((u64)rand() << 11) ^ rand();

		now += rand() % 100000;
		val >>= rand() % 64;
		switch (rand() % 6) {
		case 0:
			vlapic_mmio_write(&vl, rand() % 0x1000, 1 << rand() % 4, val, now);
			break;
		case 1:
			vlapic_mmio_read(&vl, rand() % 0x1000, 1 << rand() % 4, now);
			break;
		case 2:
			vlapic_msr_write(&vl, 0x800 + rand() % 0x48, val, now);
			break;
		case 3:
			vlapic_msr_read(&vl, 0x800 + rand() % 0x48, &v, now);
			break;
		case 4:
			vlapic_msr_write(&vl, rand() & 1 ? 0x6e0 : 0x1b, val, now);
			if (rand() % 8 == 0)
				vlapic_base_write(&vl, 0xfee00800);
			break;
		default:
			vlapic_timer_fired(&vl, now);
			vlapic_set_irq(&vl, (u8)rand(), rand() & 1);
			if (vlapic_pending(&vl) >= 0)
				vlapic_ack(&vl, (u8)vlapic_pending(&vl));
			break;
		}
	}
}

/* A processor changes the registers; the rest follows. */
static void test_virtual(void **state)
{
	struct vlapic vl;
	struct record r;

	start(&vl, &r, 3);
	/* It delivered 0x51 and then 0x71, and 0x61 waits. */
	*vlapic_reg(&vl, APIC_REG_ISR + 2) = 1u << 17;
	*vlapic_reg(&vl, APIC_REG_ISR + 3) = 1u << 17;
	*vlapic_reg(&vl, APIC_REG_IRR + 3) = 1u << 1;
	*vlapic_reg(&vl, APIC_REG_PPR) = 0x70;
	vlapic_take_over(&vl, 0x71, 0x61);
	assert_int_equal(vl.isr_top, 0x71);
	assert_int_equal(vlapic_highest_irr(&vl), 0x61);
	assert_int_equal(vlapic_pending(&vl), -1);
	vlapic_eoi(&vl);
	assert_int_equal(vlapic_pending(&vl), 0x61);
	/* It has ended both by itself. */
	memset(vlapic_reg(&vl, APIC_REG_ISR), 0, 8 * 16);
	vlapic_take_over(&vl, 0, 0x61);
	assert_int_equal(vl.isr_top, -1);
	*vlapic_reg(&vl, APIC_REG_TPR) = 0x65;
	vlapic_tpr_changed(&vl);
	assert_int_equal(vlapic_pending(&vl), -1);
	assert_int_equal(*vlapic_reg(&vl, APIC_REG_PPR), 0x65);
	/* The IO-APICs hear of levels only. */
	vlapic_set_irq(&vl, 0x82, true);
	vlapic_ended(&vl, 0x83);
	assert_int_equal(r.eois, 0);
	vlapic_ended(&vl, 0x82);
	assert_int_equal(r.eoi_vector, 0x82);
}

/* A processor stores what the guest writes: the effect is that of the write. */
static void test_written(void **state)
{
	struct vlapic vl;
	struct record r;

	start(&vl, &r, 3);
	*vlapic_reg(&vl, APIC_REG_ID) = 0xff000000;
	vlapic_written(&vl, APIC_REG_ID, 3u << 24, 0);
	assert_int_equal(rd(&vl, 0x20), 3u << 24);
	*vlapic_reg(&vl, APIC_REG_DFR) = 0;
	vlapic_written(&vl, APIC_REG_DFR, ~0u, 0);
	assert_int_equal(rd(&vl, 0xe0), 0x0fffffff);
	*vlapic_reg(&vl, APIC_REG_ICR) = ICR_SELF_NMI;
	vlapic_written(&vl, APIC_REG_ICR, 0, 0);
	assert_int_equal(r.ipis, 1);
	/* From one-shot to the TSC's deadline: the running timer stops, as with a plain write. */
	vlapic_mmio_write(&vl, 0x380, 4, 1000, 0);
	assert_int_not_equal(r.deadline, INT64_MAX);
	*vlapic_reg(&vl, APIC_REG_LVTT) = 0x40020;
	vlapic_written(&vl, APIC_REG_LVTT, 0x20, 0);
	assert_int_equal(r.deadline, INT64_MAX);
	assert_int_equal(rd(&vl, 0x380), 0);
	/* There the count is not written. */
	*vlapic_reg(&vl, APIC_REG_TMICT) = 7;
	vlapic_written(&vl, APIC_REG_TMICT, 0, 0);
	assert_int_equal(rd(&vl, 0x380), 0);
	/* In x2APIC mode only a vector that is not valid comes here. */
	vlapic_base_write(&vl, VLAPIC_DEFAULT_BASE | APIC_BASE_EN | APIC_BASE_EXTD);
	*vlapic_reg(&vl, APIC_REG_SELF_IPI) = 5;
	vlapic_written(&vl, APIC_REG_SELF_IPI, 0, 0);
	assert_int_equal(vlapic_pending(&vl), -1);
	assert_int_not_equal(vl.esr_pending, 0);
}

/* LINT0, where the 8259s are: heard as ExtINT, or while the APIC is off. */
static void test_lint0(void **state)
{
	struct record r;
	struct vlapic vl;

	start(&vl, &r, 0);
	assert_false(vlapic_takes_extint(&vl));
	vlapic_mmio_write(&vl, APIC_REG_SPIV << 4, 4, 0x1ff, 0);
	r.lint0_changes = 0;
	vlapic_mmio_write(&vl, APIC_REG_LVT0 << 4, 4, 0x700, 0);
	assert_true(vlapic_takes_extint(&vl));
	vlapic_mmio_write(&vl, APIC_REG_LVT0 << 4, 4, 0x730 & ~0x700, 0);
	assert_false(vlapic_takes_extint(&vl));
	vlapic_mmio_write(&vl, APIC_REG_LVT0 << 4, 4, 0x10700, 0);
	assert_false(vlapic_takes_extint(&vl));
	assert_int_equal(r.lint0_changes, 3);
	assert_int_equal(vlapic_base_write(&vl, vl.base_msr & ~0x800UL), 0);
	assert_true(vlapic_takes_extint(&vl));
	assert_int_equal(r.lint0_changes, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reset), cmocka_unit_test(test_lint0),
		cmocka_unit_test(test_deliver),
		cmocka_unit_test(test_model), cmocka_unit_test(test_posted_during_scan),
		cmocka_unit_test(test_far_ahead), cmocka_unit_test(test_virtual),
		cmocka_unit_test(test_written),
		cmocka_unit_test(test_base),
		cmocka_unit_test(test_x2apic), cmocka_unit_test(test_error_status),
		cmocka_unit_test(test_timer),
		cmocka_unit_test(test_tsc_deadline), cmocka_unit_test(test_icr_xapic),
		cmocka_unit_test(test_route), cmocka_unit_test(test_save),
		cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
