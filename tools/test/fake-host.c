/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host without devices. A path is a disk's data, and all after a colon is left out: "/a:1" and
 * "/a:2" are two names of one file.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fake-host.h"

#define LOOP "/dev/loop7"

struct fake_host fake_host;

static int host_call(void)
{
	return ++fake_host.calls == fake_host.fail_at ? -EIO : 0;
}

static int loop_find(char dev[64])
{
	snprintf(dev, 64, LOOP);
	return host_call();
}

static int loop_attach(const char *dev, const char *path, bool readonly)
{
	int rc = host_call();

	assert_string_equal(dev, LOOP);
	if (!rc && fake_host.busy) {
		fake_host.busy--;
		return -EBUSY;
	}
	fake_host.loops += !rc;
	return rc;
}

static void loop_detach(const char *dev, const char *path)
{
	assert_string_equal(dev, LOOP);
	fake_host.loops -= fake_host.loops > 0;
}

static int stat_disk(const char *path, bool *block, uint32_t *major, uint32_t *minor)
{
	*block = !strncmp(path, "/dev/", 5);
	*major = 7;
	*minor = 7;
	if (fake_host.missing && !strcmp(path, fake_host.missing))
		return -ENOENT;
	return host_call();
}

static int extents(const char *path, struct lx_extents *all)
{
	uint64_t hash = 5381;

	for (; *path && *path != ':'; path++)
		hash = hash * 33 + (unsigned char)*path;
	all->n = 1;
	all->e[0] = (struct lx_extent){ .file = true, .inode = hash, .to = LX_EXTENT_END };
	return 0;
}

static void device_extents(uint32_t major, uint32_t minor, struct lx_extents *all)
{
	all->n = 0;
}

static bool mounted(const struct lx_extents *disk, bool writers_only, char where[256])
{
	struct lx_extents m;

	if (!fake_host.mounted || (writers_only && fake_host.mounted_readonly))
		return false;
	extents(fake_host.mounted, &m);
	snprintf(where, 256, "/mnt");
	return lx_extents_overlap(disk, &m);
}

static bool held(const char *path)
{
	return fake_host.held && !strcmp(fake_host.held, path);
}

static bool dma_as_mapped(void)
{
	return !fake_host.bounces;
}

static bool vif_lacks(const char *path, const char *bridge, char why[256])
{
	const char *what = path ? path : bridge;

	snprintf(why, 256, "no %.200s", what ? what : "");
	return what && fake_host.lacks && !strcmp(what, fake_host.lacks);
}

static int vif_up(const char *ifname, const char *rename, const char *bridge, uint32_t mtu)
{
	int rc = host_call();

	fake_host.connected += !rc;
	snprintf(fake_host.last, sizeof(fake_host.last), "%s %s %s %u", ifname,
		 rename ? rename : "-", bridge ? bridge : "-", mtu);
	return rc;
}

static int script(const char *path, const char *action, const char *backend, const char *ifname)
{
	snprintf(fake_host.last, sizeof(fake_host.last), "%.60s %.20s %.90s", path, action,
		 backend);
	return host_call();
}

const struct lx_host_ops fake_host_ops = {
	.loop_find = loop_find,
	.loop_attach = loop_attach,
	.loop_detach = loop_detach,
	.stat_disk = stat_disk,
	.extents = extents,
	.device_extents = device_extents,
	.mounted = mounted,
	.held = held,
	.dma_as_mapped = dma_as_mapped,
	.vif_up = vif_up,
	.vif_lacks = vif_lacks,
	.script = script,
};
