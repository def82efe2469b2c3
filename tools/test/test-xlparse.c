/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xl.cfg to a domain's configuration, and the words of xl's command line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <unistd.h>

#include "../xl/xl.h"

struct lx *xl_lx(struct xl *xl)
{
	fail_msg("parsing must not need a hypervisor");
	return &xl->lx;
}

bool xl_reaches(const struct xl *xl)
{
	return false;
}

static struct lx_domain_config config;

static int parse(const char *text)
{
	return xl_parse_text(NULL, text, strlen(text), "f", &config);
}

static void drop(void)
{
	lx_dispose(&lx_domain_config_type, &config);
}

static void test_defaults(void **state)
{
	assert_int_equal(parse("name='u'\nkernel='/k'\n"), 0);
	assert_string_equal(config.c_info.type, "pvh");
	assert_int_equal(config.b_info.max_vcpus, 1);
	assert_int_equal(config.b_info.target_memkb, 32 << 10);
	assert_int_equal(config.b_info.max_memkb, 32 << 10);
	assert_int_equal(config.on_poweroff, LX_DESTROY);
	assert_int_equal(config.on_reboot, LX_RESTART);
	assert_int_equal(config.on_crash, LX_DESTROY);
	assert_null(config.b_info.cmdline);
	drop();
}

static void test_everything(void **state)
{
	assert_int_equal(parse("name='u'\nuuid='00112233-4455-6677-8899-aabbccddeeff'\n"
			       "kernel='/k'\nramdisk='/r'\nroot='/dev/xvda'\nextra='ro quiet'\n"
			       "memory=128\nvcpus=2\nmaxvcpus=3\ncpus='0-2,^1'\n"
			       "cpus_soft=['0', '1']\ncpu_weight=512\ncap=50\n"
			       "on_crash='rename-restart'\non_watchdog='preserve'\n"
			       "max_grant_frames=8\ntsc_mode='native'\n"
			       "disk=['/a,raw,xvda,r','format=raw,vdev=xvdb,target=/b']\n"
			       "vif=['bridge=b0','']\npci=['0001:02:03.4','05:00.0']\n"
			       "vnc=0\nnonsense=2\n"), 0);
	assert_int_equal(config.c_info.uuid[0], 0);
	assert_int_equal(config.c_info.uuid[15], 0xff);
	assert_string_equal(config.b_info.cmdline, "root=/dev/xvda ro quiet");
	assert_int_equal(config.b_info.max_vcpus, 3);
	assert_true(lx_cpumap_test(&config.b_info.avail_vcpus, 1));
	assert_false(lx_cpumap_test(&config.b_info.avail_vcpus, 2));
	assert_int_equal(config.b_info.nr_hard, 3);
	assert_int_equal(config.b_info.hard[2].w[0], 5);
	assert_int_equal(config.b_info.soft[0].w[0], 1);
	assert_int_equal(config.b_info.soft[1].w[0], 2);
	assert_true(config.b_info.soft[2].w[0] == UINT64_MAX);
	assert_int_equal(config.b_info.sched_params.weight, 512);
	assert_int_equal(config.on_crash, LX_RENAME_RESTART);
	assert_int_equal(config.on_watchdog, LX_PRESERVE);
	assert_int_equal(config.b_info.tsc_mode, 2);
	assert_int_equal(config.nr_disks, 2);
	assert_false(config.disks[0].readwrite);
	assert_string_equal(config.disks[1].pdev_path, "/b");
	assert_int_equal(config.nr_nics, 2);
	assert_string_equal(config.nics[0].bridge, "b0");
	assert_int_equal(config.nics[1].devid, 1);
	assert_int_equal(config.nr_pcidevs, 2);
	assert_int_equal(config.pcidevs[0].domain, 1);
	assert_int_equal(config.pcidevs[0].func, 4);
	assert_int_equal(config.pcidevs[1].bus, 5);
	drop();
}

