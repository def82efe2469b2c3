/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xl vncviewer, cd-insert, cd-eject, button-press, qemu-monitor-command: HVM guests' devices. */
#include <getopt.h>
#include <json-c/json.h>
#include <unistd.h>

#include "light/device.h"
#include "light/dm.h"
#include "xl.h"

#define VNC_BASE 5900		/* the port of display 0 */

/* The saved configuration of an HVM guest, to be disposed of. False: told on stderr. */
static bool load(struct xl *xl, uint32_t domid, struct lx_domain_config *config)
{
	struct xen_domctl_getdomaininfo info;
	struct lx *lx = xl_lx(xl);

	if (ctl_domain_info(lx->ctl, domid, &info) || lx_state_load(lx, info.handle, config)) {
		fprintf(stderr, "xl %s: domain %u has no configuration on disk\n", xl->command,
			domid);
		return false;
	}
	if (config->b_info.hvm)
		return true;
	fprintf(stderr, "xl %s: %s is not an HVM guest\n", xl->command, config->c_info.name);
	lx_dispose(&lx_domain_config_type, config);
	return false;
}

struct medium {
	const char *vdev, *path;	/* NULL: none */
	bool found;
};

static bool is_drive(const struct lx_disk *d, const char *vdev)
{
	uint32_t one, other;

	return d->is_cdrom && d->vdev && lx_vdev_number(d->vdev, &one) &&
	       lx_vdev_number(vdev, &other) && one == other;
}

static void change(struct lx_domain_config *config, void *arg)
{
	struct medium *m = arg;

	for (uint32_t i = 0; i < config->nr_disks; i++) {
		struct lx_disk *d = &config->disks[i];

		if (!is_drive(d, m->vdev))
			continue;
		free(d->pdev_path);
		d->pdev_path = m->path ? strdup(m->path) : NULL;
		d->format = LX_FORMAT_RAW;
		m->found = true;
	}
}

static struct json_object *drive(uint32_t devid)
{
	struct json_object *a = json_object_new_object();
	char id[24];

	snprintf(id, sizeof(id), "ide-%u", devid);
	json_object_object_add(a, "id", json_object_new_string(id));
	return a;
}

/* Put a medium into a drive, or take out what is in it. */
static int set_medium(struct xl *xl, uint32_t domid, struct medium *m)
{
	struct lx_domain_config config;
	struct lx_device dev = { LX_VBD, domid, 0, 0 };
	struct json_object *a;
	struct lx *lx = xl_lx(xl);
	bool found = false;
	int rc = 0;

	if (!load(xl, domid, &config))
		return 1;
	for (uint32_t i = 0; i < config.nr_disks; i++)
		found |= is_drive(&config.disks[i], m->vdev);
	lx_dispose(&lx_domain_config_type, &config);
	if (!found) {
		fprintf(stderr, "xl %s: domain %u has no CD-ROM drive %s\n", xl->command, domid,
			m->vdev);
		return 1;
	}
	lx_vdev_number(m->vdev, &dev.devid);
	if (m->path)
		rc = lx_disk_check_sharing(lx, 0, &dev, m->vdev, m->path, false);
	if (rc)
		return 1;
	a = drive(dev.devid);
	if (m->path) {
		json_object_object_add(a, "filename", json_object_new_string(m->path));
		json_object_object_add(a, "format", json_object_new_string("raw"));
	} else {
		json_object_object_add(a, "force", json_object_new_boolean(true));
	}
	rc = lx_qmp(lx, domid, m->path ? "blockdev-change-medium" : "eject", a, NULL);
	return rc || lx_state_update(lx, domid, change, m) ? 1 : 0;
}

static int main_cd_insert(struct xl *xl, int argc, char **argv)
{
	char whole[4096];
	struct medium m = { 0 };
	int status;

	if (!xl_plain(xl, argc, argv, 3, &status))
		return status;
	argv += optind;
	m.vdev = argv[1];
	if (!realpath(argv[2], whole)) {
		fprintf(stderr, "xl cd-insert: cannot use %s: %s\n", argv[2], strerror(errno));
		return 1;
	}
	m.path = whole;
	return set_medium(xl, xl_domain(xl, argv[0]), &m);
}

static int main_cd_eject(struct xl *xl, int argc, char **argv)
{
	struct medium m = { 0 };
	int status;

	if (!xl_plain(xl, argc, argv, 2, &status))
		return status;
	m.vdev = argv[optind + 1];
	return set_medium(xl, xl_domain(xl, argv[optind]), &m);
}

