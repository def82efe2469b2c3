/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Formatting of log lines: levels, thresholds, stamps and rate limits. */
#include "console_out.h"

#include <xen/format.h>
#include <xen/hal/time.h>
#include <xen/param.h>
#include <xen/printk.h>
#include <xen/string.h>

#define NS_PER_SEC 1000000000L
#define GUEST_LEVEL 4		/* the first level for messages on behalf of guests */

static const char prefix[] = "(XEN) ";

/*
 * Which levels are shown, as a count (0 none, 1 errors, ... 4 all): levels below @always are always
 * shown, other levels below @limited at a limited rate.
 */
struct threshold {
	u32 always, limited;
};
static struct threshold own_threshold = { 3, 3 }, guest_threshold = { 0, 2 };

#define LEVELS "none, error, warning, info, debug or all"

static int parse_level(const char *v, size_t len)
{
	static const char *const names[] = { "none", "error", "warning", "info", "debug", "all" };

	for (u32 i = 0; i < ARRAY_SIZE(names); i++)
		if (strlen(names[i]) == len && !strncmp(v, names[i], len))
			return (int)min(i, 4U);
	return -1;
}

/* LEVEL[/RATE-LIMITED LEVEL] */
static const char *parse_threshold(const char *v, struct threshold *t)
{
	const char *slash = strchr(v, '/');
	int always = parse_level(v, slash ? (size_t)(slash - v) : strlen(v));
	int limited = slash ? parse_level(slash + 1, strlen(slash + 1)) : always;

	if (always < 0 || limited < 0)
		return "each level is " LEVELS ", as in error/all";
	t->always = (u32)always;
	t->limited = (u32)max(always, limited);
	return NULL;
}

static const char *parse_loglvl(const char *v)
{
	return parse_threshold(v, &own_threshold);
}
PARAM_CUSTOM_FN("loglvl", loglvl, parse_loglvl);

static const char *parse_guest_loglvl(const char *v)
{
	return parse_threshold(v, &guest_threshold);
}
PARAM_CUSTOM_FN("guest_loglvl", guest_loglvl, parse_guest_loglvl);

enum stamp { STAMP_NONE, STAMP_BOOT, STAMP_RAW, STAMP_DATE, STAMP_DATEMS };
static enum stamp stamp = STAMP_BOOT;

/* One of the words, or a flag: yes means date. */
static const char *parse_timestamps(const char *v)
{
	static const char *const names[] = { "none", "boot", "raw", "date", "datems" };
	int i = param_word(v, names, ARRAY_SIZE(names)), flag = param_flag(v);

	if (i < 0 && flag < 0)
		return "not one of none, boot, raw, date, datems";
	stamp = i >= 0 ? (enum stamp)i : flag ? STAMP_DATE : STAMP_NONE;
	return NULL;
}
PARAM_CUSTOM_FN("console_timestamps", console_timestamps, parse_timestamps);

/* Civil date of a day count since 1970-01-01, in the proleptic Gregorian calendar. */
static void civil_from_days(u64 days, u32 *y, u32 *m, u32 *d)
{
	/* Count in 400-year eras that start on 1 March, so that the leap day comes last. */
	u64 z = days + 719468, era = z / 146097;
	u32 doe = (u32)(z % 146097);
	u32 yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	u32 doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	u32 mp = (5 * doy + 2) / 153;

	*d = doy - (153 * mp + 2) / 5 + 1;
	*m = mp < 10 ? mp + 3 : mp - 9;
	*y = (u32)(yoe + era * 400) + (*m <= 2);
}

static int format_date(char *buf, size_t size, s_time_t now, bool with_ms)
{
	u32 nsec, y, m, d, s;
	char ms[8] = "";
	u64 sec, ns;

	hal_wallclock_get(&sec, &nsec);
	ns = (u64)now + nsec;
	sec += ns / NS_PER_SEC;
	civil_from_days(sec / 86400, &y, &m, &d);
	s = (u32)(sec % 86400);
	if (with_ms)
		scnprintf(ms, sizeof(ms), ".%03u", (u32)(ns % NS_PER_SEC / 1000000));
	return scnprintf(buf, size, "[%04u-%02u-%02u %02u:%02u:%02u%s] ", y, m, d, s / 3600,
			 s / 60 % 60, s % 60, ms);
}

