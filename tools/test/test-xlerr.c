/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What xl says when it cannot do what it is told: one cause, what it is about, and what to do; the
 * whole of stderr, the exit status, and that nothing has changed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <unistd.h>
#include <xentoollog.h>

#include "fake-host.h"
#include "fake-kernel.h"
#include "fake-store.h"
#include "fake-xen.h"
#include "xl-run.h"

#include <public/elfnote.h>
#include <public/features.h>

static struct fake_store store;
static char folder[64], states[96], runs[96];

static void put(const char *path, const char *value)
{
	assert_int_equal(store.s.ops->write(&store.s, 0, path, value), 0);
}

static void write_file(const char *name, const void *bytes, size_t n)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0 && write(fd, bytes, n) == (ssize_t)n && !close(fd));
}

/* Two CPUs, 64 MiB, a guest u1, and the working folder with the kernel k. */
static int setup(void **state)
{
	uint8_t elf[FAKE_KERNEL_BYTES];

	snprintf(folder, sizeof(folder), "/tmp/xenolith-err-XXXXXX");
	if (!mkdtemp(folder) || chdir(folder))
		return -1;
	snprintf(states, sizeof(states), "%s/states", folder);
	snprintf(runs, sizeof(runs), "%s/run", folder);
	xl_run_dir = runs;
	fake_kernel(elf);
	write_file("k", elf, sizeof(elf));
	fake_reset(64);
	fake_xen.d[0].max_vcpus = 2;
	fake_xen.d[1].used = true;
	fake_xen.d[1].max_vcpus = 2;
	fake_store_init(&store);
	fake_host = (struct fake_host){ .bounces = true };
	memset(&xl, 0, sizeof(xl));
	xl.log = (void *)xtl_createlogger_stdiostream(stderr, XTL_ERROR, 0);
	xl.lx = (struct lx){ .log = xl.log, .store = &store.s, .state_dir = states,
			     .run_dir = runs, .host = &fake_host_ops };
	xl.lx.ctl = ctl_open(&fake_backend, xl.log);
	xl.opened = true;
	put("/local/domain/0/name", "Domain-0");
	put("/local/domain/1/name", "u1");
	return 0;
}

static int teardown(void **state)
{
	char command[128];

	ctl_close(xl.lx.ctl);
	xl_free_conf(&xl);
	xtl_logger_destroy(xl.log);
	fake_store_free(&store);
	fake_reset(0);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return chdir("/") | system(command);
}

struct setting {
	const char *text, *error;
};

#define FOR_HVM "which only an HVM guest has: remove the setting, or say type = \"hvm\""

/* A configuration's error: one line with the file and the line. */
static void check_settings(const struct setting *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char text[512], expected[512];
		unsigned int nodes = store.nodes;

		snprintf(text, sizeof(text), "name = 'u2'\nkernel = 'k'\nmemory = 8\n%s\n",
			 cases[i].text);
		write_file("u.cfg", text, strlen(text));
		snprintf(expected, sizeof(expected), "u.cfg:4: %s\n", cases[i].error);
		assert_int_equal(run("create -q -n u.cfg"), 1);
		assert_string_equal(err, expected);
		assert_int_equal(run("create -q -e u.cfg"), 1);
		assert_string_equal(err, expected);
		assert_string_equal(out, "");
		assert_int_equal(fake_domains(), 1);
		assert_int_equal(store.nodes, nodes);
	}
}

