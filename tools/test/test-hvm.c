/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HVM guests: their memory, QEMU's command line, and that a failure anywhere leaves nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fake-kernel.h"
#include "light-world.h"
#include "light/dm.h"

#include <public/arch-x86/hvm/start_info.h>
#include <public/hvm/hvm_info_table.h>
#include <public/hvm/params.h>
#include <public/sched.h>

#define MIB (1UL << 20)
#define FIRMWARE_BYTES 5000

static char loader[96], firmware[96];

/* What QEMU does in xenstore when it is ready. */
static void qemu(char *const *argv)
{
	if (!fake_host.dies && !strcmp(argv[0], LX_QEMU))
		store.s.ops->write(&store.s, 0, "/local/domain/0/device-model/1/state", "running");
}

static void add_disk(const char *path, const char *vdev, bool cdrom)
{
	struct lx_disk *d;

	config.disks = realloc(config.disks, (config.nr_disks + 1) * sizeof(*config.disks));
	d = &config.disks[config.nr_disks++];
	lx_init(&lx_disk_type, d);
	d->pdev_path = path ? strdup(path) : NULL;
	d->vdev = strdup(vdev);
	d->is_cdrom = d->removable = cdrom;
	d->readwrite = !cdrom;
}

static void add_nic(const char *bridge)
{
	struct lx_nic *n;

	config.nics = realloc(config.nics, (config.nr_nics + 1) * sizeof(*config.nics));
	n = &config.nics[config.nr_nics];
	lx_init(&lx_nic_type, n);
	n->devid = config.nr_nics++;
	n->bridge = strdup(bridge);
	n->mac = strdup("00:16:3e:01:02:03");
}

static int setup(void **state)
{
	static const char bios[FIRMWARE_BYTES] = "BIOS";
	uint8_t elf[FAKE_KERNEL_BYTES];

	if (light_world_setup(state))
		return -1;
	snprintf(loader, sizeof(loader), "%s/loader", folder);
	snprintf(firmware, sizeof(firmware), "%s/firmware", folder);
	fake_loader(elf);
	make_file(loader, elf, sizeof(elf));
	make_file(firmware, bios, sizeof(bios));
	lx_dm_ms = 1000;
	fake_host.model = qemu;
	lx_dispose(&lx_domain_config_type, &config);
	lx_init(&lx_domain_config_type, &config);
	config.c_info.name = strdup("h1");
	config.c_info.type = strdup("hvm");
	lx_uuid_random(config.c_info.uuid);
	if (lx_hvm_init(&config.b_info))
		return -1;
	config.b_info.hvm->firmware = strdup(loader);
	config.b_info.hvm->system_firmware = strdup(firmware);
	config.b_info.max_vcpus = 2;
	config.b_info.max_memkb = config.b_info.target_memkb = 24 << 10;
	return 0;
}

static void make_plan(struct bld_plan *p, uint64_t ram, uint64_t hole)
{
	static uint8_t elf[FAKE_KERNEL_BYTES];
	static struct bld_kernel k;
	static const uint8_t bios[FIRMWARE_BYTES] = { 1, 2, 3 };
	struct bld_hvm_config c = { .loader = &k, .firmware = bios, .firmware_bytes = sizeof(bios),
				    .ram_bytes = ram, .hole_bytes = hole, .vcpus = 3, .apic = true,
				    .online = { 5 } };
	struct bld_error err;

	fake_loader(elf);
	assert_int_equal(bld_loader_open(&k, elf, sizeof(elf), &err), 0);
	assert_int_equal(bld_plan_make_hvm(p, &c, &err), 0);
}

static const struct bld_piece *piece(const struct bld_plan *p, const char *what)
{
	for (uint32_t i = 0; i < p->nr_pieces; i++)
		if (!strcmp(p->piece[i].what, what))
			return &p->piece[i];
	fail_msg("no %s", what);
	return NULL;
}

static bool overlap(uint64_t a, uint64_t a_bytes, uint64_t b, uint64_t b_bytes)
{
	return a < b + b_bytes && b < a + a_bytes;
}

