/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ACPI power-management timer and PM1a event block. */
#include <xen/assert.h>
#include <xen/errno.h>
#include <xen/string.h>
#include <xen/x86/pmtimer.h>

#include <public/xen.h>
#include <public/hvm/save.h>

#define NS_PER_SEC 1000000000UL
#define PM1_STATUS_BITS (PM1_TMR | PM1_GBL | PM1_POWER_BUTTON | PM1_SLEEP_BUTTON)

static u64 ticks_of(s_time_t ns)
{
	u64 t = ns < 0 ? 0 : (u64)ns;

	return t / NS_PER_SEC * PMTIMER_HZ + t % NS_PER_SEC * PMTIMER_HZ / NS_PER_SEC;
}

static s_time_t ns_of(u64 ticks)
{
	return (s_time_t)(ticks / PMTIMER_HZ * NS_PER_SEC +
			  DIV_ROUND_UP(ticks % PMTIMER_HZ * NS_PER_SEC, (u64)PMTIMER_HZ));
}

u32 pmtimer_read(const struct pmtimer *pt, s_time_t now)
{
	u32 v = pt->base + (u32)ticks_of(now - pt->origin);

	return pt->wide ? v : v & 0xffffff;
}

static void update_sci(struct pmtimer *pt)
{
	bool sci;

	ASSERT(!(pt->sts & ~PM1_STATUS_BITS));
	sci = pt->sts & pt->en & PM1_STATUS_BITS;

	if (pt->ops && sci != pt->sci) {
		pt->sci = sci;
		pt->ops->set_sci(pt->ctx, sci);
	}
}

/* Watch the top bit only while its change would interrupt: otherwise sts is set on reading. */
static void watch_msb(struct pmtimer *pt, s_time_t now)
{
	u32 half = pt->wide ? 1u << 31 : 1u << 23;
	u32 to_go = half - (pmtimer_read(pt, now) & (half - 1));

	ASSERT(to_go >= 1 && to_go <= half);
	if (!pt->ops)
		return;
	if (!(pt->en & PM1_TMR) || (pt->sts & PM1_TMR)) {
		if (pt->next_msb != INT64_MAX) {
			pt->next_msb = INT64_MAX;
			pt->ops->set_timer(pt->ctx, INT64_MAX);
		}
		return;
	}
	pt->next_msb = now + ns_of(to_go);
	pt->ops->set_timer(pt->ctx, pt->next_msb);
}

void pmtimer_init(struct pmtimer *pt, bool wide, s_time_t now, const struct pmtimer_ops *ops,
		  void *ctx)
{
	memset(pt, 0, sizeof(*pt));
	pt->origin = now;
	pt->wide = wide;
	pt->next_msb = INT64_MAX;
	pt->ops = ops;
	pt->ctx = ctx;
}

u32 pmtimer_event_read(struct pmtimer *pt, u32 offset, u32 size)
{
	u64 v = (u32)pt->en << 16 | pt->sts;

	v = offset < 4 ? v >> (offset * 8) : 0;
	return size < 4 ? (u32)v & ((1u << (size * 8)) - 1) : (u32)v;
}

void pmtimer_event_write(struct pmtimer *pt, u32 offset, u32 size, u32 val, s_time_t now)
{
	u32 width = size >= 4 ? ~0u : (1u << (size * 8)) - 1;
	u32 bits, touched;

	if (offset >= 4)
		return;
	bits = (val & width) << (offset * 8);
	touched = width << (offset * 8);
	pt->sts &= (u16)~bits;		/* cleared by writing ones */
	pt->en = (u16)((pt->en & ~(touched >> 16)) | (bits >> 16));
	watch_msb(pt, now);
	update_sci(pt);
}

void pmtimer_raise(struct pmtimer *pt, u16 event)
{
	pt->sts |= event & PM1_STATUS_BITS;
	update_sci(pt);
}

void pmtimer_fired(struct pmtimer *pt, s_time_t now)
{
	if (now >= pt->next_msb)
		pt->sts |= PM1_TMR;
	watch_msb(pt, now);
	update_sci(pt);
}

static void settle(void *state, s_time_t now)
{
	pmtimer_fired(state, now);
}

static s32 save(void *state, u32 instance, void *record, s_time_t now)
{
	const struct pmtimer *pt = state;

	*(struct hvm_hw_pmtimer *)record = (struct hvm_hw_pmtimer){
		.tmr_val = pmtimer_read(pt, now), .pm1a_sts = pt->sts, .pm1a_en = pt->en,
	};
	return sizeof(struct hvm_hw_pmtimer);
}

static int check(const void *state, u32 instance, const void *record, u32 len)
{
	const struct hvm_hw_pmtimer *rec = record;
	const struct pmtimer *pt = state;

	if ((rec->pm1a_sts & ~PM1_STATUS_BITS) || (!pt->wide && rec->tmr_val >> 24))
		return -XEN_EINVAL;
	return 0;
}

static void load(void *state, u32 instance, const void *record, u32 len, s_time_t now)
{
	const struct hvm_hw_pmtimer *rec = record;
	struct pmtimer *pt = state;

	pt->origin = now;
	pt->base = rec->tmr_val;
	pt->sts = rec->pm1a_sts;
	pt->en = rec->pm1a_en;
	watch_msb(pt, now);
	update_sci(pt);
}

const struct save_kind pmtimer_record = {
	.type = HVM_SAVE_CODE(PMTIMER),
	.min_bytes = HVM_SAVE_LENGTH(PMTIMER), .max_bytes = HVM_SAVE_LENGTH(PMTIMER),
	.settle = settle, .save = save, .check = check, .load = load,
};