static void test_settings(void **state)
{
	static const struct setting cases[] = {
		{ "cpus = '99'", "cpus = \"99\" has none of this host's CPUs, 0 to 1" },
		{ "cpus_soft = '2-9'", "cpus_soft = \"2-9\" has none of this host's CPUs, 0 to 1" },
		{ "cpus = '0,^0'", "cpus = \"0,^0\" has none of this host's CPUs, 0 to 1" },
		{ "cpus = 'x'", "cpus is a set of CPUs such as \"0-3,^2\", \"node:1\" or \"all\", "
		  "not \"x\"" },
		{ "cpus = 'node:7'", "cpus = \"node:7\" names a node that this host does not "
		  "have" },
		{ "cpus_soft = ['0,^node:7']", "cpus_soft = \"0,^node:7\" names a node that this "
		  "host does not have" },
		{ "cap = 500", "cap is from 0 to 100 for 1 vCPUs (percent of a CPU), not 500" },
		{ "cap = '-1'", "cap is from 0 to 100 for 1 vCPUs (percent of a CPU), not -1" },
		{ "cap = '-1x'", "cap takes a number, not \"-1x\"" },
		{ "cpu_weight = 0", "cpu_weight is from 1 to 65535, not 0" },
		{ "cpu_weight = '-5'", "cpu_weight is from 1 to 65535, not -5" },
		{ "cpu_weight = 65536", "cpu_weight is from 1 to 65535, not 65536" },
		{ "vcpus = '-1'", "vcpus is from 1 to 128, not -1" },
		{ "maxvcpus = '-1'", "maxvcpus is from 1 to 128, not -1" },
		{ "max_grant_frames = '-1'", "max_grant_frames is from 0 to 1048576, not -1" },
		{ "rtc_timeoffset = '-x'", "rtc_timeoffset takes a number, not \"-x\"" },
		{ "maxmem = 64", "maxmem is 64 and memory 8: they must be equal, as filling a "
		  "guest's memory later is not built" },
		{ "vcpus = 0", "vcpus is from 1 to 128, not 0" },
		{ "maxvcpus = 0", "maxvcpus is from 1 to 128, not 0" },
		{ "vcpus = 2; maxvcpus = 1", "maxvcpus is 1, which is less than vcpus, 2" },
		{ "uuid = '12'", "uuid has the form 01234567-89ab-cdef-0123-456789abcdef, not "
		  "\"12\"" },
		{ "on_crash = 'rename_restart'", "on_crash is destroy, restart, rename-restart, "
		  "preserve, coredump-destroy, coredump-restart or soft-reset, not "
		  "\"rename_restart\"" },
		{ "tsc_mode = 'fast'", "tsc_mode is default, native or always_emulate, not "
		  "\"fast\"" },
		{ "type = 'pv'", "type is \"pv\", and only \"pvh\" and \"hvm\" guests are "
		  "built" },
		{ "builder = 'linux'", "builder = \"linux\" is an older way to write type = "
		  "\"pv\", and only \"pvh\" and \"hvm\" guests are built" },
		{ "device_models = ['demo-device']", "device_models asks for a device model, "
		  FOR_HVM },
		{ "vnuma = [['pnode=0']]", "vnuma asks for virtual NUMA nodes, which is not built: "
		  "remove the setting" },
		{ "pci = ['00:19']", "pci 00:19: a device is [SSSS:]BB:DD.F, as lspci -D names "
		  "it" },
		{ "pci = ['00:19.0,seize=1']", "pci 00:19.0,seize=1: options and places are not "
		  "built: name the device alone" },
		{ "pci = ['00:19.0', '0000:00:19.0']", "pci 0000:00:19.0: the device is named "
		  "twice" },
		{ "p9 = ['tag=t,path=/x,security_model=none']", "p9 asks for shared folders (9P), "
		  "which is not built: remove the setting" },
		{ "acpi_s3 = 1", "acpi_s3 asks for sleep states, " FOR_HVM },
		{ "acpi_s4 = 1", "acpi_s4 asks for sleep states, " FOR_HVM },
		{ "firmware_override = '/f'", "firmware_override asks for firmware, " FOR_HVM },
		{ "period = 0", "period is from 1 to 2147483647, not 0" },
		{ "period = 100; budget = 200", "budget is at most the period, 100 us, not 200" },
		{ "extratime = 2", "extratime is from 0 to 1, not 2" },
		{ "slice = 100", "slice asks for the scheduler SEDF, which is not built: remove "
		  "the setting" },
		{ "firmware = 'ovmf'", "firmware asks for firmware, which is not built: remove "
		  "the setting" },
		{ "altp2m = 'mixed'", "altp2m asks for alternate page tables, which is not built: "
		  "remove the setting" },
		{ "acpi = 0", "acpi asks for a guest without ACPI, " FOR_HVM },
		{ "vnc = 1", "vnc asks for a display, " FOR_HVM },
		{ "bootloader = 'pygrub'", "bootloader asks for a boot loader in dom0, which is "
		  "not built: remove the setting" },
		{ "vcpsu = 2", "unknown setting vcpsu: did you mean vcpus?" },
		{ "disks = [ ]", "unknown setting disks: did you mean disk?" },
	};

	check_settings(cases, sizeof(cases) / sizeof(cases[0]));
}

