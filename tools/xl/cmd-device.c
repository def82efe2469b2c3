/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xl block-attach, block-list, block-detach, network-attach, network-list, network-detach. */
#include <getopt.h>
#include <json-c/json.h>

#include "light/device.h"
#include "xl.h"

/* A number at the guest's end, for showing: -1 when there is none. */
static long front_number(struct lx *lx, const struct lx_device *dev, const char *name)
{
	char path[LX_PATH_BYTES], *text, *end;
	long n = -1;

	lx_device_front(dev, path);
	text = lx_read(lx->store, 0, "%.200s/%s", path, name);
	if (text && *text) {
		n = strtol(text, &end, 10);
		if (*end)
			n = -1;
	}
	free(text);
	return n;
}

static void print_disk(struct lx *lx, const struct lx_device *dev)
{
	char back[LX_PATH_BYTES];

	lx_device_back(dev, back);
	printf("%-5u %-3u %-6u %-5ld %-6ld %-8ld %-30s\n", dev->devid, dev->backend, dev->domid,
	       front_number(lx, dev, "state"), front_number(lx, dev, "event-channel"),
	       front_number(lx, dev, "ring-ref"), back);
}

static void print_nic(struct lx *lx, const struct lx_device *dev)
{
	char back[LX_PATH_BYTES], *mac;

	lx_device_back(dev, back);
	mac = lx_read(lx->store, 0, "%.200s/mac", back);
	printf("%-3u %-2u %-17s%6u %5ld %6ld %5ld/%-11ld %-30s\n", dev->devid, dev->backend,
	       mac ? mac : "", dev->devid, front_number(lx, dev, "state"),
	       front_number(lx, dev, "event-channel"), front_number(lx, dev, "tx-ring-ref"),
	       front_number(lx, dev, "rx-ring-ref"), back);
	free(mac);
}

static void print_heads(const char *kind)
{
	if (!strcmp(kind, LX_VBD))
		printf("%-5s %-3s %-6s %-5s %-6s %-8s %-30s\n", "Vdev", "BE", "handle", "state",
		       "evt-ch", "ring-ref", "BE-path");
	else
		printf("%-3s %-2s %-17s %-6s %-5s %-6s %5s/%-5s %-30s\n", "Idx", "BE", "Mac Addr.",
		       "handle", "state", "evt-ch", "tx-", "rx-ring-ref", "BE-path");
}

static struct json_object *device_json(struct lx *lx, const struct lx_device *dev)
{
	static const char *const numbers[] = { "state", "event-channel", "ring-ref", "tx-ring-ref",
					       "rx-ring-ref" };
	struct json_object *j = json_object_new_object();
	char back[LX_PATH_BYTES], *mac;

	lx_device_back(dev, back);
	mac = lx_read(lx->store, 0, "%.200s/mac", back);
	json_object_object_add(j, "devid", json_object_new_int64(dev->devid));
	json_object_object_add(j, "frontend_id", json_object_new_int64(dev->domid));
	json_object_object_add(j, "backend_id", json_object_new_int64(dev->backend));
	json_object_object_add(j, "backend", json_object_new_string(back));
	if (mac)
		json_object_object_add(j, "mac", json_object_new_string(mac));
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		long n = front_number(lx, dev, numbers[i]);

		if (n >= 0)
			json_object_object_add(j, numbers[i], json_object_new_int64(n));
	}
	free(mac);
	return j;
}

