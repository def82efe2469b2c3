/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Virtual 8259A pair. */
#include <xen/assert.h>
#include <xen/errno.h>
#include <xen/string.h>
#include <xen/x86/vpic.h>

#include <public/xen.h>
#include <public/hvm/save.h>

#define CASCADE 2
/* Inputs that are always edge-triggered in chipsets: timer, keyboard, cascade; RTC and FPU. */
#define ELCR_MASTER 0xf8
#define ELCR_SLAVE 0xde

/* Position of the most urgent input of @mask in priority order (0 first), 8 when empty. */
static u32 priority(const struct vpic_chip *c, u8 mask)
{
	for (u32 i = 0; i < 8; i++)
		if (mask & 1 << ((c->lowest + 1 + i) & 7))
			return i;
	return 8;
}

/* The input that may interrupt now, -1 none. */
static int pending(const struct vpic *p, u32 which)
{
	const struct vpic_chip *c = &p->chip[which];
	u8 served = c->isr;
	u32 req = priority(c, c->irr & ~c->imr);

	if (req == 8)
		return -1;
	if (c->special_mask)
		served &= ~c->imr;
	/* In special fully nested mode the slave may interrupt its own service. */
	if (c->special_nested && which == 0)
		served &= ~(1 << CASCADE);
	if (req >= priority(c, served))
		return -1;
	return (int)((c->lowest + 1 + req) & 7);
}

static void update(struct vpic *p)
{
	struct vpic_chip *m = &p->chip[0];
	bool out;

	if (pending(p, 1) >= 0)
		m->irr |= 1 << CASCADE;
	else
		m->irr &= ~(1 << CASCADE);
	out = pending(p, 0) >= 0;
	if (out != p->output) {
		p->output = out;
		p->ops->set_output(p->ctx, out);
	}
}

void vpic_init(struct vpic *p, const struct vpic_ops *ops, void *ctx)
{
	memset(p, 0, sizeof(*p));
	for (u32 i = 0; i < 2; i++) {
		p->chip[i].lowest = 7;
		p->chip[i].acked = -1;
		p->chip[i].imr = 0xff;
		p->chip[i].irq_base = (u8)(i ? 0x70 : 0x08);
	}
	p->ops = ops;
	p->ctx = ctx;
}

void vpic_set_irq(struct vpic *p, u32 irq, bool asserted)
{
	struct vpic_chip *c = &p->chip[irq >> 3 & 1];
	u8 bit = 1 << (irq & 7);

	if (irq > 15 || irq == CASCADE)
		return;
	if (asserted && (c->elcr & bit || !(c->lines & bit)))
		c->irr |= bit;
	else if (!asserted)
		c->irr &= ~bit;
	if (asserted)
		c->lines |= bit;
	else
		c->lines &= ~bit;
	update(p);
}

static void chip_ack(struct vpic_chip *c, u32 irq)
{
	u8 bit = 1 << irq;

	ASSERT(irq < 8);
	c->lowest_before = c->lowest;
	if (!(c->elcr & bit))
		c->irr &= ~bit;
	if (!c->auto_eoi)
		c->isr |= bit;
	else if (c->rotate_on_auto_eoi)
		c->lowest = irq & 7;
}

u8 vpic_vector(const struct vpic *p)
{
	int irq = pending(p, 0), sub;

	if (irq != CASCADE)
		return p->chip[0].irq_base + (u8)(irq < 0 ? 7 : irq);
	sub = pending(p, 1);
	return p->chip[1].irq_base + (u8)(sub < 0 ? 7 : sub);
}

u8 vpic_ack(struct vpic *p)
{
	int irq = pending(p, 0), sub = irq == CASCADE ? pending(p, 1) : -1;
	u8 vector = vpic_vector(p);

	p->chip[0].acked = (s8)irq;
	p->chip[1].acked = (s8)sub;
	if (irq >= 0)
		chip_ack(&p->chip[0], (u32)irq);
	if (sub >= 0)
		chip_ack(&p->chip[1], (u32)sub);
	update(p);
	return vector;
}

/* An edge is requested again; a level only while its input is up. */
static void chip_unack(struct vpic_chip *c)
{
	u8 bit = 1 << c->acked;

	ASSERT(c->acked < 8);
	c->isr &= ~bit;
	c->irr |= c->elcr & bit ? c->lines & bit : bit;
	c->lowest = c->lowest_before;
	c->acked = -1;
}

void vpic_unack(struct vpic *p)
{
	for (u32 i = 0; i < 2; i++)
		if (p->chip[i].acked >= 0)
			chip_unack(&p->chip[i]);
	update(p);
}

static void write_icw1(struct vpic_chip *c, u8 val)
{
	u8 elcr = c->elcr, base = c->irq_base, lines = c->lines;

	*c = (struct vpic_chip){
		.irq_base = base, .elcr = elcr, .lines = lines, .irr = lines & elcr, .lowest = 7,
		.acked = -1,
		.init_state = 2, .icw1_needs_icw4 = val & 1, .icw1_single = val & 2,
	};
}

/* OCW2: end of interrupt and rotation. */
static void write_ocw2(struct vpic_chip *c, u8 val)
{
	bool rotate = val & 0x80, specific = val & 0x40, eoi = val & 0x20;
	u32 irq = val & 7;

	if (!eoi) {
		if (!specific)
			c->rotate_on_auto_eoi = rotate;
		else if (rotate)
			c->lowest = (u8)irq;
		return;
	}
	if (!specific) {
		u8 served = c->special_mask ? c->isr & ~c->imr : c->isr;
		u32 prio = priority(c, served);

		if (prio == 8)
			return;
		irq = (c->lowest + 1 + prio) & 7;
	}
	ASSERT(irq < 8);
	c->isr &= ~(1 << irq);
	if (rotate)
		c->lowest = (u8)irq;
}

