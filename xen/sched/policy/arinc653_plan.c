/* SPDX-License-Identifier: GPL-2.0-or-later */
/* arinc653: frames and windows, who owns them, and new schedules. */
#include <xen/errno.h>
#include <xen/string.h>

#include "arinc653.h"

void a653_tickle(struct scheduler *s)
{
	struct a653_sched *as = a653_sched(s);

	ASSERT(spin_is_locked_by_me(&as->lock));
	if (as->runner != NR_CPUS)
		sched_tickle(s, as->runner);
}

/* Each frame begins a whole number of frames after the first one, however late CPUs decide. */
static void begin_frame_of(struct a653_sched *as, s_time_t now)
{
	if (now < as->frame_start + as->plan.frame)
		return;
	as->frame_start += (now - as->frame_start) / as->plan.frame * as->plan.frame;
	ASSERT(as->frame_start <= now && now - as->frame_start < as->plan.frame);
}

void a653_advance(struct a653_sched *as, s_time_t now)
{
	ASSERT(spin_is_locked_by_me(&as->lock));
	if (as->has_next && (!as->plan.nr || (as->next_seen && now >= a653_frame_end(as)))) {
		as->frame_start = as->plan.nr ? a653_frame_end(as) : now;
		as->plan = as->next;
		as->has_next = false;
	}
	if (as->plan.nr)
		begin_frame_of(as, now);
	as->next_seen = true;
}

s_time_t a653_frame_end(const struct a653_sched *as)
{
	return as->plan.nr ? as->frame_start + as->plan.frame : INT64_MAX;
}

/* Hard affinity may keep a unit from the runner, and its state may not be saved elsewhere yet. */
static bool can_run(const struct a653_sched *as, const struct a653_unit *au,
		    const struct sched_unit *prev)
{
	return au && au->unit->runnable && cpumask_test(&au->unit->hard, as->runner) &&
	       (!au->unit->running || au->unit == prev);
}

struct a653_unit *a653_find_window(const struct a653_sched *as, const struct a653_unit *only,
				   const struct sched_unit *prev, s_time_t now, s_time_t *begin,
				   s_time_t *end)
{
	ASSERT(as->plan.nr <= SCHED_MAX_WINDOWS && as->runner != NR_CPUS);
	for (u32 i = 0; i < 2 * as->plan.nr; i++) {
		const struct a653_window *w = &as->plan.window[i % as->plan.nr];
		s_time_t frame = as->frame_start + (i < as->plan.nr ? 0 : as->plan.frame);

		if (frame + w->end <= now)
			continue;
		if (only ? w->owner != only : !can_run(as, w->owner, prev))
			continue;
		*begin = frame + w->begin;
		*end = frame + w->end;
		return w->owner;
	}
	return NULL;
}

static bool plan_has(const struct a653_plan *plan, const struct a653_unit *au)
{
	for (u32 i = 0; i < plan->nr; i++)
		if (plan->window[i].owner == au)
			return true;
	return false;
}

bool a653_has_window(const struct a653_sched *as, const struct a653_unit *au)
{
	return plan_has(&as->plan, au) || (as->has_next && plan_has(&as->next, au));
}

static bool is_zero(const xen_domain_handle_t handle)
{
	static const xen_domain_handle_t zero;

	return !memcmp(handle, zero, sizeof(zero));
}

static void add_window(struct a653_plan *plan, const xen_domain_handle_t handle, u32 unit_id,
		       s64 length)
{
	struct a653_window *w = &plan->window[plan->nr];

	ASSERT(plan->nr < SCHED_MAX_WINDOWS);
	memcpy(w->handle, handle, sizeof(w->handle));
	w->unit_id = unit_id;
	w->begin = plan->nr ? w[-1].end : 0;
	w->end = w->begin + length;
	w->owner = NULL;
	plan->nr++;
	ASSERT(w->end > w->begin);
}

