/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Looking for state that belongs to nothing. The hypervisor's list of domains is asked first and
 * again at the end: of a domain that came or went meanwhile nothing is said.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "device.h"
#include "health.h"

#define MAX_DOMAINS 4096U
#define JSON ".json"

struct looking {
	struct lx *lx;
	struct xen_domctl_getdomaininfo *domains;
	unsigned int nr_domains;
	struct lx_problem *all;
	unsigned int n;
	int rc;
};

static const struct xen_domctl_getdomaininfo *by_domid(const struct looking *l, uint32_t domid)
{
	for (unsigned int i = 0; i < l->nr_domains; i++)
		if (l->domains[i].domain == domid)
			return &l->domains[i];
	return NULL;
}

static const struct xen_domctl_getdomaininfo *by_uuid(const struct looking *l,
						      const uint8_t uuid[16])
{
	for (unsigned int i = 0; i < l->nr_domains; i++)
		if (!memcmp(l->domains[i].handle, uuid, sizeof(l->domains[i].handle)))
			return &l->domains[i];
	return NULL;
}

static struct lx_problem *add(struct looking *l, enum lx_problem_kind kind, uint32_t domid,
			      const uint8_t *uuid)
{
	static struct lx_problem none;
	struct lx_problem *more = realloc(l->all, (l->n + 1) * sizeof(*more)), *p;

	if (!more) {
		l->rc = -ENOMEM;
		return &none;
	}
	l->all = more;
	p = &more[l->n++];
	*p = (struct lx_problem){ .kind = kind, .domid = domid };
	if (uuid)
		memcpy(p->uuid, uuid, sizeof(p->uuid));
	return p;
}

static bool known(const struct looking *l, enum lx_problem_kind kind, uint32_t domid)
{
	for (unsigned int i = 0; i < l->n; i++)
		if (l->all[i].kind == kind && l->all[i].domid == domid)
			return true;
	return false;
}

static bool half_made(const struct looking *l, const uint8_t uuid[16])
{
	for (unsigned int i = 0; i < l->n; i++)
		if (l->all[i].kind == LX_HALF_MADE && !memcmp(l->all[i].uuid, uuid, 16))
			return true;
	return false;
}

static void look_at_claims(struct looking *l)
{
	unsigned int n;
	struct lx_abandoned *a = lx_claims_abandoned(l->lx, &n);

	for (unsigned int i = 0; i < n; i++)
		add(l, a[i].made && by_uuid(l, a[i].uuid) ? LX_UNWATCHED : LX_HALF_MADE,
		    a[i].domid, a[i].uuid);
	free(a);
}

/* The UUID in /local/domain/N/vm; false when there is none. */
static bool uuid_of(struct lx *lx, uint32_t domid, uint8_t uuid[16])
{
	char *vm = lx_read(lx->store, 0, "/local/domain/%u/vm", domid);
	bool found = vm && !strncmp(vm, "/vm/", 4) && lx_uuid_parse(vm + 4, uuid);

	free(vm);
	return found;
}

/* @folder has a node for each domain that it knows of. */
static void look_in(struct looking *l, const char *folder)
{
	unsigned int n = 0;
	char **ids = l->lx->store->ops->list(l->lx->store, 0, folder, &n);

	for (unsigned int i = 0; ids && i < n; i++) {
		uint8_t uuid[16] = { 0 };
		char *end;
		uint32_t domid = (uint32_t)strtoul(ids[i], &end, 10);

		if (*end || by_domid(l, domid) || known(l, LX_NODES_OF_DEAD, domid))
			continue;
		uuid_of(l->lx, domid, uuid);
		if (!half_made(l, uuid))
			add(l, LX_NODES_OF_DEAD, domid, uuid);
	}
	free(ids);
}

/* A domain that the toolstack made has an entry /vm/UUID or a configuration. (Those that the boot
 * manifest describes have neither, and miss nothing.) */
static void look_at_domain(struct looking *l, const struct xen_domctl_getdomaininfo *d)
{
	struct lx_domain_config config;
	char *name = lx_domain_name(l->lx, d->domain), uuid[LX_UUID_TEXT], *vm = NULL;
	bool ours = false;

	lx_uuid_text(d->handle, uuid);
	if (!name && d->domain && !half_made(l, d->handle)) {
		vm = lx_read(l->lx->store, 0, "/vm/%s/uuid", uuid);
		ours = vm || !lx_state_load(l->lx, d->handle, &config);
		if (ours && !vm)
			lx_dispose(&lx_domain_config_type, &config);
	}
	if (ours)
		add(l, LX_NO_NODES, d->domain, d->handle);
	free(vm);
	free(name);
}

/* Is @name a file's about a domain, by its UUID? */
static bool names_domain(const char *name, uint8_t uuid[16])
{
	char text[LX_UUID_TEXT], kind;
	unsigned int domid;
	int at = 0;

	if (sscanf(name, "userdata-%c.%u.%n", &kind, &domid, &at) != 2)
		at = 0;
	snprintf(text, sizeof(text), "%.36s", name + at);
	return strlen(text) == LX_UUID_TEXT - 1 && lx_uuid_parse(text, uuid) &&
	       (at || !strncmp(name + LX_UUID_TEXT - 1, JSON, strlen(JSON)));
}

static void look_at_files(struct looking *l, const char *folder)
{
	DIR *dir = folder ? opendir(folder) : NULL;
	struct dirent *e;

	while (dir && (e = readdir(dir))) {
		uint8_t uuid[16];

		if (!names_domain(e->d_name, uuid) || by_uuid(l, uuid) || half_made(l, uuid) ||
		    lx_claim_held(l->lx, uuid))
			continue;
		snprintf(add(l, LX_STALE_FILE, 0, uuid)->path, LX_FILE_BYTES, "%.200s/%.256s",
			 folder, e->d_name);
	}
	if (dir)
		closedir(dir);
}

