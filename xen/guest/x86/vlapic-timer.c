/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The timer of the virtual local APIC: one-shot, periodic and TSC-deadline. */
#include "vlapic-private.h"

#include <xen/assert.h>

static u32 timer_mode(const struct vlapic *vl)
{
	return LVTT_MODE(*vlapic_reg(vl, APIC_REG_LVTT));
}

static void timer_arm(struct vlapic *vl, s_time_t deadline)
{
	vl->timer_deadline = deadline;
	vl->ops->set_timer(vl->ctx, deadline);
}

void vlapic_timer_stop(struct vlapic *vl)
{
	vl->tsc_deadline = 0;
	if (vl->timer_deadline != INT64_MAX)
		timer_arm(vl, INT64_MAX);
}

static void timer_post(struct vlapic *vl)
{
	u32 lvt = *vlapic_reg(vl, APIC_REG_LVTT);

	if (!(lvt & LVT_MASKED))
		vl->ops->post(vl->ctx, (u8)lvt, false);
}

/* A sum beyond INT64_MAX must not wrap into the past; a timer that far ahead never fires. */
static s_time_t time_add(s_time_t t, u64 delta)
{
	return delta >= (u64)(INT64_MAX - t) ? INT64_MAX - 1 : t + (s_time_t)delta;
}

static void timer_start(struct vlapic *vl, u64 ticks, s_time_t now)
{
	u64 period;

	ASSERT(vl->timer_shift <= 7 && timer_mode(vl) != LVTT_DEADLINE);
	period = (u64)*vlapic_reg(vl, APIC_REG_TMICT) << vl->timer_shift;

	vl->timer_period = period < VLAPIC_MIN_PERIOD ? VLAPIC_MIN_PERIOD : (s_time_t)period;
	timer_arm(vl, time_add(now, ticks << vl->timer_shift));
}

void vlapic_timer_set_lvt(struct vlapic *vl, u32 val, s_time_t now)
{
	u32 old_mode = timer_mode(vl), mode = LVTT_MODE(val);
	u32 count = *vlapic_reg(vl, APIC_REG_TMICT);

	*vlapic_reg(vl, APIC_REG_LVTT) = val;
	/* Changing to or from TSC-deadline disarms (SDM "TSC-Deadline Mode"). */
	if (old_mode != mode && (old_mode == LVTT_DEADLINE || mode == LVTT_DEADLINE)) {
		*vlapic_reg(vl, APIC_REG_TMICT) = 0;
		vlapic_timer_stop(vl);
	} else if (mode == LVTT_PERIODIC && count && vl->timer_deadline == INT64_MAX) {
		/* It ended as a one-shot timer. A periodic one with a count always runs. */
		timer_start(vl, count, now);
	}
}

void vlapic_timer_set_count(struct vlapic *vl, u32 count, s_time_t now)
{
	if (timer_mode(vl) == LVTT_DEADLINE)
		return;
	*vlapic_reg(vl, APIC_REG_TMICT) = count;
	if (count)
		timer_start(vl, count, now);
	else
		vlapic_timer_stop(vl);
}

void vlapic_timer_resume(struct vlapic *vl, u32 left, s_time_t now)
{
	ASSERT(timer_mode(vl) != LVTT_DEADLINE && left && left <= *vlapic_reg(vl, APIC_REG_TMICT));
	timer_start(vl, left, now);
}

void vlapic_timer_set_divider(struct vlapic *vl, u32 tdcr, s_time_t now)
{
	u32 left = vlapic_timer_current(vl, now);

	tdcr &= TDCR_WRITABLE;
	*vlapic_reg(vl, APIC_REG_TDCR) = tdcr;
	vl->timer_shift = (((tdcr & 3) | (tdcr >> 3 << 2)) + 1) & 7;
	if (left && timer_mode(vl) != LVTT_DEADLINE)
		timer_start(vl, left, now);
}

void vlapic_timer_set_deadline(struct vlapic *vl, u64 tsc, s_time_t now)
{
	s_time_t at;

	if (timer_mode(vl) != LVTT_DEADLINE)
		return;
	if (!tsc) {
		vlapic_timer_stop(vl);
		return;
	}
	at = vl->ops->tsc_to_time(vl->ctx, tsc);
	if (at <= now) {
		vlapic_timer_stop(vl);
		timer_post(vl);
		return;
	}
	ASSERT(at > now);
	vl->tsc_deadline = tsc;
	timer_arm(vl, at);
}

/* Reads zero in the other modes (SDM, "TSC-Deadline Mode"), where a restored deadline may wait. */
u64 vlapic_timer_deadline(const struct vlapic *vl)
{
	return timer_mode(vl) == LVTT_DEADLINE ? vl->tsc_deadline : 0;
}

u32 vlapic_timer_current(const struct vlapic *vl, s_time_t now)
{
	s_time_t left = vl->timer_deadline - now;
	u32 mode = timer_mode(vl);

	if (vl->timer_deadline == INT64_MAX || mode == LVTT_DEADLINE)
		return 0;
	if (left <= 0) {
		if (mode != LVTT_PERIODIC)
			return 0;
		ASSERT(vl->timer_period >= VLAPIC_MIN_PERIOD);
		left = vl->timer_period - -left % vl->timer_period;
	}
	/* Rounded up: a timer that runs does not read zero, which would mean that it has ended. */
	return (u32)min(((u64)left + (1UL << vl->timer_shift) - 1) >> vl->timer_shift,
			(u64)*vlapic_reg(vl, APIC_REG_TMICT));
}

void vlapic_timer_fired(struct vlapic *vl, s_time_t now)
{
	s_time_t late;

	if (vl->timer_deadline == INT64_MAX)
		return;
	if (now < vl->timer_deadline) {
		vl->ops->set_timer(vl->ctx, vl->timer_deadline);
		return;
	}
	timer_post(vl);
	if (timer_mode(vl) != LVTT_PERIODIC) {
		vl->tsc_deadline = 0;
		vl->timer_deadline = INT64_MAX;
		return;
	}
	/* Completely missed ticks are lost, as when a real CPU is too slow. */
	late = now - vl->timer_deadline;
	timer_arm(vl, time_add(now, (u64)(vl->timer_period - late % vl->timer_period)));
}
