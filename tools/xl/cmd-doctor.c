/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xl doctor: looks at the host, and at a configuration, for what would keep a guest from being
 * created, and names what is missing. Nothing is changed.
 */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <net/if.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "light/device.h"
#include "xl.h"

#define KIB_PER_PAGE 4

struct doctor {
	struct xl *xl;
	struct ctl *ctl;
	unsigned int failed;
	bool store;
};

static bool check(struct doctor *d, bool ok, const char *what, const char *advice)
{
	if (ok)
		printf("ok      %s\n", what);
	else
		printf("MISSING %s: %s\n", what, advice);
	d->failed += !ok;
	return ok;
}

static bool file_has(const char *path, const char *text)
{
	char buf[4096];
	FILE *f = fopen(path, "re");
	size_t n = f ? fread(buf, 1, sizeof(buf) - 1, f) : 0;

	if (f)
		fclose(f);
	buf[n] = '\0';
	return strstr(buf, text);
}

static void check_kernel(struct doctor *d)
{
	check(d, geteuid() == 0, "run as root", "become root");
	check(d, file_has("/sys/hypervisor/type", "xen"),
	      "Linux runs on a hypervisor with Xen's ABI",
	      "boot the hypervisor, with this kernel as its dom0");
	check(d, access("/dev/xen/privcmd", R_OK | W_OK) == 0, "/dev/xen/privcmd",
	      "modprobe xen-privcmd");
	check(d, access("/dev/xen/evtchn", R_OK | W_OK) == 0, "/dev/xen/evtchn",
	      "modprobe xen-evtchn");
	check(d, access("/dev/xen/gntdev", R_OK | W_OK) == 0, "/dev/xen/gntdev",
	      "modprobe xen-gntdev");
	check(d, file_has("/proc/xen/capabilities", "control_d"), "this is the control domain",
	      "run it in dom0, with xenfs mounted: mount -t xenfs xenfs /proc/xen");
}

static void check_hypervisor(struct doctor *d)
{
	struct xen_sysctl_physinfo p;
	int rc = d->ctl ? ctl_physinfo(d->ctl, &p) : -ENODEV;

	if (!check(d, !rc, "the hypervisor answers", rc == -EACCES ?
		   "its control interface is not that of Xen 4.17 (0x15)" :
		   "see the lines above"))
		return;
	check(d, p.capabilities & XEN_SYSCTL_PHYSCAP_hvm && p.capabilities &
	      XEN_SYSCTL_PHYSCAP_hap, "guests with hardware virtualisation and nested paging",
	      "turn on SVM or VT-x in the machine's firmware");
}

