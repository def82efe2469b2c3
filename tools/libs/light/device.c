/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Both ends of PV devices in xenstore. */
#include <assert.h>

#include "device.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <public/io/xenbus.h>

#define MAX_KEYS 24	/* of one end of a device */
#define SETTLE_MS 3000	/* for a guest to connect a device that is to be removed */

void lx_device_front(const struct lx_device *dev, char path[LX_PATH_BYTES])
{
	snprintf(path, LX_PATH_BYTES, "/local/domain/%u/device/%s/%u", dev->domid, dev->kind,
		 dev->devid);
}

void lx_device_back(const struct lx_device *dev, char path[LX_PATH_BYTES])
{
	snprintf(path, LX_PATH_BYTES, "/local/domain/%u/backend/%s/%u/%u", dev->backend, dev->kind,
		 dev->domid, dev->devid);
}

static void lx_device_private(const struct lx_device *dev, char path[LX_PATH_BYTES])
{
	snprintf(path, LX_PATH_BYTES, "/libxl/%u/device/%s/%u", dev->domid, dev->kind, dev->devid);
}

struct lx_device lx_device(struct lx *lx, const char *kind, uint32_t domid, uint32_t devid)
{
	struct lx_device dev = { kind, domid, devid, 0 };
	char path[LX_PATH_BYTES], *back;

	lx_device_private(&dev, path);
	back = lx_read(lx->store, 0, "%.200s/backend", path);
	if (!back || sscanf(back, "/local/domain/%u/backend/", &dev.backend) != 1)
		dev.backend = 0;
	free(back);
	return dev;
}

int lx_backend_domain(struct lx *lx, const char *device, const char *name, uint32_t *domid)
{
	int rc;

	*domid = 0;
	if (!name)
		return 0;
	rc = lx_find_domain(lx, name, domid);
	if (rc)
		lx_error(lx, 0, "%s: there is no domain %s for its backend", device, name);
	return rc;
}

bool lx_backend_elsewhere(const struct lx *lx, uint32_t backend)
{
	return backend || lx->no_hotplug;
}

int lx_device_state(struct lx *lx, const struct lx_device *dev)
{
	char path[LX_PATH_BYTES], *text;
	int state;

	lx_device_back(dev, path);
	text = lx_read(lx->store, 0, "%.200s/state", path);
	state = text ? atoi(text) : -1;
	free(text);
	return state;
}

static int write_end(struct lx *lx, uint32_t tx, const char *dir, const struct lx_perm *perms,
		     const struct lx_kv *kv)
{
	const struct lx_store_ops *ops = lx->store->ops;
	int rc = ops->remove(lx->store, tx, dir);

	if (!rc)
		rc = ops->mkdir(lx->store, tx, dir);
	if (!rc)
		rc = ops->set_perms(lx->store, tx, dir, perms, 2);
	for (; !rc && kv->key; kv++) {
		char path[LX_PATH_BYTES];

		if (!kv->value)
			continue;
		snprintf(path, sizeof(path), "%.200s/%.50s", dir, kv->key);
		rc = ops->write(lx->store, tx, path, kv->value);
		if (!rc)
			rc = ops->set_perms(lx->store, tx, path, perms, 2);
	}
	return rc;
}

static int write_nodes(struct lx_store *s, uint32_t tx, const char *dir, const struct lx_kv *kv)
{
	int rc = 0;

	for (; !rc && kv->key; kv++) {
		char path[LX_PATH_BYTES];

		snprintf(path, sizeof(path), "%.200s/%.50s", dir, kv->key);
		if (kv->value)
			rc = s->ops->write(s, tx, path, kv->value);
	}
	return rc;
}

/* What toolstacks know of the device, where libxl keeps it and reads it from: both ends, and all
 * that the backend was told. The guest does not see it. */
static int write_private(struct lx_store *s, uint32_t tx, const char *dir, const char *front,
			 const char *back, const struct lx_kv *told)
{
	const struct lx_kv ends[] = { { "frontend", front }, { "backend", back }, { NULL, NULL } };
	int rc = s->ops->remove(s, tx, dir);

	if (!rc)
		rc = write_nodes(s, tx, dir, ends);
	return rc ? rc : write_nodes(s, tx, dir, told);
}

