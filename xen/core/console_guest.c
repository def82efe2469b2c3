/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What guests print through the hypervisor: line by line, cleaned, tagged and rate-limited. */
#include "console_out.h"

#include <xen/console.h>
#include <xen/format.h>
#include <xen/hal/time.h>
#include <xen/param.h>
#include <xen/string.h>

#define GUEST_LINE 256
#define NR_SLOTS 16
#define BURST_SECONDS 10

/* Lines a second each guest may print over time; 0: no limit. */
static u32 opt_rate = 200;
PARAM_UINT_VAR("guest_console_rate", guest_console_rate, opt_rate);

/* A line being gathered. The slot least recently used makes room for another guest. */
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

static void emit_tag(u16 domid)
{
	char tag[16];
	int n = scnprintf(tag, sizeof(tag), "(d%u) ", domid);

	console_begin_line();
	console_emit(tag, (size_t)n);
}

static void flush(struct slot *s)
{
	char note[64];
	int n;

	if (rate_limit_take(&s->limit, now_ns())) {
		if (s->limit.dropped) {
			emit_tag(s->domid);
			n = scnprintf(note, sizeof(note), "[%lu lines were dropped]\n",
				      (unsigned long)s->limit.dropped);
			console_emit(note, (size_t)n);
			s->limit.dropped = 0;
		}
		emit_tag(s->domid);
		console_emit(s->text, s->len);
		console_emit("\n", 1);
	}
	s->len = 0;
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
	if (oldest->used && oldest->len)
		flush(oldest);
	*oldest = (struct slot){ .used = true, .domid = domid };
	oldest->limit.per_second = opt_rate;
	oldest->limit.burst = oldest->limit.tokens = opt_rate * BURST_SECONDS;
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
		/* No escape sequences for the operator's terminal; bytes of UTF-8 may pass. */
		if ((u8)*s < ' ' ? *s != '\t' : *s == 0x7f)
			continue;
		if (slot->len == GUEST_LINE)
			flush(slot);
		slot->text[slot->len++] = *s;
	}
	console_unlock(flags);
}
