/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The virtual GIC against a processor that is a few lines: what is raised is taken, once. */
#include "unit.h"

#include <string.h>

#include <asm/host.h>
#include <xen/arm/vgic.h>
#include <xen/compiler.h>
#include <xen/ops.h>

#define VCPUS 3
#define SPIS 64
#define LRS 4

static struct vgic g;
static struct vgic_vcpu v[VCPUS], *vp[VCPUS];
static struct vgic_irq spi[SPIS];
static u32 kicks[VCPUS], hw_enabled, hw_ended, hw_cpu;
static bool hw_edge;
static struct vgic_lr lr[VCPUS][LRS];

static void kick(struct vgic *vg, u32 vcpu) { kicks[vcpu]++; }
static void enable_hw(struct vgic *vg, u32 hwirq, bool on, bool edge)
{
	hw_enabled = on ? hwirq : 0;
	hw_edge = edge;
}
static void end_hw(struct vgic *vg, u32 hwirq) { hw_ended = hwirq; }
static void route_hw(struct vgic *vg, u32 hwirq, u32 vcpu) { hw_cpu = vcpu; }
static const struct vgic_ops ops = { kick, enable_hw, end_hw, route_hw };
OPS_TABLE(ops, kick);

static void write_dist(u32 offset, u32 value)
{
	assert_true(vgic_dist_write(&g, 0, offset, 4, value));
}

static void setup(void)
{
	host_init(1, 1, 16 << 20);
	memset(vp, 0, sizeof(vp));
	memset(spi, 0, sizeof(spi));
	memset(lr, 0, sizeof(lr));
	memset(kicks, 0, sizeof(kicks));
	vgic_init(&g, &ops, 3, VCPUS, vp, SPIS, spi);
	for (u32 i = 0; i < VCPUS; i++)
		vgic_vcpu_init(&g, i, &v[i]);
	write_dist(0, 2);
	for (u32 i = 0; i < VCPUS; i++)
		assert_true(vgic_redist_write(&g, i, 0x10100, 4, ~0U));
	write_dist(0x104, ~0U);
	write_dist(0x108, ~0U);
}

static struct vgic_lrs lrs_left(u32 vcpu)
{
	struct vgic_lrs left = { 0, 0 };

	for (u32 i = 0; i < LRS; i++) {
		left.pending |= !!(lr[vcpu][i].state & VGIC_LR_PENDING) << i;
		left.active |= !!(lr[vcpu][i].state & VGIC_LR_ACTIVE) << i;
	}
	return left;
}

static void offer(u32 vcpu)
{
	struct vgic_lr new[LRS];
	u32 filled;

	filled = vgic_refill(&g, vcpu, LRS, lrs_left(vcpu), new) & ~VGIC_MORE;
	for (u32 i = 0; i < LRS; i++) {
		u8 state = lr[vcpu][i].state;

		if (!(filled & 1U << i))
			continue;
		/* A register that is in use gets what it holds once more. */
		assert_int_equal(new[i].state, state ? 3 : 1);
		if (state)
			assert_true(lr[vcpu][i].virq == new[i].virq && state == 2);
		lr[vcpu][i] = new[i];
	}
}

/* The guest takes the most urgent interrupt: its number, or -1. It stays active until ended. */
static int take(u32 vcpu)
{
	int best = -1;

	for (u32 i = 0; i < LRS; i++)
		if (lr[vcpu][i].state == VGIC_LR_PENDING &&
		    (best < 0 || lr[vcpu][i].priority < lr[vcpu][best].priority))
			best = (int)i;
	if (best < 0)
		return -1;
	lr[vcpu][best].state = VGIC_LR_ACTIVE;
	return lr[vcpu][best].virq;
}

static void end(u32 vcpu, u32 virq)
{
	for (u32 i = 0; i < LRS; i++)
		if (lr[vcpu][i].virq == virq)
			lr[vcpu][i].state &= ~VGIC_LR_ACTIVE;
}

static void take_back(u32 vcpu)
{
	vgic_take_back(&g, vcpu, lrs_left(vcpu));
}