struct ends {
	struct lx *lx;
	const struct lx_device *dev;
	const struct lx_kv *front, *back;
	int (*allowed)(struct lx *lx, uint32_t tx, const struct lx_device *dev, const void *arg);
	const void *arg;
	int refused;
};

static int write_both(struct lx_store *s, uint32_t tx, void *arg)
{
	struct ends *e = arg;
	const struct lx_device *dev = e->dev;
	const struct lx_perm guests[] = { { dev->domid, false, false },
					  { dev->backend, true, false } };
	const struct lx_perm backends[] = { { dev->backend, false, false },
					    { dev->domid, true, false } };
	char f[LX_PATH_BYTES], b[LX_PATH_BYTES], p[LX_PATH_BYTES], id[16], back_id[16];
	const struct lx_kv front_base[] = { { "backend", b }, { "backend-id", back_id },
					    { "state", "1" }, { NULL, NULL } };
	const struct lx_kv back_base[] = { { "frontend", f }, { "frontend-id", id },
					   { "online", "1" }, { "state", "1" }, { NULL, NULL } };
	struct lx_kv all[MAX_KEYS + sizeof(back_base) / sizeof(back_base[0])];
	unsigned int n;
	int rc;

	e->refused = e->allowed ? e->allowed(e->lx, tx, dev, e->arg) : 0;
	if (e->refused)
		return e->refused;
	lx_device_front(dev, f);
	lx_device_back(dev, b);
	lx_device_private(dev, p);
	snprintf(id, sizeof(id), "%u", dev->domid);
	snprintf(back_id, sizeof(back_id), "%u", dev->backend);
	/* The states come last: they are what the drivers wait for. */
	for (n = 0; e->front[n].key; n++) {
		assert(n < MAX_KEYS);
		all[n] = e->front[n];
	}
	memcpy(all + n, front_base, sizeof(front_base));
	rc = write_end(e->lx, tx, f, guests, all);
	for (n = 0; e->back[n].key; n++) {
		assert(n < MAX_KEYS);
		all[n] = e->back[n];
	}
	memcpy(all + n, back_base, sizeof(back_base));
	if (!rc)
		rc = write_end(e->lx, tx, b, backends, all);
	return rc ? rc : write_private(s, tx, p, f, b, e->back);
}

int lx_device_write(struct lx *lx, const struct lx_device *dev, const struct lx_kv *front,
		    const struct lx_kv *back,
		    int (*allowed)(struct lx *lx, uint32_t tx, const struct lx_device *dev,
				   const void *arg), const void *arg)
{
	struct lx_device there = lx_device(lx, dev->kind, dev->domid, dev->devid);
	struct ends e = { lx, dev, front, back, allowed, arg, 0 };
	int rc;

	if (lx_device_state(lx, &there) >= 0) {
		lx_error(lx, 0, "Domain %u: it has a device %s %u already", dev->domid, dev->kind,
			 dev->devid);
		return -EEXIST;
	}
	rc = lx_transaction(lx->store, write_both, &e);
	if (rc && !e.refused)
		lx_error(lx, rc, "Domain %u: cannot write device %s %u to xenstore", dev->domid,
			 dev->kind, dev->devid);
	return rc;
}

int lx_device_wait(struct lx *lx, unsigned int ms, int (*ready)(struct lx *lx, void *arg),
		   void *arg)
{
	uint64_t until = lx_now() + ms * 1000000ULL;
	int rc;

	while ((rc = ready(lx, arg)) == -EAGAIN) {
		if (lx_now() > until)
			return -ETIMEDOUT;
		usleep(LX_DEVICE_POLL_MS * 1000);
	}
	return rc;
}

/*
 * A device that is being connected is let get there before it is told to close. Otherwise its
 * backend may put "connected" over the order, and a frontend that has seen both, in that order, is
 * broken: Linux's xen-blkfront ends in a BUG(). A guest without a driver never gets there.
 */
