/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzzes the models of ARM's interrupt controllers. Guests access any register, devices raise
 * interrupts, and a processor that is a few lines takes and ends what its list registers hold.
 * Every few steps the model must agree with the list registers and with itself. At the end the
 * guest enables and ends everything: then nothing may be pending, and no interrupt of the machine
 * may be left active, as it could never come again.
 *
 * Input: a byte, whose lowest bit chooses version 2 or 3, and steps of 8 bytes.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <asm/host.h>
#include <xen/arm/vgic.h>
#include <xen/compiler.h>
#include <xen/ops.h>

#define VCPUS 3
#define SPIS 64
#define NR_IRQS (VGIC_NR_LOCAL + SPIS)
#define LRS 4
#define FIRST_HW 40		/* the guest's interrupts that are the machine's */
#define NR_HW 4
#define HW(i) (200 + (i))
#define MAX_ROUNDS 1000
#define LOOK_AGAIN (1U << 31)	/* in ready_words */
#define CHECK_EVERY 8		/* steps, as a check takes longer than many of them */

enum op {
	READ, WRITE, REDIST_READ, REDIST_WRITE, SGI, RAISE, LINE, DEVICE, RUN, TAKE, END, BACK,
	MOVE, NR_OPS
};

struct step {
	u8 op, vcpu;
	u16 at;
	u32 val;
};

static struct vgic g;
static struct vgic_vcpu v[VCPUS], *vp[VCPUS];
static struct vgic_irq spi[SPIS];
static struct vgic_lr lr[VCPUS][LRS];
static bool machine_active[NR_HW], machine_enabled[NR_HW];

static void failed(const char *what, u32 irq)
{
	fprintf(stderr, "vgic: %s (interrupt %u)\n", what, irq);
	abort();
}

/* ---- the model's surroundings ---- */

static u32 hw_of(u32 hwirq)
{
	if (hwirq < HW(0) || hwirq >= HW(NR_HW))
		failed("an interrupt that the machine does not have", hwirq);
	return hwirq - HW(0);
}

static void kick(struct vgic *vg, u32 vcpu)
{
	if (vcpu >= VCPUS)
		failed("a vCPU that does not exist is kicked", vcpu);
}

static void enable_hw(struct vgic *vg, u32 hwirq, bool on, bool edge)
{
	machine_enabled[hw_of(hwirq)] = on;
}

static void end_hw(struct vgic *vg, u32 hwirq)
{
	if (!machine_active[hw_of(hwirq)])
		failed("the machine's interrupt is ended twice", hwirq);
	machine_active[hw_of(hwirq)] = false;
}

static void route_hw(struct vgic *vg, u32 hwirq, u32 vcpu)
{
	if (vcpu >= VCPUS)
		failed("routed to a vCPU that does not exist", hw_of(hwirq));
}

static const struct vgic_ops ops = { kick, enable_hw, end_hw, route_hw };
OPS_TABLE(ops, kick);

/* ---- the processor ---- */

static struct vgic_lrs lrs_left(u32 vcpu)
{
	struct vgic_lrs left = { 0, 0 };

	for (u32 i = 0; i < LRS; i++) {
		left.pending |= !!(lr[vcpu][i].state & VGIC_LR_PENDING) << i;
		left.active |= !!(lr[vcpu][i].state & VGIC_LR_ACTIVE) << i;
	}
	return left;
}

static void fill(u32 vcpu, struct vgic_lr *to, const struct vgic_lr *with)
{
	if (with->virq >= NR_IRQS)
		failed("a list register holds what the guest does not have", with->virq);
	if (to->state ? to->state != VGIC_LR_ACTIVE || to->virq != with->virq ||
			with->state != (VGIC_LR_PENDING | VGIC_LR_ACTIVE) || with->hwirq
		      : with->state != VGIC_LR_PENDING)
		failed("a list register that is in use is filled", with->virq);
	if (with->virq >= VGIC_NR_LOCAL && !to->state &&
	    spi[with->virq - VGIC_NR_LOCAL].target != vcpu)
		failed("offered to another vCPU than its target", with->virq);
	if (with->hwirq && !machine_active[hw_of(with->hwirq)])
		failed("linked to an interrupt of the machine that is not active", with->virq);
	*to = *with;
}

static void offer(u32 vcpu)
{
	struct vgic_lr new[LRS];
	u32 filled;

	if (!vgic_has_ready(&v[vcpu]))
		return;
	filled = vgic_refill(&g, vcpu, LRS, lrs_left(vcpu), new) & ~VGIC_MORE;
	if (filled >> LRS)
		failed("a list register that does not exist is filled", filled);
	for (u32 i = 0; i < LRS; i++)
		if (filled & 1U << i)
			fill(vcpu, &lr[vcpu][i], &new[i]);
}