static int list(struct xl *xl, int argc, char **argv, const char *kind,
		void (*print)(struct lx *lx, const struct lx_device *dev))
{
	static const struct option lopts[] = {
		{ "json", 0, NULL, 'j' }, { "help", 0, NULL, 'h' }, { 0 },
	};
	struct json_object *json = NULL;
	int opt;

	while ((opt = xl_getopt(xl, argc, argv, "h", lopts, 1)) != XL_OPT_DONE) {
		if (opt != 'j')
			return XL_OPT_STATUS(opt);
		json = json ? json : json_object_new_array();
	}
	if (!json)
		print_heads(kind);
	for (int i = optind; i < argc; i++) {
		uint32_t domid = xl_domain(xl, argv[i]);
		unsigned int n;
		uint32_t *ids = lx_device_list(&xl->lx, domid, kind, &n);

		for (unsigned int k = 0; k < n; k++) {
			struct lx_device dev = lx_device(&xl->lx, kind, domid, ids[k]);

			if (json)
				json_object_array_add(json, device_json(&xl->lx, &dev));
			else
				print(&xl->lx, &dev);
		}
		free(ids);
	}
	return json ? xl_print_json(json) : 0;
}

static int main_block_list(struct xl *xl, int argc, char **argv)
{
	return list(xl, argc, argv, LX_VBD, print_disk);
}

static int main_network_list(struct xl *xl, int argc, char **argv)
{
	return list(xl, argc, argv, LX_VIF, print_nic);
}

/* Words of the command line become one specification, read as in a configuration file. */
static int read_spec(struct xl *xl, const char *setting, int argc, char **argv,
		     struct lx_domain_config *config)
{
	char *text = NULL, *spec = NULL;
	int rc = -ENOMEM;

	for (int i = 0; i < argc; i++) {
		char *more;

		if (asprintf(&more, "%s%s%s", spec ? spec : "", spec ? "," : "", argv[i]) < 0)
			return rc;
		free(spec);
		spec = more;
	}
	if (spec && (strchr(spec, '\'') || strchr(spec, '\n'))) {
		fprintf(stderr, "a device has no quotes and no newlines\n");
		rc = -EINVAL;
	} else if (asprintf(&text, "%s=['%s']; name='x'; kernel='x'\n", setting,
			    spec ? spec : "") >= 0) {
		rc = xl_parse_text(xl, text, strlen(text), "command line", config);
		free(text);
	}
	free(spec);
	return rc;
}

/* What -N prints. */
static void show_json(const char *what, const struct lx_type *type, const void *object)
{
	char *text = lx_to_text(type, object);

	printf("%s: %s\n", what, text ? text : "no memory");
	free(text);
}

struct attach {
	struct lx_domain_config *config;	/* whose only device is added to the saved one */
	uint32_t domid, devid;
};

static int disk_ready(struct lx *lx, void *arg)
{
	const struct attach *a = arg;

	return lx_disk_ready(lx, a->domid, a->devid);
}

static int nic_ready(struct lx *lx, void *arg)
{
	const struct attach *a = arg;

	return lx_nic_connect(lx, a->domid, &a->config->nics[0]);
}

#define MOVE_ONE(array, nr) \
	do { \
		void *more = realloc(to->array, (to->nr + 1) * sizeof(*to->array)); \
		if (!more) \
			break; \
		to->array = more; \
		to->array[to->nr++] = a->config->array[0]; \
		a->config->nr = 0; \
	} while (0)

static void remember_disk(struct lx_domain_config *to, void *arg)
{
	struct attach *a = arg;

	MOVE_ONE(disks, nr_disks);
}

static void remember_nic(struct lx_domain_config *to, void *arg)
{
	struct attach *a = arg;

	MOVE_ONE(nics, nr_nics);
}

/* Wait for the device that was described, keep it in the configuration, or take it back. */
static int finish(struct xl *xl, struct attach *a, const char *kind,
		  int (*ready)(struct lx *lx, void *arg),
		  void (*remember)(struct lx_domain_config *to, void *arg))
{
	struct lx_device dev = lx_device(&xl->lx, kind, a->domid, a->devid);
	int rc = lx_device_wait(&xl->lx, lx_device_ms, ready, a);

	if (!rc)
		rc = lx_state_update(&xl->lx, a->domid, remember, a);
	if (!rc)
		return 0;
	if (rc == -ETIMEDOUT && dev.backend)
		fprintf(stderr, "%s %u: its backend in domain %u does not answer: run xl devd "
			"there\n", kind, a->devid, dev.backend);
	else if (rc == -ETIMEDOUT)
		fprintf(stderr, "%s %u: its backend does not answer: modprobe %s\n", kind,
			a->devid, strcmp(kind, LX_VBD) ? "xen-netback" : "xen-blkback");
	lx_device_remove(&xl->lx, &dev, true);
	return 1;
}