static void let_connect(struct lx *lx, const struct lx_device *dev)
{
	uint64_t until = lx_now() + SETTLE_MS * 1000000ULL;
	int state;

	while (((state = lx_device_state(lx, dev)) == XenbusStateInitWait ||
		state == XenbusStateInitialised) && lx_now() < until)
		usleep(LX_DEVICE_POLL_MS * 1000);
}

static void take_offline(struct lx *lx, const struct lx_device *dev)
{
	char back[LX_PATH_BYTES], path[LX_PATH_BYTES];

	lx_device_back(dev, back);
	snprintf(path, sizeof(path), "%.200s/online", back);
	lx->store->ops->write(lx->store, 0, path, "0");
}

/* A backend whose guest has let go closes by itself: an order that came over its "closed" would be
 * waited for in vain. */
static int order_to_close(struct lx_store *s, uint32_t tx, void *arg)
{
	const char *back = arg;
	char *text = lx_read(s, tx, "%.200s/state", back);
	int state = text ? atoi(text) : XenbusStateUnknown, rc;
	char path[LX_PATH_BYTES];

	free(text);
	snprintf(path, sizeof(path), "%.200s/online", back);
	rc = s->ops->write(s, tx, path, "0");
	snprintf(path, sizeof(path), "%.200s/state", back);
	if (!rc && state != XenbusStateClosing && state != XenbusStateClosed)
		rc = s->ops->write(s, tx, path, "5");
	return rc;
}

static void tell_to_close(struct lx *lx, const struct lx_device *dev)
{
	char back[LX_PATH_BYTES];

	lx_device_back(dev, back);
	lx_transaction(lx->store, order_to_close, back);
}

static int is_closed(struct lx *lx, void *arg)
{
	int state = lx_device_state(lx, arg);

	/* It got connected after all, and its backend has put that over the order. */
	if (state == XenbusStateConnected)
		tell_to_close(lx, arg);
	/* One that never got to InitWait has no driver that could close it. */
	return state < 0 || state == XenbusStateClosed || state == XenbusStateUnknown ? 0 : -EAGAIN;
}

static int is_gone(struct lx *lx, void *arg)
{
	return lx_device_state(lx, arg) < 0 ? 0 : -EAGAIN;
}

/* A driver domain that is gone closes nothing any more. */
static bool backend_lives(struct lx *lx, const struct lx_device *dev)
{
	struct xen_domctl_getdomaininfo info;

	return !dev->backend || ctl_domain_info(lx->ctl, dev->backend, &info) != -ESRCH;
}

static void take_backing_away(struct lx *lx, const struct lx_device *dev, const char *back)
{
	char *by = lx_read(lx->store, 0, "%.200s/hotplug-by", back);
	bool own = by && !strcmp(by, "toolstack");	/* done here, whatever xl.conf says now */
	struct lx_hotplug h;

	free(by);
	if (own || !lx_backend_elsewhere(lx, dev->backend)) {
		lx_hotplug_read(lx, back, &h);
		lx_hotplug_undo(lx, back, &h);
	} else if (lx_device_state(lx, dev) == XenbusStateClosed && backend_lives(lx, dev) &&
		   lx_device_wait(lx, lx_device_ms, is_gone, (void *)dev)) {
		/* The nodes go away below, and the daemon, if there is one, sees that. */
		lx_error(lx, 0, "Domain %u: domain %u does not give up %s %u: is xl devd running "
			 "there?", dev->domid, dev->backend, dev->kind, dev->devid);
	}
}

/* The guest's folder of backends goes with the last one in it. */
static void remove_backend(struct lx *lx, const struct lx_device *dev, const char *back)
{
	char path[LX_PATH_BYTES], **names;
	unsigned int n;

	lx->store->ops->remove(lx->store, 0, back);
	snprintf(path, sizeof(path), "/local/domain/%u/backend/%s/%u", dev->backend, dev->kind,
		 dev->domid);
	names = lx->store->ops->list(lx->store, 0, path, &n);
	if (names && !n)
		lx->store->ops->remove(lx->store, 0, path);
	free(names);
}