/* Pieces lie apart, each in a region; none is where a VGA card has its memory. */
static void check_pieces(const struct bld_plan *p)
{
	for (uint32_t i = 0; i < p->nr_pieces; i++) {
		const struct bld_piece *a = &p->piece[i];
		unsigned int inside = 0;

		for (uint32_t r = 0; r < p->nr_regions; r++)
			inside += a->at.v >= p->region[r].start.v &&
				a->at.v + a->bytes + a->zeros <=
				p->region[r].start.v + p->region[r].bytes;
		assert_int_equal(inside, 1);
		for (uint32_t k = 0; k < i; k++)
			assert_false(overlap(a->at.v, a->bytes + a->zeros, p->piece[k].at.v,
					     p->piece[k].bytes + p->piece[k].zeros));
	}
	for (uint32_t r = 0; r < p->nr_regions; r++)
		assert_false(overlap(p->region[r].start.v, p->region[r].bytes, 0xa0000, 0x20000));
}

static void test_plan(void **state)
{
	struct bld_plan p;
	const struct hvm_info_table *m;
	const struct hvm_start_info *info;
	uint8_t sum = 0;

	make_plan(&p, 4608 * MIB, 512 * MIB);
	check_pieces(&p);
	assert_int_equal(p.entry, FAKE_KERNEL_ENTRY);
	assert_int_equal(piece(&p, "machine description")->at.v, HVM_INFO_PADDR);
	m = (const void *)piece(&p, "machine description")->data;
	for (size_t i = 0; i < sizeof(*m); i++)
		sum = (uint8_t)(sum + ((const uint8_t *)m)[i]);
	assert_int_equal(sum, 0);
	assert_int_equal(m->nr_vcpus, 3);
	assert_int_equal(m->vcpu_online[0], 5);
	assert_int_equal(m->low_mem_pgend, 3584 << 8);
	assert_int_equal(m->high_mem_pgend, (4096 + 1024) << 8);
	assert_int_equal(m->reserved_mem_pgstart, 0xfeff0);
	info = (const void *)p.info;
	assert_int_equal(info->magic, XEN_HVM_START_MAGIC_VALUE);
	assert_int_equal(info->nr_modules, 1);
	assert_int_equal(((const struct hvm_modlist_entry *)(info + 1))->paddr,
			 piece(&p, "firmware")->at.v);
	/* The guest is told of its RAM; the loader adds what is below 1 MiB. */
	assert_int_equal(p.nr_map, 2);
	assert_int_equal(p.map[0].start.v, MIB);
	assert_int_equal(p.map[0].bytes, 3583 * MIB);
	assert_int_equal(p.map[1].bytes, 1024 * MIB);
	bld_plan_free(&p);
	make_plan(&p, 16 * MIB, BLD_MIN_HOLE);
	check_pieces(&p);
	assert_int_equal(p.nr_map, 1);
	bld_plan_free(&p);
}

static void test_plan_refused(void **state)
{
	uint8_t elf[FAKE_KERNEL_BYTES], bios[16] = { 0 };
	struct bld_kernel k;
	struct bld_plan p;
	struct bld_error err;
	struct bld_hvm_config good = { .loader = &k, .firmware = bios, .firmware_bytes = 16,
				       .ram_bytes = 16 * MIB, .hole_bytes = BLD_MIN_HOLE,
				       .vcpus = 1 }, c;

	fake_loader(elf);
	assert_int_equal(bld_loader_open(&k, elf, 100, &err), -ENOEXEC);
	assert_int_equal(bld_loader_open(&k, elf, sizeof(elf), &err), 0);
	c = good;
	c.hole_bytes = BLD_MIN_HOLE - MIB;
	assert_int_equal(bld_plan_make_hvm(&p, &c, &err), -EINVAL);
	c = good;
	c.firmware_bytes = 0;
	assert_int_equal(bld_plan_make_hvm(&p, &c, &err), -EINVAL);
	c = good;
	c.ram_bytes = MIB;
	assert_int_equal(bld_plan_make_hvm(&p, &c, &err), -EINVAL);
	/* From the last size at which the firmware does not fit. */
	for (c = good, c.firmware_bytes = 3 * MIB; c.ram_bytes > 3 * MIB; c.ram_bytes -= PAGE_SIZE)
		if (bld_plan_make_hvm(&p, &c, &err)) {
			assert_non_null(strstr(err.text, "give the guest more memory"));
			break;
		} else {
			check_pieces(&p);
			bld_plan_free(&p);
		}
	assert_true(c.ram_bytes > 4 * MIB);
	/* An entry outside the segments. */
	fake_loader(elf);
	elf[24] = elf[25] = elf[26] = 0xff;
	assert_int_equal(bld_loader_open(&k, elf, sizeof(elf), &err), -ENOEXEC);
}

