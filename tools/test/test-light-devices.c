/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Disks and interfaces of domains: attached, removed, out of reach, and whatever can fail there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "light-world.h"

static void test_devices(void **state)
{
	struct lx_domain_config saved;
	unsigned int n;
	uint32_t domid, *ids;

	add_devices();
	assert_int_equal(lx_create_now(&lx, &config, false, &domid), 0);
	assert_int_equal(fake_host.loops, 1);
	assert_int_equal(fake_host.connected, 1);
	assert_string_equal(fake_store_get(&store, "/local/domain/0/backend/vbd/1/51712/"
					   "physical-device"), "7:7");
	assert_string_equal(fake_store_get(&store, "/local/domain/1/device/vbd/51712/backend"),
			    "/local/domain/0/backend/vbd/1/51712");
	assert_string_equal(fake_store_get(&store, "/local/domain/0/backend/vif/1/0/"
					   "hotplug-status"), "connected");
	/* Where libxl looks for a device. */
	assert_string_equal(fake_store_get(&store, "/libxl/1/type"), "pvh");
	assert_string_equal(fake_store_get(&store, "/libxl/1/device/vbd/51712/frontend"),
			    "/local/domain/1/device/vbd/51712");
	assert_string_equal(fake_store_get(&store, "/libxl/1/device/vbd/51712/backend"),
			    "/local/domain/0/backend/vbd/1/51712");
	assert_string_equal(fake_store_get(&store, "/libxl/1/device/vbd/51712/dev"), "xvda");
	assert_string_equal(fake_store_get(&store, "/libxl/1/device/vbd/51712/mode"), "w");
	assert_non_null(fake_store_get(&store, "/libxl/1/device/vbd/51712/params"));
	assert_non_null(fake_store_get(&store, "/libxl/1/device/vif/0/mac"));
	/* With these its script takes the disk away. */
	assert_string_equal(fake_store_get(&store, "/local/domain/0/backend/vbd/1/51712/script"),
			    "/etc/xen/scripts/block");
	assert_string_equal(fake_store_get(&store, "/local/domain/0/backend/vbd/1/51712/node"),
			    "/dev/loop7");
	/* The address chosen is kept, so that it survives a reboot of the guest. */
	assert_int_equal(lx_state_load(&lx, config.c_info.uuid, &saved), 0);
	assert_string_equal(saved.nics[0].mac, fake_store_get(&store, "/local/domain/0/backend/"
							      "vif/1/0/mac"));
	lx_dispose(&lx_domain_config_type, &saved);
	ids = lx_device_list(&lx, domid, LX_VBD, &n);
	assert_int_equal(n, 2);
	free(ids);
	store.connect_in = 1;
	assert_int_equal(lx_device_remove(&lx, &(struct lx_device){ LX_VBD, domid, 51712, 0 },
					  false), 0);
	assert_int_equal(fake_host.loops, 0);
	assert_int_equal(lx_destroy(&lx, domid), 0);
	assert_no_trace();
}

static void backend_closes(void)
{
	store.s.ops->write(&store.s, 0, "/local/domain/0/backend/vbd/1/51728/state", "6");
}

/* A device is not told to close while it is being connected, is told again if it did not hear, and
 * may close by itself meanwhile. */
static void test_remove_early(void **state)
{
	struct lx_device disk = { LX_VBD, 0, 51712 };

	add_devices();
	assert_int_equal(lx_create_now(&lx, &config, false, &disk.domid), 0);
	store.connect_in = 5;
	assert_int_equal(lx_device_remove(&lx, &disk, false), 0);
	assert_int_equal(store.told_early, 0);
	assert_int_equal(store.connect_in, 0);
	disk = (struct lx_device){ LX_VIF, disk.domid, 0 };
	store.connect_in = 1;
	store.overwrites = 2;
	assert_int_equal(lx_device_remove(&lx, &disk, false), 0);
	assert_int_equal(store.overwrites, 0);
	assert_int_equal(lx_device_state(&lx, &disk), -1);
	disk = (struct lx_device){ LX_VBD, disk.domid, 51728 };
	store.no_backends = true;
	store.conflicts = 1;
	store.at_conflict = backend_closes;
	assert_int_equal(lx_device_remove(&lx, &disk, true), 0);
	assert_int_equal(store.conflicts, 0);
	assert_int_equal(lx_destroy(&lx, disk.domid), 0);
	assert_no_trace();
}

