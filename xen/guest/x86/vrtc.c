/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Virtual real-time clock and CMOS memory. */
#include <xen/assert.h>
#include <xen/errno.h>
#include <xen/string.h>
#include <xen/x86/vrtc.h>

#include <public/xen.h>
#include <public/hvm/save.h>

#define SEC_NS 1000000000L

enum {
	RTC_SEC, RTC_SEC_ALARM, RTC_MIN, RTC_MIN_ALARM, RTC_HOUR, RTC_HOUR_ALARM, RTC_WDAY,
	RTC_MDAY, RTC_MONTH, RTC_YEAR, RTC_A, RTC_B, RTC_C, RTC_D, RTC_CENTURY = 0x32,
};

#define A_UIP 0x80
#define B_SET 0x80
#define B_PIE 0x40
#define B_AIE 0x20
#define B_UIE 0x10
#define B_BINARY 0x04
#define B_24H 0x02
#define C_IRQF 0x80
#define C_PF 0x40
#define C_AF 0x20
#define C_UF 0x10
#define D_VALID 0x80
/* Update in progress is announced 244 us before the second and lasts about 2 ms. */
#define UIP_NS 244000

struct rtc_date {
	s64 year;
	u32 month, day, weekday, hour, min, sec;	/* month and day from 1, weekday Sunday 0 */
};

static s64 floor_div(s64 a, s64 b)
{
	return a / b - (a % b < 0);
}

