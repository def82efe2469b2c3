/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which settings of a configuration are parameters of which scheduler. */
#ifndef TOOLS_LIGHT_SCHED_H
#define TOOLS_LIGHT_SCHED_H

#include "light.h"

/** A scheduler's name, "unknown" when it has none, and back; false: no such name. */
const char *lx_sched_name(uint32_t id);
bool lx_sched_parse(const char *name, uint32_t *id);
/** The xl command that sets a scheduler's parameters; NULL: it has none. */
const char *lx_sched_command(uint32_t id);

/** Is each of the settings one of the scheduler's that pool @pool has? 0, or -errno (logged, with
 *  what can be set in place of it). */
int lx_sched_check(struct lx *lx, uint32_t pool, const struct lx_sched *s);
/** Give them to a domain in that pool, with @vcpus vCPUs; all of these get the same. -EINVAL: they
 *  do not go together (logged). */
int lx_sched_apply(struct lx *lx, uint32_t domid, uint32_t pool, const struct lx_sched *s,
		   uint32_t vcpus);
/** Set those back to "the scheduler's default" that a scheduler does not have. */
void lx_sched_drop_others(struct lx_sched *s, uint32_t sched);

#endif