/* Run until nothing is left; returns how many interrupts were taken. */
static u32 run(u32 vcpu)
{
	u32 n = 0;
	int irq;

	do {
		offer(vcpu);
		while ((irq = take(vcpu)) >= 0) {
			end(vcpu, (u32)irq);
			n++;
		}
		take_back(vcpu);
	} while (vgic_has_ready(&v[vcpu]));
	return n;
}

/* Software interrupts are edges for good; those of the vCPU's own devices are what it says. */
static void test_config(void **state)
{
	u64 val;

	setup();
	assert_true(vgic_redist_write(&g, 0, 0x10c00, 4, 0));
	assert_true(vgic_redist_read(&g, 0, 0x10c00, 4, &val) && val == 0xaaaaaaaa);
	assert_true(vgic_redist_write(&g, 0, 0x10c04, 4, ~0U));
	assert_true(vgic_redist_read(&g, 0, 0x10c04, 4, &val) && val == 0xaaaaaaaa);
	assert_true(vgic_redist_write(&g, 0, 0x10c04, 4, 0));
	assert_true(vgic_redist_read(&g, 0, 0x10c04, 4, &val) && val == 0);
}

static void test_edge(void **state)
{
	setup();
	vgic_raise(&g, 1, 31);
	assert_int_equal(kicks[1], 1);
	assert_true(vgic_has_ready(&v[1]));
	assert_false(vgic_has_ready(&v[0]));
	assert_int_equal(run(1), 1);
	assert_int_equal(run(1), 0);
	/* Two edges before it is taken are one interrupt; one while it is active is another. */
	vgic_raise(&g, 1, 31);
	vgic_raise(&g, 1, 31);
	offer(1);
	assert_int_equal(take(1), 31);
	vgic_raise(&g, 1, 31);
	take_back(1);
	offer(1);
	assert_int_equal(take(1), -1);
	end(1, 31);
	take_back(1);
	assert_int_equal(run(1), 1);
	assert_int_equal(run(1), 0);
}

/* What comes while the guest handles it follows its end of interrupt, without an exit. */
static void test_again_while_active(void **state)
{
	setup();
	vgic_raise(&g, 1, 31);
	offer(1);
	assert_int_equal(take(1), 31);
	/* The vCPU is made to leave the guest: it is not known what the guest has done. */
	kicks[1] = 0;
	vgic_raise(&g, 1, 31);
	assert_int_equal(kicks[1], 1);
	take_back(1);
	assert_true(vgic_has_ready(&v[1]));
	offer(1);
	assert_false(vgic_has_ready(&v[1]));
	end(1, 31);
	assert_int_equal(take(1), 31);
	end(1, 31);
	take_back(1);
	assert_int_equal(run(1), 0);
	/* One that is linked to the machine's waits for its end. */
	write_dist(0x184, 1 << 3);
	vgic_give_hw(&g, 35, 99);
	write_dist(0x104, 1 << 3);
	vgic_raise_hw(&g, 35);
	offer(0);
	assert_int_equal(take(0), 35);
	vgic_raise(&g, 0, 35);
	take_back(0);
	offer(0);
	assert_int_equal(lr[0][0].state, VGIC_LR_ACTIVE);
	end(0, 35);
	take_back(0);
	assert_int_equal(run(0), 1);
	/* Disabled meanwhile, it does not follow. */
	vgic_raise(&g, 1, 31);
	offer(1);
	assert_int_equal(take(1), 31);
	vgic_raise(&g, 1, 31);
	take_back(1);
	assert_true(vgic_redist_write(&g, 1, 0x10180, 4, 1U << 31));
	offer(1);
	end(1, 31);
	assert_int_equal(take(1), -1);
}

/* One interrupt after the other uses one list register, whatever has become of it meanwhile. */
static void test_same_register(void **state)
{
	setup();
	write_dist(0x184, 1 << 3);
	vgic_give_hw(&g, 35, 99);
	write_dist(0x104, 1 << 3);
	for (u32 i = 0; i < 40; i++) {
		if (i % 4 == 3)
			vgic_raise_hw(&g, 35);
		else
			vgic_raise(&g, 0, 35);
		assert_true(vgic_has_ready(&v[0]));
		offer(0);
		assert_false(vgic_has_ready(&v[0]));
		assert_int_equal(lr[0][0].virq, 35);
		assert_int_equal(lr[0][0].hwirq, i % 4 == 3 ? 99 : 0);
		assert_int_equal(take(0), 35);
		end(0, 35);
		assert_int_equal(take(0), -1);
	}
	/* Not while it is disabled, and to another vCPU when that is its target. */
	write_dist(0x184, 1 << 3);
	vgic_raise(&g, 0, 35);
	offer(0);
	assert_int_equal(take(0), -1);
	assert_true(vgic_dist_write(&g, 0, 0x6000 + 35 * 8, 8, 1));
	write_dist(0x104, 1 << 3);
	assert_int_equal(run(0), 0);
	assert_int_equal(run(1), 1);
}