static int main_button(struct xl *xl, int argc, char **argv)
{
	uint32_t which;
	int status;

	if (!xl_plain(xl, argc, argv, 2, &status))
		return status;
	argv += optind;
	if (strcmp(argv[1], "power") && strcmp(argv[1], "sleep")) {
		fprintf(stderr, "xl button-press: a button is power or sleep, not \"%s\"\n",
			argv[1]);
		return 1;
	}
	which = *argv[1] == 'p' ? XEN_DOMCTL_SENDTRIGGER_POWER : XEN_DOMCTL_SENDTRIGGER_SLEEP;
	return ctl_domain_trigger(xl_lx(xl)->ctl, xl_domain(xl, argv[0]), which, 0) ? 1 : 0;
}

/* All words after the domain are one command of the monitor that people type at. */
static int main_monitor(struct xl *xl, int argc, char **argv)
{
	struct json_object *a, *reply;
	char line[4096] = "";
	int status;

	if (!xl_plain(xl, argc, argv, 2, &status))
		return status;
	for (int i = optind + 1; i < argc; i++) {
		size_t n = strlen(line);

		if (snprintf(line + n, sizeof(line) - n, "%s%s", n ? " " : "", argv[i]) >=
		    (int)(sizeof(line) - n)) {
			fprintf(stderr, "xl %s: the command is too long\n", xl->command);
			return 1;
		}
	}
	a = json_object_new_object();
	json_object_object_add(a, "command-line", json_object_new_string(line));
	if (lx_qmp(xl_lx(xl), xl_domain(xl, argv[optind]), "human-monitor-command", a, &reply))
		return 1;
	printf("%s\n", json_object_is_type(reply, json_type_string) ?
	       json_object_get_string(reply) : "");
	json_object_put(reply);
	return 0;
}

/* The viewer reads the password from its input. */
static void give_password(const char *password)
{
	int pipes[2];

	if (pipe(pipes) || write(pipes[1], password, strlen(password)) < 0) {
		perror("xl vncviewer: passing the password on");
		exit(1);
	}
	close(pipes[1]);
	dup2(pipes[0], 0);
	close(pipes[0]);
}

/* Returns when the viewer cannot be run. */
static void run_viewer(const char *host, const char *port, const char *password)
{
	char where[300];

	snprintf(where, sizeof(where), "%.200s:%d", host ? host : "localhost",
		 atoi(port) - VNC_BASE);
	if (password)
		give_password(password);
	execlp("vncviewer", "vncviewer", where, password ? "-autopass" : (char *)NULL,
	       (char *)NULL);
	fprintf(stderr, "xl vncviewer: cannot run vncviewer: %s; the display is at %s\n",
		strerror(errno), where);
}

static int main_viewer(struct xl *xl, int argc, char **argv)
{
	static const struct option lopts[] = {
		{ "autopass", 0, NULL, 'a' }, { "vncviewer-autopass", 0, NULL, 'a' },
		{ "help", 0, NULL, 'h' }, { 0 },
	};
	char *host, *port, *password;
	bool autopass = false;
	uint32_t domid;
	int opt;

	while ((opt = xl_getopt(xl, argc, argv, "ah", lopts, 1)) != XL_OPT_DONE) {
		if (opt != 'a')
			return XL_OPT_STATUS(opt);
		autopass = true;
	}
	domid = xl_domain(xl, argv[optind]);
	host = lx_read(xl->lx.store, 0, "/local/domain/%u/console/vnc-listen", domid);
	port = lx_read(xl->lx.store, 0, "/local/domain/%u/console/vnc-port", domid);
	password = lx_read(xl->lx.store, 0, "/local/domain/%u/console/vnc-pass", domid);
	if (port)
		run_viewer(host, port, autopass ? password : NULL);
	else
		fprintf(stderr, "xl vncviewer: domain %u has no display by VNC: vnc = 1\n", domid);
	free(host);
	free(port);
	free(password);
	return 1;
}

const struct xl_command xl_hvm_commands[] = {
	{ "vncviewer", main_viewer, false, false, "Attach to domain's VNC server.",
	  "[options] <Domain>",
	  "--autopass               Pass VNC password to viewer via stdin" },
	{ "cd-insert", main_cd_insert, false, false, "Insert a cdrom into a guest's cd drive",
	  "<Domain> <VirtualDevice> <path>", NULL },
	{ "cd-eject", main_cd_eject, false, false, "Eject a cdrom from a guest's cd drive",
	  "<Domain> <VirtualDevice>", NULL },
	{ "button-press", main_button, false, false, "Indicate an ACPI button press to the domain",
	  "<Domain> <Button>", "<Button> may be 'power' or 'sleep'." },
	{ "qemu-monitor-command", main_monitor, false, false,
	  "Issue a qemu monitor command to the device model of a domain",
	  "<Domain> <Command>", NULL },
	{ 0 },
};
