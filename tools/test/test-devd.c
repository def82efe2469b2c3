/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A toolstack in dom0 and `xl devd` in a driver domain, which meet in xenstore only: who does which
 * work, and that nothing is left of a device whatever fails, ends or goes away.
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
#include <xentoollog.h>

#include "fake-host.h"
#include "fake-store.h"
#include "fake-xen.h"

#define DRIVER 1
#define GUEST 2
#define VBD_PATH "/local/domain/1/backend/vbd/2/51712"
#define VIF_PATH "/local/domain/1/backend/vif/2/0"

static struct fake_store store;
static struct lx dom0, driver;
static struct lx_devd devd;
static bool running;
static unsigned int base_nodes;
static struct lx_disk disk;
static struct lx_nic nic;

/* The driver domain sees what the toolstack writes at once. */
static void changed(void)
{
	if (running)
		lx_devd_scan(&devd);
}

/* A scan's own writes are no reason for a second one within it. */
static void scan(void)
{
	running = false;
	lx_devd_scan(&devd);
	running = true;
}

static void put(const char *path, const char *value)
{
	assert_int_equal(store.s.ops->write(&store.s, 0, path, value), 0);
}

static void start(void)
{
	assert_int_equal(lx_devd_start(&devd, &driver), 0);
	running = true;
}

static void stop(void)
{
	running = false;
	lx_devd_stop(&devd);
}

static int setup(void **state)
{
	xentoollog_logger *log = (void *)xtl_createlogger_stdiostream(stderr, XTL_CRITICAL, 0);

	fake_reset(16);
	fake_xen.d[DRIVER].used = fake_xen.d[GUEST].used = true;
	fake_store_init(&store);
	store.changed = changed;
	dom0 = driver = (struct lx){ .log = log, .store = &store.s, .state_dir = "/nonexistent" };
	dom0.ctl = ctl_open(&fake_backend, log);
	driver.host = &fake_host_ops;	/* dom0 has none: it must do nothing itself */
	fake_host = (struct fake_host){ .bounces = true };
	put("/local/domain/1/name", "dd");
	put("/local/domain/2/name", "u1");
	put("domid", "1");
	lx_init(&lx_disk_type, &disk);
	disk.vdev = strdup("xvda");
	disk.pdev_path = strdup("/images/a");
	disk.backend_domname = strdup("dd");
	lx_init(&lx_nic_type, &nic);
	nic.bridge = strdup("xenbr0");
	nic.backend_domname = strdup("1");
	nic.mtu = 1400;
	base_nodes = store.nodes;
	start();
	return 0;
}

static int teardown(void **state)
{
	if (running)
		stop();
	assert_int_equal(store.watches, 0);
	lx_dispose(&lx_disk_type, &disk);
	lx_dispose(&lx_nic_type, &nic);
	ctl_close(dom0.ctl);
	xtl_logger_destroy(dom0.log);
	fake_store_free(&store);
	fake_reset(0);
	return 0;
}

static void assert_nothing_left(void)
{
	assert_int_equal(fake_host.loops, 0);
	assert_int_equal(store.nodes, base_nodes);
	assert_null(devd.devices);
}

static int add_disk(void)
{
	uint32_t devid;
	int rc = lx_disk_add(&dom0, GUEST, &disk, &devid);

	return rc ? rc : lx_disk_ready(&dom0, GUEST, devid);
}

static int add_nic(void)
{
	int rc = lx_nic_add(&dom0, GUEST, &nic);

	return rc ? rc : lx_nic_connect(&dom0, GUEST, &nic);
}

static int remove_device(const char *kind, uint32_t devid)
{
	struct lx_device dev = lx_device(&dom0, kind, GUEST, devid);

	store.connect_in = 1;
	return lx_device_remove(&dom0, &dev, false);
}

static const char *node(const char *dir, const char *name)
{
	char path[256];
	const char *value;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	value = fake_store_get(&store, path);
	return value ? value : "";
}

static void test_disk(void **state)
{
	unsigned int n;
	uint32_t *ids;

	assert_int_equal(add_disk(), 0);
	assert_int_equal(fake_host.loops, 1);
	assert_string_equal(node(VBD_PATH, "physical-device"), "7:7");
	assert_string_equal(node(VBD_PATH, "node"), "/dev/loop7");
	assert_string_equal(node(VBD_PATH, "hotplug-status"), "connected");
	assert_string_equal(node("/local/domain/2/device/vbd/51712", "backend-id"), "1");
	assert_int_equal(lx_device(&dom0, LX_VBD, GUEST, 51712).backend, DRIVER);
	ids = lx_device_list(&dom0, GUEST, LX_VBD, &n);
	assert_int_equal(n, 1);
	free(ids);
	/* The driver domain owns its end, and may read the guest's. */
	for (unsigned int i = 0; i < store.nodes; i++) {
		const struct fake_node *k = &store.node[i];

		if (k->perms && !strncmp(k->path, "/local/domain/1/backend/", 24))
			assert_true(k->perm[0].domid == DRIVER && k->perm[1].domid == GUEST);
		if (k->perms && !strncmp(k->path, "/local/domain/2/device/", 23))
			assert_true(k->perm[0].domid == GUEST && k->perm[1].domid == DRIVER &&
				    !k->perm[1].write);
	}
	assert_int_equal(add_disk(), -EEXIST);
	assert_int_equal(remove_device(LX_VBD, 51712), 0);
	assert_nothing_left();
}