static void assert_args(const char *want)
{
	struct lx_words w = { 0 };
	char text[4096] = "";

	lx_dm_args(&w, &config, 5);
	assert_int_equal(w.rc, 0);
	for (unsigned int i = 0; i < w.n; i++) {
		strncat(text, w.word[i], sizeof(text) - strlen(text) - 2);
		strcat(text, " ");
	}
	lx_words_free(&w);
	assert_string_equal(text, want);
}

/* The words are those that libxl 4.17 gives QEMU. */
static void test_args(void **state)
{
	struct lx_hvm *h = config.b_info.hvm;

	assert_args(LX_QEMU " -xen-domid 5 -no-shutdown -chardev "
		    "socket,id=libxl-cmd,path=/run/xen/qmp-libxl-5,server=on,wait=off "
		    "-mon chardev=libxl-cmd,mode=control -nodefaults -no-user-config -name h1 "
		    "-vnc 127.0.0.1:0,to=99 -display none -device cirrus-vga,vgamem_mb=8 "
		    "-boot order=cda -smp 1,maxcpus=2 -machine xenfv,suppress-vmdesc=on -m 16 ");
	add_disk("/d,k", "hda", false);
	add_disk("/c", "hdc", true);
	add_disk("/s", "sdb", false);
	add_disk("/n", "xvde", false);
	add_nic("br0");
	h->vnc.enable = false;
	h->vga.kind = LX_VGA_NONE;
	h->serial = strdup("pty");
	h->boot = strdup("d");
	h->usbversion = 2;
	config.b_info.acpi = false;
	h->mmio_hole_memkb = 1 << 20;
	h->xen_platform_pci = false;
	assert_args(LX_QEMU " -xen-domid 5 -no-shutdown -chardev "
		    "socket,id=libxl-cmd,path=/run/xen/qmp-libxl-5,server=on,wait=off "
		    "-mon chardev=libxl-cmd,mode=control -nodefaults -no-user-config -name h1 "
		    "-vnc none -display none -serial pty -boot order=d "
		    "-device ich9-usb-ehci1,id=usb,addr=0x1d.0x7,multifunction=on "
		    "-device ich9-usb-uhci1,masterbus=usb.0,firstport=0,addr=0x1d.0,"
		    "multifunction=on "
		    "-device ich9-usb-uhci2,masterbus=usb.0,firstport=2,addr=0x1d.0x1,"
		    "multifunction=on "
		    "-device ich9-usb-uhci3,masterbus=usb.0,firstport=4,addr=0x1d.0x2,"
		    "multifunction=on -no-acpi -smp 1,maxcpus=2 "
		    "-device rtl8139,id=nic0,netdev=net0,mac=00:16:3e:01:02:03 "
		    "-netdev type=tap,id=net0,ifname=vif5.0-emu,script=no,downscript=no "
		    "-machine pc,accel=xen,max-ram-below-4g=3221225472,suppress-vmdesc=on -m 24 "
		    "-device lsi53c895a,id=scsi0 "
		    "-drive file=/d,,k,if=ide,index=0,media=disk,format=raw,cache=writeback "
		    "-drive if=none,readonly=on,id=ide-5632,file=/c,format=raw "
		    "-device ide-cd,id=ide-5632,drive=ide-5632,bus=ide.1,unit=0 "
		    "-drive file=/s,if=none,id=scsidisk-1,format=raw,cache=writeback "
		    "-device scsi-hd,bus=scsi0.0,scsi-id=1,drive=scsidisk-1 ");
}

