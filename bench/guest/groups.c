/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the measuring microguest can do in a domain. */
#include "bench.h"

const struct group *const groups[] = {
	&group_exits, &group_events, &group_delivery, &group_smp, &group_timers, &group_memory,
	&group_clocks, &group_trace, &group_irqs, &group_work, &group_sets, &group_crowd,
	&group_cache, &group_posts, &group_ioreq, &group_hpet,
};
const u32 nr_groups = ARRAY_SIZE(groups);