static void test_hvm(void **state)
{
	const struct lx_hvm *h;

	assert_int_equal(parse("name='u'\nbuilder='hvm'\nkernel='/usr/lib/xen/boot/hvmloader'\n"
			       "memory=64\nacpi=0\nbios='ovmf'\nboot='dc'\nserial='pty'\n"
			       "usbdevice=['tablet', 'mouse']\nstdvga=1\nvideoram=32\nvnc=0\n"
			       "vncdisplay=3\nmmio_hole=512\ntimer_mode='one_missed_tick_pending'\n"
			       "hdtype='ahci'\ndevice_model_args_hvm=['-d', 'in_asm']\n"
			       "device_models=['demo-device %d']\n"
			       "vif=['type=ioemu,model=e1000', 'type=vif']\n"), 0);
	h = config.b_info.hvm;
	assert_string_equal(config.c_info.type, "hvm");
	assert_null(config.b_info.kernel);
	assert_false(config.b_info.acpi);
	assert_true(h->hpet);
	assert_int_equal(h->bios, LX_BIOS_OVMF);
	assert_string_equal(h->boot, "dc");
	assert_string_equal(h->serial, "pty");
	assert_int_equal(h->nr_usbdevices, 2);
	assert_int_equal(h->vga.kind, LX_VGA_STD);
	assert_int_equal(config.b_info.video_memkb, 32 << 10);
	assert_false(h->vnc.enable);
	assert_int_equal(h->vnc.display, 3);
	assert_int_equal(h->mmio_hole_memkb, 512 << 10);
	assert_int_equal(config.b_info.timer_mode, 3);
	assert_int_equal(h->hdtype, LX_HD_AHCI);
	assert_string_equal(config.b_info.dm_args_hvm[1], "in_asm");
	assert_int_equal(config.b_info.nr_dm_more, 1);
	assert_int_equal(config.nics[0].nictype, LX_NIC_VIF_IOEMU);
	assert_int_equal(config.nics[1].nictype, LX_NIC_VIF);
	drop();
}

static void test_host_devices(void **state)
{
	const struct lx_build_info *b = &config.b_info;

	assert_int_equal(parse("name='u'\nkernel='/k'\niomem=['9010,1@20000', '9030,2']\n"
			       "irqs=[34, '0x27']\ndtdev=['/soc/net@0']\ndevice_tree='/t'\n"), 0);
	assert_int_equal(b->nr_iomem, 2);
	assert_int_equal(b->iomem[0].start, 0x9010);
	assert_int_equal(b->iomem[0].number, 1);
	assert_int_equal(b->iomem[0].gfn, 0x20000);
	assert_int_equal(b->iomem[1].number, 2);
	assert_int_equal(b->iomem[1].gfn, 0x9030);
	assert_int_equal(b->nr_irqs, 2);
	assert_int_equal(b->irqs[0], 34);
	assert_int_equal(b->irqs[1], 0x27);
	assert_int_equal(config.nr_dtdevs, 1);
	assert_string_equal(config.dtdevs[0].path, "/soc/net@0");
	assert_string_equal(b->device_tree, "/t");
	drop();
}

static void test_refused(void **state)
{
	static const char *const bad[] = {
		"", "name=['u']", "name='u'\ntype='pv'", "name='u'\nuuid='x'",
		"name='u'\nmemory='much'", "name='u'\nvcpus=0", "name='u'\nvcpus=4\nmaxvcpus=2",
		"name='u'\nvcpus=129", "name='u'\ncpus='x'", "name='u'\non_crash='explode'",
		"name='u'\ndisk='/a,raw,xvda'", "name='u'\ndisk=['/a']", "name='u'\ndisk=[['a']]",
		"name='u'\nvif=['mac=1']", "name='u'\nvif=[['a']]", "name='u'\ncpu_weight=70000",
		"name='u'\ntsc_mode='fast'", "name='u'\nbuilder='linux'", "name='u'\nboot='d'",
		"name='u'\ndevice_models=['demo-device']", "name='u'\nvif=['type=ioemu']",
		"name='u'\ntype='hvm'\nmemory=64\nbios='rombios'",
		"name='u'\ntype='hvm'\nmemory=64\nmmio_hole=100",
		"name='u'\ntype='hvm'\nmemory=64\nvga='qxl'",
		"name='u'\ntype='hvm'\nmemory=64\nstdvga=1\nvideoram=8",
		"name='u'\ntype='hvm'\nmemory=64\nviridian=1",
		"name='u'\ntype='hvm'\nmemory=64\ndevice_model_version='qemu-xen-traditional'",
		"name='u'\ntype='hvm'\nmemory=64\ntimer_mode=4",
		"name='u'\ntype='hvm'\nmemory=64\nserial=[['pty']]",
		"name='u'\ntype='hvm'\nmemory=64\ndisk=['/a,raw,hda,r']",
		"name='u'\niomem=['9010']", "name='u'\niomem=['9010,0']",
		"name='u'\niomem=['9010,1@']", "name='u'\niomem=['x,1']",
		"name='u'\niomem=['-1,1']", "name='u'\niomem=['9010,1@1x']",
		"name='u'\niomem=['fffffffff,2']", "name='u'\niomem=['1000000000,1']",
		"name='u'\niomem=[['9010,1']]", "name='u'\nirqs=[31]", "name='u'\nirqs=[1020]",
		"name='u'\nirqs=['a']", "name='u'\nirqs=[[34]]", "name='u'\ndtdev=['serial0']",
		"name='u'\ndtdev=[['/a']]", "name='u'\ndevice_tree=['/a']",
		"name='u'\npci=['']", "name='u'\npci=['00:04']", "name='u'\npci=[['00:04.0']]",
		"name='u'\npci=['00:04.0,permissive=1']",
		"name='u'\npci=['00:04.0','0000:00:04.0']",
		"name='u'\ntype='hvm'\nmemory=8", "name='u'\ntype='hvm'\nmemory=64\nusbversion=4",
	};

	assert_int_equal(parse("name='u'"), -EINVAL);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char text[128];

		snprintf(text, sizeof(text), "kernel='/k'\n%s", bad[i]);
		assert_int_equal(parse(text), -EINVAL);
	}
}