unsigned int lx_answer_ms = 10000, lx_device_ms = 30000;

/* Does the guest say that it has connected the device, or is just letting go of it? */
static bool guest_uses(struct lx *lx, const char *front)
{
	char *text = lx_read(lx->store, 0, "%.200s/state", front);
	int state = text ? atoi(text) : 0;

	free(text);
	return state == XenbusStateConnected || state == XenbusStateClosing;
}

/* Wait for the backend to close. 0 when the device may be removed. */
static int close_backend(struct lx *lx, const struct lx_device *dev, bool force)
{
	char front[LX_PATH_BYTES];
	int rc = -ETIMEDOUT;

	assert(!strcmp(dev->kind, LX_VBD) || !strcmp(dev->kind, LX_VIF));
	lx_device_front(dev, front);
	tell_to_close(lx, dev);
	if (!force)
		rc = lx_device_wait(lx, lx_answer_ms, is_closed, (void *)dev);
	if (!rc)
		return 0;
	if (!force && !strcmp(dev->kind, LX_VBD) && guest_uses(lx, front)) {
		lx_error(lx, 0, "Domain %u: the guest does not let go of disk %u: unmount it "
			 "there, or take it away with --force", dev->domid, dev->devid);
		return -EBUSY;
	}
	/* Without its other end a backend gives up. */
	lx->store->ops->remove(lx->store, 0, front);
	rc = lx_device_wait(lx, lx_device_ms, is_closed, (void *)dev);
	if (rc)
		lx_error(lx, rc, "Domain %u: the backend of %s %u does not close", dev->domid,
			 dev->kind, dev->devid);
	return 0;
}

int lx_device_remove(struct lx *lx, const struct lx_device *dev, bool force)
{
	char front[LX_PATH_BYTES], back[LX_PATH_BYTES], private[LX_PATH_BYTES];
	int state, rc = 0;

	if (!force)
		let_connect(lx, dev);
	state = lx_device_state(lx, dev);
	lx_device_front(dev, front);
	lx_device_back(dev, back);
	lx_device_private(dev, private);
	if (state > XenbusStateInitialising && state != XenbusStateClosed && backend_lives(lx, dev))
		rc = close_backend(lx, dev, force);
	else if (state >= 0)
		take_offline(lx, dev);	/* what a driver domain waits for, when it has closed */
	if (rc)
		return rc;
	take_backing_away(lx, dev, back);
	lx->store->ops->remove(lx->store, 0, front);
	remove_backend(lx, dev, back);
	lx->store->ops->remove(lx->store, 0, private);
	return 0;
}

uint32_t *lx_device_list(struct lx *lx, uint32_t domid, const char *kind, unsigned int *n)
{
	char path[LX_PATH_BYTES], **names;
	uint32_t *ids;

	/* The backends may be in several domains; what the toolstack noted is in one place. */
	snprintf(path, sizeof(path), "/libxl/%u/device/%s", domid, kind);
	names = lx->store->ops->list(lx->store, 0, path, n);
	if (!names)
		*n = 0;
	ids = calloc(*n + 1, sizeof(*ids));
	for (unsigned int i = 0; ids && i < *n; i++)
		ids[i] = (uint32_t)strtoul(names[i], NULL, 10);
	if (!ids)
		*n = 0;
	free(names);
	return ids;
}

void lx_devices_remove(struct lx *lx, uint32_t domid)
{
	static const char *const kinds[] = { LX_VBD, LX_VIF };

	for (unsigned int k = 0; k < 2; k++) {
		unsigned int n;
		uint32_t *ids = lx_device_list(lx, domid, kinds[k], &n);

		for (unsigned int i = 0; i < n; i++) {
			struct lx_device dev = lx_device(lx, kinds[k], domid, ids[i]);

			lx_device_remove(lx, &dev, true);
		}
		free(ids);
	}
}