static void test_nic(void **state)
{
	nic.ifname = strdup("guest0");
	assert_int_equal(add_nic(), 0);
	assert_string_equal(fake_host.last, "vif2.0 guest0 xenbr0 1400");
	assert_int_equal(fake_host.connected, 1);
	assert_int_equal(remove_device(LX_VIF, 0), 0);
	assert_nothing_left();
}

static void test_script(void **state)
{
	nic.script = strdup("vif-route");
	assert_int_equal(add_nic(), 0);
	assert_string_equal(fake_host.last, "/etc/xen/scripts/vif-route online " VIF_PATH);
	assert_int_equal(fake_host.connected, 0);
	assert_int_equal(remove_device(LX_VIF, 0), 0);
	assert_string_equal(fake_host.last, "/etc/xen/scripts/vif-route offline " VIF_PATH);
	assert_nothing_left();
}

static void test_no_such_domain(void **state)
{
	free(disk.backend_domname);
	disk.backend_domname = strdup("nobody");
	assert_int_equal(add_disk(), -ENOENT);
	assert_nothing_left();
}

/* A domain with both ends, with everything its backend's domain can fail at. */
static void test_fails(void **state)
{
	unsigned int *fail[] = { &fake_host.fail_at, &store.fail_at };
	unsigned int *count[] = { &fake_host.calls, &store.changes };

	for (unsigned int k = 0; k < 2; k++) {
		unsigned int at = 0;
		int rc, rc2;

		do {
			fake_host.calls = store.changes = 0;
			*fail[k] = ++at;
			rc = add_disk();
			rc2 = add_nic();
			*fail[k] = 0;
			if (*count[k] >= at)
				assert_true(rc || rc2 || k == 1);
			lx_devices_remove(&dom0, GUEST);
			assert_nothing_left();
		} while (*count[k] >= at);
		assert_true(at > 4);
	}
}

/* What the driver domain could not do is told to the toolstack. */
static void test_error_is_told(void **state)
{
	fake_host.fail_at = 1;
	assert_int_equal(add_disk(), -EIO);
	assert_string_equal(node(VBD_PATH, "hotplug-status"), "error");
	assert_string_equal(node(VBD_PATH, "hotplug-error"), strerror(EIO));
	fake_host.calls = 100;
	scan();				/* not tried again and again */
	assert_int_equal(fake_host.calls, 100);
	assert_int_equal(remove_device(LX_VBD, 51712), 0);
	assert_nothing_left();
}

/* The driver domain lets one guest write, and says so to the other. */
static void test_one_writer(void **state)
{
	uint32_t devid;

	put("/local/domain/3/name", "u2");
	assert_int_equal(add_disk(), 0);
	assert_int_equal(lx_disk_add(&dom0, GUEST + 1, &disk, &devid), 0);
	assert_int_equal(lx_disk_ready(&dom0, GUEST + 1, devid), -EIO);
	assert_string_equal(node("/local/domain/1/backend/vbd/3/51712", "hotplug-error"),
			    strerror(EBUSY));
	assert_int_equal(fake_host.loops, 1);
	lx_devices_remove(&dom0, GUEST + 1);
	disk.share_writes = true;
	assert_int_equal(lx_disk_add(&dom0, GUEST + 1, &disk, &devid), 0);
	assert_int_equal(lx_disk_ready(&dom0, GUEST + 1, devid), 0);
	assert_int_equal(fake_host.loops, 2);
}

/* A daemon that was killed is started again. */
static void test_restart(void **state)
{
	assert_int_equal(add_disk(), 0);
	assert_int_equal(add_nic(), 0);
	stop();
	start();
	assert_int_equal(fake_host.loops, 1);
	assert_int_equal(fake_host.connected, 1);
	assert_int_equal(remove_device(LX_VBD, 51712), 0);
	assert_int_equal(remove_device(LX_VIF, 0), 0);
	assert_nothing_left();
	/* What came meanwhile is served at its start. */
	stop();
	assert_int_equal(add_disk(), -EAGAIN);
	start();
	assert_int_equal(lx_disk_ready(&dom0, GUEST, 51712), 0);
	assert_int_equal(remove_device(LX_VBD, 51712), 0);
	assert_nothing_left();
}

