/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A domain's nodes in xenstore (docs/misc/xenstore-paths of the ABI): what the guest reads about
 * itself, what it may write, its console, and what toolstacks know of it under /libxl and /vm.
 */
#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dm.h"

#define CONSOLE_LIMIT "1048576"		/* bytes that xenconsoled keeps for a slow reader */
#define BACKENDS "/local/domain/0/backend"

struct nodes {
	struct lx_store *store;
	uint32_t tx, domid;
	int rc;				/* of the first that failed */
};

/* The toolstack owns the node; the guest may read it. */
static int give(struct nodes *n, const char *path)
{
	const struct lx_perm perms[] = { { 0, false, false }, { n->domid, true, false } };

	return n->store->ops->set_perms(n->store, n->tx, path, perms, 2);
}

static void node(struct nodes *n, const char *path, const char *fmt, ...)
{
	char value[LX_PATH_BYTES];
	va_list ap;

	if (n->rc)
		return;
	va_start(ap, fmt);
	vsnprintf(value, sizeof(value), fmt, ap);
	va_end(ap);
	n->rc = n->store->ops->write(n->store, n->tx, path, value);
	if (!n->rc)
		n->rc = give(n, path);
}

static void in_domain(struct nodes *n, const char *name, const char *fmt, ...)
{
	char path[LX_PATH_BYTES], value[LX_PATH_BYTES];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(value, sizeof(value), fmt, ap);
	va_end(ap);
	snprintf(path, sizeof(path), "/local/domain/%u/%s", n->domid, name);
	node(n, path, "%s", value);
}

static void folder(struct nodes *n, const char *path)
{
	if (!n->rc)
		n->rc = n->store->ops->mkdir(n->store, n->tx, path);
	if (!n->rc)
		n->rc = give(n, path);
}

/* Nodes that belong to the guest. */
static void guests_own(struct nodes *n)
{
	static const char *const names[] = {
		"control/shutdown", "control/feature-poweroff", "control/feature-reboot",
		"control/feature-suspend", "control/sysrq", "device/suspend/event-channel",
		"data", "drivers", "feature", "attr", "error",
	};
	const struct lx_perm own = { n->domid, false, false };

	for (size_t i = 0; !n->rc && i < sizeof(names) / sizeof(names[0]); i++) {
		char path[LX_PATH_BYTES];

		snprintf(path, sizeof(path), "/local/domain/%u/%s", n->domid, names[i]);
		n->rc = n->store->ops->write(n->store, n->tx, path, "");
		if (!n->rc)
			n->rc = n->store->ops->set_perms(n->store, n->tx, path, &own, 1);
	}
}

static void console_nodes(struct nodes *n, uint32_t port, gfn_t gfn)
{
	char path[LX_PATH_BYTES], front[LX_PATH_BYTES], back[LX_PATH_BYTES];

	snprintf(front, sizeof(front), "/local/domain/%u/console", n->domid);
	snprintf(back, sizeof(back), "/local/domain/0/backend/console/%u/0", n->domid);
	in_domain(n, "console", "%s", "");
	in_domain(n, "console/backend", "%s", back);
	in_domain(n, "console/backend-id", "0");
	in_domain(n, "console/limit", CONSOLE_LIMIT);
	in_domain(n, "console/type", "xenconsoled");
	in_domain(n, "console/output", "pty");
	in_domain(n, "console/tty", "%s", "");
	in_domain(n, "console/port", "%u", port);
	in_domain(n, "console/ring-ref", "%lu", gfn.v);
	folder(n, back);
	snprintf(path, sizeof(path), "%.200s/frontend", back);
	node(n, path, "%s", front);
	snprintf(path, sizeof(path), "%.200s/frontend-id", back);
	node(n, path, "%u", n->domid);
	snprintf(path, sizeof(path), "%.200s/online", back);
	node(n, path, "1");
	snprintf(path, sizeof(path), "%.200s/state", back);
	node(n, path, "1");
	snprintf(path, sizeof(path), "%.200s/protocol", back);
	node(n, path, "vt100");
}

