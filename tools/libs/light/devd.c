/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A driver domain's daemon. The toolstack describes a backend in the domain's part of xenstore. The
 * daemon opens the disk or connects the interface when the driver is ready, and undoes that when
 * the driver has closed or the nodes are gone. Each event makes it look at all its backends, so
 * that none is missed. What it did is also in the nodes, so that a daemon that is started again
 * goes on.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"

#include <public/io/xenbus.h>

#define TOKEN "devd"

struct lx_served {
	struct lx_served *next;
	struct lx_device dev;
	struct lx_hotplug did;
	bool seen;			/* in this scan */
};

static char *read_node(struct lx *lx, const char *back, const char *name)
{
	return lx_read(lx->store, 0, "%.200s/%s", back, name);
}

static bool node_is(struct lx *lx, const char *back, const char *name, const char *value)
{
	char *text = read_node(lx, back, name);
	bool same = text && !strcmp(text, value);

	free(text);
	return same;
}

static struct lx_served *find(struct lx_devd *d, const struct lx_device *dev)
{
	struct lx_served *s = d->devices;

	while (s && (strcmp(s->dev.kind, dev->kind) || s->dev.domid != dev->domid ||
		     s->dev.devid != dev->devid))
		s = s->next;
	return s;
}

static void forget(struct lx_devd *d, struct lx_served *s)
{
	struct lx_served **p = &d->devices;

	while (*p != s) {
		assert(*p);		/* it is in the list */
		p = &(*p)->next;
	}
	*p = s->next;
	free(s);
}

static void report(struct lx *lx, const char *back, int rc)
{
	char path[LX_PATH_BYTES];

	snprintf(path, sizeof(path), "%.200s/hotplug-error", back);
	lx->store->ops->write(lx->store, 0, path, strerror(-rc));
	snprintf(path, sizeof(path), "%.200s/hotplug-status", back);
	lx->store->ops->write(lx->store, 0, path, "error");
}

/* One that a daemon before this one, or this one, has connected is only remembered. */
static void serve(struct lx_devd *d, const struct lx_device *dev, const char *back)
{
	struct lx *lx = d->lx;
	struct lx_served *s = calloc(1, sizeof(*s));
	int rc = 0;

	assert(!find(d, dev));
	if (!s) {
		report(lx, back, -ENOMEM);
		return;
	}
	s->dev = *dev;
	s->seen = true;
	s->next = d->devices;
	d->devices = s;
	if (!node_is(lx, back, "hotplug-status", "connected")) {
		lx_info(lx, "connecting %s", back);
		rc = strcmp(dev->kind, LX_VBD) ? lx_hotplug_nic(lx, back, dev->domid, dev->devid) :
		     lx_hotplug_disk(lx, dev, back);
	}
	if (rc)
		report(lx, back, rc);
	else
		lx_hotplug_read(lx, back, &s->did);
}

static void give_up(struct lx_devd *d, struct lx_served *s)
{
	char back[LX_PATH_BYTES];

	lx_device_back(&s->dev, back);
	lx_info(d->lx, "letting go of %s", back);
	lx_hotplug_undo(d->lx, back, &s->did);
	d->lx->store->ops->remove(d->lx->store, 0, back);
	forget(d, s);
}

static void look(struct lx_devd *d, const struct lx_device *dev)
{
	struct lx_served *s = find(d, dev);
	int state = lx_device_state(d->lx, dev);
	char back[LX_PATH_BYTES];

	lx_device_back(dev, back);
	/* dom0's toolstack does the work of most backends there. */
	if (state < 0 || node_is(d->lx, back, "hotplug-by", "toolstack"))
		return;
	if (s && node_is(d->lx, back, "hotplug-status", "")) {
		/* Other nodes than those that were served: one was removed and made again. */
		lx_hotplug_undo(d->lx, back, &s->did);
		forget(d, s);
		s = NULL;
	}
	if (s)
		s->seen = true;
	if (!s && state >= XenbusStateInitWait && state < XenbusStateClosing)
		serve(d, dev, back);
	else if (s && state == XenbusStateClosed && node_is(d->lx, back, "online", "0"))
		give_up(d, s);
}

