/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The backend's side of devices: opening the file or device of a disk, and connecting an interface.
 * The backend's nodes say all that is needed. The toolstack wrote them and the guest can only read
 * them, so the work is the same in dom0 and in a driver domain.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"

#define LOOP_TRIES 32		/* another process may take the free one first */
/* The loop device of a disk. Xen's script block has it there as well, so that each toolstack frees
 * the other's. */
#define LOOP_NODE "node"

static char *read_node(struct lx *lx, const char *back, const char *name)
{
	char *text = lx_read(lx->store, 0, "%.200s/%s", back, name);

	if (text && *text)
		return text;
	free(text);
	return NULL;
}

static int write_node(struct lx *lx, const char *back, const char *name, const char *value)
{
	char path[LX_PATH_BYTES];

	snprintf(path, sizeof(path), "%.200s/%s", back, name);
	return lx->store->ops->write(lx->store, 0, path, value);
}

/* The script to be run, NULL when what it does is done here. */
static char *own_script(struct lx *lx, const char *back, const char *built_in)
{
	char *script = read_node(lx, back, "script"), *slash = script ? strrchr(script, '/') : NULL;

	if (script && strcmp(slash ? slash + 1 : script, built_in))
		return script;
	free(script);
	return NULL;
}

/* What the driver waits for comes last. */
static int tell_driver(struct lx *lx, const char *back, const char *dev)
{
	uint32_t major, minor;
	char number[24];
	bool block;
	int rc = lx->host->stat_disk(dev, &block, &major, &minor);

	snprintf(number, sizeof(number), "%x:%x", major, minor);
	if (!rc)
		rc = write_node(lx, back, "physical-device-path", dev);
	if (!rc)
		rc = write_node(lx, back, "physical-device", number);
	return rc ? rc : write_node(lx, back, "hotplug-status", "connected");
}

/* The name is written before the device is set up, so that one is found again whose maker was
 * killed in between. */
static int attach_loop(struct lx *lx, const char *back, const char *path, bool readonly,
		       char loop[64])
{
	int rc = -EBUSY;

	for (int i = 0; i < LOOP_TRIES && rc == -EBUSY; i++) {
		rc = lx->host->loop_find(loop);
		if (!rc)
			rc = write_node(lx, back, LOOP_NODE, loop);
		if (!rc)
			rc = lx->host->loop_attach(loop, path, readonly);
	}
	return rc;
}

int lx_hotplug_open(struct lx *lx, const char *back, const char *path, bool copy, bool readonly)
{
	char loop[64] = "";
	uint32_t major, minor;
	bool block;
	int rc = lx->host->stat_disk(path, &block, &major, &minor);

	if (rc)
		return rc;
	if (block && !copy)
		return tell_driver(lx, back, path);
	rc = attach_loop(lx, back, path, readonly, loop);
	if (rc)
		return rc;
	rc = tell_driver(lx, back, loop);
	if (rc)
		lx->host->loop_detach(loop, path);
	return rc;
}

static int open_disk(struct lx *lx, const struct lx_device *dev, const char *back, const char *path)
{
	char *mode = read_node(lx, back, "mode"), *vdev = read_node(lx, back, "dev");
	bool writes = mode && *mode == 'w', share = writes && mode[1] == '!';
	int rc = share ? 0 : lx_disk_check_sharing(lx, 0, dev, vdev ? vdev : "?", path, writes);

	free(mode);
	free(vdev);
	return rc ? rc : lx_hotplug_open(lx, back, path, false, !writes);
}

int lx_hotplug_disk(struct lx *lx, const struct lx_device *dev, const char *back)
{
	char *path = read_node(lx, back, "params"), *script = own_script(lx, back, "block");
	int rc = -EINVAL;

	/* A script of somebody else's writes the nodes itself. */
	if (script)
		rc = lx->host->script(script, "add", back, NULL);
	else if (path)
		rc = open_disk(lx, dev, back, path);
	if (rc)
		lx_error(lx, rc, "cannot use %s for the disk %s", script ? script : path ? path :
			 "nothing", back);
	free(path);
	free(script);
	return rc == -EAGAIN ? -EIO : rc;
}

int lx_hotplug_nic(struct lx *lx, const char *back, uint32_t domid, uint32_t devid)
{
	char *script = own_script(lx, back, "vif-bridge"), *rename = read_node(lx, back, "vifname");
	char *bridge = read_node(lx, back, "bridge"), *mtu = read_node(lx, back, "mtu"), name[32];
	char why[256];
	int rc;

	snprintf(name, sizeof(name), "vif%u.%u", domid, devid);
	if (lx->host->vif_lacks(script, script ? NULL : bridge, why)) {
		lx_error(lx, 0, "interface %u: %s", devid, why);
		rc = -ENOENT;
	} else if (script) {
		rc = lx->host->script(script, "online", back, name);
		if (rc)
			lx_error(lx, rc, "interface %u: the script %s failed for %s", devid, script,
				 name);
	} else {
		rc = lx->host->vif_up(name, rename, bridge,
				      mtu ? (uint32_t)strtoul(mtu, NULL, 10) : 0);
		if (rc)
			lx_error(lx, rc, "interface %u: cannot bring up %s%s%s", devid,
				 rename ? rename : name, bridge ? " in the bridge " : "",
				 bridge ? bridge : "");
	}
	if (!rc)
		rc = write_node(lx, back, "hotplug-status", "connected");
	free(script);
	free(rename);
	free(bridge);
	free(mtu);
	return rc == -EAGAIN ? -EIO : rc;
}

void lx_hotplug_read(struct lx *lx, const char *back, struct lx_hotplug *h)
{
	bool disk = strstr(back, "/backend/" LX_VBD "/");

	h->loop = disk ? read_node(lx, back, LOOP_NODE) : NULL;
	h->path = disk ? read_node(lx, back, "params") : NULL;
	h->script = own_script(lx, back, disk ? "block" : "vif-bridge");
	h->ifname = read_node(lx, back, "vifname");
}

void lx_hotplug_undo(struct lx *lx, const char *back, struct lx_hotplug *h)
{
	bool disk = strstr(back, "/backend/" LX_VBD "/");

	assert(!h->loop || disk);
	if (h->script)
		lx->host->script(h->script, disk ? "remove" : "offline", back, h->ifname);
	if (h->loop && h->path)
		lx->host->loop_detach(h->loop, h->path);
	free(h->loop);
	free(h->path);
	free(h->script);
	free(h->ifname);
	*h = (struct lx_hotplug){ 0 };
}

int lx_hotplug_done(struct lx *lx, const char *back)
{
	char *status = read_node(lx, back, "hotplug-status"), *error;
	int rc = !status ? -EAGAIN : !strcmp(status, "connected") ? 0 :
		 !strcmp(status, "error") ? -EIO : -EAGAIN;

	free(status);
	if (rc != -EIO)
		return rc;
	error = read_node(lx, back, "hotplug-error");
	lx_error(lx, 0, "the backend's domain cannot serve %s: %s", back, error ? error : "no "
		 "reason given");
	free(error);
	return rc;
}
