/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random choices of a scenario. */
#ifndef SCHEDSIM_PROPERTY_DRAW_H
#define SCHEDSIM_PROPERTY_DRAW_H

#include <xen/types.h>

#include "property/scenario.h"
#include "random.h"

struct draw { u64 state; };

/** The sequence of @item, which depends on the scenario's seed and on no other item. */
static inline struct draw draw_for(const struct scenario *s, u32 item)
{
	struct draw d = { .state = s->seed * 0x9e3779b97f4a7c15UL + item };

	random_u64(&d.state);
	return d;
}

/** From 0 to @n - 1. */
static inline u32 below(struct draw *d, u32 n) { return (u32)(random_u64(&d->state) % n); }
/** From @a to @b. */
static inline s64 between(struct draw *d, s64 a, s64 b)
{
	return a + (s64)(random_u64(&d->state) % (u64)(b - a + 1));
}
static inline bool chance(struct draw *d, u32 percent) { return below(d, 100) < percent; }

static inline bool left_out(const struct scenario *s, u32 item) { return s->omit >> item & 1; }

#endif
