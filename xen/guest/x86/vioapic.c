/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Virtual IO-APICs. Register facts: Intel 82093AA and ICH data sheets. */
#include <xen/assert.h>
#include <xen/errno.h>
#include <xen/nospec.h>
#include <xen/string.h>
#include <xen/x86/vioapic.h>

#include <public/xen.h>
#include <public/hvm/save.h>

#define REG_SELECT 0x00
#define REG_WINDOW 0x10
#define REG_EOI 0x40

#define IDX_ID 0
#define IDX_VERSION 1
#define IDX_ARBITRATION 2
#define IDX_FIRST_RTE 0x10

#define VERSION 0x20u
#define ID_MASK 0x0f000000u
#define RTE_READ_ONLY (RTE_BUSY | RTE_REMOTE_IRR)
#define RTE_DEFINED (0xff0000000001ffffUL)

void vioapic_group_init(struct vioapic_group *g, const struct vioapic_ops *ops, void *ctx)
{
	memset(g, 0, sizeof(*g));
	g->ops = ops;
	g->ctx = ctx;
}

int vioapic_add(struct vioapic_group *g, gpaddr_t base, u32 gsi_base, u32 nr_pins, u32 id)
{
	struct vioapic *a = &g->apic[g->nr];

	if (!nr_pins || nr_pins > VIOAPIC_MAX_PINS || gsi_base > 0xffff || page_offset(base.v))
		return -XEN_EINVAL;
	for (u32 i = 0; i < g->nr; i++) {
		const struct vioapic *o = &g->apic[i];

		if (o->base.v == base.v || (gsi_base < o->gsi_base + o->nr_pins &&
					    o->gsi_base < gsi_base + nr_pins))
			return -XEN_EINVAL;
	}
	if (g->nr == VIOAPIC_MAX)
		return -XEN_ENOSPC;
	memset(a, 0, sizeof(*a));
	a->base = base;
	a->gsi_base = gsi_base;
	a->nr_pins = nr_pins;
	a->id = (id << 24) & ID_MASK;
	for (u32 i = 0; i < nr_pins; i++)
		a->rte[i] = RTE_MASKED;
	g->nr++;
	return 0;
}

static void set_remote_irr(struct vioapic *a, u32 pin, bool on)
{
	ASSERT(pin < a->nr_pins);
	if (on) {
		a->rte[pin] |= RTE_REMOTE_IRR;
		bit_set(a->remote_irr, pin);
	} else {
		a->rte[pin] &= ~RTE_REMOTE_IRR;
		bit_clear(a->remote_irr, pin);
	}
}

void vioapic_group_reset(struct vioapic_group *g)
{
	for (u32 i = 0; i < g->nr; i++) {
		struct vioapic *a = &g->apic[i];

		a->select = 0;
		for (u32 pin = 0; pin < a->nr_pins; pin++) {
			u64 old = a->rte[pin] & ~RTE_READ_ONLY;

			set_remote_irr(a, pin, false);
			a->rte[pin] = RTE_MASKED;
			if (old != RTE_MASKED)
				g->ops->rte_changed(g->ctx, a->gsi_base + pin, old, RTE_MASKED);
		}
	}
}

static struct vioapic *find_pin(const struct vioapic_group *g, u32 gsi, u32 *pin)
{
	for (u32 i = 0; i < g->nr; i++) {
		const struct vioapic *a = &g->apic[i];

		*pin = gsi - a->gsi_base;
		if (gsi >= a->gsi_base && *pin < a->nr_pins)
			return (struct vioapic *)a;
	}
	return NULL;
}

static void fire(struct vioapic_group *g, struct vioapic *a, u32 pin)
{
	u64 rte = a->rte[pin];
	struct apic_msg msg = {
		.dest = RTE_DEST(rte), .vector = RTE_VECTOR(rte), .mode = RTE_MODE(rte),
		.logical = rte & RTE_LOGICAL, .level = rte & RTE_LEVEL, .assert = true,
	};

	ASSERT(!(rte & RTE_MASKED));
	if (msg.level)
		set_remote_irr(a, pin, true);
	g->ops->deliver(g->ctx, &msg);
}