/* Nodes that go away without a word, and others in their place before anybody looked. */
static void test_vanish(void **state)
{
	assert_int_equal(add_disk(), 0);
	store.s.ops->remove(&store.s, 0, VBD_PATH);
	assert_int_equal(fake_host.loops, 0);
	assert_null(devd.devices);
	lx_devices_remove(&dom0, GUEST);
	assert_int_equal(add_disk(), 0);
	running = false;
	store.s.ops->remove(&store.s, 0, VBD_PATH);
	lx_devices_remove(&dom0, GUEST);
	assert_int_equal(add_disk(), -EAGAIN);
	scan();
	assert_int_equal(fake_host.loops, 1);
	assert_int_equal(lx_disk_ready(&dom0, GUEST, 51712), 0);
	assert_int_equal(remove_device(LX_VBD, 51712), 0);
	assert_nothing_left();
}

/* A store that does not answer for a moment has not lost its nodes. */
static void test_blind(void **state)
{
	assert_int_equal(add_disk(), 0);
	store.blind = true;
	scan();
	store.blind = false;
	assert_int_equal(fake_host.loops, 1);
	assert_non_null(devd.devices);
	assert_int_equal(remove_device(LX_VBD, 51712), 0);
	assert_nothing_left();
}

/* Nobody waits for a driver domain that is no more. */
static void test_driver_gone(void **state)
{
	assert_int_equal(add_disk(), 0);
	assert_int_equal(add_nic(), 0);
	running = false;
	fake_xen.d[DRIVER].used = false;
	lx_devices_remove(&dom0, GUEST);
	assert_int_equal(store.nodes, base_nodes);
	running = true;
}

/* Names that are no numbers, devices that are not ready, and dom0's own. */
static void test_strange(void **state)
{
	static const char *const names[] = { "vbd/x/1", "vbd/2/-1", "vbd/2/7x", "vbd/2/99999999999",
		"vbd//1", "vif/2/ 1", "tpm/2/0" };
	char path[128];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "/local/domain/1/backend/%s/state", names[i]);
		put(path, "2");
	}
	put("/local/domain/1/backend/vbd/2/1/state", "nonsense");
	put("/local/domain/1/backend/vbd/2/2/state", "-7");
	put("/local/domain/1/backend/vbd/2/3/state", "6");
	put("/local/domain/1/backend/vbd/2/4/hotplug-by", "toolstack");
	put("/local/domain/1/backend/vbd/2/4/state", "2");
	assert_int_equal(fake_host.calls, 0);
	assert_null(devd.devices);
	/* A disk with nothing behind it. */
	put("/local/domain/1/backend/vbd/2/5/state", "2");
	assert_string_equal(node("/local/domain/1/backend/vbd/2/5", "hotplug-status"), "error");
}

/* dom0 as its own driver domain: the toolstack leaves the work to the daemon. */
static void test_dom0(void **state)
{
	uint32_t devid;

	stop();
	put("domid", "0");
	start();
	free(disk.backend_domname);
	disk.backend_domname = NULL;
	dom0.no_hotplug = true;
	assert_int_equal(add_disk(), 0);
	assert_int_equal(fake_host.loops, 1);
	assert_int_equal(remove_device(LX_VBD, 51712), 0);
	assert_nothing_left();
	/* What the toolstack does itself the daemon leaves alone. */
	dom0.no_hotplug = false;
	dom0.host = &fake_host_ops;
	assert_int_equal(lx_disk_add(&dom0, GUEST, &disk, &devid), 0);
	assert_int_equal(fake_host.loops, 1);
	assert_null(devd.devices);
	dom0.no_hotplug = true;		/* xl.conf was changed meanwhile */
	assert_int_equal(remove_device(LX_VBD, 51712), 0);
	assert_nothing_left();
}

static void test_events(void **state)
{
	struct pollfd fds[4];
	int timeout, n;

	running = false;
	assert_int_equal(add_disk(), -EAGAIN);
	fake_store_fire(&store);
	n = lx_loop_before(&driver.loop, fds, 4, &timeout);
	assert_int_equal(n, 1);
	poll(fds, 1, 0);
	lx_loop_after(&driver.loop, fds, n);
	assert_int_equal(lx_disk_ready(&dom0, GUEST, 51712), 0);
	running = true;
	assert_int_equal(remove_device(LX_VBD, 51712), 0);
	assert_nothing_left();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_disk), TEST(test_nic), TEST(test_script), TEST(test_no_such_domain),
		TEST(test_fails), TEST(test_error_is_told), TEST(test_one_writer),
		TEST(test_restart), TEST(test_vanish),
		TEST(test_blind), TEST(test_driver_gone), TEST(test_strange), TEST(test_dom0),
		TEST(test_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
