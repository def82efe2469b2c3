/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pools of CPUs. Each has a scheduler; a domain is in one pool. They are named by number or by
 * name. Functions return 0 or -errno and have logged the reason.
 */
#ifndef TOOLS_LIGHT_POOL_H
#define TOOLS_LIGHT_POOL_H

#include "light.h"

struct lx_pool {
	uint32_t id;
	uint32_t sched;			/* XEN_SCHEDULER_* */
	uint32_t domains;		/* how many are in it */
	struct lx_cpumap cpus;
	char *name;
};

/** All pools; number or -errno. */
int lx_pools(struct lx *lx, struct lx_pool **pools);
/** Free what lx_pools() gave; @n may be its error. */
void lx_pools_free(struct lx_pool *pools, int n);
/** Pool @id, or the next one; its name is left out. -ENOENT (nothing logged): no more. */
int lx_pool_info(struct lx *lx, uint32_t id, struct lx_pool *pool);
/** The caller's to free; NULL without memory. */
char *lx_pool_name(struct lx *lx, uint32_t id);
/** A pool by number or by name; -ENOENT (nothing logged) when there is none. */
int lx_find_pool(struct lx *lx, const char *text, uint32_t *id);

/** Whether pool @id (a new one: XEN_SYSCTL_CPUPOOL_PAR_ANY) may have this name; 0: it may. */
int lx_pool_check_name(struct lx *lx, const char *name, uint32_t id);
/** Make a pool with these CPUs, which must be free. A failure leaves no pool. */
int lx_pool_create(struct lx *lx, const char *name, uint32_t sched, const struct lx_cpumap *cpus,
		   uint32_t *id);
/** It must have no domains; its CPUs become free. */
int lx_pool_destroy(struct lx *lx, uint32_t id);
int lx_pool_rename(struct lx *lx, uint32_t id, const char *name);
/** Each of the CPUs that can be; the error is that of the first that could not. */
int lx_pool_add_cpus(struct lx *lx, uint32_t id, const struct lx_cpumap *cpus);
int lx_pool_remove_cpus(struct lx *lx, uint32_t id, const struct lx_cpumap *cpus);
/** The configuration on disk follows, without settings that the new scheduler does not have. */
int lx_pool_move_domain(struct lx *lx, uint32_t id, uint32_t domid);

#endif
