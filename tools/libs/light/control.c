/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a guest is asked to do through xenstore, and changes of a running domain. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "light.h"

#include <public/features.h>

static int write_node(struct lx *lx, uint32_t domid, const char *name, const char *value)
{
	char path[LX_PATH_BYTES];
	int rc;

	snprintf(path, sizeof(path), "/local/domain/%u/%s", domid, name);
	rc = lx->store->ops->write(lx->store, 0, path, value);
	if (rc)
		lx_error(lx, rc, "Domain %u: cannot write %s", domid, path);
	return rc;
}

int lx_ask(struct lx *lx, uint32_t domid, const char *what)
{
	char *listens = lx_read(lx->store, 0, "/local/domain/%u/control/feature-%s", domid, what);
	bool known = listens && !strcmp(listens, "1");
	struct xen_domctl_getdomaininfo info;
	int rc = ctl_domain_info(lx->ctl, domid, &info);

	free(listens);
	if (rc) {
		lx_error(lx, rc, "Domain %u: there is no such domain", domid);
		return rc;
	}
	if (!known) {
		lx_error(lx, 0, "Domain %u: the guest does not listen for \"%s\": it has no PV "
			 "drivers, or is not that far yet", domid, what);
		return -EOPNOTSUPP;
	}
	return write_node(lx, domid, "control/shutdown", what);
}

int lx_sysrq(struct lx *lx, uint32_t domid, char key)
{
	char text[2] = { key, '\0' };

	return write_node(lx, domid, "control/sysrq", text);
}

static void set_avail(struct lx_domain_config *config, void *arg)
{
	config->b_info.avail_vcpus = *(struct lx_cpumap *)arg;
}

int lx_set_vcpus(struct lx *lx, uint32_t domid, const struct lx_cpumap *online)
{
	struct xen_domctl_getdomaininfo info;
	struct lx_cpumap copy = *online;
	int rc = ctl_domain_info(lx->ctl, domid, &info);

	if (rc)
		return rc;
	for (uint32_t i = 0; i < info.max_vcpu_id + 1 && !rc; i++) {	/* none: -1 */
		char name[64];

		snprintf(name, sizeof(name), "cpu/%u/availability", i);
		rc = write_node(lx, domid, name, lx_cpumap_test(online, i) ? "online" : "offline");
	}
	return rc ? rc : lx_state_update(lx, domid, set_avail, &copy);
}

static void set_target(struct lx_domain_config *config, void *arg)
{
	config->b_info.target_memkb = *(uint64_t *)arg;
}

/* This is asked by dom0 about itself. */
int lx_dom0_keeps_memory(struct lx *lx, bool *keeps)
{
	struct xen_feature_info fi = { 0 };
	int rc = ctl_version(lx->ctl, XENVER_get_features, &fi, sizeof(fi));

	*keeps = !rc && fi.submap >> XENFEAT_direct_mapped & 1;
	if (rc)
		lx_error(lx, rc, "the hypervisor does not tell its features");
	return rc;
}

/* May this domain be given another amount? 0 or -errno, with the reason told. */
static int may_change(struct lx *lx, uint32_t domid)
{
	bool keeps = false;
	int rc = domid ? 0 : lx_dom0_keeps_memory(lx, &keeps);

	if (rc || !keeps)
		return rc;
	lx_error(lx, 0, "Domain-0 keeps the memory that it has, as it is mapped one to one: give "
		 "it another amount at boot (dom0_mem=)");
	return -EOPNOTSUPP;
}

int lx_set_memory_target(struct lx *lx, uint32_t domid, uint64_t kib)
{
	char value[32], *text = lx_read(lx->store, 0, "/local/domain/%u/memory/static-max", domid);
	uint64_t max = text ? strtoull(text, NULL, 10) : 0;
	int rc = may_change(lx, domid);

	free(text);
	if (rc)
		return rc;
	if (max && kib > max) {
		lx_error(lx, 0, "Domain %u: its memory is at most %lu KiB", domid, max);
		return -EINVAL;
	}
	snprintf(value, sizeof(value), "%lu", kib);
	rc = write_node(lx, domid, "memory/target", value);
	if (!rc && domid)
		rc = ctl_domain_max_mem(lx->ctl, domid, kib + LX_SLACK_KIB);
	return rc ? rc : lx_state_update(lx, domid, set_target, &kib);
}

static void set_max(struct lx_domain_config *config, void *arg)
{
	config->b_info.max_memkb = *(uint64_t *)arg;
}

int lx_set_max_memory(struct lx *lx, uint32_t domid, uint64_t kib)
{
	char value[32], *text = lx_read(lx->store, 0, "/local/domain/%u/memory/target", domid);
	uint64_t target = text ? strtoull(text, NULL, 10) : 0;
	int rc = may_change(lx, domid);

	free(text);
	if (rc)
		return rc;
	if (target && kib < target) {
		lx_error(lx, 0, "Domain %u: its memory cannot be limited to less than its target, "
			 "%lu KiB", domid, target);
		return -EINVAL;
	}
	rc = ctl_domain_max_mem(lx->ctl, domid, kib + LX_SLACK_KIB);
	snprintf(value, sizeof(value), "%lu", kib);
	if (!rc)
		rc = write_node(lx, domid, "memory/static-max", value);
	return rc ? rc : lx_state_update(lx, domid, set_max, &kib);
}

static void set_name(struct lx_domain_config *config, void *arg)
{
	char *copy = strdup(arg);

	if (!copy)
		return;
	free(config->c_info.name);
	config->c_info.name = copy;
}

struct renaming {
	struct lx *lx;
	uint32_t domid;
	const char *name;
	char uuid[LX_UUID_TEXT];
	bool taken;
};

static int rename_nodes(struct lx_store *s, uint32_t tx, void *arg)
{
	struct renaming *r = arg;
	char path[LX_PATH_BYTES];
	uint32_t other;
	int rc;

	r->taken = !lx_find_name_in(r->lx, tx, r->name, &other) && other != r->domid;
	if (r->taken)
		return lx_name_taken(r->lx, r->name, other);
	snprintf(path, sizeof(path), "/local/domain/%u/name", r->domid);
	rc = s->ops->write(s, tx, path, r->name);
	snprintf(path, sizeof(path), "/vm/%s/name", r->uuid);
	return rc || !r->domid ? rc : s->ops->write(s, tx, path, r->name);
}

int lx_rename(struct lx *lx, uint32_t domid, const char *name)
{
	struct renaming r = { .lx = lx, .domid = domid, .name = name };
	struct xen_domctl_getdomaininfo info;
	int rc = ctl_domain_info(lx->ctl, domid, &info);

	if (rc)
		return rc;
	if (!*name || strchr(name, '/')) {
		lx_error(lx, 0, "\"%s\" cannot name a domain: a name is not empty and has no slash",
			 name);
		return -EINVAL;
	}
	lx_uuid_text(info.handle, r.uuid);
	rc = lx_transaction(lx->store, rename_nodes, &r);
	if (rc && !r.taken)
		lx_error(lx, rc, "Domain %u: cannot write its name to xenstore", domid);
	return rc ? rc : lx_state_update(lx, domid, set_name, (void *)name);
}
