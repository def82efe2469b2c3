/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Virtual 8254 interval timer. */
#include <xen/assert.h>
#include <xen/errno.h>
#include <xen/nospec.h>
#include <xen/string.h>
#include <xen/x86/vpit.h>

#include <public/xen.h>
#include <public/hvm/save.h>

#define NS_PER_SEC 1000000000UL
#define MAX_COUNT 0x10000U
/* The refresh request that port 0x61 shows toggles every 15.085 us. */
#define REFRESH_NS 15085

static u64 ticks_of(s_time_t ns)
{
	u64 t = ns < 0 ? 0 : (u64)ns;

	return t / NS_PER_SEC * PIT_HZ + t % NS_PER_SEC * PIT_HZ / NS_PER_SEC;
}

/* Rounded up, so that at the returned time the tick has been reached. */
static s_time_t ns_of(u64 ticks)
{
	return (s_time_t)(ticks / PIT_HZ * NS_PER_SEC +
			  DIV_ROUND_UP(ticks % PIT_HZ * NS_PER_SEC, (u64)PIT_HZ));
}

/* Modes 1 and 5 start at a rising gate and are not stopped by a low gate; the others are. */
static bool gate_stops(const struct vpit_channel *c)
{
	return c->mode != 1 && c->mode != 5;
}

static u64 elapsed(const struct vpit_channel *c, s_time_t now)
{
	return !c->gate && gate_stops(c) ? c->frozen : ticks_of(now - c->start);
}

static u16 counter(const struct vpit_channel *c, s_time_t now)
{
	u64 d;

	if (!c->loaded)
		return (u16)c->count;
	ASSERT(c->count >= 1 && c->count <= MAX_COUNT && c->mode <= 5);
	d = elapsed(c, now);
	switch (c->mode) {
	case 2:
		return (u16)(c->count - d % c->count);
	case 3:
		return (u16)(c->count - 2 * d % c->count);
	default:
		return (u16)(c->count - d);
	}
}

static bool output(const struct vpit_channel *c, s_time_t now)
{
	u64 d = elapsed(c, now);

	if (!c->loaded)
		return c->mode != 0;
	switch (c->mode) {
	case 0:
	case 1:
		return d >= c->count;
	case 2:
		return !c->gate || d % c->count != c->count - 1;
	case 3:
		return !c->gate || d % c->count < (c->count + 1) / 2;
	default:
		return d != c->count;
	}
}

/* Time of the next rising edge at the output of channel 0 after @now; INT64_MAX: never. */
static s_time_t next_edge(const struct vpit_channel *c, s_time_t now)
{
	u64 d = ticks_of(now - c->start), at;

	if (!c->loaded)
		return INT64_MAX;
	switch (c->mode) {
	case 0:
		at = c->count;
		break;
	case 2:
	case 3:
		at = (d / c->count + 1) * c->count;
		break;
	case 4:
		at = c->count + 1;
		break;
	default:
		return INT64_MAX;
	}
	return d >= at ? INT64_MAX : c->start + ns_of(at);
}

static void arm(struct vpit *p, s_time_t now, s_time_t earliest)
{
	s_time_t at = next_edge(&p->ch[0], now);

	ASSERT(earliest >= now);
	p->deadline = max(at, earliest);
	p->ops->set_timer(p->ctx, p->deadline);
}

void vpit_init(struct vpit *p, s_time_t now, const struct vpit_ops *ops, void *ctx)
{
	memset(p, 0, sizeof(*p));
	for (u32 i = 0; i < 3; i++)
		p->ch[i] = (struct vpit_channel){
			.count = 0x10000, .start = now, .mode = 3, .gate = i != 2, .rw_mode = 3,
			.read_state = PIT_WORD_LOW, .write_state = PIT_WORD_LOW,
		};
	p->deadline = INT64_MAX;
	p->ops = ops;
	p->ctx = ctx;
}

static void load(struct vpit *p, struct vpit_channel *c, u16 val, s_time_t now)
{
	c->count = val ? val : 0x10000;
	c->start = now;
	c->frozen = 0;
	c->loaded = true;
	if (c == &p->ch[0])
		arm(p, now, now);
}