static void test_refused(void **state)
{
	struct lx_hvm *h = config.b_info.hvm;

	assert_null(lx_hvm_check(&config));
	h->bios = LX_BIOS_ROMBIOS;
	assert_non_null(strstr(lx_hvm_check(&config), "rombios"));
	h->bios = LX_BIOS_OVMF;
	h->mmio_hole_memkb = 100;
	assert_non_null(strstr(lx_hvm_check(&config), "mmio_hole"));
	h->mmio_hole_memkb = 0;
	config.b_info.video_memkb = 4 << 10;
	assert_non_null(strstr(lx_hvm_check(&config), "videoram"));
	config.b_info.video_memkb = 0;
	add_disk("/d", "hda", false);
	config.disks[0].readwrite = false;
	assert_non_null(strstr(lx_hvm_check(&config), "cannot be written"));
	config.disks[0].readwrite = true;
	config.disks[0].format = LX_FORMAT_QCOW2;
	assert_null(lx_hvm_check(&config));
	config.disks[0].vdev[0] = 'z';
	assert_non_null(strstr(lx_hvm_check(&config), "emulated"));
	config.disks[0].vdev[0] = 'h';
	add_nic("br0");
	config.nics[0].script = strdup("/etc/xen/scripts/vif-bridge");
	assert_null(lx_hvm_check(&config));
	free(config.nics[0].script);
	config.nics[0].script = strdup("/etc/xen/scripts/vif-route");
	assert_non_null(strstr(lx_hvm_check(&config), "script"));
	config.nics[0].nictype = LX_NIC_VIF;
	assert_null(lx_hvm_check(&config));
	config.b_info.target_memkb = 9 << 10;
	assert_non_null(strstr(lx_hvm_check(&config), "memory"));
}

static void test_create(void **state)
{
	struct lx_domain_config saved;
	uint32_t domid;

	config.b_info.hvm->serial = strdup("pty");
	config.b_info.hvm->vnc.passwd = strdup("secret");
	add_disk("/d", "hda", false);
	add_nic("br0");
	assert_int_equal(lx_create_now(&lx, &config, false, &domid), 0);
	assert_int_equal(fake_host.running, 1);
	assert_non_null(strstr(fake_host.argv, "-xen-domid 1 "));
	assert_true(fake_xen.d[1].params[HVM_PARAM_IOREQ_PFN]);
	assert_int_equal(fake_xen.d[1].params[HVM_PARAM_NR_IOREQ_SERVER_PAGES], BLD_SERVER_PAGES);
	assert_true(fake_xen.d[1].up);
	assert_string_equal(fake_host.last, "vif1.0 - br0 0");
	assert_string_equal(fake_host.taps, "vif1.0-emu br0");
	assert_string_equal(fake_store_get(&store, "/local/domain/1/serial/0/tty"), "/dev/pts/7");
	assert_string_equal(fake_store_get(&store, "/local/domain/1/console/vnc-port"), "5901");
	assert_non_null(strstr(fake_host.qmp, "\"password\": \"secret\""));
	assert_string_equal(fake_store_get(&store, "/local/domain/1/hvmloader/bios"), "seabios");
	assert_string_equal(fake_store_get(&store, "/local/domain/1/memory/videoram"), "8192");
	assert_string_equal(fake_store_get(&store, "/local/domain/1/image/device-model-pid"),
			    "100");
	assert_int_equal(lx_state_load(&lx, config.c_info.uuid, &saved), 0);
	assert_string_equal(saved.b_info.hvm->serial, "pty");
	lx_dispose(&lx_domain_config_type, &saved);
	/* The guest reads no password. */
	for (unsigned int i = 0; i < store.nodes; i++)
		if (!strcmp(store.node[i].value, "secret"))
			assert_int_equal(store.node[i].perms, 1);
	assert_int_equal(lx_destroy(&lx, domid), 0);
	assert_no_trace();
}

