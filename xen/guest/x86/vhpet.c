/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Virtual high precision event timer. */
#include <xen/assert.h>
#include <xen/errno.h>
#include <xen/nospec.h>
#include <xen/string.h>
#include <xen/x86/vhpet.h>

#include <public/xen.h>
#include <public/hvm/save.h>

/* Vendor, legacy routing, 64 bits, number of the last timer, revision; period in fs above. */
#define CAPABILITY ((u64)(VHPET_TICK_NS * 1000000u) << 32 | 0x8086u << 16 | 1u << 15 | 1u << 13 | \
		    (VHPET_TIMERS - 1) << 8 | 1)

#define CFG_ENABLE 1u
#define CFG_LEGACY 2u

#define TN_LEVEL (1u << 1)
#define TN_ENABLE (1u << 2)
#define TN_PERIODIC (1u << 3)
#define TN_PERIODIC_CAP (1u << 4)
#define TN_SIZE_CAP (1u << 5)
#define TN_SET_VALUE (1u << 6)
#define TN_32BIT (1u << 8)
#define TN_ROUTE(c) ((u32)((c) >> 9) & 31)
#define TN_WRITABLE (TN_LEVEL | TN_ENABLE | TN_PERIODIC | TN_SET_VALUE | TN_32BIT | 31u << 9)
/* Inputs 20 to 23 of the IO-APIC, as in chipsets. */
#define ROUTES 0x00f00000u

#define REG_CAP 0x000
#define REG_CONFIG 0x010
#define REG_ISR 0x020
#define REG_COUNTER 0x0f0
#define REG_TIMER(n) (0x100 + 0x20 * (n))

static bool running(const struct vhpet *h)
{
	return h->config & CFG_ENABLE;
}

static u64 counter(const struct vhpet *h, s_time_t now)
{
	if (!running(h) || now < h->start)
		return h->counter;
	return h->counter + (u64)(now - h->start) / VHPET_TICK_NS;
}

static u64 width_mask(const struct vhpet_timer *t)
{
	return t->config & TN_32BIT ? 0xffffffffUL : ~0UL;
}

/* Interrupt line of timer @n; in legacy mode the first two timers have fixed lines. */
static u32 route(const struct vhpet *h, u32 n)
{
	ASSERT(n < VHPET_TIMERS);
	if (h->config & CFG_LEGACY && n < 2)
		return n ? 8 : 2;
	return TN_ROUTE(h->t[n].config);
}

/* The route after power-on, 0, is no line. */
static void set_irq(struct vhpet *h, u32 n, bool asserted)
{
	u32 line = route(h, n);

	if (line)
		h->ops->set_irq(h->ctx, line, asserted);
}

static void lower(struct vhpet *h, u32 n)
{
	h->isr &= ~(1UL << n);
	set_irq(h, n, false);
}

static void arm(struct vhpet *h, u32 n, s_time_t now)
{
	struct vhpet_timer *t = &h->t[n];
	u64 away = (t->cmp - counter(h, now)) & width_mask(t);

	ASSERT(n < VHPET_TIMERS);
	t->deadline = INT64_MAX;
	/*
	 * A match more than half the counter's range ahead is in the past: it comes after a wrap.
	 */
	if (running(h) && t->config & TN_ENABLE && away < (u64)(INT64_MAX - now) / VHPET_TICK_NS)
		t->deadline = now + (s_time_t)(away * VHPET_TICK_NS);
	h->ops->set_timer(h->ctx, n, t->deadline);
}

void vhpet_init(struct vhpet *h, const struct vhpet_ops *ops, void *ctx)
{
	memset(h, 0, sizeof(*h));
	for (u32 i = 0; i < VHPET_TIMERS; i++) {
		h->t[i].config = TN_PERIODIC_CAP | TN_SIZE_CAP | (u64)ROUTES << 32;
		h->t[i].cmp = ~0UL;
		h->t[i].deadline = INT64_MAX;
	}
	h->ops = ops;
	h->ctx = ctx;
}