static int main_block_attach(struct xl *xl, int argc, char **argv)
{
	struct lx_domain_config config;
	struct attach a = { .config = &config };
	int rc, status;

	if (!xl_plain(xl, argc, argv, 2, &status))
		return status;
	a.domid = xl_domain(xl, argv[optind]);
	rc = read_spec(xl, "disk", argc - optind - 1, argv + optind + 1, &config);
	if (rc)
		return 1;
	if (xl->dry_run) {
		show_json("disk", &lx_disk_type, &config.disks[0]);
	} else {
		rc = lx_disk_add(&xl->lx, a.domid, &config.disks[0], &a.devid);
		if (!rc)
			rc = finish(xl, &a, LX_VBD, disk_ready, remember_disk);
	}
	lx_dispose(&lx_domain_config_type, &config);
	return rc ? 1 : 0;
}

static uint32_t free_nic(struct xl *xl, uint32_t domid)
{
	unsigned int n;
	uint32_t *ids = lx_device_list(&xl->lx, domid, LX_VIF, &n), next = 0;

	for (unsigned int i = 0; i < n; i++)
		if (ids[i] >= next)
			next = ids[i] + 1;
	free(ids);
	return next;
}

static int main_network_attach(struct xl *xl, int argc, char **argv)
{
	struct lx_domain_config config;
	struct attach a = { .config = &config };
	int rc, status;

	if (!xl_plain(xl, argc, argv, 1, &status))
		return status;
	a.domid = xl_domain(xl, argv[optind]);
	rc = read_spec(xl, "vif", argc - optind - 1, argv + optind + 1, &config);
	if (rc)
		return 1;
	if (!config.nics[0].numbered)
		config.nics[0].devid = free_nic(xl, a.domid);
	a.devid = config.nics[0].devid;
	if (xl->dry_run) {
		show_json("vif", &lx_nic_type, &config.nics[0]);
	} else {
		rc = lx_nic_add(&xl->lx, a.domid, &config.nics[0]);
		if (!rc)
			rc = finish(xl, &a, LX_VIF, nic_ready, remember_nic);
	}
	lx_dispose(&lx_domain_config_type, &config);
	return rc ? 1 : 0;
}

static void forget_disk(struct lx_domain_config *config, void *arg)
{
	const struct attach *a = arg;

	for (uint32_t i = 0; i < config->nr_disks; i++) {
		uint32_t devid;

		if (!config->disks[i].vdev || !lx_vdev_number(config->disks[i].vdev, &devid) ||
		    devid != a->devid)
			continue;
		lx_dispose(&lx_disk_type, &config->disks[i]);
		config->disks[i] = config->disks[--config->nr_disks];
		return;
	}
}

static void forget_nic(struct lx_domain_config *config, void *arg)
{
	const struct attach *a = arg;

	for (uint32_t i = 0; i < config->nr_nics; i++) {
		if (config->nics[i].devid != a->devid)
			continue;
		lx_dispose(&lx_nic_type, &config->nics[i]);
		config->nics[i] = config->nics[--config->nr_nics];
		return;
	}
}

static int detach(struct xl *xl, struct attach *a, const char *kind, bool force,
		  void (*forget)(struct lx_domain_config *config, void *arg))
{
	struct lx_device dev = lx_device(&xl->lx, kind, a->domid, a->devid);
	bool disk = !strcmp(kind, LX_VBD);

	if (lx_device_state(&xl->lx, &dev) < 0) {
		fprintf(stderr, "domain %u has no %s %u (xl %s-list %u)\n", a->domid,
			disk ? "disk" : "interface", a->devid, disk ? "block" : "network",
			a->domid);
		return 1;
	}
	if (lx_device_remove(&xl->lx, &dev, force))
		return 1;
	return lx_state_update(&xl->lx, a->domid, forget, a) ? 1 : 0;
}