/* An access that shows what list registers hold says so. */
static void test_depends_on_lrs(void **state)
{
	u64 value;

	setup();
	vgic_raise(&g, 0, 40);
	offer(0);
	assert_int_equal(take(0), 40);
	for (u32 at = 0; at < 0x10000; at += 4) {
		u64 before, after;

		if (vgic_depends_on_lrs(at, false) || !vgic_dist_read(&g, 0, at, 4, &before))
			continue;
		take_back(0);
		assert_true(vgic_dist_read(&g, 0, at, 4, &after));
		assert_int_equal(before, after);
	}
	take_back(0);
	assert_true(vgic_depends_on_lrs(0x304, false));
	assert_true(vgic_dist_read(&g, 0, 0x304, 4, &value));
	assert_int_equal(value, 1 << 8);
	assert_true(vgic_depends_on_lrs(0x10200, false));
	assert_false(vgic_depends_on_lrs(0x10200, true));
}

static void test_level(void **state)
{
	setup();
	vgic_set_line(&g, 0, 40, true);
	offer(0);
	assert_int_equal(take(0), 40);
	end(0, 40);
	take_back(0);
	/* The device still asks. */
	offer(0);
	assert_int_equal(take(0), 40);
	vgic_set_line(&g, 0, 40, false);
	end(0, 40);
	take_back(0);
	assert_int_equal(run(0), 0);
}

static void test_priorities_and_overflow(void **state)
{
	struct vgic_lr new[LRS];
	const struct vgic_lrs none = { 0, 0 };

	setup();
	for (u32 i = 0; i < 8; i++) {
		assert_true(vgic_dist_write(&g, 0, 0x400 + 40 + i, 1, 0xf8 - i * 8));
		vgic_raise(&g, 0, 40 + i);
	}
	assert_int_equal(vgic_refill(&g, 0, LRS, none, new), 15 | VGIC_MORE);
	for (u32 i = 0; i < LRS; i++)
		assert_int_equal(new[i].virq, 47 - i);
}

static void test_routes(void **state)
{
	u64 value;

	setup();
	assert_true(vgic_dist_write(&g, 0, 0x6000 + 50 * 8, 8, 2));
	vgic_raise(&g, 0, 50);
	assert_int_equal(run(0), 0);
	assert_int_equal(run(2), 1);
	/* To a CPU that does not exist, and back while it is pending. */
	assert_true(vgic_dist_write(&g, 0, 0x6000 + 50 * 8, 8, 0x10000));
	vgic_raise(&g, 0, 50);
	for (u32 i = 0; i < VCPUS; i++)
		assert_int_equal(run(i), 0);
	assert_true(vgic_dist_write(&g, 0, 0x6000 + 50 * 8, 4, 1));
	assert_true(vgic_dist_read(&g, 0, 0x6000 + 50 * 8, 8, &value));
	assert_int_equal(value, 1);
	assert_int_equal(run(1), 1);
}

static void test_sgis(void **state)
{
	setup();
	vgic_send_sgi(&g, 0, 7UL << 24 | 6);
	assert_int_equal(run(0), 0);
	assert_int_equal(run(1), 1);
	assert_int_equal(run(2), 1);
	vgic_send_sgi(&g, 1, 7UL << 24 | 1UL << 40);
	assert_int_equal(run(0) + run(2), 2);
	assert_int_equal(run(1), 0);
	/* Clusters and ranges that have nobody. */
	vgic_send_sgi(&g, 1, 7UL << 24 | 1UL << 16 | 1);
	vgic_send_sgi(&g, 1, 7UL << 24 | 1UL << 44 | 1);
	vgic_send_sgi(&g, 1, 7UL << 24 | 1UL << 48 | 1);
	for (u32 i = 0; i < VCPUS; i++)
		assert_int_equal(run(i), 0);
}