static void vcpu_nodes(struct nodes *n, const struct lx_build_info *b)
{
	for (uint32_t i = 0; i < b->max_vcpus; i++) {
		char name[64];

		snprintf(name, sizeof(name), "cpu/%u/availability", i);
		in_domain(n, name, lx_cpumap_test(&b->avail_vcpus, i) ? "online" : "offline");
	}
}

/* The toolstack's own knowledge: guests do not see it. */
static void private_nodes(struct nodes *n, const char *type)
{
	char path[LX_PATH_BYTES];

	snprintf(path, sizeof(path), "/libxl/%u/type", n->domid);
	if (!n->rc)
		n->rc = n->store->ops->write(n->store, n->tx, path, type);
	snprintf(path, sizeof(path), "/libxl/%u/dm-version", n->domid);
	if (!n->rc)
		n->rc = n->store->ops->write(n->store, n->tx, path, "qemu_xen");
}

/* What hvmloader reads: ACPI tables by these, the BIOS by its name. */
static void firmware_nodes(struct nodes *n, const struct lx_build_info *b)
{
	const struct lx_hvm *h = b->hvm;
	const struct {
		const char *name;
		bool on;
	} flags[] = {
		{ "platform/acpi", b->acpi }, { "platform/acpi_s3", h->acpi_s3 },
		{ "platform/acpi_s4", h->acpi_s4 },
		{ "platform/acpi_laptop_slate", h->acpi_laptop_slate },
	};

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		in_domain(n, flags[i].name, flags[i].on ? "1" : "0");
	if (h->mmio_hole_memkb)
		in_domain(n, "platform/mmio_hole_size", "%lu", h->mmio_hole_memkb << 10);
	in_domain(n, "hvmloader/bios", "%s", lx_name_of(lx_bios_names, h->bios));
	/* QEMU must find the guest's memory where it was at first. */
	in_domain(n, "hvmloader/allow-memory-relocate", "0");
}

static void vm_nodes(struct nodes *n, const struct lx_create_info *c)
{
	char vm[LX_PATH_BYTES], path[LX_PATH_BYTES], uuid[LX_UUID_TEXT];
	struct timespec now;

	lx_uuid_text(c->uuid, uuid);
	clock_gettime(CLOCK_REALTIME, &now);
	snprintf(vm, sizeof(vm), "/vm/%s", uuid);
	folder(n, vm);
	snprintf(path, sizeof(path), "%.200s/name", vm);
	node(n, path, "%s", c->name);
	snprintf(path, sizeof(path), "%.200s/uuid", vm);
	node(n, path, "%s", uuid);
	snprintf(path, sizeof(path), "%.200s/start_time", vm);
	node(n, path, "%ld.%02ld", (long)now.tv_sec, now.tv_nsec / 10000000);
	in_domain(n, "vm", "%s", vm);
}

struct adding {
	struct lx *lx;
	const struct lx_domain_config *config;
	uint32_t domid, store_port, console_port;
	gfn_t store_gfn, console_gfn;
	bool taken;
};

/* The name, the UUID and the number of a domain, before there is anything to run in it. */
static int claim_nodes(struct lx_store *s, uint32_t tx, void *arg)
{
	struct adding *a = arg;
	struct nodes n = { .store = s, .tx = tx, .domid = a->domid };
	char path[LX_PATH_BYTES];
	uint32_t other;

	/* What a dead domain of this number may have left. */
	n.rc = lx_remove(s, tx, "/local/domain/%u", a->domid);
	if (!n.rc)
		n.rc = lx_remove(s, tx, "/libxl/%u", a->domid);
	a->taken = !n.rc && !lx_find_name_in(a->lx, tx, a->config->c_info.name, &other);
	if (a->taken)
		return lx_name_taken(a->lx, a->config->c_info.name, other);
	snprintf(path, sizeof(path), "/local/domain/%u", n.domid);
	folder(&n, path);
	vm_nodes(&n, &a->config->c_info);
	in_domain(&n, "name", "%s", a->config->c_info.name);
	in_domain(&n, "domid", "%u", n.domid);
	return n.rc;
}