static void test_device_settings(void **state)
{
	static const struct setting cases[] = {
		{ "disk = ['drbd:mail,xvda2,w']", "disk xvda2 (mail): its target is for a script, "
		  "and scripts for disks are not built: name the block device or file itself" },
		{ "disk = ['/a.qcow2,qcow2,xvda,w']", "disk xvda (/a.qcow2): formats other than "
		  "raw need a device model, which only an HVM guest has: convert the image to "
		  "raw" },
		{ "disk = ['/img/a.qcow2,QCOW2,xvda,rw']", "disk: a format is raw, qcow, qcow2, "
		  "vhd or qed, not \"QCOW2\"" },
		{ "disk = [',hdc:cdrom,r']", "disk hdc (no target): an empty drive needs a device "
		  "model, which only an HVM guest has" },
		{ "disk = ['/dev/x,raw,xvda,w,specification=virtio']", "disk xvda (/dev/x): "
		  "specifications other than xen are not built: remove specification" },
		{ "disk = ['/dev/x,raw,xvda,w,backendtype=foo']", "disk xvda (/dev/x): backends "
		  "other than phy are not built: remove backendtype" },
		{ "disk = ['/a,raw,xvda,w', '/b,raw,d0,w']", "disk d0 (/b): the guest has another "
		  "disk of that name" },
		{ "disk = ['/a,raw,foo,w']", "disk foo (/a): its name is not one of a disk: use "
		  "xvda and so on" },
		{ "vif = ['type=ioemu']", "interface 0: only an HVM guest has emulated interfaces: "
		  "remove type" },
		{ "vif = ['devid=1', '']", "interface 1: the guest has another interface of that "
		  "number" },
		{ "vif = ['vifname=abcdefghijklmnop']", "interface 0: vifname has more than 15 "
		  "characters" },
	};

	check_settings(cases, sizeof(cases) / sizeof(cases[0]));
}

