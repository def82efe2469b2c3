/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands of xl for HVM guests' devices: what QEMU is asked, what is kept, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <unistd.h>
#include <xentoollog.h>

#include "fake-host.h"
#include "fake-store.h"
#include "fake-xen.h"
#include "light/dm.h"
#include "xl-run.h"

static char folder[64], states[96], libxls[96];
static struct fake_store store;

static void put(const char *path, const char *value)
{
	assert_int_equal(store.s.ops->write(&store.s, 0, path, value), 0);
}

/* A guest with a CD-ROM drive hdc and a disk hda, of type "hvm" or "pvh". */
static void save(bool hvm)
{
	struct lx_domain_config c;

	lx_init(&lx_domain_config_type, &c);
	c.c_info.name = strdup("h1");
	c.c_info.type = strdup(hvm ? "hvm" : "pvh");
	memset(c.c_info.uuid, 7, sizeof(c.c_info.uuid));
	if (hvm)
		assert_int_equal(lx_hvm_init(&c.b_info), 0);
	c.disks = calloc(2, sizeof(*c.disks));
	c.nr_disks = 2;
	for (unsigned int i = 0; i < 2; i++)
		lx_init(&lx_disk_type, &c.disks[i]);
	c.disks[0].vdev = strdup("hda");
	c.disks[0].pdev_path = strdup("/a");
	c.disks[1].vdev = strdup("hdc");
	c.disks[1].is_cdrom = true;
	assert_int_equal(lx_state_save(&xl.lx, &c), 0);
	lx_dispose(&lx_domain_config_type, &c);
}

static int setup(void **state)
{
	snprintf(folder, sizeof(folder), "/tmp/xenolith-xlhvm-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(states, sizeof(states), "%s/states/domains", folder);
	snprintf(libxls, sizeof(libxls), "%s/libxl", folder);
	fake_reset(64);
	fake_xen.d[1].used = true;
	memset(fake_xen.d[1].handle, 7, sizeof(fake_xen.d[1].handle));
	fake_store_init(&store);
	fake_host = (struct fake_host){ .bounces = true };
	memset(&xl, 0, sizeof(xl));
	xl.log = (void *)xtl_createlogger_stdiostream(stderr, XTL_ERROR, 0);
	xl.lx = (struct lx){ .log = xl.log, .ctl = ctl_open(&fake_backend, xl.log),
			     .store = &store.s, .state_dir = states, .libxl_dir = libxls,
			     .host = &fake_host_ops };
	xl.opened = true;
	put("/local/domain/1/name", "h1");
	save(true);
	return 0;
}

static int teardown(void **state)
{
	char command[128];

	ctl_close(xl.lx.ctl);
	xtl_logger_destroy(xl.log);
	fake_store_free(&store);
	fake_reset(0);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

/* What the saved configuration says is in the drive; "" for nothing. */
static void assert_medium(const char *want)
{
	struct lx_domain_config c;
	uint8_t uuid[16];

	memset(uuid, 7, sizeof(uuid));
	assert_int_equal(lx_state_load(&xl.lx, uuid, &c), 0);
	assert_string_equal(c.disks[1].pdev_path ? c.disks[1].pdev_path : "", want);
	assert_string_equal(c.disks[0].pdev_path, "/a");
	lx_dispose(&lx_domain_config_type, &c);
}

static void test_medium(void **state)
{
	assert_int_equal(run("cd-insert h1 hdc /dev/null"), 0);
	assert_non_null(strstr(fake_host.qmp, "\"blockdev-change-medium\""));
	assert_non_null(strstr(fake_host.qmp, "\"id\": \"ide-5632\", \"filename\": "
			       "\"\\/dev\\/null\", \"format\": \"raw\""));
	assert_medium("/dev/null");
	assert_int_equal(run("cd-eject h1 hdc"), 0);
	assert_non_null(strstr(fake_host.qmp, "\"eject\""));
	assert_medium("");
}

/* What QEMU refuses, or what another guest may write, is not noted as done. */
static void test_medium_refused(void **state)
{
	assert_int_equal(run("cd-insert h1 hda /dev/null"), 1);
	assert_string_equal(err, "xl cd-insert: domain 1 has no CD-ROM drive hda\n");
	assert_int_equal(run("cd-insert h1 hdc /nonexistent"), 1);
	assert_non_null(strstr(err, "cannot use /nonexistent"));
	fake_host.mounted = "/dev/null";
	assert_int_equal(run("cd-insert h1 hdc /dev/null"), 1);
	fake_host.mounted = NULL;
	fake_host.qmp_reply = "{\"error\": {\"desc\": \"Tray is locked\"}}";
	assert_int_equal(run("cd-insert h1 hdc /dev/null"), 1);
	assert_non_null(strstr(err, "refuses blockdev-change-medium: Tray is locked"));
	fake_host.qmp_reply = NULL;
	fake_host.fail_at = fake_host.calls + 1;
	assert_int_equal(run("cd-eject h1 hdc"), 1);
	assert_non_null(strstr(err, "does not answer"));
	assert_medium("");
	save(false);
	assert_int_equal(run("cd-eject h1 hdc"), 1);
	assert_string_equal(err, "xl cd-eject: h1 is not an HVM guest\n");
}

static void test_monitor(void **state)
{
	fake_host.qmp_reply = "{\"return\": \"VM status: running\"}";
	assert_int_equal(run("qemu-monitor-command h1 info status"), 0);
	assert_string_equal(out, "VM status: running\n");
	assert_non_null(strstr(fake_host.qmp, "\"command-line\": \"info status\""));
	assert_int_equal(run("qemu-monitor-command h1"), 2);
}

static void test_button(void **state)
{
	assert_int_equal(run("button-press h1 power"), 0);
	assert_int_equal(fake_xen.d[1].trigger, XEN_DOMCTL_SENDTRIGGER_POWER + 1);
	assert_int_equal(run("button-press h1 sleep"), 0);
	assert_int_equal(fake_xen.d[1].trigger, XEN_DOMCTL_SENDTRIGGER_SLEEP + 1);
	assert_int_equal(run("button-press h1 reset"), 1);
	assert_string_equal(err, "xl button-press: a button is power or sleep, not \"reset\"\n");
}

static void test_viewer(void **state)
{
	char *path;

	assert_int_equal(run("vncviewer h1"), 1);
	assert_string_equal(err, "xl vncviewer: domain 1 has no display by VNC: vnc = 1\n");
	put("/local/domain/1/console/vnc-port", "5903");
	path = strdup(getenv("PATH"));
	setenv("PATH", folder, 1);
	assert_int_equal(run("vncviewer h1"), 1);
	setenv("PATH", path, 1);
	free(path);
	assert_non_null(strstr(err, "the display is at localhost:3"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_medium), TEST(test_medium_refused), TEST(test_monitor),
		TEST(test_button), TEST(test_viewer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