static void write_command(struct vpic_chip *c, u8 val)
{
	if (val & 0x10) {
		write_icw1(c, val);
	} else if (val & 0x08) {
		if (val & 0x40)
			c->special_mask = val & 0x20;
		c->poll = val & 0x04;
		if (val & 0x02)
			c->read_isr = val & 1;
	} else {
		write_ocw2(c, val);
	}
}

static void write_data(struct vpic_chip *c, u8 val)
{
	switch (c->init_state) {
	case 2:
		c->irq_base = val & 0xf8;
		c->init_state = c->icw1_single ? (c->icw1_needs_icw4 ? 4 : 0) : 3;
		break;
	case 3:
		c->init_state = c->icw1_needs_icw4 ? 4 : 0;
		break;
	case 4:
		c->special_nested = val & 0x10;
		c->auto_eoi = val & 0x02;
		c->init_state = 0;
		break;
	default:
		c->imr = val;
		break;
	}
}

void vpic_write(struct vpic *p, u32 port, u8 val)
{
	ASSERT(p->chip[0].init_state <= 4 && p->chip[1].init_state <= 4);
	switch (port) {
	case 0x20:
	case 0xa0:
		write_command(&p->chip[port == 0xa0], val);
		break;
	case 0x21:
	case 0xa1:
		write_data(&p->chip[port == 0xa1], val);
		break;
	case 0x4d0:
		p->chip[0].elcr = val & ELCR_MASTER;
		break;
	case 0x4d1:
		p->chip[1].elcr = val & ELCR_SLAVE;
		break;
	}
	update(p);
}

/* Poll mode: a read acknowledges. */
static u8 poll_read(struct vpic *p, u32 which)
{
	int irq = pending(p, which);

	p->chip[which].poll = false;
	if (irq < 0)
		return 0;
	chip_ack(&p->chip[which], (u32)irq);
	update(p);
	return (u8)(0x80 | irq);
}

u8 vpic_read(struct vpic *p, u32 port)
{
	u32 which = port == 0xa0 || port == 0xa1 || port == 0x4d1;
	const struct vpic_chip *c = &p->chip[which];

	switch (port) {
	case 0x20:
	case 0xa0:
		if (c->poll)
			return poll_read(p, which);
		return c->read_isr ? c->isr : c->irr;
	case 0x21:
	case 0xa1:
		return c->poll ? poll_read(p, which) : c->imr;
	case 0x4d0:
	case 0x4d1:
		return c->elcr;
	default:
		return 0xff;
	}
}

static s32 save(void *state, u32 which, void *record, s_time_t now)
{
	const struct vpic *p = state;
	const struct vpic_chip *c = &p->chip[which];
	struct hvm_hw_vpic *rec = record;

	ASSERT(c->lowest < 8 && c->init_state <= 4);
	rec->irr = c->irr;
	rec->imr = c->imr;
	rec->isr = c->isr;
	rec->irq_base = c->irq_base;
	if (c->init_state)
		rec->init_state = (c->init_state - 1) | c->icw1_needs_icw4 << 2 |
				  c->icw1_single << 3;
	rec->priority_add = (c->lowest + 1) & 7;
	rec->readsel_isr = c->read_isr;
	rec->poll = c->poll;
	rec->auto_eoi = c->auto_eoi;
	rec->rotate_on_auto_eoi = c->rotate_on_auto_eoi;
	rec->special_fully_nested_mode = c->special_nested;
	rec->special_mask_mode = c->special_mask;
	rec->is_master = !which;
	rec->elcr = c->elcr;
	rec->int_output = which ? pending(p, 1) >= 0 : p->output;
	return sizeof(*rec);
}

static u8 elcr_bits(u32 which)
{
	return which ? ELCR_SLAVE : ELCR_MASTER;
}

static int check(const void *state, u32 which, const void *record, u32 len)
{
	const struct hvm_hw_vpic *rec = record;

	if (rec->is_master != !which || rec->priority_add > 7 || (rec->irq_base & 7) ||
	    rec->int_output > 1)
		return -XEN_EINVAL;
	return rec->elcr & ~elcr_bits(which) ? -XEN_EINVAL : 0;
}

static void load(void *state, u32 which, const void *record, u32 len, s_time_t now)
{
	const struct hvm_hw_vpic *rec = record;
	struct vpic *p = state;
	struct vpic_chip *c = &p->chip[which];

	*c = (struct vpic_chip){
		.irr = rec->irr, .imr = rec->imr, .isr = rec->isr, .irq_base = rec->irq_base,
		.lines = c->lines, .elcr = rec->elcr,
		.init_state = rec->init_state & 3 ? (rec->init_state & 3) + 1 : 0,
		.icw1_needs_icw4 = rec->init_state & 4, .icw1_single = rec->init_state & 8,
		.lowest = (rec->priority_add + 7) & 7, .acked = -1, .read_isr = rec->readsel_isr,
		.poll = rec->poll, .auto_eoi = rec->auto_eoi,
		.rotate_on_auto_eoi = rec->rotate_on_auto_eoi,
		.special_nested = rec->special_fully_nested_mode,
		.special_mask = rec->special_mask_mode,
	};
	update(p);
}

const struct save_kind vpic_record = {
	.type = HVM_SAVE_CODE(PIC),
	.min_bytes = HVM_SAVE_LENGTH(PIC), .max_bytes = HVM_SAVE_LENGTH(PIC),
	.save = save, .check = check, .load = load,
};