/* A level input fires when it is asserted and not in service. */
static void check_level(struct vioapic_group *g, struct vioapic *a, u32 pin)
{
	u64 rte = a->rte[pin];

	if ((rte & (RTE_MASKED | RTE_LEVEL | RTE_REMOTE_IRR)) == RTE_LEVEL &&
	    bit_test(a->line, pin))
		fire(g, a, pin);
}

void vioapic_set_line(struct vioapic_group *g, u32 gsi, bool asserted)
{
	u32 pin;
	struct vioapic *a = find_pin(g, gsi, &pin);
	bool was;

	if (!a)
		return;
	was = bit_test(a->line, pin);
	if (!asserted) {
		bit_clear(a->line, pin);
		return;
	}
	bit_set(a->line, pin);
	if (a->rte[pin] & RTE_LEVEL)
		check_level(g, a, pin);
	else if (!was && !(a->rte[pin] & RTE_MASKED))
		fire(g, a, pin);
}

void vioapic_pulse(struct vioapic_group *g, u32 gsi)
{
	vioapic_set_line(g, gsi, true);
	vioapic_set_line(g, gsi, false);
}

static void eoi_pin(struct vioapic_group *g, struct vioapic *a, u32 pin)
{
	ASSERT(a->rte[pin] & RTE_REMOTE_IRR);
	set_remote_irr(a, pin, false);
	g->ops->eoi(g->ctx, a->gsi_base + pin);
	check_level(g, a, pin);
}

static void eoi_apic(struct vioapic_group *g, struct vioapic *a, u8 vector)
{
	for (u32 w = 0; w < BITMAP_LONGS(VIOAPIC_MAX_PINS); w++)
		/* Use a copy: a pin that fires again at once must not be completed twice. */
		for (u64 m = a->remote_irr[w]; m; m &= m - 1) {
			u32 pin = w * 64 + (u32)__builtin_ctzll(m);

			if (RTE_VECTOR(a->rte[pin]) == vector)
				eoi_pin(g, a, pin);
		}
}

void vioapic_eoi(struct vioapic_group *g, u8 vector)
{
	for (u32 i = 0; i < g->nr; i++)
		eoi_apic(g, &g->apic[i], vector);
}

u64 vioapic_rte(const struct vioapic_group *g, u32 gsi)
{
	u32 pin;
	const struct vioapic *a = find_pin(g, gsi, &pin);

	return a ? a->rte[pin] : RTE_MASKED;
}

struct vioapic *vioapic_at(struct vioapic_group *g, gpaddr_t addr)
{
	for (u32 i = 0; i < g->nr; i++)
		if (g->apic[i].base.v == (addr.v & PAGE_MASK))
			return &g->apic[i];
	return NULL;
}

static u32 window_read(const struct vioapic *a)
{
	u32 pin = (a->select - IDX_FIRST_RTE) / 2u;

	switch (a->select) {
	case IDX_ID:
	case IDX_ARBITRATION:
		return a->id;
	case IDX_VERSION:
		return (a->nr_pins - 1) << 16 | VERSION;
	}
	if (a->select < IDX_FIRST_RTE || pin >= a->nr_pins)
		return ~0u;
	pin = array_index_nospec(pin, a->nr_pins);
	return (u32)(a->select & 1 ? a->rte[pin] >> 32 : a->rte[pin]);
}

static void write_rte(struct vioapic_group *g, struct vioapic *a, u32 pin, u64 rte)
{
	u64 old = a->rte[pin];

	ASSERT(pin < a->nr_pins);
	/* Remote IRR is kept twice: in the entry, and in the bitmap that an EOI searches. */
	ASSERT(!(old & RTE_REMOTE_IRR) == !bit_test(a->remote_irr, pin));
	rte = (rte & RTE_DEFINED & ~RTE_READ_ONLY) | (old & RTE_READ_ONLY);
	a->rte[pin] = rte;
	/* Switching to edge mode clears remote IRR; Linux clears a stuck pin that way. */
	if (!(rte & RTE_LEVEL))
		set_remote_irr(a, pin, false);
	if ((old ^ rte) & ~RTE_READ_ONLY)
		g->ops->rte_changed(g->ctx, a->gsi_base + pin, old & ~RTE_READ_ONLY,
				    rte & ~RTE_READ_ONLY);
	check_level(g, a, pin);
}

