/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One writer: who may have a disk beside whom, what is said to those who may not, and where Linux
 * says that the data of two disks are the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xentoollog.h>

#include "fake-host.h"
#include "fake-store.h"
#include "fake-xen.h"
#include "light/host-linux.h"

static struct fake_store store;
static struct lx lx;
static FILE *log_file;
static char *text, said[512];
static size_t text_bytes;

static void put(const char *path, const char *value)
{
	assert_int_equal(store.s.ops->write(&store.s, 0, path, value), 0);
}

static int setup(void **state)
{
	log_file = open_memstream(&text, &text_bytes);
	lx = (struct lx){
		.log = (void *)xtl_createlogger_stdiostream(log_file, XTL_ERROR, 0),
		.store = &store.s, .state_dir = "/nonexistent", .host = &fake_host_ops,
	};
	fake_reset(64);
	lx.ctl = ctl_open(&fake_backend, lx.log);
	for (unsigned int i = 1; i < 4; i++)
		fake_xen.d[i].used = true;
	fake_store_init(&store);
	fake_host = (struct fake_host){ .bounces = true };
	put("/local/domain/1/name", "ga");
	return 0;
}

static int teardown(void **state)
{
	ctl_close(lx.ctl);
	xtl_logger_destroy(lx.log);
	fclose(log_file);
	free(text);
	fake_store_free(&store);
	fake_reset(0);
	return 0;
}

static int add(uint32_t domid, const char *vdev, const char *path, const char *mode)
{
	struct lx_disk d;
	uint32_t devid;
	int rc;

	lx_init(&lx_disk_type, &d);
	d.vdev = (char *)vdev;
	d.pdev_path = (char *)path;
	d.readwrite = *mode == 'w';
	d.share_writes = !strcmp(mode, "w!");
	rewind(log_file);
	rc = lx_disk_add(&lx, domid, &d, &devid);
	fflush(log_file);
	snprintf(said, sizeof(said), "%.*s", (int)ftell(log_file), text);
	return rc;
}

#define TAKEN " can write /d1 as its disk xvda; detach it there, or write w! for w if the guests " \
	"share it with care\n"

