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
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

	if (strstr(ifname, "-emu")) {
		snprintf(fake_host.taps, sizeof(fake_host.taps), "%s %s", ifname,
			 bridge ? bridge : "-");
		return rc;
	}
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

static void write_log(const char *log)
{
	FILE *f = fopen(log, "w");

	if (!f)
		return;
	fputs(fake_host.log_text, f);
	fclose(f);
}

static int dm_start(char *const *argv, const char *log, int *ready, int *pid)
{
	int rc = host_call(), pipes[2];
	size_t n = 0;

	if (rc)
		return rc;
	fake_host.argv[0] = '\0';
	for (unsigned int i = 0; argv[i]; i++)
		n += (size_t)snprintf(fake_host.argv + n, sizeof(fake_host.argv) - n, "%s ",
				      argv[i]);
	assert_true(n < sizeof(fake_host.argv));
	write_log(log);
	if (ready) {
		assert_int_equal(pipe(pipes), 0);
		if (!fake_host.dies)
			assert_int_equal(write(pipes[1], "", 1), 1);
		close(pipes[1]);
		*ready = pipes[0];
	}
	*pid = 100 + (int)fake_host.started;
	if (!fake_host.dies)
		fake_host.running |= 1U << fake_host.started;
	fake_host.started++;
	if (fake_host.model)
		fake_host.model(argv);
	return 0;
}

static bool dm_runs(int pid, const char *word)
{
	return pid >= 100 && fake_host.running >> (pid - 100) & 1;
}

static int dm_watch(int pid)
{
	int pipes[2];

	assert_int_equal(pipe(pipes), 0);
	fake_host.watched = pipes[1];
	return pipes[0];
}

static void dm_end(int pid)
{
	assert_true(dm_runs(pid, ""));
	fake_host.running &= ~(1U << (pid - 100));
}

static int qmp(const char *path, const char *request, char **reply)
{
	const char *fits = strstr(request, "query-chardev") ?
		"{\"return\": [{\"label\": \"serial0\", \"filename\": \"pty:/dev/pts/7\"},"
		" {\"label\": \"serial1\", \"filename\": \"null\"}, {\"label\": 3}, 4]}" :
		strstr(request, "query-vnc") ?
		"{\"return\": {\"host\": \"127.0.0.1\", \"service\": \"5901\"}}" :
		"{\"return\": {}}";
	int rc = host_call();

	snprintf(fake_host.qmp, sizeof(fake_host.qmp), "%s", request);
	if (!rc)
		*reply = strdup(fake_host.qmp_reply ? fake_host.qmp_reply : fits);
	return rc;
}

static int pci_driver(const char *name, char driver[64])
{
	snprintf(driver, 64, "%.63s", fake_host.driver);
	return strcmp(name, "0000:00:04.0") ? -ENOENT : host_call();
}

static int pci_unbind(const char *name)
{
	int rc = host_call();

	if (!rc)
		fake_host.driver[0] = '\0';
	return rc;
}

static int pci_bind(const char *name, const char *driver)
{
	int rc = host_call();

	if (!rc)
		snprintf(fake_host.driver, sizeof(fake_host.driver), "%s", driver);
	return rc;
}

static int pci_reset(const char *name)
{
	fake_host.resets++;
	return fake_host.no_reset ? -ENOENT : 0;
}

const struct lx_host_ops fake_host_ops = {
	.pci_driver = pci_driver,
	.pci_unbind = pci_unbind,
	.pci_bind = pci_bind,
	.pci_reset = pci_reset,
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
	.dm_start = dm_start,
	.dm_runs = dm_runs,
	.dm_watch = dm_watch,
	.dm_end = dm_end,
	.qmp = qmp,
};