static bool process_named(const char *name)
{
	DIR *proc = opendir("/proc");
	bool found = false;
	struct dirent *e;

	while (proc && !found && (e = readdir(proc))) {
		char path[300], text[64] = "";
		FILE *f;

		if (!isdigit((unsigned char)e->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/comm", e->d_name);
		f = fopen(path, "re");
		if (!f)
			continue;
		if (fgets(text, sizeof(text), f))
			found = !strncmp(text, name, strlen(name));
		fclose(f);
	}
	if (proc)
		closedir(proc);
	return found;
}

static void check_daemons(struct doctor *d)
{
	struct lx_store *s = lx_store_open();

	d->store = check(d, s != NULL, "xenstored answers", "start xenstored");
	if (s) {
		char *name = lx_read(s, 0, "/local/domain/0/name");

		check(d, name != NULL, "xenstore knows dom0",
		      "run xen-init-dom0 after xenstored was started");
		free(name);
		s->ops->close(s);
	}
	check(d, process_named("xenconsoled"), "xenconsoled runs",
	      "start it, or guests have no console: xenconsoled --log=guest");
	check(d, access("/dev/loop-control", R_OK | W_OK) == 0, "loop devices (for disks in files)",
	      "modprobe loop");
	check(d, !access("/sys/bus/xen-backend/drivers/vbd", F_OK),
	      "the backend of disks", "modprobe xen-blkback");
	check(d, !access("/sys/bus/xen-backend/drivers/vif", F_OK),
	      "the backend of network interfaces", "modprobe xen-netback");
}

/* Whoever waits for a domain's end may have been killed; then nothing would follow from it. */
static void check_monitors(struct doctor *d)
{
	static struct xen_domctl_getdomaininfo info[1024];
	int n = d->ctl ? ctl_domain_list(d->ctl, 1, sizeof(info) / sizeof(info[0]), info) : 0;

	for (int i = 0; i < n; i++) {
		char what[64], advice[64];

		if (!xl_monitor_killed(info[i].domain))
			continue;
		snprintf(what, sizeof(what), "a process waits for the end of domain %u",
			 info[i].domain);
		snprintf(advice, sizeof(advice), "it was killed: xl monitor %u", info[i].domain);
		check(d, false, what, advice);
	}
}

static void check_kernel_file(struct doctor *d, const struct lx_domain_config *c)
{
	const struct lx_build_info *b = &c->b_info;
	int fd = b->kernel ? open(b->kernel, O_RDONLY | O_CLOEXEC) : -1;
	struct bld_error err;
	struct bld_kernel k;
	struct stat st;
	void *map;

	if (!check(d, fd >= 0 && !fstat(fd, &st), "the kernel can be read", b->kernel ? b->kernel :
		   "name one: kernel = \"FILE\""))
		return;
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (map == MAP_FAILED) {
		check(d, false, "the kernel can be read", "it is empty, or no file");
		return;
	}
	if (check(d, !bld_kernel_open(&k, map, (size_t)st.st_size, &err),
		  "the kernel can be started", err.text))
		bld_kernel_close(&k);
	munmap(map, (size_t)st.st_size);
	if (b->ramdisk)
		check(d, !access(b->ramdisk, R_OK), "the ramdisk can be read", b->ramdisk);
}

static void check_memory(struct doctor *d, const struct lx_domain_config *c)
{
	struct xen_sysctl_physinfo p;
	char advice[128];

	if (!d->ctl || ctl_physinfo(d->ctl, &p))
		return;
	snprintf(advice, sizeof(advice), "%lu MiB are free; lower memory= or end another domain",
		 p.free_pages * KIB_PER_PAGE >> 10);
	check(d, p.free_pages * KIB_PER_PAGE > c->b_info.max_memkb + LX_SLACK_KIB,
	      "there is memory for it", advice);
}

static bool elsewhere(const char *backend)
{
	return backend && strcmp(backend, "0") && strcmp(backend, "Domain-0");
}

/* With a card in the bridge, what guests send goes out of their own pages. */
static bool has_card(const char *bridge)
{
	char path[300];
	DIR *ports;
	bool found = false;
	struct dirent *e;

	snprintf(path, sizeof(path), "/sys/class/net/%.32s/brif", bridge);
	ports = opendir(path);
	while (ports && !found && (e = readdir(ports)))
		found = *e->d_name != '.' && strncmp(e->d_name, "vif", 3);
	if (ports)
		closedir(ports);
	return found;
}

static void check_dma(struct doctor *d, const char *bridge)
{
	struct lx lx = { .ctl = d->ctl, .host = &lx_host_linux };
	char what[300];
	bool reaches;

	if (!d->ctl || !has_card(bridge))
		return;
	snprintf(what, sizeof(what), "bridge %s leads out, and devices reach guests' memory",
		 bridge);
	check(d, !lx_dma_reaches_guests(&lx, &reaches) && reaches, what,
	      "there is no IOMMU: boot dom0's kernel with swiotlb=force");
}

static void check_devices(struct doctor *d, const struct lx_domain_config *c)
{
	char what[300];
	uint32_t n;

	for (uint32_t i = 0; i < c->nr_disks; i++) {
		const struct lx_disk *k = &c->disks[i];

		snprintf(what, sizeof(what), "disk %s", k->vdev);
		check(d, lx_vdev_number(k->vdev, &n), what, "it is no name of a disk");
		if (elsewhere(k->backend_domname))
			continue;	/* what is there only that domain knows */
		check(d, k->pdev_path && !access(k->pdev_path, k->readwrite ? R_OK | W_OK : R_OK),
		      what, k->pdev_path ? k->pdev_path : "it has no target");
		check(d, k->format == LX_FORMAT_RAW, what, "only the format raw is supported");
	}
	for (uint32_t i = 0; i < c->nr_nics; i++) {
		if (!c->nics[i].bridge || elsewhere(c->nics[i].backend_domname))
			continue;
		snprintf(what, sizeof(what), "bridge %s", c->nics[i].bridge);
		check(d, if_nametoindex(c->nics[i].bridge) != 0, what,
		      "ip link add NAME type bridge; ip link set NAME up");
		check_dma(d, c->nics[i].bridge);
	}
}

static int main_doctor(struct xl *xl, int argc, char **argv)
{
	struct doctor d = { .xl = xl };
	struct lx_domain_config config;
	int status;

	if (!xl_plain(xl, argc, argv, 0, &status))
		return status;
	check_kernel(&d);
	d.ctl = ctl_open(&ctl_backend_xen, xl->log);
	check_hypervisor(&d);
	check_daemons(&d);
	check_monitors(&d);
	if (optind < argc) {
		if (check(&d, !xl_parse_file(xl, argv[optind], argv + optind + 1,
					     argc - optind - 1, &config), "the configuration",
			  "see the line above")) {
			check_kernel_file(&d, &config);
			check_memory(&d, &config);
			check_devices(&d, &config);
			lx_dispose(&lx_domain_config_type, &config);
		}
	}
	if (d.ctl)
		ctl_close(d.ctl);
	printf(d.failed ? "%u things are missing\n" : "nothing is missing\n", d.failed);
	return d.failed ? 1 : 0;
}

const struct xl_command xl_doctor_commands[] = {
	{ "doctor", main_doctor, false, false,
	  "Look for what keeps guests, or a configuration, from being started",
	  "[ConfigFile [vars]]", NULL },
	{ 0 },
};
