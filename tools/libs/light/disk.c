/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Disks of guests: block devices, and files by way of loop devices. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"

#include <public/io/xenbus.h>

#define SCRIPT "/etc/xen/scripts/block"	/* what it does is done here, or by xl devd */
#define XVD_MAJOR 202U
#define EXTENDED (1U << 28)	/* numbers beyond what 16 disks of 16 partitions have */

/* Letters count in base 26: a, b, ... z, aa, ab; at most two of them. */
static bool letters(const char **p, uint32_t *disk)
{
	uint32_t n = 0, count = 0;

	while (islower((unsigned char)**p) && count < 2) {
		n = n * 26 + (uint32_t)(**p - 'a') + 1;
		++*p;
		count++;
	}
	*disk = n - 1;
	return count && !islower((unsigned char)**p);
}

static bool decimal(const char **p, uint32_t *n)
{
	char *end;
	unsigned long v;

	if (!isdigit((unsigned char)**p))
		return false;
	v = strtoul(*p, &end, 10);
	*p = end;
	*n = (uint32_t)v;
	return v < 1 << 20;
}

static bool xvd(uint32_t disk, uint32_t part, uint32_t *devid)
{
	if (disk < 16 && part < 16)
		*devid = XVD_MAJOR << 8 | disk << 4 | part;
	else if (disk < 1 << 20 && part < 256)
		*devid = EXTENDED | disk << 8 | part;
	else
		return false;
	return true;
}

bool lx_vdev_number(const char *vdev, uint32_t *devid)
{
	static const uint32_t ide_majors[] = { 3, 22 };
	const char *p = vdev;
	uint32_t disk, part = 0;

	if (!strncmp(vdev, "xvd", 3) || !strncmp(vdev, "hd", 2) || !strncmp(vdev, "sd", 2)) {
		p += *vdev == 'x' ? 3 : 2;
		if (!letters(&p, &disk) || (*p && (!decimal(&p, &part) || !part || *p)))
			return false;
		if (*vdev == 'x')
			return xvd(disk, part, devid);
		if (*vdev == 'h' ? disk > 3 || part > 63 : disk > 15 || part > 15)
			return false;
		*devid = *vdev == 'h' ? ide_majors[disk / 2] << 8 | (disk & 1) << 6 | part :
			 8U << 8 | disk << 4 | part;
		return true;
	}
	if (*p == 'd') {
		p++;
		if (!decimal(&p, &disk))
			return false;
		if (*p == 'p') {
			p++;
			if (!decimal(&p, &part))
				return false;
		}
		return !*p && xvd(disk, part, devid);
	}
	return decimal(&p, devid) && !*p;
}

/* Two creations at once may want the same disk: the store lets one of the transactions through. */
static int may_have(struct lx *lx, uint32_t tx, const struct lx_device *dev, const void *arg)
{
	const struct lx_disk *d = arg;

	return lx_disk_check_sharing(lx, tx, dev, d->vdev, d->pdev_path, d->readwrite);
}

/* @elsewhere: the backend's domain opens the target, and checks who else has it. */
static int describe(struct lx *lx, const struct lx_device *dev, const struct lx_disk *d,
		    bool elsewhere)
{
	char id[16], virtual[16];
	const struct lx_kv front[] = {
		{ "virtual-device", virtual }, { "device-type", d->is_cdrom ? "cdrom" : "disk" },
		{ "trusted", d->trusted ? "1" : "0" }, { NULL, NULL },
	};
	const struct lx_kv back[] = {
		{ "removable", d->removable ? "1" : "0" }, { "bootable", "1" },
		{ "dev", d->vdev }, { "type", "phy" },
		{ "mode", !d->readwrite ? "r" : d->share_writes ? "w!" : "w" },
		{ "device-type", d->is_cdrom ? "cdrom" : "disk" },
		{ "discard-enable", d->discard_enable ? "1" : "0" }, { "params", d->pdev_path },
		{ "direct-io-safe", d->direct_io_safe ? "1" : NULL },
		{ "script", SCRIPT },	/* libxl removes no disk without one */
		{ "hotplug-by", elsewhere ? NULL : "toolstack" }, { "hotplug-status", "" },
		{ NULL, NULL },
	};

	snprintf(id, sizeof(id), "%u", dev->domid);
	snprintf(virtual, sizeof(virtual), "%u", dev->devid);
	return lx_device_write(lx, dev, front, back,
			       elsewhere || d->share_writes ? NULL : may_have, d);
}