static void write_counter(struct vpit *p, struct vpit_channel *c, u8 val, s_time_t now)
{
	switch (c->write_state) {
	case PIT_LOW:
		load(p, c, val, now);
		break;
	case PIT_HIGH:
		load(p, c, (u16)(val << 8), now);
		break;
	case PIT_WORD_LOW:
		c->write_latch = val;
		c->write_state = PIT_WORD_HIGH;
		break;
	default:
		c->write_state = PIT_WORD_LOW;
		load(p, c, (u16)(val << 8 | c->write_latch), now);
		break;
	}
}

/* One byte of @val in the order @state tells, which advances. */
static inline u8 read_byte(u16 val, u8 *state, u8 done)
{
	switch (*state) {
	case PIT_WORD_LOW:
		*state = PIT_WORD_HIGH;
		return (u8)val;
	case PIT_WORD_HIGH:
		*state = done ? PIT_NONE : PIT_WORD_LOW;
		return (u8)(val >> 8);
	case PIT_HIGH:
		*state = done ? PIT_NONE : PIT_HIGH;
		return (u8)(val >> 8);
	default:
		*state = done ? PIT_NONE : PIT_LOW;
		return (u8)val;
	}
}

static inline u8 read_counter(struct vpit_channel *c, s_time_t now)
{
	if (c->status_latched) {
		c->status_latched = false;
		return c->status;
	}
	if (c->latch_state != PIT_NONE)
		return read_byte(c->latched, &c->latch_state, true);
	return read_byte(counter(c, now), &c->read_state, false);
}

static void latch_count(struct vpit_channel *c, s_time_t now)
{
	if (c->latch_state != PIT_NONE)
		return;
	c->latched = counter(c, now);
	c->latch_state = c->rw_mode;	/* PIT_LOW, PIT_HIGH, PIT_WORD_LOW are 1, 2, 3 */
}

static void latch_status(struct vpit_channel *c, s_time_t now)
{
	if (c->status_latched)
		return;
	c->status = (u8)(output(c, now) << 7 | !c->loaded << 6 | c->rw_mode << 4 | c->mode << 1 |
			 c->bcd);
	c->status_latched = true;
}

static void read_back(struct vpit *p, u8 val, s_time_t now)
{
	for (u32 i = 0; i < 3; i++) {
		if (!(val & 2 << i))
			continue;
		if (!(val & 0x20))
			latch_count(&p->ch[i], now);
		if (!(val & 0x10))
			latch_status(&p->ch[i], now);
	}
}

static void write_control(struct vpit *p, u8 val, s_time_t now)
{
	struct vpit_channel *c;
	u8 rw = (val >> 4) & 3;

	if (val >> 6 == 3) {
		read_back(p, val, now);
		return;
	}
	c = &p->ch[val >> 6];
	if (!rw) {
		latch_count(c, now);
		return;
	}
	c->rw_mode = c->read_state = c->write_state = rw;
	c->latch_state = PIT_NONE;
	c->status_latched = false;
	c->mode = (val >> 1) & 7;
	if (c->mode > 5)
		c->mode -= 4;
	c->bcd = val & 1;
	c->loaded = false;
	if (c == &p->ch[0])
		arm(p, now, now);
}

static void set_gate(struct vpit_channel *c, bool gate, s_time_t now)
{
	if (gate == c->gate)
		return;
	if (!gate) {
		c->frozen = ticks_of(now - c->start);
	} else if (c->mode == 0 || c->mode == 4) {
		c->start = now - ns_of(c->frozen);
	} else {
		c->start = now;
	}
	c->gate = gate;
}

/* Port 0x61. Out of line, so that reading a counter costs no stack frame. */
static __noinline u8 read_gate(const struct vpit *p, s_time_t now)
{
	return (u8)(p->ch[2].gate | p->speaker << 1 | (now / REFRESH_NS & 1) << 4 |
		    output(&p->ch[2], now) << 5);
}

