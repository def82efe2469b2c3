/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Output of guests on the console: gathered into lines, cleaned, tagged and rate-limited. */
#include "console_out.h"

#include <xen/console.h>
#include <xen/format.h>
#include <xen/hal/time.h>
#include <xen/param.h>
#include <xen/printk.h>
#include <xen/string.h>

#define GUEST_LINE 256
#define NR_SLOTS 16
#define BURST_SECONDS 10

/* Lines per second that a guest may print on average; 0: no limit. */
static u32 opt_rate = 200;
PARAM_UINT_VAR("guest_console_rate", guest_console_rate, opt_rate);

/* A line being gathered. Another guest takes over the slot that was least recently used. */
struct slot {
	bool used;
	u16 domid;
	u32 len;
	u64 stamp;
	struct rate_limit limit;
	char text[GUEST_LINE];
};

static struct slot slots[NR_SLOTS];	/* [console lock] */
static u64 use_counter;			/* [console lock] */
static u64 forgotten;	/* lines dropped from guests that lost their slot [console lock] */

static void emit_tag(u16 domid)
{
	char tag[16];
	int n = scnprintf(tag, sizeof(tag), "(d%u) ", domid);

	console_begin_line();
	console_emit(tag, (size_t)n);
}

static void emit_note(u64 lines, const char *of)
{
	char note[64];
	int n = scnprintf(note, sizeof(note), "[%lu lines%s were dropped]\n",
			  (unsigned long)lines, of);

	console_emit(note, (size_t)n);
}

static void flush(struct slot *s)
{
	ASSERT(s->len <= GUEST_LINE);
	if (rate_limit_take(&s->limit, hal_now_ns())) {
		if (s->limit.dropped) {
			emit_tag(s->domid);
			emit_note(s->limit.dropped, "");
			s->limit.dropped = 0;
		}
		if (forgotten) {
			console_begin_line();
			emit_note(forgotten, " of other guests");
			forgotten = 0;
		}
		emit_tag(s->domid);
		console_emit(s->text, s->len);
		console_emit("\n", 1);
	}
	s->len = 0;
}

/*
 * Take a slot away from its guest. The tokens are not refilled: otherwise guests that take turns
 * in the slot would get a full burst each time.
 */
static void evict(struct slot *s)
{
	if (s->len)
		flush(s);
	forgotten += s->limit.dropped;
	s->limit.dropped = 0;
}

static struct slot *slot_of(u16 domid)
{
	struct slot *oldest = &slots[0];

	for (u32 i = 0; i < NR_SLOTS; i++) {
		if (slots[i].used && slots[i].domid == domid)
			return &slots[i];
		if (slots[i].stamp < oldest->stamp)
			oldest = &slots[i];
	}
	if (oldest->used)
		evict(oldest);
	else
		oldest->limit = (struct rate_limit){ .per_second = opt_rate,
						     .tokens = opt_rate * BURST_SECONDS,
						     .burst = opt_rate * BURST_SECONDS };
	oldest->used = true;
	oldest->domid = domid;
	return oldest;
}

static void write_raw(const char *s, size_t len)
{
	u64 flags = console_lock();

	console_emit(s, len);
	console_set_midline(s[len - 1] != '\n');
	console_unlock(flags);
}

void console_guest_write(u16 domid, const char *s, size_t len, bool raw)
{
	struct slot *slot;
	u64 flags;

	if (!len)
		return;
	if (raw) {
		write_raw(s, len);
		return;
	}
	flags = console_lock();
	slot = slot_of(domid);
	slot->stamp = ++use_counter;
	for (; len; len--, s++) {
		if (*s == '\n') {
			flush(slot);
			continue;
		}
		/* Drop escape sequences, which could control the terminal; let UTF-8 pass. */
		if ((u8)*s < ' ' ? *s != '\t' : *s == 0x7f)
			continue;
		if (slot->len == GUEST_LINE)
			flush(slot);
		slot->text[slot->len++] = *s;
	}
	console_unlock(flags);
}