static int main_block_detach(struct xl *xl, int argc, char **argv)
{
	static const struct option lopts[] = {
		{ "force", 0, NULL, 'f' }, { "help", 0, NULL, 'h' }, { 0 },
	};
	struct attach a = { 0 };
	bool force = xl->force;
	int opt;

	while ((opt = xl_getopt(xl, argc, argv, "hf", lopts, 2)) != XL_OPT_DONE) {
		if (opt != 'f')
			return XL_OPT_STATUS(opt);
		force = true;
	}
	a.domid = xl_domain(xl, argv[optind]);
	if (!lx_vdev_number(argv[optind + 1], &a.devid)) {
		fprintf(stderr, "%s is not the name of a disk: use xvda and so on\n",
			argv[optind + 1]);
		return 1;
	}
	return detach(xl, &a, LX_VBD, force, forget_disk);
}

/* By its number or its address. */
static bool find_nic(struct xl *xl, const char *text, struct attach *a)
{
	unsigned int n;
	uint32_t *ids = lx_device_list(&xl->lx, a->domid, LX_VIF, &n);
	bool found = false;

	for (unsigned int i = 0; i < n && !found; i++) {
		struct lx_device dev = lx_device(&xl->lx, LX_VIF, a->domid, ids[i]);
		char back[LX_PATH_BYTES], number[16], *mac;

		lx_device_back(&dev, back);
		snprintf(number, sizeof(number), "%u", ids[i]);
		mac = lx_read(xl->lx.store, 0, "%.200s/mac", back);
		found = !strcmp(text, number) || (mac && !strcasecmp(text, mac));
		a->devid = ids[i];
		free(mac);
	}
	free(ids);
	return found;
}

static int main_network_detach(struct xl *xl, int argc, char **argv)
{
	struct attach a = { 0 };
	int status;

	if (!xl_plain(xl, argc, argv, 2, &status))
		return status;
	a.domid = xl_domain(xl, argv[optind]);
	if (!find_nic(xl, argv[optind + 1], &a)) {
		fprintf(stderr, "domain %u has no interface %s (xl network-list %u)\n", a.domid,
			argv[optind + 1], a.domid);
		return 1;
	}
	return detach(xl, &a, LX_VIF, xl->force, forget_nic);
}

#define JSON_OPTION "--json                  Prints the table as JSON"

const struct xl_command xl_device_commands[] = {
	{ "network-attach", main_network_attach, true, true,
	  "Create a new virtual network device",
	  "<Domain> [type=<type>] [mac=<mac>] [bridge=<bridge>] [ip=<ip>] [script=<script>] "
	  "[backend=<BackDomain>] [vifname=<name>] [rate=<rate>] [model=<model>] [accel=<accel>] "
	  "[mtu=<mtu>] [devid=<number>]", NULL },
	{ "network-list", main_network_list, false, false,
	  "List virtual network interfaces for a domain", "<Domain(s)>", JSON_OPTION },
	{ "network-detach", main_network_detach, false, true,
	  "Destroy a domain's virtual network device", "<Domain> <DevId|mac>", NULL },
	{ "block-attach", main_block_attach, true, true, "Create a new virtual block device",
	  "<Domain> <disk-spec-component(s)>...", NULL },
	{ "block-list", main_block_list, false, false, "List virtual block devices for a domain",
	  "<Domain(s)>", JSON_OPTION },
	{ "block-detach", main_block_detach, false, true,
	  "Destroy a domain's virtual block device", "[option] <Domain> <DevId>",
	  "-f, --force        do not wait for the domain to release the device" },
	{ 0 },
};