/* A guest that does not answer: its interface goes, its disk does if it does not use it. */
static void test_remove_silent(void **state)
{
	static const char state_path[] = "/local/domain/1/device/vbd/51728/state";
	struct lx_device nic = { LX_VIF, 1, 0 }, disk = { LX_VBD, 1, 51712 };
	uint32_t domid;
	uint64_t before;

	add_devices();
	lx_answer_ms = 50;
	assert_int_equal(lx_create_now(&lx, &config, false, &domid), 0);
	store.deaf = true;
	before = lx_now();
	assert_int_equal(lx_device_remove(&lx, &nic, false), 0);
	assert_int_equal(lx_device_remove(&lx, &disk, false), 0);
	assert_int_equal(fake_host.loops, 0);
	assert_true(lx_now() - before < 20 * 1000000000ULL);
	disk.devid = 51728;
	assert_int_equal(store.s.ops->write(&store.s, 0, state_path, "4"), 0);
	assert_int_equal(lx_device_remove(&lx, &disk, false), -EBUSY);
	assert_true(lx_device_state(&lx, &disk) >= 0);
	assert_int_equal(lx_device_remove(&lx, &disk, true), 0);
	assert_int_equal(lx_destroy(&lx, domid), 0);
	assert_no_trace();
	lx_answer_ms = 10000;
}

/* A disk that libxl attached: its script has set up the loop device, which is freed here. */
static void test_remove_of_libxl(void **state)
{
	static const char *const nodes[][2] = {
		{ "/libxl/1/device/vbd/51712/backend", "/local/domain/0/backend/vbd/1/51712" },
		{ "/local/domain/0/backend/vbd/1/51712/script", "/etc/xen/scripts/block" },
		{ "/local/domain/0/backend/vbd/1/51712/params", "/tmp/a.img" },
		{ "/local/domain/0/backend/vbd/1/51712/node", "/dev/loop7" },
		{ "/local/domain/0/backend/vbd/1/51712/online", "1" },
		{ "/local/domain/0/backend/vbd/1/51712/state", "6" },
	};
	struct lx_device disk = { LX_VBD, 1, 51712, 0 };

	fake_host.loops = 1;
	for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++)
		assert_int_equal(store.s.ops->write(&store.s, 0, nodes[i][0], nodes[i][1]), 0);
	assert_int_equal(lx_device_remove(&lx, &disk, false), 0);
	assert_int_equal(fake_host.loops, 0);
	assert_null(fake_store_get(&store, nodes[1][0]));
	assert_null(fake_store_get(&store, nodes[0][0]));
}

/* dom0's devices would miss the guest's pages, so a loop device copies from a block device. */
static void test_unreachable(void **state)
{
	static const char node[] = "/local/domain/0/backend/vbd/1/51728/node";
	uint32_t domid;

	add_devices();
	fake_host.bounces = false;
	assert_int_equal(lx_create_now(&lx, &config, false, &domid), 0);
	assert_int_equal(fake_host.loops, 2);
	assert_string_equal(fake_store_get(&store, node), "/dev/loop7");
	assert_int_equal(lx_destroy(&lx, domid), 0);
	assert_int_equal(fake_host.loops, 0);
	fake_xen.capabilities = XEN_SYSCTL_PHYSCAP_directio;
	lx_uuid_random(config.c_info.uuid);
	assert_int_equal(lx_create_now(&lx, &config, false, &domid), 0);
	assert_int_equal(fake_host.loops, 1);
	assert_int_equal(lx_destroy(&lx, domid), 0);
	assert_no_trace();
}

/* Everything that can fail with devices there: hypercalls, xenstore, the host. */
static void test_devices_fail(void **state)
{
	unsigned int *counters[] = { &fake_xen.fail_at, &store.fail_at, &fake_host.fail_at };
	unsigned int *counts[] = { &fake_xen.calls, &store.changes, &fake_host.calls };

	add_devices();
	fake_xen.fail_with = -EINVAL;
	for (unsigned int k = 0; k < 3; k++) {
		unsigned int at = 0;
		uint32_t domid;
		int rc;

		do {
			fake_xen.calls = store.changes = fake_host.calls = 0;
			*counters[k] = ++at;
			rc = lx_create_now(&lx, &config, false, &domid);
			*counters[k] = 0;
			if (!rc)
				lx_destroy(&lx, domid);
			assert_no_trace();
		} while (rc || *counts[k] >= at);
	}
}

static void test_disk_names(void **state)
{
	static const struct {
		const char *name;
		uint32_t number;
	} good[] = {
		{ "xvda", 51712 }, { "xvdb3", 51731 }, { "xvdp15", 51967 },
		{ "xvda16", 1 << 28 | 16 }, { "xvdp255", 1 << 28 | 15 << 8 | 255 },
		{ "xvdq", 1 << 28 | 16 << 8 }, { "xvdaa", 1 << 28 | 26 << 8 }, { "hda", 768 },
		{ "hdd1", 5697 }, { "sda", 2048 }, { "sdb1", 2065 }, { "d2p3", 51747 }, { "7", 7 },
	};
	static const char *const bad[] = { "", "xvd", "xvda0", "xvdA", "xvdabc", "hde", "sdq",
		"xvda-1", "xvda1x", "d", "dp", "xvda99999999999" };
	uint32_t n;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(lx_vdev_number(good[i].name, &n));
		assert_int_equal(n, good[i].number);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(lx_vdev_number(bad[i], &n));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_devices), TEST(test_remove_early), TEST(test_remove_silent),
		TEST(test_remove_of_libxl), TEST(test_unreachable), TEST(test_devices_fail),
		TEST(test_disk_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
