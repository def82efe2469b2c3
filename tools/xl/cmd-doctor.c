/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xl doctor: looks at the host, at what domains and killed commands left, and at a configuration,
 * for what would keep a guest from being created, and names it. With --repair it removes what
 * belongs to nothing any more; otherwise nothing is changed.
 */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <getopt.h>
#include <net/if.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "light/device.h"
#include "light/health.h"
#include "light/host-linux.h"
#include "store/xsc.h"
#include "xl.h"

#define KIB_PER_PAGE 4

struct doctor {
	struct xl *xl;
	struct lx lx;			/* ctl and store: NULL where there is none */
	unsigned int failed;
	bool repair;
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

/* Without it nothing else can be there. */
static bool on_xen(struct doctor *d)
{
	char path[300];

	snprintf(path, sizeof(path), "%.200s/hypervisor/type", lx_sys_root);
	return check(d, file_has(path, "xen"), "this Linux runs on Xen or Xenolith",
		     "boot the hypervisor, with this kernel as its dom0");
}

static void check_kernel(struct doctor *d)
{
	check(d, geteuid() == 0, "run as root", "become root");
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
	int rc = d->lx.ctl ? ctl_physinfo(d->lx.ctl, &p) : -ENODEV;

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

/* A daemon that runs is of no use when its socket was removed. */
static const char *store_advice(void)
{
	static char advice[200];

	if (!process_named("xenstored"))
		return "start xenstored";
	snprintf(advice, sizeof(advice), "it runs, but its socket %.100s is %s: stop it and start "
		 "it again", xsc_socket_path(), access(xsc_socket_path(), F_OK) ? "missing" :
		 "not served");
	return advice;
}

static void check_daemons(struct doctor *d)
{
	if (check(d, d->lx.store != NULL, "xenstored answers", store_advice())) {
		char *name = lx_read(d->lx.store, 0, "/local/domain/0/name");

		check(d, name != NULL, "xenstore knows dom0",
		      "run xen-init-dom0 after xenstored was started");
		free(name);
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

/* The process that waits for a domain's end may have been killed; then the end has no effect. */
static void check_monitors(struct doctor *d)
{
	static struct xen_domctl_getdomaininfo info[1024];
	int n = d->lx.ctl ? ctl_domain_list(d->lx.ctl, 1, sizeof(info) / sizeof(info[0]), info) : 0;

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

/* What domains that are gone, and commands that were killed, left. */
static void check_state(struct doctor *d)
{
	struct lx_problem *all;
	unsigned int n;
	int rc = d->lx.ctl && d->lx.store ? lx_health(&d->lx, &all, &n) : -ENODEV;

	if (rc) {
		check(d, false, "what domains left can be looked at", "see the lines above");
		return;
	}
	for (unsigned int i = 0; i < n; i++) {
		char what[LX_FILE_BYTES + 128], remedy[160];

		lx_problem_text(&all[i], what, remedy);
		if (d->repair && lx_repairable(&all[i]) && !lx_repair(&d->lx, &all[i])) {
			printf("mended  %s\n", what);
			continue;
		}
		printf("WRONG   %s: %s\n", what, remedy);
		d->failed++;
	}
	if (!n)
		printf("ok      nothing is left of domains that are gone\n");
	free(all);
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

	if (!d->lx.ctl || ctl_physinfo(d->lx.ctl, &p))
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
	char what[300];
	bool reaches;

	if (!d->lx.ctl || !has_card(bridge))
		return;
	snprintf(what, sizeof(what), "bridge %s leads out, and devices reach guests' memory",
		 bridge);
	check(d, !lx_dma_reaches_guests(&d->lx, &reaches) && reaches, what,
	      "there is no IOMMU: boot dom0's kernel with swiotlb=force");
}

static void check_devices(struct doctor *d, const struct lx_domain_config *c)
{
	char what[300];
	uint32_t n;

	for (uint32_t i = 0; i < c->nr_disks; i++) {
		const struct lx_disk *k = &c->disks[i];

		snprintf(what, sizeof(what), "disk %s", k->vdev);
		check(d, lx_vdev_number(k->vdev, &n), what, "it is not the name of a disk");
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

static void open_all(struct doctor *d)
{
	if (d->xl->opened) {
		d->lx = d->xl->lx;
		return;
	}
	lx_prepare(&d->lx, d->xl->log);
	d->lx.ctl = ctl_open(&ctl_backend_xen, d->xl->log);
	d->lx.store = lx_store_open();
}

static void close_all(struct doctor *d)
{
	if (d->xl->opened)
		return;
	if (d->lx.ctl)
		ctl_close(d->lx.ctl);
	if (d->lx.store)
		d->lx.store->ops->close(d->lx.store);
}

static void check_configuration(struct doctor *d, int argc, char **argv)
{
	struct lx_domain_config config;

	if (!check(d, !xl_parse_file(d->xl, argv[0], argv + 1, argc - 1, &config),
		   "the configuration", "see the line above"))
		return;
	check_kernel_file(d, &config);
	check_memory(d, &config);
	check_devices(d, &config);
	lx_dispose(&lx_domain_config_type, &config);
}

static int main_doctor(struct xl *xl, int argc, char **argv)
{
	static const struct option lopts[] = {
		{ "repair", 0, NULL, 'r' }, { "help", 0, NULL, 'h' }, { 0 },
	};
	struct doctor d = { .xl = xl };
	int opt;

	while ((opt = xl_getopt(xl, argc, argv, "hr", lopts, 0)) != XL_OPT_DONE) {
		if (opt != 'r')
			return XL_OPT_STATUS(opt);
		d.repair = true;
	}
	if (on_xen(&d)) {
		open_all(&d);
		check_kernel(&d);
		check_hypervisor(&d);
		check_daemons(&d);
		check_monitors(&d);
		check_state(&d);
		if (optind < argc)
			check_configuration(&d, argc - optind, argv + optind);
		close_all(&d);
	}
	if (d.failed)
		printf("%u %s wrong or missing\n", d.failed,
		       d.failed == 1 ? "thing is" : "things are");
	else
		printf("nothing is wrong or missing\n");
	return d.failed ? 1 : 0;
}

const struct xl_command xl_doctor_commands[] = {
	{ "doctor", main_doctor, false, false,
	  "Look for what keeps guests, or a configuration, from being started",
	  "[options] [ConfigFile [vars]]",
	  "-r, --repair            Remove what is left of domains that are gone, and make\n"
	  "                        missing folders" },
	{ 0 },
};