/* Settings that ask for what is so anyway say nothing; what only tunes gets a warning. */
static void test_accepted(void **state)
{
	static const struct {
		const char *setting, *warning;
	} cases[] = {
		{ "acpi = 1\nvnc = 0\npci = []\nserial = 'none'\npassthrough = 'disabled'", "" },
		{ "driver_domain = 1\nboot = ''\nhap = 'true'", "" },
		{ "rtc_timeoffset = '-3600'", "" },
		{ "p9 = []\nacpi_s3 = 0\nacpi_s4 = 0\nextratime = 0", "" },
		{ "xauthority = '/x'", "u.cfg:4: warning: xauthority tunes what guests here do "
		  "not have; it is ignored\n" },
		{ "oos = 1", "u.cfg:4: warning: oos tunes what guests here do not have; it is "
		  "ignored\n" },
		{ "nonsense = 1", "u.cfg:4: warning: unknown setting nonsense is ignored\n" },
		{ "vif = ['model=e1000']", "u.cfg:4: warning: model is about emulated interfaces, "
		  "and this one is not\n" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[512];

		snprintf(text, sizeof(text), "name = 'u2'\nkernel = 'k'\nmemory = 8\n%s\n",
			 cases[i].setting);
		write_file("u.cfg", text, strlen(text));
		assert_int_equal(run("create -q -n u.cfg"), 0);
		assert_string_equal(err, cases[i].warning);
	}
}

/* -d prints what -n does, and goes on. */
static void test_debug(void **state)
{
	static const char text[] = "name = 'u2'\nkernel = 'k'\nmemory = 8\n"
		"uuid = '00112233-4455-6677-8899-aabbccddeeff'\n";

	write_file("u.cfg", text, strlen(text));
	assert_int_equal(run("create -q -n u.cfg"), 0);
	assert_int_equal(fake_domains(), 1);
	assert_int_equal(run("create -q -d -p -e u.cfg"), 0);
	assert_non_null(strstr(err, "\"name\": \"u2\""));
	assert_string_equal(out, "");
	assert_int_equal(fake_domains(), 2);
	assert_int_equal(run("destroy u2"), 0);
}

/* Each cause that creating finds has a text of its own, and leaves nothing. */
static void test_create(void **state)
{
	static const struct {
		const char *settings, *error;
	} cases[] = {
		{ "kernel='k'\nmemory=99", "libxl: error: the domain needs 100 MiB and 64 MiB are "
		  "free: lower memory= or end another domain; dom0 has 0 MiB, of which xl mem-set "
		  "0 can free some\n" },
		{ "kernel='/nope'\nmemory=8", "libxl: error: cannot read the kernel /nope: No such "
		  "file or directory\n" },
		{ "kernel='empty'\nmemory=8", "libxl: error: cannot read the kernel %s/empty: it "
		  "is empty\n" },
		{ "kernel='/tmp'\nmemory=8", "libxl: error: cannot read the kernel /tmp: it is not "
		  "a file\n" },
		{ "kernel='text'\nmemory=8", "libxl: error: kernel %s/text: the kernel is neither "
		  "an ELF file nor a Linux bzImage of boot protocol 2.08 or later\n" },
		{ "kernel='nonote'\nmemory=8", "libxl: error: kernel %s/nonote: the kernel has no "
		  "PVH entry point (build it with CONFIG_PVH)\n" },
		{ "kernel='k'\nmemory=8\ndisk=['/nope,raw,xvda,w']", "libxl: error: disk xvda: "
		  "cannot use /nope: No such file or directory\n" },
		{ "kernel='k'\nmemory=8\ndisk=['/silent,raw,xvda,w']", "libxl: error: disk xvda: "
		  "its backend does not answer: modprobe xen-blkback\n" },
		{ "kernel='k'\nmemory=8\nvif=['']", "libxl: error: interface 0: its backend does "
		  "not answer: modprobe xen-netback\n" },
		{ "kernel='k'\nmemory=8\nvif=['backend=1']", "libxl: error: interface 0: its "
		  "backend in domain 1 does not answer: run xl devd there\n" },
		{ "kernel='k'\nramdisk='/nope'\nmemory=8", "libxl: error: cannot read the ramdisk "
		  "/nope: No such file or directory\n" },
		{ "kernel='k'\nmemory=8\npool='p9'", "libxl: error: there is no CPU pool p9 (xl "
		  "cpupool-list)\n" },
		{ "kernel='k'\nmemory=8\nperiod=100", "libxl: error: period is not a setting of "
		  "the scheduler credit2, which Pool-0 has: set cpu_weight and cap\n" },
		{ "name='u1'\nkernel='k'\nmemory=8", "libxl: error: domain 1 is named \"u1\" "
		  "already: choose another name, or end that domain\n" },
		{ "name='a/b'\nkernel='k'\nmemory=8", "libxl: error: a domain needs a name without "
		  "slashes: name = \"...\"\n" },
		{ "kernel='k'\nmemory=8\nvif=['backend=dd']", "libxl: error: interface 0: there is "
		  "no domain dd for its backend\n" },
		{ "kernel='k'\nmemory=8\nvif=['script=vif-nope,bridge=b']", "libxl: error: "
		  "interface 0: no /etc/xen/scripts/vif-nope\n" },
		{ "kernel='k'\nmemory=8\ndisk=['/d,raw,xvda,w']", "libxl: error: disk xvda: /d is "
		  "mounted at /mnt in dom0; unmount it there first\n" },
		{ "kernel='k'\nmemory=8\ndisk=['/a,raw,xvda,w,backend=dd']", "libxl: error: disk "
		  "xvda: there is no domain dd for its backend\n" },
	};

	uint8_t elf[FAKE_KERNEL_BYTES];

	fake_kernel(elf);
	for (size_t i = 0; i + 8 < sizeof(elf); i++)
		if (elf[i] == XEN_ELFNOTE_PHYS32_ENTRY && !memcmp(elf + i + 4, "Xen", 4))
			elf[i] = 0;
	write_file("nonote", elf, sizeof(elf));
	store.no_backends = true;
	lx_device_ms = 20;
	fake_host.missing = "/nope";
	write_file("empty", "", 0);
	fake_host.mounted = "/d";
	fake_host.lacks = "/etc/xen/scripts/vif-nope";
	write_file("text", "hello, I am not a kernel\n", 25);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[512], expected[512];
		unsigned int nodes = store.nodes;

		snprintf(text, sizeof(text), "%s%s\n", strstr(cases[i].settings, "name=") ? "" :
			 "name='u2'\n", cases[i].settings);
		write_file("u.cfg", text, strlen(text));
		snprintf(expected, sizeof(expected), cases[i].error, folder);
		assert_int_not_equal(run("create -q -e u.cfg"), 0);
		assert_string_equal(err, expected);
		assert_int_equal(fake_domains(), 1);
		assert_int_equal(store.nodes, nodes);
		assert_int_equal(fake_host.loops, 0);
	}
	lx_device_ms = 30000;
}