static int format_stamp(char *buf, size_t size)
{
	u64 now;

	switch (stamp) {
	case STAMP_BOOT:
		now = (u64)hal_now_ns();
		return scnprintf(buf, size, "[%5lu.%06lu] ", (unsigned long)(now / NS_PER_SEC),
				 (unsigned long)(now % NS_PER_SEC / 1000));
	case STAMP_RAW:
		return scnprintf(buf, size, "[%016lx] ", (unsigned long)hal_cycles_now());
	case STAMP_DATE:
	case STAMP_DATEMS:
		return format_date(buf, size, hal_now_ns(), stamp == STAMP_DATEMS);
	case STAMP_NONE:
		break;
	}
	return 0;
}

/* All [console lock] */
static bool midline;		/* our last message did not end in a newline */
static bool raw_midline;	/* a guest's raw output did not end in a newline */
static u32 last_level;
static bool last_shown;
static char text[1024];
/* The hypervisor's own lines and those on behalf of guests have separate tokens. */
static struct rate_limit own_limit = { .tokens = 100, .burst = 100, .per_second = 20 };
static struct rate_limit guest_limit = { .tokens = 100, .burst = 100, .per_second = 20 };

void console_set_midline(bool is_midline)
{
	raw_midline = is_midline;
}

void console_begin_line(void)
{
	char buf[40];
	int n;

	if (raw_midline)
		console_emit("\n", 1);
	raw_midline = false;
	console_emit(prefix, sizeof(prefix) - 1);
	n = format_stamp(buf, sizeof(buf));
	console_emit(buf, (size_t)n);
}

bool rate_limit_take(struct rate_limit *r, s64 now)
{
	if (!r->per_second)
		return true;
	if (now - r->last >= NS_PER_SEC / r->per_second) {
		u64 fresh = (u64)(now - r->last) / (u64)(NS_PER_SEC / r->per_second);

		r->tokens = (u32)min((u64)r->burst, r->tokens + fresh);
		r->last = now;
	}
	ASSERT(r->tokens <= r->burst);
	if (!r->tokens) {
		r->dropped++;
		return false;
	}
	r->tokens--;
	return true;
}

static void emit_text(const char *s)
{
	while (*s) {
		const char *nl = strchr(s, '\n');
		size_t len = nl ? (size_t)(nl - s) + 1 : strlen(s);

		if (!midline)
			console_begin_line();
		console_emit(s, len);
		midline = !nl;
		s += len;
	}
}

/* Take a token of @r. Before the next line that passes, print how many lines were dropped. */
static bool within_limit(struct rate_limit *r, const char *what)
{
	char note[80];

	if (!rate_limit_take(r, hal_now_ns()))
		return false;
	if (r->dropped) {
		scnprintf(note, sizeof(note), "%lu %s were dropped\n", (unsigned long)r->dropped,
			  what);
		r->dropped = 0;
		emit_text(note);
	}
	return true;
}

static bool shown(u32 level)
{
	bool guest = level >= GUEST_LEVEL;
	const struct threshold *t = guest ? &guest_threshold : &own_threshold;

	level -= guest ? GUEST_LEVEL : 0;
	ASSERT(level < GUEST_LEVEL && t->always <= t->limited);
	if (level < t->always)
		return true;
	if (level >= t->limited)
		return false;
	return guest ? within_limit(&guest_limit, "messages on guests")
		     : within_limit(&own_limit, "messages");
}

void vprintk(const char *fmt, va_list ap)
{
	u64 flags = console_lock();
	bool has_level = fmt[0] == '\001' && fmt[1] >= '0' && fmt[1] <= '7';

	/* A message without a level is a warning, or continues a line begun before. */
	if (has_level || !midline) {
		last_level = has_level ? (u32)(fmt[1] - '0') : 1;
		last_shown = shown(last_level);
	}
	if (last_shown) {
		vscnprintf(text, sizeof(text), has_level ? fmt + 2 : fmt, ap);
		emit_text(text);
	}
	console_unlock(flags);
}

void printk(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprintk(fmt, ap);
	va_end(ap);
}