static u64 reg_read(const struct vhpet *h, u32 reg, s_time_t now)
{
	u32 n = (reg - REG_TIMER(0)) / 0x20;

	switch (reg) {
	case REG_CAP:
		return CAPABILITY;
	case REG_CONFIG:
		return h->config;
	case REG_ISR:
		return h->isr;
	case REG_COUNTER:
		return counter(h, now);
	}
	if (reg < REG_TIMER(0) || n >= VHPET_TIMERS)
		return 0;
	n = (u32)array_index_nospec(n, VHPET_TIMERS);
	switch (reg & 0x1f) {
	case 0x00:
		return h->t[n].config;
	case 0x08:
		return h->t[n].cmp & width_mask(&h->t[n]);
	default:
		return 0;
	}
}

u64 vhpet_mmio_read(struct vhpet *h, u32 offset, u32 size, s_time_t now)
{
	u64 v;

	if ((size != 4 && size != 8) || offset & (size - 1) || offset >= 0x400)
		return 0;
	v = reg_read(h, offset & ~7u, now);
	return size == 8 ? v : (u32)(offset & 4 ? v >> 32 : v);
}

static void arm_all(struct vhpet *h, s_time_t now)
{
	for (u32 i = 0; i < VHPET_TIMERS; i++)
		arm(h, i, now);
}

static void write_config(struct vhpet *h, u64 val, s_time_t now)
{
	u64 c = counter(h, now);

	/* The mode moves timers to other lines. */
	for (u32 i = 0; (val ^ h->config) & CFG_LEGACY && i < VHPET_TIMERS; i++)
		if (h->isr & 1UL << i)
			lower(h, i);
	h->config = val & (CFG_ENABLE | CFG_LEGACY);
	h->counter = c;
	h->start = now;
	arm_all(h, now);
}

static void write_timer_config(struct vhpet *h, u32 n, u64 val, s_time_t now)
{
	struct vhpet_timer *t = &h->t[n];

	if (h->isr & 1UL << n)
		lower(h, n);
	val = (t->config & ~(u64)TN_WRITABLE) | (val & TN_WRITABLE);
	/*
	 * A route that the timer does not support reads back as another, so that software notices.
	 */
	if (!(ROUTES >> TN_ROUTE(val) & 1))
		val = (val & ~(31UL << 9)) | (t->config & 31UL << 9);
	t->config = val;
	arm(h, n, now);
}

static void write_comparator(struct vhpet *h, u32 n, u64 val, s_time_t now)
{
	struct vhpet_timer *t = &h->t[n];

	val &= width_mask(t);
	/* Periodic: the first write after VAL_SET is the comparator, others the period. */
	if (!(t->config & TN_PERIODIC) || t->config & TN_SET_VALUE)
		t->cmp = val;
	t->period = val;
	t->config &= ~(u64)TN_SET_VALUE;
	arm(h, n, now);
}

static void reg_write(struct vhpet *h, u32 reg, u64 val, s_time_t now)
{
	u32 n = (reg - REG_TIMER(0)) / 0x20;

	switch (reg) {
	case REG_CONFIG:
		write_config(h, val, now);
		return;
	case REG_ISR:
		for (u32 i = 0; i < VHPET_TIMERS; i++)
			if (h->isr & val & 1UL << i)
				lower(h, i);
		return;
	case REG_COUNTER:
		/* Writing a running counter is undefined; here it has no effect. */
		if (!running(h))
			h->counter = val;
		return;
	}
	if (reg < REG_TIMER(0) || n >= VHPET_TIMERS)
		return;
	n = (u32)array_index_nospec(n, VHPET_TIMERS);
	if ((reg & 0x1f) == 0x00)
		write_timer_config(h, n, val, now);
	else if ((reg & 0x1f) == 0x08)
		write_comparator(h, n, val, now);
}

void vhpet_mmio_write(struct vhpet *h, u32 offset, u32 size, u64 val, s_time_t now)
{
	u32 reg = offset & ~7u;
	u64 old;

	if ((size != 4 && size != 8) || offset & (size - 1) || offset >= 0x400)
		return;
	if (size == 4) {
		/*
		 * Writing ones clears the status register, so its other half must not be written
		 * back.
		 */
		old = reg == REG_ISR ? 0 : reg_read(h, reg, now);
		val = offset & 4 ? (u32)old | val << 32 : (old & ~0xffffffffUL) | (u32)val;
	}
	reg_write(h, reg, val, now);
}