static int check(struct lx *lx, const struct lx_disk *d, uint32_t *devid)
{
	const char *why = NULL;

	if (!d->vdev || !lx_vdev_number(d->vdev, devid))
		why = "is not the name of a disk: use xvda and so on";
	else if (!d->pdev_path)
		why = "has no target, and an empty drive needs a device model";
	else if (d->format != LX_FORMAT_RAW)
		why = "is not raw, and other formats need a device model";
	else if (d->script)
		why = "has a script, and disks here need none: name the device or file itself";
	if (!why)
		return 0;
	lx_error(lx, 0, "disk %s %s", d->vdev ? d->vdev : "?", why);
	return -EINVAL;
}

/*
 * A page of a guest that dom0 has mapped lies in dom0's address space where the page of the machine
 * with that address is another, or none.
 */
int lx_dma_reaches_guests(struct lx *lx, bool *reaches)
{
	struct xen_sysctl_physinfo p;
	int rc = ctl_physinfo(lx->ctl, &p);

	*reaches = !rc && (p.capabilities & XEN_SYSCTL_PHYSCAP_directio ||
			   !lx->host->dma_as_mapped());
	return rc;
}

static int add_here(struct lx *lx, const struct lx_device *dev, const struct lx_disk *d)
{
	char back[LX_PATH_BYTES];
	uint32_t major, minor;
	bool block, direct = true;
	int rc = lx->host->stat_disk(d->pdev_path, &block, &major, &minor);

	if (rc) {
		lx_error(lx, rc, "disk %s: cannot use %s", d->vdev, d->pdev_path);
		return rc;
	}
	if (block)
		rc = lx_dma_reaches_guests(lx, &direct);
	if (!rc)
		rc = describe(lx, dev, d, false);
	if (rc)
		return rc;
	lx_device_back(dev, back);
	rc = lx_hotplug_open(lx, back, d->pdev_path, !direct, !d->readwrite);
	if (rc) {
		lx_error(lx, rc, "disk %s: cannot use %s", d->vdev, d->pdev_path);
		lx_device_remove(lx, dev, true);
	}
	return rc;
}

int lx_disk_add(struct lx *lx, uint32_t domid, const struct lx_disk *d, uint32_t *devid)
{
	struct lx_device dev = { LX_VBD, domid, 0, 0 }, there;
	char name[64];
	int rc = check(lx, d, &dev.devid);

	snprintf(name, sizeof(name), "disk %s", d->vdev ? d->vdev : "?");
	if (!rc)
		rc = lx_backend_domain(lx, name, d->backend_domname, &dev.backend);
	if (rc)
		return rc;
	there = lx_device(lx, LX_VBD, domid, dev.devid);
	if (lx_device_state(lx, &there) >= 0) {
		lx_error(lx, 0, "Domain %u: it has a disk %s already", domid, d->vdev);
		return -EEXIST;
	}
	*devid = dev.devid;
	return lx_backend_elsewhere(lx, dev.backend) ? describe(lx, &dev, d, true) :
		add_here(lx, &dev, d);
}

int lx_disk_ready(struct lx *lx, uint32_t domid, uint32_t devid)
{
	struct lx_device dev = lx_device(lx, LX_VBD, domid, devid);
	int state = lx_device_state(lx, &dev);
	char back[LX_PATH_BYTES];

	if (state < XenbusStateInitWait || state >= XenbusStateClosing)
		return -EAGAIN;
	lx_device_back(&dev, back);
	return lx_hotplug_done(lx, back);
}