static void window_write(struct vioapic_group *g, struct vioapic *a, u32 val)
{
	u32 pin = (a->select - IDX_FIRST_RTE) / 2u;

	if (a->select == IDX_ID)
		a->id = val & ID_MASK;
	if (a->select < IDX_FIRST_RTE || pin >= a->nr_pins)
		return;
	pin = array_index_nospec(pin, a->nr_pins);
	if (a->select & 1)
		write_rte(g, a, pin, (u32)a->rte[pin] | (u64)val << 32);
	else
		write_rte(g, a, pin, (a->rte[pin] & ~0xffffffffUL) | val);
}

u64 vioapic_mmio_read(const struct vioapic *a, u32 offset, u32 size)
{
	switch (offset) {
	case REG_SELECT:
		return a->select;
	case REG_WINDOW:
		return window_read(a);
	default:
		return 0;
	}
}

void vioapic_mmio_write(struct vioapic_group *g, struct vioapic *a, u32 offset, u32 size, u64 val)
{
	switch (offset) {
	case REG_SELECT:
		a->select = (u8)val;
		break;
	case REG_WINDOW:
		/* The window is 32 bits wide; other sizes are ignored. */
		if (size >= 4)
			window_write(g, a, (u32)val);
		break;
	case REG_EOI:
		eoi_apic(g, a, (u8)val);
		break;
	}
}

/* The largest number of pins of the one IO-APIC that a record describes. */
static bool has_record(const struct vioapic_group *g)
{
	return g->nr == 1 && g->apic[0].nr_pins <= VIOAPIC_NUM_PINS;
}

static s32 save(void *state, u32 instance, void *record, s_time_t now)
{
	const struct vioapic_group *g = state;
	const struct vioapic *a = &g->apic[0];
	struct hvm_hw_vioapic *rec = record;

	if (!has_record(g))
		return -XEN_EOPNOTSUPP;
	rec->base_address = a->base.v;
	rec->ioregsel = a->select;
	rec->id = a->id >> 24;
	for (u32 i = 0; i < VIOAPIC_NUM_PINS; i++)
		rec->redirtbl[i].bits = i < a->nr_pins ? a->rte[i] : RTE_MASKED;
	return sizeof(*rec);
}

/* Reserved fields read as zero, so no other value can have been saved. */
static bool rte_valid(u64 rte)
{
	return !(rte & ~RTE_DEFINED) && (!(rte & RTE_REMOTE_IRR) || (rte & RTE_LEVEL));
}

static int check(const void *state, u32 instance, const void *record, u32 len)
{
	const struct vioapic_group *g = state;
	const struct hvm_hw_vioapic *rec = record;

	if (!has_record(g))
		return -XEN_EOPNOTSUPP;
	if (rec->base_address != g->apic[0].base.v || rec->ioregsel > 0xff || rec->id > 0xf)
		return -XEN_EINVAL;
	for (u32 i = 0; i < VIOAPIC_NUM_PINS; i++)
		if (!rte_valid(rec->redirtbl[i].bits))
			return -XEN_EINVAL;
	return 0;
}

static void load(void *state, u32 instance, const void *record, u32 len, s_time_t now)
{
	const struct hvm_hw_vioapic *rec = record;
	struct vioapic_group *g = state;
	struct vioapic *a = &g->apic[0];

	ASSERT(has_record(g));
	a->select = (u8)rec->ioregsel;
	a->id = rec->id << 24;
	for (u32 i = 0; i < a->nr_pins; i++) {
		u64 rte = rec->redirtbl[i].bits;

		/* Restore remote IRR first: an asserted input must not fire again. */
		set_remote_irr(a, i, rte & RTE_REMOTE_IRR);
		write_rte(g, a, i, rte);
	}
}

const struct save_kind vioapic_record = {
	.type = HVM_SAVE_CODE(IOAPIC),
	.min_bytes = HVM_SAVE_LENGTH(IOAPIC), .max_bytes = HVM_SAVE_LENGTH(IOAPIC),
	.save = save, .check = check, .load = load,
};