/* dom0 mapped one to one neither gives memory nor takes it. */
static void test_mem_set(void **state)
{
	static const char file[] = "name='u2'\nkernel='k'\nmemory=99\n";
	static const char *const refused[] = { "mem-set 0 600", "mem-max 0 1", "mem-max 0 600",
		"mem-max Domain-0 600" };
	uint64_t max = fake_xen.d[0].max_pages;

	fake_xen.features = 1U << XENFEAT_direct_mapped;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		assert_int_equal(run(refused[i]), 1);
		assert_string_equal(err, "libxl: error: Domain-0 keeps the memory that it has, as "
				    "it is mapped one to one: give it another amount at boot "
				    "(dom0_mem=)\n");
		assert_null(fake_store_get(&store, "/local/domain/0/memory/target"));
		assert_null(fake_store_get(&store, "/local/domain/0/memory/static-max"));
		assert_int_equal(fake_xen.d[0].max_pages, max);
	}
	assert_int_equal(run("mem-max u1 600"), 0);
	write_file("u.cfg", file, strlen(file));
	assert_int_equal(run("create -q -e u.cfg"), 5);
	assert_string_equal(err, "libxl: error: the domain needs 100 MiB and 64 MiB are free: "
			    "lower memory= or end another domain; dom0 has 0 MiB, which it keeps "
			    "(dom0_mem= at boot)\n");
	fake_xen.features = 0;
	assert_int_equal(run("mem-max 0 700"), 0);
	assert_string_equal(fake_store_get(&store, "/local/domain/0/memory/static-max"), "716800");
	assert_int_equal(run("mem-set 0 600"), 0);
	assert_string_equal(fake_store_get(&store, "/local/domain/0/memory/target"), "614400");
	assert_int_equal(run("mem-set u1 many"), 1);
	assert_string_equal(err, "invalid memory size: many\n");
}