/* The guest takes the most urgent interrupt. False: there is none. */
static bool take(u32 vcpu)
{
	struct vgic_lr *best = NULL;

	for (u32 i = 0; i < LRS; i++)
		if (lr[vcpu][i].state == VGIC_LR_PENDING &&
		    (!best || lr[vcpu][i].priority < best->priority))
			best = &lr[vcpu][i];
	if (best)
		best->state = VGIC_LR_ACTIVE;
	return best != NULL;
}

static void end(u32 vcpu, u32 i)
{
	struct vgic_lr *l = &lr[vcpu][i];

	if (!(l->state & VGIC_LR_ACTIVE))
		return;
	l->state &= (u8)~VGIC_LR_ACTIVE;
	if (l->hwirq)
		end_hw(&g, l->hwirq);
}

/* ---- what must hold after any step ---- */

static void check_lrs(u32 vcpu)
{
	for (u32 i = 0; i < LRS; i++) {
		const struct vgic_lr *l = &lr[vcpu][i];
		const struct vgic_irq *q = l->virq < VGIC_NR_LOCAL ? &v[vcpu].local[l->virq] :
					   &spi[l->virq - VGIC_NR_LOCAL];

		if (l->state && (!(v[vcpu].lrs_used & 1U << i) || v[vcpu].lr_irq[i] != l->virq ||
				 q->lr != (s8)i || q->owner != vcpu))
			failed("the model has lost what a list register holds", l->virq);
	}
}

static void check_irq(u32 vcpu, u32 irq, const struct vgic_irq *q)
{
	u32 to = irq < VGIC_NR_LOCAL ? vcpu : q->target;
	u32 word = irq < VGIC_NR_LOCAL ? v[vcpu].enabled : g.spi_enabled[irq / 32 - 1];
	bool enabled = word >> irq % 32 & 1;
	bool pending = q->latch || (!q->edge && q->line);
	bool wanted = q->lr < 0 && enabled && g.enabled && pending && !q->active;

	for (u32 i = 0; i < VCPUS; i++) {
		bool ready = v[i].ready[irq / 32] >> irq % 32 & 1;

		if (irq < VGIC_NR_LOCAL && i != vcpu)
			continue;
		if (ready != (wanted && i == to))
			failed(ready ? "ready, and should not be" : "not ready, and should be",
			       irq);
		if (ready && !(v[i].ready_words & 1U << irq / 32))
			failed("ready without being noticed", irq);
	}
	/* A level that stays up is looked at when it changes. */
	if (q->lr >= 0 && q->latch && enabled && g.enabled &&
	    !(v[q->owner].ready_words & LOOK_AGAIN))
		failed("it has come again, which is not noticed", irq);
	if (q->hw_active && !machine_active[hw_of(q->hwirq)])
		failed("not active in the machine", irq);
}

static void check(void)
{
	for (u32 i = 0; i < VCPUS; i++) {
		check_lrs(i);
		for (u32 irq = 0; irq < VGIC_NR_LOCAL; irq++)
			check_irq(i, irq, &v[i].local[irq]);
	}
	for (u32 i = 0; i < SPIS; i++)
		check_irq(0, VGIC_NR_LOCAL + i, &spi[i]);
}

/* ---- steps ---- */

static void access_dist(u32 vcpu, u32 at, u32 size, bool write, u64 val)
{
	if (vgic_depends_on_lrs(at, write))
		vgic_take_back(&g, vcpu, lrs_left(vcpu));
	if (g.version == 2 && write)
		vgic2_write(&g, vcpu, at % VGIC2_DIST_BYTES, size, val);
	else if (g.version == 2)
		vgic2_read(&g, vcpu, at % VGIC2_DIST_BYTES, size, &val);
	else if (write)
		vgic_dist_write(&g, vcpu, at, size, val);
	else
		vgic_dist_read(&g, vcpu, at, size, &val);
}

static void access_redist(u32 vcpu, u32 of, u32 at, u32 size, bool write, u64 val)
{
	if (g.version == 2)
		return;
	if (vgic_depends_on_lrs(at, write))
		vgic_take_back(&g, vcpu, lrs_left(vcpu));
	if (write)
		vgic_redist_write(&g, of, at, size, val);
	else
		vgic_redist_read(&g, of, at, size, &val);
}

static void device(u32 i)
{
	if (!machine_enabled[i] || machine_active[i])
		return;
	machine_active[i] = true;
	vgic_raise_hw(&g, FIRST_HW + i);
}