static int add_nodes(struct lx_store *s, uint32_t tx, void *arg)
{
	const struct adding *a = arg;
	const struct lx_build_info *b = &a->config->b_info;
	struct nodes n = { .store = s, .tx = tx, .domid = a->domid };
	uint64_t video = b->hvm ? lx_video_kib(b) : 0;

	vcpu_nodes(&n, b);
	if (b->hvm)
		firmware_nodes(&n, b);
	in_domain(&n, "memory/static-max", "%lu", b->max_memkb);
	in_domain(&n, "memory/target", "%lu", b->target_memkb - video);
	in_domain(&n, "memory/videoram", "%lu", video);
	in_domain(&n, "device", "%s", "");
	in_domain(&n, "control", "%s", "");
	guests_own(&n);
	in_domain(&n, "control/platform-feature-multiprocessor-suspend", "1");
	in_domain(&n, "control/platform-feature-xs_reset_watches", "1");
	in_domain(&n, "store/port", "%u", a->store_port);
	in_domain(&n, "store/ring-ref", "%lu", a->store_gfn.v);
	console_nodes(&n, a->console_port, a->console_gfn);
	private_nodes(&n, a->config->c_info.type);
	return n.rc;
}

int lx_store_claim_domain(struct lx *lx, const struct lx_domain_config *config, uint32_t domid)
{
	struct adding a = { .lx = lx, .config = config, .domid = domid };
	int rc = lx_transaction(lx->store, claim_nodes, &a);

	assert(domid);
	if (rc && !a.taken)
		lx_error(lx, rc, "cannot write the domain's name to xenstore");
	return rc;
}

int lx_store_add_domain(struct lx *lx, const struct lx_domain_config *config, uint32_t domid,
			uint32_t store_port, gfn_t store_gfn, uint32_t console_port,
			gfn_t console_gfn)
{
	struct adding a = { .lx = lx, .config = config, .domid = domid, .store_port = store_port,
			    .store_gfn = store_gfn, .console_port = console_port,
			    .console_gfn = console_gfn };
	int rc = lx_transaction(lx->store, add_nodes, &a);

	if (rc)
		lx_error(lx, rc, "cannot write the domain's nodes to xenstore");
	return rc;
}

/* A folder goes with the last that was in it. When somebody puts something there meanwhile, the
 * transaction does not end well, and that is right. */
static void remove_if_empty(struct lx_store *s, const char *path)
{
	uint32_t tx = s->ops->begin(s);
	unsigned int n = 1;
	char **names;

	if (!tx)
		return;
	names = s->ops->list(s, tx, path, &n);
	if (names && !n)
		s->ops->remove(s, tx, path);
	s->ops->end(s, tx, !names || n);
	free(names);
}

static int add_dom0(struct lx_store *s, uint32_t tx, void *arg)
{
	static const char *const nodes[][2] = {
		{ "/local/domain/0/domid", "0" }, { "/local/domain/0/name", "Domain-0" },
		{ "/local/pool/0/name", "Pool-0" },
	};
	int rc = 0;

	for (size_t i = 0; !rc && i < sizeof(nodes) / sizeof(nodes[0]); i++) {
		char *there = s->ops->read(s, tx, nodes[i][0]);

		if (!there)
			rc = errno == ENOENT ? s->ops->write(s, tx, nodes[i][0], nodes[i][1]) :
			     -errno;
		free(there);
	}
	return rc;
}

int lx_store_add_dom0(struct lx *lx)
{
	int rc = lx_transaction(lx->store, add_dom0, NULL);

	if (rc)
		lx_error(lx, rc, "cannot write what xenstore is to know of dom0");
	return rc;
}

void lx_store_remove_domain(struct lx *lx, uint32_t domid, const char *uuid)
{
	static const char *const kinds[] = { "console", "vbd", "vif" };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		char folder[LX_PATH_BYTES];

		snprintf(folder, sizeof(folder), BACKENDS "/%s", kinds[i]);
		lx_remove(lx->store, 0, "%.200s/%u", folder, domid);
		remove_if_empty(lx->store, folder);
	}
	remove_if_empty(lx->store, BACKENDS);
	lx_remove(lx->store, 0, "/local/domain/%u", domid);
	lx_remove(lx->store, 0, "/libxl/%u", domid);
	if (uuid)
		lx_remove(lx->store, 0, "/vm/%s", uuid);
}
