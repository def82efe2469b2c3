/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the commands of schedulers share: which pools and domains a scheduler has. */
#ifndef TOOLS_XL_SCHED_H
#define TOOLS_XL_SCHED_H

#include "light/pool.h"
#include "light/sched.h"
#include "xl.h"

/** How a scheduler's pools and domains are shown. Functions return 0 or 1 (told on stderr). */
struct sched_view {
	uint32_t sched;			/* XEN_SCHEDULER_* */
	int (*pool)(struct xl *xl, uint32_t id, const char *name);
	void (*head)(void);		/* NULL, and domain: the pool's text says all */
	int (*domain)(struct xl *xl, uint32_t domid);
};

/** Show the pools that have the scheduler, or one of them, with their domains. Exit status; without
 * such a pool it is 1, and what runs instead is named. */
int sched_list(struct xl *xl, const struct sched_view *v, const char *pool);
/** Find a pool (NULL: Pool-0) that has the scheduler; false: told on stderr. */
bool sched_pool(struct xl *xl, const char *text, uint32_t sched, uint32_t *id);
/** Is the domain in a pool that has the scheduler? False: told on stderr, with what it has. */
bool sched_is(struct xl *xl, uint32_t domid, uint32_t sched,
	      struct xen_domctl_getdomaininfo *info);
/** A whole number; false: told on stderr with @what it is of. */
bool sched_number(const char *text, const char *what, int *n);

#endif