/* Until a toolstack gives a schedule: units of domains without a UUID, for equal times. */
static void make_default(struct a653_sched *as, s_time_t now)
{
	struct a653_unit *au;

	as->plan.nr = 0;
	list_for_each_entry(au, &as->units, link) {
		if (!is_zero(au->dom->handle))
			continue;
		if (as->plan.nr == SCHED_MAX_WINDOWS)
			break;
		add_window(&as->plan, au->dom->handle, au->unit->id, A653_DEFAULT_WINDOW);
		as->plan.window[as->plan.nr - 1].owner = au;
	}
	as->plan.frame = as->plan.nr * A653_DEFAULT_WINDOW;
	as->frame_start = now;
}

/* The unit with this number of the first domain with this UUID that has one. */
static struct a653_unit *find_unit(struct a653_sched *as, const struct a653_window *w)
{
	struct a653_unit *au;

	list_for_each_entry(au, &as->units, link)
		if (au->unit->id == w->unit_id &&
		    !memcmp(au->dom->handle, w->handle, sizeof(w->handle)))
			return au;
	return NULL;
}

static void find_given_owners(struct a653_sched *as)
{
	ASSERT(as->given || !as->has_next);
	for (u32 i = 0; i < as->plan.nr; i++)
		as->plan.window[i].owner = find_unit(as, &as->plan.window[i]);
	for (u32 i = 0; as->has_next && i < as->next.nr; i++)
		as->next.window[i].owner = find_unit(as, &as->next.window[i]);
}

void a653_find_owners(struct a653_sched *as, s_time_t now)
{
	ASSERT(spin_is_locked_by_me(&as->lock));
	if (as->given)
		find_given_owners(as);
	else
		make_default(as, now);
}

/* The last schedule that was given, or else the default. */
int a653_get_global_params(struct scheduler *s, struct sched_global_params *p)
{
	struct a653_sched *as = a653_sched(s);
	struct sched_schedule *out = p->schedule;
	const struct a653_plan *plan;
	u64 flags;

	if (!out)
		return -XEN_EINVAL;
	flags = spin_lock_irqsave(&as->lock);
	plan = as->has_next ? &as->next : &as->plan;
	out->frame_ns = plan->frame;
	out->nr = plan->nr;
	for (u32 i = 0; i < plan->nr; i++) {
		const struct a653_window *w = &plan->window[i];

		memcpy(out->window[i].handle, w->handle, sizeof(w->handle));
		out->window[i].unit_id = w->unit_id;
		out->window[i].length_ns = w->end - w->begin;
	}
	spin_unlock_irqrestore(&as->lock, flags);
	return 0;
}

static bool is_valid(const struct sched_schedule *in)
{
	s64 left = in->frame_ns;

	if (in->frame_ns > A653_FRAME_MAX || !in->nr || in->nr > SCHED_MAX_WINDOWS)
		return false;
	for (u32 i = 0; i < in->nr; i++) {
		if (in->window[i].length_ns < A653_WINDOW_MIN || in->window[i].length_ns > left)
			return false;
		left -= in->window[i].length_ns;
	}
	return true;
}

int a653_set_global_params(struct scheduler *s, const struct sched_global_params *p)
{
	struct a653_sched *as = a653_sched(s);
	const struct sched_schedule *in = p->schedule;
	u64 flags;

	if (!in || !is_valid(in))
		return -XEN_EINVAL;
	flags = spin_lock_irqsave(&as->lock);
	as->next.nr = 0;
	as->next.frame = in->frame_ns;
	for (u32 i = 0; i < in->nr; i++)
		add_window(&as->next, in->window[i].handle, in->window[i].unit_id,
			   in->window[i].length_ns);
	ASSERT(as->next.window[in->nr - 1].end <= as->next.frame);
	/* The runner decides now, and so knows the frame that the schedule waits for. */
	as->has_next = as->given = true;
	as->next_seen = false;
	find_given_owners(as);
	a653_tickle(s);
	spin_unlock_irqrestore(&as->lock, flags);
	return 0;
}