static void test_second_model(void **state)
{
	uint32_t domid;

	config.b_info.dm_more = calloc(2, sizeof(char *));
	config.b_info.dm_more[0] = strdup(" demo-device  %d 0x5f0");
	config.b_info.dm_more[1] = strdup("other");
	config.b_info.nr_dm_more = 2;
	assert_int_equal(lx_create_now(&lx, &config, false, &domid), 0);
	assert_int_equal(fake_host.running, 7);
	assert_string_equal(fake_host.argv, "other 1 ");
	assert_string_equal(fake_store_get(&store, "/libxl/1/dm/1/program"), "demo-device");
	/* Each may end by itself, and destroying copes. */
	fake_host.running &= ~2U;
	assert_int_equal(lx_dm_pid(&lx, domid, 1), 0);
	assert_int_equal(lx_dm_pid(&lx, domid, 2), 102);
	assert_int_equal(lx_destroy(&lx, domid), 0);
	assert_no_trace();
}

/* One that ends before it is ready is reported with what it said last. */
static void test_model_dies(void **state)
{
	uint32_t domid;

	fake_host.dies = true;
	snprintf(fake_host.log_text, sizeof(fake_host.log_text), "line one\nno such machine\n");
	assert_int_equal(lx_create_now(&lx, &config, false, &domid), -EIO);
	assert_non_null(strstr(said, "device model " LX_QEMU " has ended"));
	assert_non_null(strstr(said, "qemu-dm-h1.log:\nline one\nno such machine"));
	assert_no_trace();
}

static void stop(struct lx_timer *timer)
{
	lx_loop_stop(&lx.loop);
}

/* One that ends while the guest runs is reported, but not one that is ended with its guest. */
static void test_watched(void **state)
{
	for (unsigned int destroyed = 0; destroyed < 2; destroyed++) {
		struct lx_timer timer = { .fn = stop };
		struct lx_dm_watch w;
		uint32_t domid;

		fake_host.started = fake_host.running = 0;
		said[0] = '\0';
		snprintf(fake_host.log_text, sizeof(fake_host.log_text), "out of memory\n");
		assert_int_equal(lx_create_now(&lx, &config, false, &domid), 0);
		lx_dm_watch_start(&w, &lx, domid);
		if (destroyed)
			assert_int_equal(lx_destroy(&lx, domid), 0);
		close(fake_host.watched);
		lx_timer_set(&lx.loop, &timer, 20);
		assert_int_equal(lx_loop_run(&lx.loop), 0);
		assert_int_equal(!strstr(said, "has ended"), destroyed);
		assert_int_equal(!strstr(said, "log:\nout of memory"), destroyed);
		lx_dm_watch_stop(&w);
		if (!destroyed)
			assert_int_equal(lx_destroy(&lx, domid), 0);
		assert_no_trace();
	}
}

static void test_qmp_refused(void **state)
{
	static const char *const replies[] = { "{\"error\": {\"desc\": \"why\"}}", "nonsense",
		"{\"error\": 3}", "{\"return\": 3}" };
	uint32_t domid;

	config.b_info.hvm->serial = strdup("pty");
	for (unsigned int i = 0; i < 4; i++) {
		fake_host.qmp_reply = replies[i];
		fake_host.running = fake_host.started = 0;
		assert_int_equal(lx_create_now(&lx, &config, false, &domid), i == 0 ? -EINVAL :
				 i < 3 ? -EPROTO : 0);
		if (i == 3)
			assert_int_equal(lx_destroy(&lx, domid), 0);
		assert_no_trace();
	}
}

enum what { HYPERCALLS, STORE, HOST };

/* Let call @at of a kind fail; true: there was one. */
static bool fail_one(enum what what, unsigned int at)
{
	bool failed;
	uint32_t domid;
	int rc;

	fake_host.started = fake_host.running = fake_host.calls = 0;
	fake_xen.calls = fake_xen.failed = store.changes = store.failed = 0;
	fake_xen.fail_at = what == HYPERCALLS ? at : 0;
	fake_xen.fail_with = -ENOMEM;
	store.fail_at = what == STORE ? at : 0;
	fake_host.fail_at = what == HOST ? at : 0;
	rc = lx_create_now(&lx, &config, false, &domid);
	failed = fake_xen.failed || store.failed || (what == HOST && fake_host.calls >= at);
	fake_xen.fail_at = store.fail_at = fake_host.fail_at = 0;
	said[0] = '\0';
	assert_int_equal(rc != 0, failed);
	if (!rc)
		assert_int_equal(lx_destroy(&lx, domid), 0);
	assert_no_trace();
	return failed;
}