static void test_hw(void **state)
{
	setup();
	hw_enabled = hw_ended = 0;
	write_dist(0x184, 1 << 3);
	vgic_give_hw(&g, 35, 99);
	write_dist(0xc08, 2 << 6);
	assert_int_equal(hw_enabled, 0);
	write_dist(0x104, 1 << 3);
	assert_int_equal(hw_enabled, 99);
	assert_true(hw_edge);
	/* The guest's end of what the device has asked for is the machine's. */
	vgic_raise_hw(&g, 35);
	offer(0);
	assert_int_equal(lr[0][0].hwirq, 99);
	assert_int_equal(run(0), 1);
	/* What the guest has asked for by itself has no counterpart. */
	vgic_raise(&g, 0, 35);
	offer(0);
	assert_int_equal(lr[0][0].hwirq, 0);
	/* It comes from the device meanwhile. */
	vgic_raise_hw(&g, 35);
	assert_int_equal(run(0), 2);
	assert_int_equal(hw_ended, 0);
}

/* Given to a guest that has enabled its own already; taken from one that will not run again. */
static void test_hw_late_and_taken(void **state)
{
	setup();
	hw_enabled = 0;
	write_dist(0x104, 1 << 3);
	assert_int_equal(hw_enabled, 0);
	vgic_give_hw(&g, 35, 99);
	assert_int_equal(hw_enabled, 99);
	assert_int_equal(g.nr_hw, 1);
	vgic_raise_hw(&g, 35);
	offer(0);
	vgic_drop_hw(&g, 35);
	assert_int_equal(g.nr_hw, 0);
	vgic_give_hw(&g, 35, 99);
	assert_int_equal(g.nr_hw, 1);
}

/* Lent to another guest while this one does not use it. */
static void test_hw_released(void **state)
{
	setup();
	write_dist(0x184, 1 << 3);
	vgic_give_hw(&g, 35, 99);
	write_dist(0x104, 1 << 3);
	assert_false(vgic_release_hw(&g, 35));
	assert_int_equal(g.nr_hw, 1);
	write_dist(0x184, 1 << 3);
	vgic_raise_hw(&g, 35);
	assert_false(vgic_release_hw(&g, 35));
	/* The guest drops it. */
	write_dist(0x284, 1 << 3);
	assert_true(vgic_release_hw(&g, 35));
	assert_int_equal(g.nr_hw, 0);
	hw_enabled = 0;
	write_dist(0x104, 1 << 3);
	assert_int_equal(hw_enabled, 0);
}

static void test_hw_dropped_and_moved(void **state)
{
	setup();
	write_dist(0x184, 1 << 3);
	vgic_give_hw(&g, 35, 99);
	assert_int_equal(hw_cpu, 0);
	/* Dropped before it was taken: it may come again. */
	vgic_raise_hw(&g, 35);
	write_dist(0x284, 1 << 3);
	assert_int_equal(hw_ended, 99);
	write_dist(0x104, 1 << 3);
	assert_int_equal(run(0), 0);
	/* The guest's route is the machine's, if anything is there. */
	assert_true(vgic_dist_write(&g, 0, 0x6000 + 35 * 8, 8, 2));
	assert_int_equal(hw_cpu, 2);
	assert_true(vgic_dist_write(&g, 0, 0x6000 + 35 * 8, 8, 9));
	assert_int_equal(hw_cpu, 2);
	assert_true(vgic_dist_write(&g, 0, 0x6000 + 35 * 8, 8, 1));
	hw_cpu = 0;
	vgic_vcpu_moved(&g, 2);
	assert_int_equal(hw_cpu, 0);
	vgic_vcpu_moved(&g, 1);
	assert_int_equal(hw_cpu, 1);
	vgic_raise_hw(&g, 35);
	assert_int_equal(run(1), 1);
}