u8 vpit_read(struct vpit *p, u32 port, s_time_t now)
{
	u32 i = port - 0x40;

	if (likely(i < ARRAY_SIZE(p->ch)))
		return read_counter(&p->ch[array_index_nospec(i, ARRAY_SIZE(p->ch))], now);
	/* The control register cannot be read. */
	return port == 0x61 ? read_gate(p, now) : 0xff;
}

void vpit_write(struct vpit *p, u32 port, u8 val, s_time_t now)
{
	switch (port) {
	case 0x40 ... 0x42:
		write_counter(p, &p->ch[array_index_nospec(port - 0x40, ARRAY_SIZE(p->ch))], val,
			      now);
		break;
	case 0x43:
		write_control(p, val, now);
		break;
	case 0x61:
		p->speaker = val & 2;
		set_gate(&p->ch[2], val & 1, now);
		break;
	}
}

void vpit_fired(struct vpit *p, s_time_t now)
{
	if (p->deadline == INT64_MAX)
		return;
	if (now < p->deadline) {
		p->ops->set_timer(p->ctx, p->deadline);
		return;
	}
	p->ops->irq(p->ctx);
	/* Completely missed ticks are lost. */
	arm(p, now, now + VPIT_MIN_PERIOD);
}

static s32 save(void *state, u32 instance, void *record, s_time_t now)
{
	const struct vpit *p = state;
	struct hvm_hw_pit *rec = record;

	for (u32 i = 0; i < 3; i++) {
		const struct vpit_channel *c = &p->ch[i];
		struct hvm_hw_pit_channel *r = &rec->channels[i];

		ASSERT(c->count >= 1 && c->count <= MAX_COUNT && c->mode <= 5);
		r->count = c->count;
		r->latched_count = c->latched;
		r->count_latched = c->latch_state;
		r->status_latched = c->status_latched;
		r->status = c->status;
		r->read_state = c->read_state;
		r->write_state = c->write_state;
		r->write_latch = c->write_latch;
		r->rw_mode = c->rw_mode;
		r->mode = c->mode;
		r->bcd = c->bcd;
		r->gate = c->gate;
	}
	rec->speaker_data_on = p->speaker;
	return sizeof(*rec);
}

static bool channel_valid(const struct hvm_hw_pit_channel *r)
{
	return r->count && r->count <= MAX_COUNT && r->mode <= 5 && r->rw_mode <= 3 &&
	       r->read_state <= PIT_WORD_HIGH && r->write_state <= PIT_WORD_HIGH &&
	       r->count_latched <= PIT_WORD_HIGH && r->status_latched <= 1 && r->bcd <= 1 &&
	       r->gate <= 1;
}

static int check(const void *state, u32 instance, const void *record, u32 len)
{
	const struct hvm_hw_pit *rec = record;

	for (u32 i = 0; i < 3; i++)
		if (!channel_valid(&rec->channels[i]))
			return -XEN_EINVAL;
	return rec->speaker_data_on > 1 ? -XEN_EINVAL : 0;
}

/* The record does not hold the counters' progress: they restart. */
static void load_state(void *state, u32 instance, const void *record, u32 len, s_time_t now)
{
	const struct hvm_hw_pit *rec = record;
	struct vpit *p = state;

	for (u32 i = 0; i < 3; i++) {
		const struct hvm_hw_pit_channel *r = &rec->channels[i];

		p->ch[i] = (struct vpit_channel){
			.count = r->count, .start = now, .latched = r->latched_count,
			.latch_state = r->count_latched, .status_latched = r->status_latched,
			.status = r->status, .read_state = r->read_state,
			.write_state = r->write_state, .write_latch = r->write_latch,
			.rw_mode = r->rw_mode, .mode = r->mode, .bcd = r->bcd, .gate = r->gate,
			.loaded = true,
		};
	}
	p->speaker = rec->speaker_data_on;
	arm(p, now, now);
}

static void settle(void *state, s_time_t now)
{
	vpit_fired(state, now);
}

const struct save_kind vpit_record = {
	.type = HVM_SAVE_CODE(PIT),
	.min_bytes = HVM_SAVE_LENGTH(PIT), .max_bytes = HVM_SAVE_LENGTH(PIT),
	.settle = settle, .save = save, .check = check, .load = load_state,
};
