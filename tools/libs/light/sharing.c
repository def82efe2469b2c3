/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One writer: what a guest may write, neither another guest nor dom0 may have at the same time,
 * and what one of them may write, no guest may read. The backends in xenstore tell what guests
 * have, whoever made them; the host tells what dom0 has mounted.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"

/* Kinds of backends that serve disks: ours, and those that Xen's tools make. */
static const char *const kinds[] = { LX_VBD, "vbd3", "qdisk", "tap" };

static char *read_node(struct lx *lx, uint32_t tx, const char *back, const char *name)
{
	return lx_read(lx->store, tx, "%.200s/%s", back, name);
}

/* A domain that has ended does not write any more; one that is not there has left its nodes. */
static bool can_write(struct lx *lx, uint32_t domid)
{
	struct xen_domctl_getdomaininfo info;
	int rc;

	/* A driver domain cannot ask. */
	if (!lx->ctl)
		return true;
	rc = ctl_domain_info(lx->ctl, domid, &info);
	return rc ? rc != -ESRCH : !(info.flags & (XEN_DOMINF_shutdown | XEN_DOMINF_dying));
}

/*
 * Has this backend's disk passed the check? The toolstack's own has when its nodes are written. A
 * disk that a script or `xl devd` serves has passed when its node physical-device is there.
 */
static bool is_let_through(struct lx *lx, uint32_t tx, const char *back, char **number)
{
	char *by = read_node(lx, tx, back, "hotplug-by");
	bool ours = by && !strcmp(by, "toolstack");

	free(by);
	*number = read_node(lx, tx, back, "physical-device");
	return ours || (*number && **number) || strstr(back, "/backend/qdisk/");
}

/* Where the data of a backend are: by its path (after a prefix like "aio:") and by its device. */
static void backend_extents(struct lx *lx, uint32_t tx, const char *back, const char *number,
			    struct lx_extents *all)
{
	char *params = read_node(lx, tx, back, "params");
	const char *path = params ? strchr(params, '/') : NULL;
	struct lx_extents more = { 0 };
	unsigned int maj, min;

	if (!path || lx->host->extents(path, all))
		all->n = 0;
	if (number && sscanf(number, "%x:%x", &maj, &min) == 2)
		lx->host->device_extents(maj, min, &more);
	for (unsigned int i = 0; i < more.n && all->n < LX_MAX_EXTENTS; i++)
		all->e[all->n++] = more.e[i];
	free(params);
}

struct asked {
	const char *name, *path;		/* for messages */
	const struct lx_device *dev;		/* its own backend */
	const struct lx_extents *extents;
	bool writes;
};

static int refuse_for_guest(struct lx *lx, const struct asked *a, uint32_t domid,
			    const char *vdev, bool writes)
{
	char *name = lx_domain_name(lx, domid);

	assert(writes || a->writes);	/* two readers may share */
	if (domid == a->dev->domid)
		lx_error(lx, 0, "disk %s: %s is this guest's disk %s already", a->name, a->path,
			 vdev ? vdev : "?");
	else
		lx_error(lx, 0, "disk %s: domain %u (%s) %s %s as its disk %s; detach it there, "
			 "or write w! for w if the guests share it with care", a->name, domid,
			 name ? name : "no name", writes ? "can write" : "reads", a->path,
			 vdev ? vdev : "?");
	free(name);
	return -EBUSY;
}

static int check_backend(struct lx *lx, uint32_t tx, const char *back, uint32_t domid,
			 const struct asked *a)
{
	struct lx_extents its = { 0 };
	char *mode, *vdev, *number;
	bool writes;
	int rc = 0;

	if (!is_let_through(lx, tx, back, &number) || !can_write(lx, domid)) {
		free(number);
		return 0;
	}
	mode = read_node(lx, tx, back, "mode");
	vdev = read_node(lx, tx, back, "dev");
	writes = !mode || *mode == 'w';
	if (writes || a->writes)
		backend_extents(lx, tx, back, number, &its);
	if (lx_extents_overlap(a->extents, &its))
		rc = refuse_for_guest(lx, a, domid, vdev, writes);
	free(mode);
	free(vdev);
	free(number);
	return rc;
}

static int check_guest(struct lx *lx, uint32_t tx, const char *folder, uint32_t domid,
		       const struct asked *a)
{
	char path[LX_PATH_BYTES], **devids;
	unsigned int n;
	int rc = 0;

	snprintf(path, sizeof(path), "%.100s/%u", folder, domid);
	devids = lx->store->ops->list(lx->store, tx, path, &n);
	for (unsigned int i = 0; devids && i < n && !rc; i++) {
		uint32_t devid = (uint32_t)strtoul(devids[i], NULL, 10);
		char back[LX_PATH_BYTES];

		if (domid == a->dev->domid && devid == a->dev->devid)
			continue;
		snprintf(back, sizeof(back), "%.100s/%u/%u", folder, domid, devid);
		rc = check_backend(lx, tx, back, domid, a);
	}
	free(devids);
	return rc;
}

static int check_guests(struct lx *lx, uint32_t tx, const struct asked *a)
{
	int rc = 0;

	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]) && !rc; k++) {
		char folder[LX_PATH_BYTES], **domids;
		unsigned int n;

		snprintf(folder, sizeof(folder), "/local/domain/%u/backend/%s", a->dev->backend,
			 kinds[k]);
		domids = lx->store->ops->list(lx->store, tx, folder, &n);
		for (unsigned int i = 0; domids && i < n && !rc; i++)
			rc = check_guest(lx, tx, folder, (uint32_t)strtoul(domids[i], NULL, 10), a);
		free(domids);
	}
	return rc;
}

static int check_host(struct lx *lx, const struct asked *a)
{
	char where[256];

	if (lx->host->mounted(a->extents, !a->writes, where))
		lx_error(lx, 0, "disk %s: %s is mounted at %s in dom0; unmount it there first",
			 a->name, a->path, where);
	else if (a->writes && lx->host->held(a->path))
		lx_error(lx, 0, "disk %s: dom0 uses %s itself, as swap or as a part of a volume "
			 "or RAID; end that first", a->name, a->path);
	else
		return 0;
	return -EBUSY;
}

int lx_disk_check_sharing(struct lx *lx, uint32_t tx, const struct lx_device *dev,
			  const char *name, const char *path, bool writes)
{
	struct lx_extents extents;
	struct asked a = { name, path, dev, &extents, writes };
	int rc = lx->host->extents(path, &extents);

	if (rc) {
		lx_error(lx, rc, "disk %s: cannot use %s", name, path);
		return rc;
	}
	assert(extents.n && extents.n <= LX_MAX_EXTENTS);
	rc = check_guests(lx, tx, &a);
	return rc ? rc : check_host(lx, &a);
}