/* Any access of any size is answered, and leaves a state that the checks of the code accept. */
static void test_any_access(void **state)
{
	u32 seed = 7, taken = 0;
	u64 value;

	setup();
	for (u32 i = 0; i < 200000; i++) {
		u32 size, offset, vcpu;

		seed = seed * 1664525 + 1013904223;
		size = 1U << (seed >> 8 & 3);
		offset = (seed >> 12) % VGIC_DIST_BYTES;
		vcpu = (seed >> 4) % (VCPUS + 1);
		switch (seed >> 29) {
		case 0:
			vgic_dist_write(&g, vcpu % VCPUS, offset, size, (u64)seed << 3);
			break;
		case 1:
			vgic_redist_write(&g, vcpu, offset * 2, size, (u64)seed << 3);
			break;
		case 2:
			vgic_redist_read(&g, vcpu, offset * 2, size, &value);
			break;
		case 3:
			vgic_set_line(&g, vcpu % VCPUS, seed >> 10 & 127, seed & 1);
			break;
		case 4:
			vgic_send_sgi(&g, vcpu % VCPUS, (u64)seed << 16 | seed);
			break;
		case 5:
			for (u32 k = 0; k < spi[0].lr + 1; k++)
				vgic_raise(&g, 0, 32);
			vgic_raise(&g, vcpu % VCPUS, seed >> 10 & 127);
			break;
		case 6:
			vgic_dist_read(&g, vcpu % VCPUS, offset, size, &value);
			break;
		default:
			offer(vcpu % VCPUS);
			take(vcpu % VCPUS);
			if (seed & 1)
				for (u32 irq = 0; irq < 128; irq++)
					end(vcpu % VCPUS, irq);
			take_back(vcpu % VCPUS);
			taken++;
			break;
		}
	}
	assert_true(taken > 1000);
}

static void write2(u32 vcpu, u32 offset, u32 size, u64 value)
{
	assert_true(vgic2_write(&g, vcpu, offset, size, value));
}

static u64 read2(u32 vcpu, u32 offset, u32 size)
{
	u64 value = 0;

	assert_true(vgic2_read(&g, vcpu, offset, size, &value));
	return value;
}

static void setup2(void)
{
	setup();
	memset(vp, 0, sizeof(vp));
	memset(spi, 0, sizeof(spi));
	vgic_init(&g, &ops, 2, VCPUS, vp, SPIS, spi);
	for (u32 i = 0; i < VCPUS; i++)
		vgic_vcpu_init(&g, i, &v[i]);
	write2(0, 0, 4, 1);
	for (u32 i = 0; i < VCPUS; i++)
		write2(i, 0x100, 4, ~0U);
	write2(0, 0x104, 4, ~0U);
}

static void test_v2_registers(void **state)
{
	u64 value;

	setup2();
	assert_int_equal(read2(0, 0, 4), 1);
	assert_int_equal(read2(0, 4, 4), SPIS / 32 | (VCPUS - 1) << 5);
	assert_int_equal(read2(0, 0xfe8, 4), 0x20);
	/* No groups; local interrupts are each vCPU's own. */
	write2(0, 0x80, 4, ~0U);
	assert_int_equal(read2(0, 0x80, 4), 0);
	write2(1, 0x180, 4, 1 << 20);
	assert_int_equal(read2(1, 0x100, 4) >> 20 & 1, 0);
	assert_int_equal(read2(2, 0x100, 4) >> 20 & 1, 1);
	assert_int_equal(read2(2, 0x81c, 4), 0x04040404);
	write2(2, 0x81c, 4, 0);
	assert_int_equal(read2(2, 0x81f, 1), 4);
	/* Targets are vCPUs that exist. */
	assert_int_equal(read2(0, 0x820, 4), 0x01010101);
	write2(0, 0x821, 1, 0xfe);
	assert_int_equal(read2(0, 0x820, 4), 0x01010601);
	/* Bad sizes and places. */
	assert_false(vgic2_read(&g, 0, 0x104, 1, &value));
	assert_false(vgic2_read(&g, 0, 0x821, 2, &value));
	assert_false(vgic2_read(&g, 0, 0xf00, 4, &value));
	assert_false(vgic2_read(&g, 0, 0x20, 4, &value));
	assert_false(vgic2_write(&g, 0, 0xf00, 1, 0));
	assert_false(vgic2_write(&g, 0, 0x800, 8, 0));
}

