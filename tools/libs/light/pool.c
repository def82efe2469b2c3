/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pools of CPUs. The hypervisor knows them by number; their names are in xenstore, /local/pool. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "pool.h"
#include "sched.h"

#define BUSY_TRIES 50		/* for a CPU that is just doing something, a little apart */
#define BUSY_US 20000
#define MAX_POOLS 1024

char *lx_pool_name(struct lx *lx, uint32_t id)
{
	char *name = lx_read(lx->store, 0, "/local/pool/%u/name", id);

	/* Pool 0 exists from the start, and may never have been given a name. */
	if (!name && asprintf(&name, "Pool-%u", id) < 0)
		name = NULL;
	return name;
}

int lx_pool_info(struct lx *lx, uint32_t id, struct lx_pool *pool)
{
	int rc;

	memset(pool, 0, sizeof(*pool));
	pool->id = id;
	rc = ctl_cpupool_info(lx->ctl, &pool->id, &pool->sched, &pool->domains,
			      (uint8_t *)pool->cpus.w, sizeof(pool->cpus.w));
	return rc;
}

int lx_pools(struct lx *lx, struct lx_pool **pools)
{
	struct lx_pool one, *more;
	uint32_t next = 0;
	int n = 0, rc;

	*pools = NULL;
	while (!(rc = lx_pool_info(lx, next, &one)) && n < MAX_POOLS) {
		more = realloc(*pools, ((size_t)n + 1) * sizeof(one));
		rc = -ENOMEM;
		if (!more)
			break;
		*pools = more;
		more[n] = one;
		more[n].name = lx_pool_name(lx, one.id);
		if (!more[n++].name)
			break;
		next = one.id + 1;
	}
	if (rc == -ENOENT || !rc)
		return n;
	lx_pools_free(*pools, n);
	*pools = NULL;
	return rc;
}

void lx_pools_free(struct lx_pool *pools, int n)
{
	for (int i = 0; i < n; i++)
		free(pools[i].name);
	free(pools);
}

int lx_find_pool(struct lx *lx, const char *text, uint32_t *id)
{
	struct lx_pool *pools;
	bool number = *text && !text[strspn(text, "0123456789")];
	unsigned long wanted = strtoul(text, NULL, 10);
	int n = lx_pools(lx, &pools), rc = n < 0 ? n : -ENOENT;

	for (int i = 0; i < n && rc; i++) {
		if (number ? pools[i].id != wanted : strcmp(pools[i].name, text) != 0)
			continue;
		*id = pools[i].id;
		rc = 0;
	}
	lx_pools_free(pools, n);
	return rc;
}

/* What a hypervisor with a single pool answers. */
static int explain(struct lx *lx, int rc)
{
	if (rc == -EOPNOTSUPP || rc == -ENOSYS)
		lx_error(lx, 0, "the hypervisor has one pool with all CPUs, Pool-0: it does not "
			 "make others, nor change which CPUs are in it");
	else if (rc == -EBUSY)
		lx_error(lx, 0, "the pool is in use: move its domains to another one first "
			 "(xl cpupool-migrate)");
	else if (rc == -ENODEV)
		lx_error(lx, 0, "the CPU is not free, or not in that pool (xl cpupool-list -c)");
	else if (rc == -EADDRINUSE)
		lx_error(lx, 0, "a vCPU is pinned to that CPU for the moment");
	return rc;
}

/* Names in xenstore, of pools that exist. -EEXIST: another pool has it. */
static int other_has_name(struct lx *lx, uint32_t tx, const char *name, uint32_t id)
{
	unsigned int n;
	char **ids = lx->store->ops->list(lx->store, tx, "/local/pool", &n);
	int rc = 0;

	for (unsigned int i = 0; ids && i < n && !rc; i++) {
		uint32_t other = (uint32_t)strtoul(ids[i], NULL, 10);
		char *its = lx_read(lx->store, tx, "/local/pool/%u/name", other);
		struct lx_pool pool;

		if (other != id && its && !strcmp(its, name) && !lx_pool_info(lx, other, &pool) &&
		    pool.id == other) {
			lx_error(lx, 0, "pool %u is named %s already", other, name);
			rc = -EEXIST;
		}
		free(its);
	}
	free(ids);
	return rc;
}

struct naming {
	struct lx *lx;
	uint32_t id;
	const char *name, *uuid;
};

static int write_names(struct lx_store *s, uint32_t tx, void *arg)
{
	const struct naming *n = arg;
	char path[LX_PATH_BYTES];
	int rc = other_has_name(n->lx, tx, n->name, n->id);

	if (!rc && n->uuid) {
		snprintf(path, sizeof(path), "/local/pool/%u/uuid", n->id);
		rc = s->ops->write(s, tx, path, n->uuid);
	}
	snprintf(path, sizeof(path), "/local/pool/%u/name", n->id);
	return rc ? rc : s->ops->write(s, tx, path, n->name);
}

static int name_pool(struct lx *lx, uint32_t id, const char *name, const char *uuid)
{
	struct naming n = { lx, id, name, uuid };
	int rc = lx_transaction(lx->store, write_names, &n);

	if (rc && rc != -EEXIST)
		lx_error(lx, rc, "cannot write the name of pool %u to xenstore", id);
	return rc;
}