static void look_at_folder(struct looking *l, const char *folder)
{
	struct stat st;

	if (folder && (stat(folder, &st) || !S_ISDIR(st.st_mode)))
		snprintf(add(l, LX_NO_FOLDER, 0, NULL)->path, LX_FILE_BYTES, "%.400s", folder);
}

static int list_domains(struct looking *l)
{
	int n;

	l->domains = calloc(MAX_DOMAINS, sizeof(*l->domains));
	n = l->domains ? ctl_domain_list(l->lx->ctl, 0, MAX_DOMAINS, l->domains) : -ENOMEM;
	l->nr_domains = n < 0 ? 0 : (unsigned int)n;
	return n < 0 ? n : 0;
}

/* Was the domain that this is about made, or destroyed, while we looked? */
static bool has_changed(const struct looking *l, const struct lx_problem *p)
{
	struct xen_domctl_getdomaininfo info;
	uint32_t domid;

	switch (p->kind) {
	case LX_NODES_OF_DEAD:
		return !ctl_domain_info(l->lx->ctl, p->domid, &info);
	case LX_NO_NODES:
		return ctl_domain_info(l->lx->ctl, p->domid, &info) != 0;
	case LX_STALE_FILE:
		return !lx_find_handle(l->lx, p->uuid, &domid) || access(p->path, F_OK);
	default:
		return false;
	}
}

int lx_health(struct lx *lx, struct lx_problem **all, unsigned int *n)
{
	static const char *const folders[] = {
		"/local/domain", "/libxl", "/local/domain/0/backend/vbd",
		"/local/domain/0/backend/vif", "/local/domain/0/backend/console",
	};
	struct looking l = { .lx = lx };

	l.rc = list_domains(&l);
	if (!l.rc) {
		look_at_claims(&l);
		for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
			look_in(&l, folders[i]);
		for (unsigned int i = 0; i < l.nr_domains; i++)
			look_at_domain(&l, &l.domains[i]);
		look_at_files(&l, lx->state_dir);
		look_at_files(&l, lx->libxl_dir);
		look_at_folder(&l, lx->libxl_dir);
	}
	for (unsigned int i = 0; i < l.n;) {
		if (has_changed(&l, &l.all[i]))
			l.all[i] = l.all[--l.n];
		else
			i++;
	}
	free(l.domains);
	if (l.rc) {
		free(l.all);
		l.all = NULL;
		l.n = 0;
	}
	*all = l.all;
	*n = l.n;
	return l.rc;
}

void lx_problem_text(const struct lx_problem *p, char what[LX_FILE_BYTES + 128], char remedy[160])
{
	char uuid[LX_UUID_TEXT];

	lx_uuid_text(p->uuid, uuid);
	snprintf(remedy, 160, "xl doctor --repair removes it");
	switch (p->kind) {
	case LX_HALF_MADE:
		snprintf(what, LX_FILE_BYTES, "a command was killed while it made the domain %s",
			 uuid);
		snprintf(remedy, 160, "xl doctor --repair removes what there is of it");
		break;
	case LX_UNWATCHED:
		snprintf(what, LX_FILE_BYTES, "no process waits for the end of domain %u",
			 p->domid);
		snprintf(remedy, 160, "xl monitor %u", p->domid);
		break;
	case LX_NODES_OF_DEAD:
		snprintf(what, LX_FILE_BYTES, "xenstore has nodes of domain %u, which is not "
			 "there; its disks cannot be given to others", p->domid);
		snprintf(remedy, 160, "xl doctor --repair removes them");
		break;
	case LX_NO_NODES:
		snprintf(what, LX_FILE_BYTES, "xenstore knows nothing of domain %u any more: it "
			 "can neither be asked to shut down nor be given devices", p->domid);
		snprintf(remedy, 160, "shut it down from inside, then xl destroy %u", p->domid);
		break;
	case LX_STALE_FILE:
		snprintf(what, LX_FILE_BYTES + 128, "%s is of a domain that is not there",
			 p->path);
		break;
	case LX_NO_FOLDER:
		snprintf(what, LX_FILE_BYTES + 128, "there is no folder %s", p->path);
		snprintf(remedy, 160, "xl doctor --repair makes it");
		break;
	}
}

bool lx_repairable(const struct lx_problem *p)
{
	return p->kind != LX_UNWATCHED && p->kind != LX_NO_NODES;
}

static int remove_nodes(struct lx *lx, const struct lx_problem *p)
{
	static const uint8_t none[16];
	char uuid[LX_UUID_TEXT];
	uint32_t domid;

	lx_uuid_text(p->uuid, uuid);
	lx_devices_remove(lx, p->domid);
	/* The UUID may be that of a domain which lives on under another number. */
	lx_store_remove_domain(lx, p->domid, memcmp(p->uuid, none, sizeof(none)) &&
			       lx_find_handle(lx, p->uuid, &domid) == -ENOENT ? uuid : NULL);
	return 0;
}

int lx_repair(struct lx *lx, const struct lx_problem *p)
{
	struct lx_abandoned claim = { 0 };

	switch (p->kind) {
	case LX_HALF_MADE:
		memcpy(claim.uuid, p->uuid, sizeof(claim.uuid));
		return lx_claim_clean(lx, &claim);
	case LX_NODES_OF_DEAD:
		return remove_nodes(lx, p);
	case LX_STALE_FILE:
		return unlink(p->path) ? -errno : 0;
	case LX_NO_FOLDER:
		return mkdir(p->path, 0755) ? -errno : 0;
	default:
		return -EOPNOTSUPP;
	}
}