static void test_everything_fails(void **state)
{
	static const unsigned int least[] = { 35, 90, 8 };

	config.b_info.hvm->serial = strdup("pty");
	config.b_info.hvm->vnc.passwd = strdup("secret");
	config.b_info.dm_more = calloc(1, sizeof(char *));
	config.b_info.dm_more[0] = strdup("other");
	config.b_info.nr_dm_more = 1;
	add_disk("/d", "hda", false);
	add_nic("br0");
	for (enum what w = HYPERCALLS; w <= HOST; w++) {
		unsigned int at = 1;

		while (fail_one(w, at))
			at++;
		assert_true(at > least[w]);
	}
}

/* Real processes: the one that was started is known by its words from the first moment on. */
static void test_process(void **state)
{
	char *good[] = { "sh", "-c", "printf x >&$XENOLITH_READY_FD; while sleep 0.1; do :; done",
			 "77", NULL };
	char *bad[] = { "/nonexistent/model", NULL };
	const struct lx_host_ops *host = &lx_host_linux;
	char log[128], c;
	int ready, pid;

	snprintf(log, sizeof(log), "%s/log", folder);
	assert_int_equal(host->dm_start(bad, log, NULL, &pid), -ENOENT);
	assert_int_equal(host->dm_start(good, "/nonexistent/log", &ready, &pid), -ENOENT);
	assert_int_equal(host->dm_start(good, log, &ready, &pid), 0);
	assert_true(host->dm_runs(pid, "77"));
	assert_false(host->dm_runs(pid, "78"));
	assert_int_equal(read(ready, &c, 1), 1);
	close(ready);
	host->dm_end(pid);
	assert_false(host->dm_runs(pid, "77"));
}

/* QEMU's side of a conversation, with an event in it. */
static void serve_qmp(int listener, const char *answer)
{
	char buf[512];
	int fd = accept(listener, NULL, NULL);

	dprintf(fd, "{\"QMP\": {}}\r\n");
	if (read(fd, buf, sizeof(buf)) > 0)
		dprintf(fd, "{\"return\": {}}\r\n");
	if (read(fd, buf, sizeof(buf)) > 0)
		dprintf(fd, "{\"event\": \"VNC_CONNECTED\"}\r\n%s", answer);
	_exit(0);
}

static void test_socket(void **state)
{
	static const struct {
		const char *answer;
		int rc;
	} cases[] = { { "{\"return\": 7}\r\n", 0 }, { "{\"return", -ECONNRESET } };
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	char *reply;

	snprintf(a.sun_path, sizeof(a.sun_path), "%s/qmp", folder);
	assert_int_equal(lx_host_linux.qmp(a.sun_path, "{}", &reply), -ENOENT);
	for (unsigned int i = 0; i < 2; i++) {
		int listener = socket(AF_UNIX, SOCK_STREAM, 0);
		pid_t pid;

		unlink(a.sun_path);
		assert_int_equal(bind(listener, (struct sockaddr *)&a, sizeof(a)), 0);
		assert_int_equal(listen(listener, 1), 0);
		pid = fork();
		if (!pid)
			serve_qmp(listener, cases[i].answer);
		assert_int_equal(lx_host_linux.qmp(a.sun_path, "{}", &reply), cases[i].rc);
		if (!cases[i].rc) {
			assert_string_equal(reply, "{\"return\": 7}\r");
			free(reply);
		}
		close(listener);
		waitpid(pid, NULL, 0);
	}
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, light_world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_plan), T(test_plan_refused), T(test_args), T(test_refused),
		T(test_create), T(test_second_model), T(test_model_dies),
		T(test_watched), T(test_qmp_refused), T(test_everything_fails),
		T(test_process), T(test_socket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