static void play(const struct step *s)
{
	u32 vcpu = s->vcpu % VCPUS, size = 1U << (s->vcpu >> 2 & 3), irq = s->at % NR_IRQS;
	bool is_hw = irq >= FIRST_HW && irq < FIRST_HW + NR_HW;
	u32 frame = s->vcpu & 0x80 ? 0x10000 : 0;	/* of a redistributor */

	switch (s->op % NR_OPS) {
	case READ:
	case WRITE:
		/* Only words are as long as they are wide in the input. */
		access_dist(vcpu, s->at, size, s->op % NR_OPS == WRITE, s->val);
		break;
	case REDIST_READ:
	case REDIST_WRITE:
		access_redist(vcpu, s->vcpu >> 4 & 3, frame + s->at, size,
			      s->op % NR_OPS == REDIST_WRITE, s->val);
		break;
	case SGI:
		if (g.version == 3)
			vgic_send_sgi(&g, vcpu, (u64)(s->at & 0x1ff) << 32 | s->val);
		break;
	case RAISE:
		if (!is_hw)
			vgic_raise(&g, vcpu, irq);
		break;
	case LINE:
		if (!is_hw)
			vgic_set_line(&g, vcpu, irq, s->val & 1);
		break;
	case DEVICE:
		device(s->at % NR_HW);
		break;
	case RUN:
		offer(vcpu);
		break;
	case TAKE:
		take(vcpu);
		break;
	case END:
		end(vcpu, s->at % LRS);
		break;
	case BACK:
		vgic_take_back(&g, vcpu, lrs_left(vcpu));
		break;
	case MOVE:
		vgic_vcpu_moved(&g, vcpu);
	}
}

/* ---- the beginning and the end ---- */

static void start(u32 version)
{
	memset(vp, 0, sizeof(vp));
	memset(spi, 0, sizeof(spi));
	memset(lr, 0, sizeof(lr));
	memset(machine_active, 0, sizeof(machine_active));
	memset(machine_enabled, 0, sizeof(machine_enabled));
	vgic_init(&g, &ops, version, VCPUS, vp, SPIS, spi);
	for (u32 i = 0; i < VCPUS; i++)
		vgic_vcpu_init(&g, i, &v[i]);
	for (u32 i = 0; i < NR_HW; i++)
		vgic_give_hw(&g, FIRST_HW + i, HW(i));
}

/* Take and end, until nothing is left. Interrupts whose level stays up would never end. */
static void run_dry(u32 vcpu)
{
	for (u32 round = 0; round < MAX_ROUNDS; round++) {
		offer(vcpu);
		while (take(vcpu))
			;
		for (u32 i = 0; i < LRS; i++)
			end(vcpu, i);
		vgic_take_back(&g, vcpu, lrs_left(vcpu));
		check();
		if (!vgic_has_ready(&v[vcpu]) && !v[vcpu].lrs_used)
			return;
	}
	failed("interrupts without end", vcpu);
}

/* A guest that wants every interrupt, at its first vCPU. */
static void enable_all(void)
{
	for (u32 i = 0; i < VCPUS; i++)
		for (u32 irq = 0; irq < VGIC_NR_LOCAL; irq++)
			vgic_set_line(&g, i, irq, false);
	for (u32 i = 0; i < SPIS; i++)
		vgic_set_line(&g, 0, VGIC_NR_LOCAL + i, false);
	for (u32 i = 0; i < VCPUS; i++)
		run_dry(i);
	for (u32 i = 0; i < VCPUS; i++) {
		access_dist(i, 0x380, 4, true, ~0U);
		access_dist(i, 0x100, 4, true, ~0U);
		access_redist(i, i, 0x10380, 4, true, ~0U);
		access_redist(i, i, 0x10100, 4, true, ~0U);
	}
	for (u32 i = VGIC_NR_LOCAL; i < NR_IRQS; i++) {
		if (g.version == 2)
			access_dist(0, 0x800 + i, 1, true, 1);
		else
			access_dist(0, 0x6000 + i * 8, 8, true, 0);
		access_dist(0, 0x380 + i / 32 * 4, 4, true, 1U << i % 32);
		access_dist(0, 0x100 + i / 32 * 4, 4, true, 1U << i % 32);
	}
	access_dist(0, 0, 4, true, 3);
}

static void finish(void)
{
	enable_all();
	for (u32 i = 0; i < VCPUS; i++)
		run_dry(i);
	for (u32 i = 0; i < NR_HW; i++)
		if (machine_active[i])
			failed("the machine's interrupt is never ended", FIRST_HW + i);
	for (u32 i = 0; i < VCPUS; i++)
		for (u32 irq = 0; irq < VGIC_NR_LOCAL; irq++)
			if (v[i].local[irq].latch || v[i].local[irq].active)
				failed("pending or active for good", irq);
	for (u32 i = 0; i < SPIS; i++)
		if (spi[i].latch || spi[i].active)
			failed("pending or active for good", VGIC_NR_LOCAL + i);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool booted;

	if (!booted)
		host_init(1, 1, 16 << 20);
	booted = true;
	if (!size)
		return 0;
	start(data[0] & 1 ? 2 : 3);
	for (size_t at = 1; at + sizeof(struct step) <= size; at += sizeof(struct step)) {
		struct step s;

		memcpy(&s, data + at, sizeof(s));
		play(&s);
		if (at / sizeof(s) % CHECK_EVERY == 0)
			check();
	}
	finish();
	return 0;
}