static int remove_cpu(struct lx *lx, uint32_t id, uint32_t cpu)
{
	int rc = ctl_cpupool_remove_cpu(lx->ctl, id, cpu);

	for (unsigned int i = 0; i < BUSY_TRIES && rc == -EAGAIN; i++) {
		usleep(BUSY_US);
		rc = ctl_cpupool_remove_cpu(lx->ctl, id, cpu);
	}
	return rc;
}

static int each_cpu(struct lx *lx, uint32_t id, const struct lx_cpumap *cpus,
		    int (*fn)(struct lx *lx, uint32_t id, uint32_t cpu))
{
	int first = 0;

	for (uint32_t cpu = 0; cpu < LX_MAX_CPUS; cpu++) {
		int rc = lx_cpumap_test(cpus, cpu) ? fn(lx, id, cpu) : 0;

		if (rc)
			lx_error(lx, rc, "pool %u: CPU %u stays where it is", id, cpu);
		first = first ? first : rc;
	}
	return first;
}

static int add_cpu(struct lx *lx, uint32_t id, uint32_t cpu)
{
	return ctl_cpupool_add_cpu(lx->ctl, id, cpu);
}

int lx_pool_add_cpus(struct lx *lx, uint32_t id, const struct lx_cpumap *cpus)
{
	return explain(lx, each_cpu(lx, id, cpus, add_cpu));
}

int lx_pool_remove_cpus(struct lx *lx, uint32_t id, const struct lx_cpumap *cpus)
{
	return explain(lx, each_cpu(lx, id, cpus, remove_cpu));
}

/* Takes its CPUs out first. */
static int destroy(struct lx *lx, uint32_t id)
{
	struct lx_pool pool;
	int rc = lx_pool_info(lx, id, &pool);

	if (!rc && pool.id != id)
		rc = -ENOENT;
	if (!rc && pool.domains)
		rc = -EBUSY;
	if (!rc)
		rc = each_cpu(lx, id, &pool.cpus, remove_cpu);
	return rc ? rc : ctl_cpupool_destroy(lx->ctl, id);
}

/* A name must not be taken for a number. This tells early; what counts is name_pool(). */
int lx_pool_check_name(struct lx *lx, const char *name, uint32_t id)
{
	uint32_t other;
	int rc;

	if (!name[strspn(name, "0123456789")]) {
		lx_error(lx, 0, "\"%s\" cannot name a pool: a name is not of digits alone", name);
		return -EINVAL;
	}
	rc = lx_find_pool(lx, name, &other);
	if (!rc && other != id) {
		lx_error(lx, 0, "pool %u is named %s already", other, name);
		return -EEXIST;
	}
	return rc == -ENOENT ? 0 : rc;
}

int lx_pool_create(struct lx *lx, const char *name, uint32_t sched, const struct lx_cpumap *cpus,
		   uint32_t *id)
{
	char uuid[LX_UUID_TEXT];
	uint8_t bytes[16];
	int rc = lx_pool_check_name(lx, name, XEN_SYSCTL_CPUPOOL_PAR_ANY);

	if (rc)
		return rc;
	lx_uuid_random(bytes);
	lx_uuid_text(bytes, uuid);
	*id = XEN_SYSCTL_CPUPOOL_PAR_ANY;
	rc = ctl_cpupool_create(lx->ctl, id, sched);
	if (rc)
		return explain(lx, rc);
	rc = lx_pool_add_cpus(lx, *id, cpus);
	if (!rc)
		rc = name_pool(lx, *id, name, uuid);
	if (rc)
		destroy(lx, *id);
	return rc;
}

int lx_pool_destroy(struct lx *lx, uint32_t id)
{
	int rc = id ? destroy(lx, id) : -EBUSY;

	if (!id)
		lx_error(lx, 0, "Pool-0 has the control domain, and stays");
	else if (rc)
		explain(lx, rc);
	else
		lx_remove(lx->store, 0, "/local/pool/%u", id);
	return rc;
}

int lx_pool_rename(struct lx *lx, uint32_t id, const char *name)
{
	int rc = lx_pool_check_name(lx, name, id);

	return rc ? rc : name_pool(lx, id, name, NULL);
}

struct move {
	char *name;
	uint32_t sched;
};

/* The domain's parameters stayed behind with its scheduler. */
static void note_move(struct lx_domain_config *config, void *arg)
{
	struct move *m = arg;

	free(config->c_info.pool_name);
	config->c_info.pool_name = m->name;
	m->name = NULL;
	lx_sched_drop_others(&config->b_info.sched_params, m->sched);
}

int lx_pool_move_domain(struct lx *lx, uint32_t id, uint32_t domid)
{
	struct lx_pool pool;
	struct move m;
	int rc = ctl_cpupool_move_domain(lx->ctl, id, domid);

	if (rc) {
		lx_error(lx, rc, "domain %u cannot move to pool %u%s", domid, id, rc == -EPERM ?
			 ": the control domain stays in its pool" : rc == -EINVAL ?
			 ": a pool needs CPUs before it has domains" : "");
		return rc;
	}
	rc = lx_pool_info(lx, id, &pool);
	if (rc)
		return rc;
	m = (struct move){ lx_pool_name(lx, id), pool.sched };
	rc = m.name ? lx_state_update(lx, domid, note_move, &m) : -ENOMEM;
	free(m.name);
	return rc;
}
