/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside the arinc653 policy: its data, and what its files call in each other. See arinc653.c. */
#ifndef SCHED_ARINC653_H
#define SCHED_ARINC653_H

#include <xen/assert.h>
#include <xen/sched/policy.h>

#define A653_DEFAULT_WINDOW	10000000LL	/* ns */
#define A653_WINDOW_MIN		10000LL
#define A653_FRAME_MAX		60000000000LL

struct a653_dom {
	xen_domain_handle_t handle;	/* [lock of the instance] */
};

struct a653_unit {
	struct sched_unit *unit;	/* [const] */
	struct a653_dom *dom;		/* [const] */
	struct list_head link;		/* of the instance's units [its lock] */
};

/** A window of each major frame, in times from the frame's begin on. */
struct a653_window {
	xen_domain_handle_t handle;
	u32 unit_id;
	s64 begin, end;
	struct a653_unit *owner;	/* NULL: there is no such unit now */
};

/** What happens in each major frame. */
struct a653_plan {
	s64 frame;
	u32 nr;				/* 0: there is no schedule yet */
	struct a653_window window[SCHED_MAX_WINDOWS];	/* in order of time */
};

/** All fields are under the lock. */
struct a653_sched {
	struct spinlock lock;		/* of all CPUs and units of the instance */
	struct list_head units;		/* all, in order of insertion */
	bool given;			/* a toolstack gave a schedule */
	bool has_next;			/* @next begins with the next major frame */
	bool next_seen;			/* a decision saw it: the frame it waits for has begun */
	struct a653_plan plan, next;
	s_time_t frame_start;		/* of a frame that began */
	u32 runner;			/* the CPU that runs units, NR_CPUS: none */
	s_time_t runner_until;		/* when it decides again at the latest */
};

static inline struct a653_sched *a653_sched(const struct scheduler *s)
{
	return s->priv;
}

static inline struct a653_unit *a653_unit(const struct sched_unit *u)
{
	return u->priv;
}

/* arinc653_plan.c. The lock of the instance is held. */

/** Go on to the frame that @now is in. */
void a653_advance(struct a653_sched *as, s_time_t now);
/** The end of that frame; INT64_MAX without a schedule. */
s_time_t a653_frame_end(const struct a653_sched *as);
/**
 * The first window that ends after @now, in this frame or the one after, whose owner is @only; for
 * NULL, whose owner can run on the runner, where @prev runs now. *@begin is the time when it
 * begins, which may have passed; *@end when it ends. NULL: there is none.
 */
struct a653_unit *a653_find_window(const struct a653_sched *as, const struct a653_unit *only,
				   const struct sched_unit *prev, s_time_t now, s_time_t *begin,
				   s_time_t *end);
bool a653_has_window(const struct a653_sched *as, const struct a653_unit *au);
/** Units came or went, or a domain's UUID changed: find the windows' owners again. */
void a653_find_owners(struct a653_sched *as, s_time_t now);

/** The parameters, see policy.h. They take the lock themselves. */
int a653_get_global_params(struct scheduler *s, struct sched_global_params *p);
int a653_set_global_params(struct scheduler *s, const struct sched_global_params *p);

/** Make the runner decide again. */
void a653_tickle(struct scheduler *s);

#endif