/* Days since 1970 of a date in the Gregorian calendar; years start in March inside. */
static s64 days_from_date(s64 y, u32 m, u32 d)
{
	s64 era;
	u32 yoe, doy;

	y -= m <= 2;
	era = floor_div(y, 400);
	yoe = (u32)(y - era * 400);
	doy = (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1;
	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static struct rtc_date date_from_seconds(s64 t)
{
	s64 days = floor_div(t, 86400), z = days + 719468, era = floor_div(z, 146097);
	u32 s = (u32)(t - days * 86400), doe = (u32)(z - era * 146097);
	u32 yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	u32 doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
	struct rtc_date r = {
		.day = doy - (153 * mp + 2) / 5 + 1, .month = mp < 10 ? mp + 3 : mp - 9,
		.weekday = (u32)(((days + 4) % 7 + 7) % 7),
		.hour = s / 3600, .min = s / 60 % 60, .sec = s % 60,
	};

	r.year = (s64)yoe + era * 400 + (r.month <= 2);
	return r;
}

static u8 encode(const struct vrtc *r, u32 v)
{
	return (u8)(r->cmos[RTC_B] & B_BINARY ? v : v / 10 % 10 << 4 | v % 10);
}

static u32 decode(const struct vrtc *r, u8 v)
{
	return r->cmos[RTC_B] & B_BINARY ? v : (v >> 4) * 10u + (v & 15);
}

static u8 encode_hour(const struct vrtc *r, u32 h)
{
	if (r->cmos[RTC_B] & B_24H)
		return encode(r, h);
	return encode(r, h % 12 ? h % 12 : 12) | (h >= 12 ? 0x80 : 0);
}

static u32 decode_hour(const struct vrtc *r, u8 v)
{
	if (r->cmos[RTC_B] & B_24H)
		return decode(r, v);
	return decode(r, v & 0x7f) % 12 + (v & 0x80 ? 12 : 0);
}

/* The guest's clock in seconds since 1970. Its fraction is that of the wall clock. */
static s64 guest_seconds(const struct vrtc *r, s_time_t now)
{
	return floor_div(r->wall_ns + now, SEC_NS) + r->offset;
}

static void show_time(struct vrtc *r, s_time_t now)
{
	struct rtc_date d = date_from_seconds(guest_seconds(r, now));

	r->cmos[RTC_SEC] = encode(r, d.sec);
	r->cmos[RTC_MIN] = encode(r, d.min);
	r->cmos[RTC_HOUR] = encode_hour(r, d.hour);
	r->cmos[RTC_WDAY] = encode(r, d.weekday + 1);
	r->cmos[RTC_MDAY] = encode(r, d.day);
	r->cmos[RTC_MONTH] = encode(r, d.month);
	r->cmos[RTC_YEAR] = encode(r, (u32)(d.year % 100));
	r->cmos[RTC_CENTURY] = (u8)(d.year / 100 / 10 << 4 | d.year / 100 % 10);
}

/* The registers become the current time. Values out of range carry over, as in a date. */
static void take_time(struct vrtc *r, s_time_t now)
{
	u32 month = decode(r, r->cmos[RTC_MONTH]), day = decode(r, r->cmos[RTC_MDAY]);
	u32 century = (r->cmos[RTC_CENTURY] >> 4) * 10u + (r->cmos[RTC_CENTURY] & 15);
	s64 year = century * 100 + decode(r, r->cmos[RTC_YEAR]) % 100;
	s64 t;

	month = month < 1 ? 1 : min(month, 12u);
	/* Day 0 of March, with which days_from_date() begins, would be billions of days later. */
	t = days_from_date(year, month, max(day, 1u)) * 86400 +
	    decode_hour(r, r->cmos[RTC_HOUR]) * 3600 + decode(r, r->cmos[RTC_MIN]) * 60 +
	    decode(r, r->cmos[RTC_SEC]);
	r->offset = t - floor_div(r->wall_ns + now, SEC_NS);
}

/* Length of a periodic interrupt in ns, 0: none. */
static s_time_t period_ns(const struct vrtc *r)
{
	u32 rate = r->cmos[RTC_A] & 15;

	/* Only the usual 32.768 kHz time base (divider 010) runs. */
	if (!rate || (r->cmos[RTC_A] & 0x70) != 0x20)
		return 0;
	if (rate <= 2)
		rate += 7;
	return (s_time_t)(SEC_NS / (32768 >> (rate - 1)));
}

/* Time when the guest's clock next reaches a full second after @t. */
static s_time_t next_second(const struct vrtc *r, s_time_t t)
{
	s64 wall = r->wall_ns + t;

	return t + (floor_div(wall, SEC_NS) + 1) * SEC_NS - wall;
}

static void update_irq(struct vrtc *r)
{
	u8 active = r->cmos[RTC_C] & r->cmos[RTC_B] & (B_PIE | B_AIE | B_UIE);
	bool irq = active;

	r->cmos[RTC_C] = (r->cmos[RTC_C] & ~C_IRQF) | (irq ? C_IRQF : 0);
	if (irq != r->irq) {
		r->irq = irq;
		r->ops->set_irq(r->ctx, irq);
	}
}

static bool alarm_matches(const struct vrtc *r, u32 reg, u32 value)
{
	u8 v = r->cmos[reg];

	/* The two top bits mean "any". */
	if ((v & 0xc0) == 0xc0)
		return true;
	return (reg == RTC_HOUR_ALARM ? decode_hour(r, v) : decode(r, v)) == value;
}

/* The first value in [@from, @end) that matches alarm register @reg, -1 none. */
static int alarm_find(const struct vrtc *r, u32 reg, u32 from, u32 end)
{
	for (u32 v = from; v < end; v++)
		if (alarm_matches(r, reg, v))
			return (int)v;
	return -1;
}

/* Seconds from second-of-day @from (exclusive) to the next alarm; 0: never. */
static u32 seconds_to_alarm(const struct vrtc *r, u32 from)
{
	u32 h = from / 3600, m = from / 60 % 60, s = from % 60, away;
	int sec0 = alarm_find(r, RTC_SEC_ALARM, 0, 60), min0 = alarm_find(r, RTC_MIN_ALARM, 0, 60);
	int next;

	if (sec0 < 0 || min0 < 0)
		return 0;
	if (alarm_matches(r, RTC_HOUR_ALARM, h)) {
		next = alarm_find(r, RTC_SEC_ALARM, s + 1, 60);
		if (next >= 0 && alarm_matches(r, RTC_MIN_ALARM, m))
			return (u32)next - s;
		next = alarm_find(r, RTC_MIN_ALARM, m + 1, 60);
		if (next >= 0)
			return ((u32)next - m) * 60 + (u32)sec0 - s;
	}
	for (u32 i = 1; i <= 24; i++) {
		if (!alarm_matches(r, RTC_HOUR_ALARM, (h + i) % 24))
			continue;
		away = i * 3600 + (u32)min0 * 60 + (u32)sec0;
		return away - m * 60 - s;
	}
	return 0;
}

/* Time of the next alarm after @t; INT64_MAX: never. */
static s_time_t next_alarm(const struct vrtc *r, s_time_t t)
{
	s64 sec = guest_seconds(r, t);
	u32 away = seconds_to_alarm(r, (u32)(sec - floor_div(sec, 86400) * 86400));

	return away ? next_second(r, t) + (away - 1) * SEC_NS : INT64_MAX;
}

/* Set the flags of all events since the last update. */
static void catch_up(struct vrtc *r, s_time_t now)
{
	s_time_t p = period_ns(r);

	if (!(r->cmos[RTC_B] & B_SET) && now > r->last_update) {
		if (next_second(r, r->last_update) <= now)
			r->cmos[RTC_C] |= C_UF;
		if (r->cmos[RTC_B] & B_AIE && next_alarm(r, r->last_update) <= now)
			r->cmos[RTC_C] |= C_AF;
	}
	r->last_update = now;
	if (p && now - r->last_periodic >= p) {
		r->last_periodic = now - (now - r->last_periodic) % p;
		r->cmos[RTC_C] |= C_PF;
	}
	update_irq(r);
}

/* Flags that are already set need no timer: the guest reads register C first. */
static void arm(struct vrtc *r, s_time_t now)
{
	u8 wanted = r->cmos[RTC_B] & ~r->cmos[RTC_C];
	bool runs = !(r->cmos[RTC_B] & B_SET);
	s_time_t at = INT64_MAX, p = period_ns(r);

	if (wanted & B_PIE && p)
		at = r->last_periodic + p;
	if (wanted & B_UIE && runs)
		at = min(at, next_second(r, now));
	if (wanted & B_AIE && runs)
		at = min(at, next_alarm(r, now));
	r->ops->set_timer(r->ctx, at);
}

void vrtc_init(struct vrtc *r, s64 wall_ns, s64 offset, s_time_t now, const struct vrtc_ops *ops,
	       void *ctx)
{
	memset(r, 0, sizeof(*r));
	r->cmos[RTC_A] = 0x26;
	r->cmos[RTC_B] = B_24H;
	r->cmos[RTC_D] = D_VALID;
	r->wall_ns = wall_ns;
	r->offset = offset;
	r->last_update = r->last_periodic = now;
	r->ops = ops;
	r->ctx = ctx;
	show_time(r, now);
}

void vrtc_set_wallclock(struct vrtc *r, s64 wall_ns, s_time_t now)
{
	catch_up(r, now);
	r->wall_ns = wall_ns;
	arm(r, now);
}

static bool is_time(u8 index)
{
	return index <= RTC_YEAR ? index != RTC_SEC_ALARM && index != RTC_MIN_ALARM &&
				   index != RTC_HOUR_ALARM : index == RTC_CENTURY;
}

bool vrtc_is_clock(u8 index)
{
	return index <= RTC_D || index == RTC_CENTURY;
}

static u8 read_c(struct vrtc *r, s_time_t now)
{
	u8 v;

	catch_up(r, now);
	v = r->cmos[RTC_C];
	r->cmos[RTC_C] = 0;
	update_irq(r);
	arm(r, now);
	return v;
}

u8 vrtc_read(struct vrtc *r, u32 port, s_time_t now)
{
	if (port != 0x71)
		return 0xff;
	ASSERT(r->index < VRTC_CMOS_SIZE);
	if (r->index == RTC_C)
		return read_c(r, now);
	if (!(r->cmos[RTC_B] & B_SET)) {
		if (is_time(r->index))
			show_time(r, now);
		if (r->index == RTC_A && next_second(r, now) - now <= UIP_NS)
			return r->cmos[RTC_A] | A_UIP;
	}
	return r->cmos[r->index];
}

static void write_b(struct vrtc *r, u8 val, s_time_t now)
{
	u8 old = r->cmos[RTC_B];

	if (!(old & B_SET))
		show_time(r, now);
	r->cmos[RTC_B] = val;
	if (old & B_SET && !(val & B_SET))
		take_time(r, now);
	/* The registers change format when the mode does while the clock runs. */
	if (!(val & B_SET))
		show_time(r, now);
	if (val & B_PIE & ~old)
		r->last_periodic = now;
}

static void write_time(struct vrtc *r, u8 val, s_time_t now)
{
	ASSERT(is_time(r->index));
	if (r->cmos[RTC_B] & B_SET) {
		r->cmos[r->index] = val;
		return;
	}
	show_time(r, now);
	r->cmos[r->index] = val;
	take_time(r, now);
}

void vrtc_write(struct vrtc *r, u32 port, u8 val, s_time_t now)
{
	if (port == 0x70) {
		r->index = val & (VRTC_CMOS_SIZE - 1);
		return;
	}
	if (port != 0x71 || r->index == RTC_C || r->index == RTC_D)
		return;
	catch_up(r, now);
	if (is_time(r->index))
		write_time(r, val, now);
	else if (r->index == RTC_B)
		write_b(r, val, now);
	else if (r->index == RTC_A)
		r->cmos[RTC_A] = val & ~A_UIP;
	else
		r->cmos[r->index] = val;
	update_irq(r);
	arm(r, now);
}

void vrtc_fired(struct vrtc *r, s_time_t now)
{
	catch_up(r, now);
	arm(r, now);
}

/* About ten thousand years either way: the range of the registers. */
#define MAX_OFFSET (1L << 40)

static void settle(void *state, s_time_t now)
{
	vrtc_fired(state, now);
}

static s32 save(void *state, u32 instance, void *record, s_time_t now)
{
	struct hvm_hw_rtc *rec = record;
	struct vrtc *r = state;

	BUILD_BUG_ON(RTC_CMOS_SIZE != RTC_D + 1);
	ASSERT(r->index < VRTC_CMOS_SIZE);
	if (!(r->cmos[RTC_B] & B_SET))
		show_time(r, now);
	memcpy(rec->cmos_data, r->cmos, sizeof(rec->cmos_data));
	rec->cmos_index = r->index;
	rec->rtc_offset = r->offset;
	return sizeof(*rec);
}

static int check(const void *state, u32 instance, const void *record, u32 len)
{
	const struct hvm_hw_rtc *rec = record;

	if (rec->cmos_index >= VRTC_CMOS_SIZE)
		return -XEN_EINVAL;
	return rec->rtc_offset > MAX_OFFSET || rec->rtc_offset < -MAX_OFFSET ? -XEN_EINVAL : 0;
}

static void load(void *state, u32 instance, const void *record, u32 len, s_time_t now)
{
	const struct hvm_hw_rtc *rec = record;
	struct vrtc *r = state;

	memcpy(r->cmos, rec->cmos_data, sizeof(rec->cmos_data));
	r->cmos[RTC_A] &= ~A_UIP;
	r->cmos[RTC_D] = D_VALID;
	r->index = rec->cmos_index;
	r->offset = rec->rtc_offset;
	r->last_update = r->last_periodic = now;
	update_irq(r);
	arm(r, now);
}

const struct save_kind vrtc_record = {
	.type = HVM_SAVE_CODE(RTC),
	.min_bytes = HVM_SAVE_LENGTH(RTC), .max_bytes = HVM_SAVE_LENGTH(RTC),
	.settle = settle, .save = save, .check = check, .load = load,
};