void vhpet_fired(struct vhpet *h, u32 n, s_time_t now)
{
	struct vhpet_timer *t = &h->t[n];
	u64 behind, period;

	ASSERT(n < VHPET_TIMERS && !(h->isr >> VHPET_TIMERS));
	if (t->deadline == INT64_MAX)
		return;
	if (now < t->deadline) {
		h->ops->set_timer(h->ctx, n, t->deadline);
		return;
	}
	set_irq(h, n, true);
	if (t->config & TN_LEVEL)
		h->isr |= 1UL << n;
	else
		set_irq(h, n, false);
	period = t->period & width_mask(t);
	if (t->config & TN_PERIODIC && period) {
		/*
		 * Ticks that were missed completely are lost, and so are those that come too soon.
		 * The comparator is always ahead of the counter, as a saved state has nothing else.
		 */
		behind = (counter(h, now + VHPET_MIN_PERIOD) - t->cmp) & width_mask(t);
		t->cmp = (t->cmp + (behind / period + 1) * period) & width_mask(t);
		arm(h, n, now);
		return;
	}
	t->deadline = INT64_MAX;
}

static void settle(void *state, s_time_t now)
{
	for (u32 n = 0; n < VHPET_TIMERS; n++)
		vhpet_fired(state, n, now);
}

static s32 save(void *state, u32 instance, void *record, s_time_t now)
{
	const struct vhpet *h = state;
	struct hvm_hw_hpet *rec = record;

	BUILD_BUG_ON(HPET_TIMER_NUM != VHPET_TIMERS);
	rec->capability = CAPABILITY;
	rec->config = h->config;
	rec->isr = h->isr;
	rec->mc64 = counter(h, now);
	for (u32 i = 0; i < VHPET_TIMERS; i++) {
		rec->timers[i].config = h->t[i].config;
		rec->timers[i].cmp = h->t[i].cmp;
		rec->period[i] = h->t[i].period;
	}
	return sizeof(*rec);
}

static int check(const void *state, u32 instance, const void *record, u32 len)
{
	const struct hvm_hw_hpet *rec = record;

	/* The guest has read the length of a tick and keeps using it. */
	if (rec->capability >> 32 != CAPABILITY >> 32)
		return -XEN_EINVAL;
	if ((rec->config & ~(u64)(CFG_ENABLE | CFG_LEGACY)) || rec->isr >> VHPET_TIMERS)
		return -XEN_EINVAL;
	for (u32 i = 0; i < VHPET_TIMERS; i++) {
		u32 line = TN_ROUTE(rec->timers[i].config);

		/* A line that the timer is not wired to; 0 is the value after power-on. */
		if ((u32)rec->timers[i].config & ~(TN_WRITABLE | TN_PERIODIC_CAP | TN_SIZE_CAP) ||
		    (line && !(ROUTES >> line & 1)))
			return -XEN_EINVAL;
	}
	return 0;
}

static void load(void *state, u32 instance, const void *record, u32 len, s_time_t now)
{
	const struct hvm_hw_hpet *rec = record;
	struct vhpet *h = state;

	h->config = rec->config;
	h->isr = rec->isr;
	h->counter = rec->mc64;
	h->start = now;
	for (u32 i = 0; i < VHPET_TIMERS; i++) {
		struct vhpet_timer *t = &h->t[i];

		t->config = (t->config & ~(u64)TN_WRITABLE) | (rec->timers[i].config & TN_WRITABLE);
		t->cmp = rec->timers[i].cmp;
		t->period = rec->period[i];
		/*
		 * Lines are not in the record: a level stays asserted until the guest has handled
		 * it.
		 */
		if (h->isr >> i & 1)
			set_irq(h, i, true);
	}
	arm_all(h, now);
}

const struct save_kind vhpet_record = {
	.type = HVM_SAVE_CODE(HPET),
	.min_bytes = HVM_SAVE_LENGTH(HPET), .max_bytes = HVM_SAVE_LENGTH(HPET),
	.settle = settle, .save = save, .check = check, .load = load,
};