static void test_guests(void **state)
{
	static const struct {
		const char *first, *second, *path;
		int rc;
	} cases[] = {
		{ "w", "w", "/d1", -EBUSY }, { "w", "r", "/d1", -EBUSY },
		{ "r", "w", "/d1", -EBUSY }, { "r", "r", "/d1", 0 }, { "w", "w!", "/d1", 0 },
		{ "w!", "w", "/d1", -EBUSY }, { "w", "w", "/d1:other name", -EBUSY },
		{ "w", "w", "/d2", 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(add(1, "xvda", "/d1", cases[i].first), 0);
		assert_int_equal(add(2, "xvdb", cases[i].path, cases[i].second), cases[i].rc);
		assert_int_equal(fake_host.loops, cases[i].rc ? 1 : 2);
		lx_devices_remove(&lx, 1);
		lx_devices_remove(&lx, 2);
		assert_int_equal(fake_host.loops, 0);
	}
	assert_int_equal(add(1, "xvda", "/d1", "w"), 0);
	assert_int_equal(add(2, "xvdb", "/d1", "w"), -EBUSY);
	assert_string_equal(said, "libxl: error: disk xvdb: domain 1 (ga)" TAKEN);
	/* The same guest would have two caches of it. */
	assert_int_equal(add(1, "xvdb", "/d1", "w"), -EBUSY);
	assert_string_equal(said, "libxl: error: disk xvdb: /d1 is this guest's disk xvda "
			    "already\n");
	/* A domain that has ended does not write, and one that is gone has left its nodes only. */
	fake_xen.d[1].flags |= XEN_DOMINF_shutdown;
	assert_int_equal(add(2, "xvdb", "/d1", "w"), 0);
	fake_xen.d[2].used = false;
	assert_int_equal(add(3, "xvdb", "/d1", "w"), 0);
}

/* A disk that cannot be opened leaves nothing that would be in the way of the next attempt. */
static void test_failed_add(void **state)
{
	unsigned int n;

	for (n = 1;; n++) {
		int rc;

		fake_host.calls = 0;
		fake_host.fail_at = n;
		rc = add(1, "xvda", "/d1", "w");
		fake_host.fail_at = 0;
		if (rc) {
			assert_int_equal(fake_host.loops, 0);
			assert_int_equal(add(1, "xvda", "/d1", "w"), 0);
		}
		lx_devices_remove(&lx, 1);
		assert_int_equal(fake_host.loops, 0);
		if (!rc)
			break;
	}
	assert_true(n > 2);
}

/* Backends that Xen's tools made: they are not ready before there is a device behind them. */
static void test_foreign(void **state)
{
#define BACK "/local/domain/0/backend/vbd/1/51712/"
	put(BACK "params", "/d1");
	put(BACK "mode", "w");
	put(BACK "dev", "xvda");
	assert_int_equal(add(2, "xvdb", "/d1", "r"), 0);
	lx_devices_remove(&lx, 2);
	put(BACK "physical-device", "7:0");
	assert_int_equal(add(2, "xvdb", "/d1", "r"), -EBUSY);
	assert_string_equal(said, "libxl: error: disk xvdb: domain 1 (ga)" TAKEN);
	put(BACK "mode", "r");
	assert_int_equal(add(2, "xvdb", "/d1", "w"), -EBUSY);
	assert_string_equal(said, "libxl: error: disk xvdb: domain 1 (ga) reads /d1 as its disk "
			    "xvda; detach it there, or write w! for w if the guests share it with "
			    "care\n");
	put("/local/domain/0/backend/qdisk/1/832/params", "aio:/d4");
	put("/local/domain/0/backend/qdisk/1/832/mode", "w");
	assert_int_equal(add(2, "xvdb", "/d4", "w"), -EBUSY);
}

static void test_dom0(void **state)
{
	fake_host.mounted = "/d1";
	assert_int_equal(add(1, "xvda", "/d1", "w"), -EBUSY);
	assert_string_equal(said, "libxl: error: disk xvda: /d1 is mounted at /mnt in dom0; "
			    "unmount it there first\n");
	assert_int_equal(add(1, "xvda", "/d1", "r"), -EBUSY);
	assert_int_equal(add(1, "xvda", "/d2", "w"), 0);
	fake_host.mounted_readonly = true;
	assert_int_equal(add(1, "xvdb", "/d1", "w"), -EBUSY);
	assert_int_equal(add(1, "xvdb", "/d1", "r"), 0);
	fake_host.mounted = NULL;
	fake_host.held = "/dev/sda2";
	assert_int_equal(add(1, "xvdc", "/dev/sda2", "w"), -EBUSY);
	assert_string_equal(said, "libxl: error: disk xvdc: dom0 uses /dev/sda2 itself, as swap or "
			    "as a part of a volume or RAID; end that first\n");
	assert_int_equal(add(1, "xvdc", "/dev/sda2", "w!"), 0);
}

static void other_create(void)
{
	static bool done;

	if (done)
		return;
	done = true;
	put(BACK "hotplug-by", "toolstack");
	put(BACK "params", "/d1");
	put(BACK "mode", "w");
	put(BACK "dev", "xvda");
}

/* Another process describes the same disk while the transaction is open: the store refuses it, and
 * the second try sees what is there now. */
static void test_race(void **state)
{
	store.conflicts = 1;
	store.at_conflict = other_create;
	assert_int_equal(add(2, "xvdb", "/d1", "w"), -EBUSY);
	assert_string_equal(said, "libxl: error: disk xvdb: domain 1 (ga)" TAKEN);
	assert_int_equal(fake_host.loops, 0);
}

/* Somebody else takes the loop device that was free. */
static void test_loop_taken(void **state)
{
	fake_host.busy = 3;
	assert_int_equal(add(1, "xvda", "/d1", "w"), 0);
	assert_int_equal(fake_host.loops, 1);
	fake_host.busy = 1000;
	assert_int_equal(add(1, "xvdb", "/d2", "w"), -EBUSY);
	assert_null(fake_store_get(&store, "/local/domain/0/backend/vbd/1/51728/params"));
}

static char folder[64];

static void sys_file(const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%.60s/%.120s", folder, name);
	for (char *p = path + strlen(folder) + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		mkdir(path, 0700);
		*p = '/';
	}
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

/* A drive 8:0 with two partitions, of which the second holds two volumes; a loop device. */
static void make_sysfs(void)
{
	char text[128], path[128];

	snprintf(folder, sizeof(folder), "/tmp/xenolith-sys-XXXXXX");
	assert_non_null(mkdtemp(folder));
	sys_file("drive/sda1/partition", "1\n");
	sys_file("drive/sda1/start", "2048\n");
	sys_file("drive/sda1/size", "1000\n");
	sys_file("drive/sda2/partition", "2\n");
	sys_file("drive/sda2/start", "4096\n");
	sys_file("drive/sda2/size", "1000\n");
	sys_file("drive/dev", "8:0\n");
	sys_file("sys/dev/block/253:0/slaves/sda2/dev", "8:2\n");
	sys_file("sys/dev/block/253:1/slaves/sda2/dev", "8:2\n");
	sys_file("image", "x");
	snprintf(text, sizeof(text), "%s/image\n", folder);
	sys_file("sys/dev/block/7:4095/loop/backing_file", text);
	snprintf(text, sizeof(text), "%s/drive/sda1", folder);
	snprintf(path, sizeof(path), "%s/sys/dev/block/8:1", folder);
	assert_int_equal(symlink(text, path), 0);
	snprintf(text, sizeof(text), "%s/drive/sda2", folder);
	snprintf(path, sizeof(path), "%s/sys/dev/block/8:2", folder);
	assert_int_equal(symlink(text, path), 0);
	snprintf(text, sizeof(text), "%s/drive", folder);
	snprintf(path, sizeof(path), "%s/sys/dev/block/8:0", folder);
	assert_int_equal(symlink(text, path), 0);
	sys_file("mountinfo", "22 1 8:1 / /boot\\040x rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
		 "23 1 253:0 / /srv ro - ext4 /dev/dm-0 ro,errors=x\n"
		 "garbage\n24 1 0:5 / /proc rw - proc proc rw\n");
}

static bool same(unsigned int maj, unsigned int min, unsigned int maj2, unsigned int min2)
{
	struct lx_extents a, b;

	lx_linux_device_extents(maj, min, &a);
	lx_linux_device_extents(maj2, min2, &b);
	assert_int_equal(lx_extents_overlap(&a, &b), lx_extents_overlap(&b, &a));
	return lx_extents_overlap(&a, &b);
}

static void test_linux(void **state)
{
	char sys[80], info[80], image[80], command[128], where[256];
	struct lx_extents a, b;

	make_sysfs();
	snprintf(sys, sizeof(sys), "%s/sys", folder);
	snprintf(info, sizeof(info), "%s/mountinfo", folder);
	snprintf(image, sizeof(image), "%s/image", folder);
	lx_sys_root = sys;
	lx_mountinfo = info;
	assert_true(same(8, 0, 8, 0));
	assert_true(same(8, 0, 8, 1));		/* a drive and its partition */
	assert_false(same(8, 1, 8, 2));
	assert_true(same(253, 0, 8, 2));	/* a volume and what it lies in */
	assert_true(same(253, 0, 8, 0));
	assert_false(same(253, 0, 253, 1));
	assert_false(same(253, 0, 8, 1));
	assert_false(same(9, 1, 8, 1));
	assert_int_equal(lx_linux_extents(image, &a), 0);
	lx_linux_device_extents(7, 4095, &b);
	assert_true(lx_extents_overlap(&a, &b));
	lx_linux_device_extents(8, 1, &a);
	assert_true(lx_linux_mounted(&a, true, where));
	assert_string_equal(where, "/boot x");
	lx_linux_device_extents(8, 2, &a);
	assert_true(lx_linux_mounted(&a, false, where));
	assert_string_equal(where, "/srv");
	assert_false(lx_linux_mounted(&a, true, where));
	lx_linux_device_extents(253, 1, &a);
	assert_false(lx_linux_mounted(&a, false, where));
	assert_int_equal(lx_linux_extents("/nonexistent", &a), -ENOENT);
	assert_false(lx_linux_held(image));
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	assert_int_equal(system(command), 0);
}

/* A script and a bridge that are not there; the bridges that are. */
static void test_lacks(void **state)
{
	char sys[80], command[128], why[256];

	make_sysfs();
	snprintf(sys, sizeof(sys), "%s/sys", folder);
	lx_sys_root = sys;
	assert_true(lx_host_linux.vif_lacks("/nonexistent/vif-nope", NULL, why));
	assert_string_equal(why, "cannot run its script /nonexistent/vif-nope: No such file or "
			    "directory");
	assert_false(lx_host_linux.vif_lacks("/bin/sh", NULL, why));
	assert_true(lx_host_linux.vif_lacks(NULL, "nope", why));
	assert_string_equal(why, "there is no bridge nope, nor any other: ip link add NAME type "
			    "bridge; ip link set NAME up");
	sys_file("sys/class/net/xenbr0/bridge/x", "");
	sys_file("sys/class/net/eth0/address", "");
	assert_true(lx_host_linux.vif_lacks(NULL, "eth0", why));
	assert_string_equal(why, "there is no bridge eth0; there are: xenbr0");
	assert_false(lx_host_linux.vif_lacks(NULL, "xenbr0", why));
	assert_false(lx_host_linux.vif_lacks(NULL, NULL, why));
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	assert_int_equal(system(command), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_guests), TEST(test_failed_add), TEST(test_foreign),
		 TEST(test_dom0), TEST(test_race),
		TEST(test_loop_taken), cmocka_unit_test(test_linux), cmocka_unit_test(test_lacks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