static void test_v2_targets(void **state)
{
	setup2();
	write2(0, 0x800 + 50, 1, 6);
	vgic_raise(&g, 0, 50);
	assert_int_equal(run(0) + run(2), 0);
	assert_int_equal(run(1), 1);
	/* It waits while it has no target. */
	write2(0, 0x800 + 50, 1, 0);
	vgic_raise(&g, 0, 50);
	assert_int_equal(run(0) + run(1) + run(2), 0);
	write2(0, 0x800 + 50, 1, 4);
	assert_int_equal(run(2), 1);
}

static void test_v2_sgi(void **state)
{
	setup2();
	/* The list, all but the sender, the sender; a filter that does not exist. */
	write2(0, 0xf00, 4, 0xfe << 16 | 3);
	assert_int_equal(run(0), 0);
	assert_int_equal(run(1) + run(2), 2);
	write2(1, 0xf00, 4, 1 << 24 | 3);
	assert_int_equal(run(1), 0);
	assert_int_equal(run(0) + run(2), 2);
	write2(1, 0xf00, 4, 2 << 24 | 3);
	assert_int_equal(run(1), 1);
	write2(1, 0xf00, 4, 3 << 24 | 0xff << 16 | 3);
	assert_int_equal(run(0) + run(1) + run(2), 0);
	/* Two senders are two interrupts, and the guest is told which. */
	write2(1, 0xf00, 4, 1 << 16 | 5);
	write2(2, 0xf00, 4, 1 << 16 | 5);
	write2(2, 0xf00, 4, 1 << 16 | 5);
	assert_int_equal(read2(0, 0xf20 + 5, 1), 6);
	offer(0);
	assert_int_equal(lr[0][0].source, 1);
	assert_int_equal(take(0), 5);
	end(0, 5);
	/* The next one is offered at the next exit, whatever that is for. */
	assert_true(vgic_has_ready(&v[0]));
	offer(0);
	assert_int_equal(lr[0][0].source, 2);
	assert_int_equal(take(0), 5);
	end(0, 5);
	take_back(0);
	assert_int_equal(run(0), 0);
	/* Set and cleared by their own registers alone. */
	write2(0, 0x200, 4, 1 << 6);
	assert_int_equal(run(0), 0);
	write2(0, 0xf24, 4, 0xff0000);
	assert_int_equal(read2(0, 0xf14, 4), 0x70000);
	write2(0, 0xf16, 1, 5);
	assert_int_equal(read2(0, 0x200, 4) >> 6 & 1, 1);
	assert_int_equal(run(0), 1);
	assert_int_equal(read2(0, 0x200, 4) >> 6 & 1, 0);
}

static void test_v2_any_access(void **state)
{
	u32 seed = 11, known = 0;
	u64 value;

	setup2();
	for (u32 i = 0; i < 100000; i++) {
		u32 size, offset, vcpu;

		seed = seed * 1664525 + 1013904223;
		size = 1U << (seed >> 8 & 3);
		offset = (seed >> 12) % VGIC2_DIST_BYTES;
		vcpu = (seed >> 4) % VCPUS;
		if (seed >> 30 == 0) {
			known += vgic2_write(&g, vcpu, offset, size, (u64)seed << 3);
		} else if (seed >> 30 == 1) {
			known += vgic2_read(&g, vcpu, offset, size, &value);
		} else {
			offer(vcpu);
			take(vcpu);
			for (u32 irq = 0; irq < 128; irq++)
				end(vcpu, irq);
			take_back(vcpu);
		}
	}
	assert_true(known > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_config),
		cmocka_unit_test(test_edge),
		cmocka_unit_test(test_again_while_active),
		cmocka_unit_test(test_same_register),
		cmocka_unit_test(test_depends_on_lrs),
		cmocka_unit_test(test_level),
		cmocka_unit_test(test_priorities_and_overflow),
		cmocka_unit_test(test_routes),
		cmocka_unit_test(test_sgis),
		cmocka_unit_test(test_hw),
		cmocka_unit_test(test_hw_late_and_taken),
		cmocka_unit_test(test_hw_released),
		cmocka_unit_test(test_hw_dropped_and_moved),
		cmocka_unit_test(test_any_access),
		cmocka_unit_test(test_v2_registers),
		cmocka_unit_test(test_v2_targets),
		cmocka_unit_test(test_v2_sgi),
		cmocka_unit_test(test_v2_any_access),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