static void test_commands(void **state)
{
	static const struct {
		const char *line, *error;
	} cases[] = {
		{ "crate u.cfg", "xl: unknown command crate: did you mean create?\n" },
		{ "save u1 f", "xl: the command save is not built\n" },
		{ "pci-attach u1", "xl: the command pci-attach is not built\n" },
		{ "pci-list u1", "domain 1 has no configuration here\n" },
		{ "pci-assignable-add 7", "7 is not a PCI device: name it as lspci -D does, "
		  "[SSSS:]BB:DD.F\n" },
		{ "pci-assignable-remove -r 00:20.0", "00:20.0 is not a PCI device: name it as "
		  "lspci -D does, [SSSS:]BB:DD.F\n" },
		{ "pci-lst u1", "xl: unknown command pci-lst: did you mean pci-list?\n" },
		{ "sched-credit2x", "xl: unknown command sched-credit2x: did you mean "
		  "sched-credit2?\n" },
		{ "xyzzy", "xl: unknown command xyzzy: xl help lists the commands\n" },
		{ "mem", "xl: mem is short for several commands: mem-max mem-set\n" },
		{ "create -f", "xl create: the option -f needs a value\n" },
		{ "create --defconfig", "xl create: the option --defconfig needs a value\n" },
		{ "create -V u.cfg", "xl create: displays of guests are not built: leave -V "
		  "out\n" },
		{ "list -y", "xl list: unknown option -y: xl help list lists the options\n" },
		{ "list --lonk", "xl list: unknown option --lonk: did you mean --long?\n" },
		{ "trigger u1 s3resume", "xl trigger: a trigger is nmi, reset, init, power or "
		  "sleep, not \"s3resume\"\n" },
		{ "trigger u1 nmi x", "xl trigger: a vCPU is a number, not \"x\"\n" },
		{ "sysrq u1 help", "xl sysrq: a key is one letter, not \"help\"\n" },
		{ "vcpu-set u1 none", "xl vcpu-set: a number of vCPUs is at least 1, not "
		  "\"none\"\n" },
		{ "vcpu-pin u1 first 0", "xl vcpu-pin: a vCPU is a number or all, not "
		  "\"first\"\n" },
		{ "vcpu-pin u1 9 0", "xl vcpu-pin: domain u1 has vCPUs 0 to 1, not 9\n" },
		{ "trigger u1 nmi 9", "xl trigger: domain u1 has vCPUs 0 to 1, not 9\n" },
		{ "vcpu-pin u1 4294967296 0", "xl vcpu-pin: domain u1 has vCPUs 0 to 1, not "
		  "4294967296\n" },
		{ "vcpu-pin u1 0 node:7", "xl vcpu-pin: \"node:7\" names a node that this host "
		  "does not have\n" },
		{ "vcpu-pin u1 0 x", "Error: Invalid hard affinity \"x\".\n" },
		{ "cpupool-cpu-add Pool-0 99", "xl cpupool-cpu-add: this host has CPUs 0 to 1, "
		  "not 99\n" },
		{ "cpupool-cpu-remove Pool-0 1-2", "xl cpupool-cpu-remove: this host has CPUs 0 to "
		  "1, not 2\n" },
		{ "cpupool-cpu-add Pool-0 node:7", "xl cpupool-cpu-add: \"node:7\" names a node "
		  "that this host does not have\n" },
		{ "block-detach u1 foo", "foo is not the name of a disk: use xvda and so on\n" },
		{ "block-detach u1 xvda", "domain 1 has no disk 51712 (xl block-list 1)\n" },
		{ "network-detach u1 3", "domain 1 has no interface 3 (xl network-list 1)\n" },
		{ "block-attach u1 /a,qcow3,xvda,w", "command line:1: disk: a format is raw, qcow, "
		  "qcow2, vhd or qed, not \"qcow3\"\n" },
		{ "create --paused u.cfg", "xl create: unknown option --paused: xl help create "
		  "lists the options\n" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_not_equal(run(cases[i].line), 0);
		assert_string_equal(err, cases[i].error);
		assert_string_equal(out, "");
	}
}

/* A pool's configuration: nothing in it is passed over. */
static void test_pool(void **state)
{
	static const struct {
		const char *words, *error;
	} cases[] = {
		{ "sched=\"quick\"", "command line:3: sched is credit, credit2, rtds, arinc653 or "
		  "null, not \"quick\"\n" },
		{ "cpu=1", "command line:3: unknown setting cpu: did you mean cpus?\n" },
		{ "wheels=4", "command line:3: unknown setting wheels\n" },
		{ "nodes=[7]", "nodes: \"7\" names a node that this host does not have\n" },
		{ "nodes=[\"x\"]", "nodes: a node is a number, not \"x\"\n" },
		{ "cpus=\"node:7\"", "cpus: \"node:7\" names a node that this host does not "
		  "have\n" },
		{ "nodes=[0] cpus=[1]", "command line:4: nodes and cpus are both set: name the "
		  "pool's CPUs in one way\n" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char line[128];

		fake_xen.pool[0].cpus = 1;
		snprintf(line, sizeof(line), "cpupool-create name=\"p\" %s", cases[i].words);
		assert_int_equal(run(line), 1);
		assert_string_equal(err, cases[i].error);
		assert_false(fake_xen.pool[1].used);
	}
}

static void read_conf(const char *text, const char *error)
{
	write_file("xl.conf", text, strlen(text));
	fflush(stderr);
	int e = dup(2), fd = open("err", O_RDWR | O_CREAT | O_TRUNC, 0600);
	ssize_t n;

	dup2(fd, 2);
	assert_int_equal(xl_read_conf(&xl, "xl.conf") != 0, *error != 0);
	dup2(e, 2);
	close(e);
	n = pread(fd, err, RUN_BYTES - 1, 0);
	err[n > 0 ? n : 0] = '\0';
	close(fd);
	assert_string_equal(err, error);
}

/* The masks of xl.conf: created, pinned, ignored, and with nothing left. */
static void test_cpumask(void **state)
{
	static const char guest[] = "name='u2'\nkernel='k'\nmemory=8\n";

	read_conf("vm.cpumask='1'\nvm.pv.cpumask='0'\n", "");
	write_file("u.cfg", guest, strlen(guest));
	assert_int_equal(run("create -q -p -e u.cfg"), 0);
	assert_int_equal(run("vcpu-list u2"), 0);
	assert_non_null(strstr(out, " 1 / all\n"));
	assert_int_equal(run("vcpu-pin u2 0 0"), 1);
	assert_string_equal(err, "/etc/xen/xl.conf: vm.cpumask leaves no CPU for a vCPU: allow "
			    "another one there, or use --ignore-global-affinity-masks\n");
	assert_int_equal(run("vcpu-pin -i u2 0 0"), 0);
	assert_int_equal(run("destroy u2"), 0);
	assert_int_equal(run("create -q -p -e -i u.cfg"), 0);
	assert_int_equal(run("vcpu-list u2"), 0);
	assert_non_null(strstr(out, " all / all\n"));
	assert_int_equal(run("destroy u2"), 0);
	assert_int_equal(run("create -q -p -e u.cfg cpus='0'"), 1);
	assert_string_equal(err, "/etc/xen/xl.conf: vm.cpumask leaves no CPU for a vCPU: allow "
			    "another one there, or use --ignore-global-affinity-masks\n");
	assert_int_equal(fake_domains(), 1);
}

/* The key that leaves no CPU is named, or the last one of those that leave none together. */
static void test_cpumask_keys(void **state)
{
	static const struct {
		const char *conf, *cpus, *key;
	} cases[] = {
		{ "vm.cpumask='1'\n", "0", "vm.cpumask" },
		{ "vm.hvm.cpumask='1'\n", "0", "vm.hvm.cpumask" },
		{ "vm.pvh.cpumask='1'\n", "0", "vm.pvh.cpumask" },
		{ "vm.cpumask='0'\nvm.hvm.cpumask='1'\n", "0", "vm.hvm.cpumask" },
		{ "vm.cpumask='0'\nvm.hvm.cpumask='1'\n", "1", "vm.cpumask" },
		{ "vm.cpumask='0'\nvm.hvm.cpumask='1'\n", "all", "vm.hvm.cpumask" },
		{ "vm.hvm.cpumask='9'\n", "all", "vm.hvm.cpumask" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char line[64], expected[256];

		xl_free_conf(&xl);
		read_conf(cases[i].conf, "");
		snprintf(line, sizeof(line), "vcpu-pin u1 0 %s", cases[i].cpus);
		snprintf(expected, sizeof(expected), "/etc/xen/xl.conf: %s leaves no CPU for a "
			 "vCPU: allow another one there, or use --ignore-global-affinity-masks\n",
			 cases[i].key);
		assert_int_equal(run(line), 1);
		assert_string_equal(err, expected);
	}
}

static void test_conf(void **state)
{
	read_conf("vm.cpumask='x'\n", "xl.conf:1: vm.cpumask is a set of CPUs such as \"0-3,^2\", "
		  "not \"x\"\n");
	read_conf("vm.cpumask='node:9'\n", "xl.conf:1: vm.cpumask = \"node:9\" names a node that "
		  "this host does not have\n");
	read_conf("output_format='sxp'\n", "xl.conf:1: output_format = \"sxp\" asks for another "
		  "format than json, which is not built: remove the setting\n");
	read_conf("\nautoballoon='on'\n", "xl.conf:2: autoballoon = \"on\" asks for taking memory "
		  "from dom0, which is not built: remove the setting\n");
	read_conf("autoballoon='off'\nlockfile='/x'\ndomid_policy='xen'\nclaim_mode=1\n", "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_settings), TEST(test_device_settings),
		TEST(test_accepted), TEST(test_debug),
		TEST(test_create), TEST(test_mem_set),
		TEST(test_commands),
		TEST(test_pool), TEST(test_cpumask), TEST(test_cpumask_keys),
		TEST(test_conf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