/* What xl.conf says for all guests. */
static void test_conf(void **state)
{
	static const char text[] = "vif.default.bridge = \"b9\"\nvif.default.backend='dd'\n"
		"max_grant_frames=32\nrun_hotplug_scripts=0\nautoballoon=\"off\"\n";
	static const char guest[] = "name='u'\nkernel='/k'\nvif=['', 'bridge=b0,backend=0']\n"
		"max_maptrack_frames=7\n";
	static const char *const bad[] = { "max_grant_frames='many'", "run_hotplug_scripts=7x",
		"vif.default.bridge=[1]", "= 3" };
	struct xl xl = { 0 };
	char file[] = "/tmp/xenolith-conf-XXXXXX";
	int fd = mkstemp(file);

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(xl_read_conf(&xl, file), 0);
	assert_true(xl.defaults.no_hotplug);
	assert_int_equal(xl_parse_text(&xl, guest, strlen(guest), "f", &config), 0);
	assert_string_equal(config.nics[0].bridge, "b9");
	assert_string_equal(config.nics[0].backend_domname, "dd");
	assert_string_equal(config.nics[1].bridge, "b0");
	assert_string_equal(config.nics[1].backend_domname, "0");
	assert_int_equal(config.b_info.max_grant_frames, 32);
	assert_int_equal(config.b_info.max_maptrack_frames, 7);
	drop();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(ftruncate(fd, 0), 0);
		assert_int_equal(pwrite(fd, bad[i], strlen(bad[i]), 0), strlen(bad[i]));
		assert_int_equal(xl_read_conf(&xl, file), -EINVAL);
	}
	close(fd);
	unlink(file);
	assert_int_equal(xl_read_conf(&xl, file), 0);
	xl_free_conf(&xl);
}

static void test_cpus(void **state)
{
	struct lx_cpumap m;

	assert_int_equal(xl_parse_cpus(NULL, "0-3, ^2 ,5", &m), 0);
	assert_int_equal(m.w[0], 0x2b);
	assert_int_equal(xl_parse_cpus(NULL, "all,^0", &m), 0);
	assert_true(m.w[0] == UINT64_MAX - 1);
	assert_int_equal(xl_parse_cpus(NULL, "600", &m), 0);
	assert_int_equal(xl_parse_cpus(NULL, "0-60000,^511", &m), 0);
	assert_false(lx_cpumap_test(&m, 511));
	assert_int_equal(xl_parse_cpus(NULL, "", &m), -EINVAL);
	assert_int_equal(xl_parse_cpus(NULL, "3-1", &m), -EINVAL);
	assert_int_equal(xl_parse_cpus(NULL, "1,", &m), -EINVAL);
	assert_int_equal(xl_parse_cpus(NULL, "99999999999999999999", &m), -EINVAL);
	assert_int_equal(xl_parse_cpus(NULL, "1 2", &m), -EINVAL);
	/* Which nodes there are, the hypervisor knows. */
	assert_int_equal(xl_parse_cpus(NULL, "node:0", &m), -ENOENT);
	assert_int_equal(xl_parse_cpus(NULL, "1,nodes:0-1", &m), -ENOENT);
}

static void test_memory(void **state)
{
	uint64_t kib;

	assert_true(xl_parse_memory("5", 1 << 20, &kib));
	assert_int_equal(kib, 5 << 10);
	assert_true(xl_parse_memory("2048b", 1 << 20, &kib));
	assert_int_equal(kib, 2);
	assert_true(xl_parse_memory("3k", 1 << 20, &kib));
	assert_int_equal(kib, 3);
	assert_true(xl_parse_memory("1G", 1 << 20, &kib));
	assert_int_equal(kib, 1 << 20);
	assert_false(xl_parse_memory("", 1, &kib));
	assert_false(xl_parse_memory("-1", 1, &kib));
	assert_false(xl_parse_memory("1mb", 1, &kib));
	assert_false(xl_parse_memory("18446744073709551615t", 1, &kib));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults), cmocka_unit_test(test_everything),
		cmocka_unit_test(test_hvm),
		cmocka_unit_test(test_host_devices),
		cmocka_unit_test(test_refused), cmocka_unit_test(test_conf),
		cmocka_unit_test(test_cpus), cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