/* Not there, and not only unreadable for the moment. */
static bool vanished(struct lx_devd *d, const struct lx_device *dev)
{
	char back[LX_PATH_BYTES], *text;
	int error;

	lx_device_back(dev, back);
	text = read_node(d->lx, back, "state");
	error = text ? 0 : errno;
	free(text);
	return error == ENOENT;
}

static bool number(const char *text, uint32_t *n)
{
	char *end;
	unsigned long v = strtoul(text, &end, 10);

	*n = (uint32_t)v;
	return *text >= '0' && *text <= '9' && !*end && v <= UINT32_MAX;
}

static void scan_guest(struct lx_devd *d, const char *kind, uint32_t guest)
{
	struct lx_device dev = { kind, guest, 0, d->domid };
	char path[LX_PATH_BYTES], **names;
	unsigned int n;

	snprintf(path, sizeof(path), "/local/domain/%u/backend/%s/%u", d->domid, kind, guest);
	names = d->lx->store->ops->list(d->lx->store, 0, path, &n);
	for (unsigned int i = 0; names && i < n; i++)
		if (number(names[i], &dev.devid))
			look(d, &dev);
	free(names);
}

void lx_devd_scan(struct lx_devd *d)
{
	static const char *const kinds[] = { LX_VBD, LX_VIF };
	struct lx_served *s, *next;

	for (s = d->devices; s; s = s->next)
		s->seen = false;
	for (unsigned int k = 0; k < 2; k++) {
		char path[LX_PATH_BYTES], **names;
		unsigned int n;
		uint32_t guest;

		snprintf(path, sizeof(path), "/local/domain/%u/backend/%s", d->domid, kinds[k]);
		names = d->lx->store->ops->list(d->lx->store, 0, path, &n);
		for (unsigned int i = 0; names && i < n; i++)
			if (number(names[i], &guest))
				scan_guest(d, kinds[k], guest);
		free(names);
	}
	for (s = d->devices; s; s = next) {
		next = s->next;
		if (!s->seen && vanished(d, &s->dev))
			give_up(d, s);
	}
}

static void store_event(struct lx_fd *fd, short revents)
{
	struct lx_devd *d = fd->user;
	char **event;

	while ((event = d->lx->store->ops->fired(d->lx->store)))
		free(event);
	if (errno == ENOTCONN) {
		lx_error(d->lx, 0, "xenstored has gone");
		lx_loop_stop(&d->lx->loop);
		return;
	}
	lx_devd_scan(d);
}

int lx_devd_start(struct lx_devd *d, struct lx *lx)
{
	char path[LX_PATH_BYTES];
	/* Relative to where the domain's own nodes are. */
	char *own = lx->store->ops->read(lx->store, 0, "domid");
	int rc = own && number(own, &d->domid) ? 0 : -ENOENT;

	free(own);
	d->lx = lx;
	d->devices = NULL;
	if (rc) {
		lx_error(lx, rc, "xenstore does not say which domain this is: has xen-init-dom0 "
			 "been run, or the guest a node domid?");
		return rc;
	}
	snprintf(path, sizeof(path), "/local/domain/%u/backend", d->domid);
	rc = lx->store->ops->watch(lx->store, path, TOKEN);
	if (rc) {
		lx_error(lx, rc, "cannot watch %s", path);
		return rc;
	}
	d->fd = (struct lx_fd){ .fn = store_event, .user = d };
	lx_fd_add(&lx->loop, &d->fd, lx->store->ops->fd(lx->store), POLLIN);
	lx_devd_scan(d);
	return 0;
}

void lx_devd_stop(struct lx_devd *d)
{
	char path[LX_PATH_BYTES];
	struct lx_served *s;

	lx_fd_remove(&d->lx->loop, &d->fd);
	snprintf(path, sizeof(path), "/local/domain/%u/backend", d->domid);
	d->lx->store->ops->unwatch(d->lx->store, path, TOKEN);
	while ((s = d->devices)) {
		free(s->did.loop);
		free(s->did.path);
		free(s->did.script);
		free(s->did.ifname);
		forget(d, s);
	}
}
