/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A domain's configuration from an xl.cfg file. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "xl.h"

/* Settings of xl.cfg that are about what is not built: they may be there, with a warning. */
static const char *const ignored[] = {
	"acpi", "apic", "boot", "builder", "bios", "device_model_version", "device_model_override",
	"firmware", "gfx_passthru", "hap", "hpet", "keymap", "nestedhvm", "nographic", "nx", "oos",
	"pae", "parallel", "passthrough", "pci", "pvshim", "sdl", "serial", "seclabel", "spice",
	"stdvga", "timer_mode", "usb", "usbdev", "vfb", "vga", "videoram", "viridian", "vnc",
	"vnclisten", "vncpasswd", "vncunused", "vncdisplay", "xen_platform_pci", "nomigrate",
	"driver_domain", "claim_mode", "cpuid", "channel", "vtpm", "dm_restrict",
};

struct parse {
	struct xl *xl;
	struct cfg *cfg;
	struct cfg_error err;
	struct lx_domain_config *config;
	int rc;
};

static void warn(const char *text)
{
	fprintf(stderr, "%s: warning: %s\n", "xl", text);
}

static char *copy(struct parse *p, const char *text)
{
	char *s = strdup(text);

	if (!s)
		p->rc = -ENOMEM;
	return s;
}

static void wrong(struct parse *p, const char *name, const char *why)
{
	const struct cfg_value *v = cfg_get(p->cfg, name);

	if (!p->rc)
		p->rc = cfg_fail(p->cfg, v ? v->line : 0, &p->err, "%s: %s", name, why);
}

/* The getters' result: a setting that is not there is no error. */
static bool got(struct parse *p, int rc)
{
	if (rc && rc != -ENOENT && !p->rc)
		p->rc = rc;
	return !rc && !p->rc;
}

static void string(struct parse *p, const char *name, char **to)
{
	const char *s;

	if (!got(p, cfg_string(p->cfg, name, &s, &p->err)))
		return;
	free(*to);
	*to = copy(p, s);
}

static bool number(struct parse *p, const char *name, uint64_t max, uint64_t *to)
{
	return got(p, cfg_number(p->cfg, name, max, to, &p->err));
}

static void number32(struct parse *p, const char *name, uint64_t max, uint32_t *to)
{
	uint64_t n;

	if (number(p, name, max, &n))
		*to = (uint32_t)n;
}

static void action(struct parse *p, const char *name, uint32_t *to)
{
	const char *s;
	int n;

	if (!got(p, cfg_string(p->cfg, name, &s, &p->err)))
		return;
	n = lx_value_of(lx_action_names, s);
	if (n < 0)
		wrong(p, name, "destroy, restart, rename-restart, preserve, coredump-destroy or "
		      "coredump-restart is wanted");
	else
		*to = (uint32_t)n;
}

static void identity(struct parse *p)
{
	struct lx_create_info *c = &p->config->c_info;
	const char *s;

	string(p, "name", &c->name);
	if (!c->name && !p->rc)
		p->rc = cfg_fail(p->cfg, 1, &p->err, "Domain name must be specified.");
	string(p, "type", &c->type);
	if (!c->type)
		c->type = copy(p, "pvh");
	else if (strcmp(c->type, "pvh"))
		wrong(p, "type", "only \"pvh\" guests are supported");
	string(p, "pool", &c->pool_name);
	lx_uuid_random(c->uuid);
	if (got(p, cfg_string(p->cfg, "uuid", &s, &p->err)) && !lx_uuid_parse(s, c->uuid))
		wrong(p, "uuid", "no UUID");
}

/* cmdline= is all of it; without it, root= and extra= make it. */
static void kernel(struct parse *p)
{
	struct lx_build_info *b = &p->config->b_info;
	const char *root = NULL, *extra = NULL;

	string(p, "kernel", &b->kernel);
	string(p, "ramdisk", &b->ramdisk);
	string(p, "cmdline", &b->cmdline);
	got(p, cfg_string(p->cfg, "root", &root, &p->err));
	got(p, cfg_string(p->cfg, "extra", &extra, &p->err));
	if (p->rc || (!root && !extra))
		return;
	if (b->cmdline) {
		warn("cmdline is set: root and extra are ignored");
		return;
	}
	if (asprintf(&b->cmdline, "%s%s%s%s", root ? "root=" : "", root ? root : "",
		     root && extra ? " " : "", extra ? extra : "") < 0) {
		b->cmdline = NULL;
		p->rc = -ENOMEM;
	}
}

static void memory(struct parse *p)
{
	struct lx_build_info *b = &p->config->b_info;
	uint64_t n;

	b->target_memkb = 32 << 10;
	if (number(p, "memory", 1UL << 30, &n))
		b->target_memkb = n << 10;
	b->max_memkb = b->target_memkb;
	if (number(p, "maxmem", 1UL << 30, &n))
		b->max_memkb = n << 10;
	if (number(p, "shadow_memory", 1UL << 30, &n))
		b->shadow_memkb = n << 10;
}

static void one_affinity(struct parse *p, const char *name, struct lx_cpumap **maps, uint32_t *nr)
{
	const struct cfg_value *const *items;
	uint32_t vcpus = p->config->b_info.max_vcpus;
	size_t n;

	if (!got(p, cfg_list(p->cfg, name, true, &items, &n, &p->err)))
		return;
	*maps = calloc(vcpus, sizeof(**maps));
	if (!*maps) {
		p->rc = -ENOMEM;
		return;
	}
	*nr = vcpus;
	/* One set is for all vCPUs; of a list the first is for the first, and so on. */
	for (uint32_t i = 0; i < vcpus; i++) {
		const struct cfg_value *v = n == 1 ? items[0] : i < n ? items[i] : NULL;

		if (!v)
			xl_parse_cpus(NULL, "all", &(*maps)[i]);
		else if (v->is_list || !xl_parse_cpus(p->xl, v->text, &(*maps)[i]))
			wrong(p, name, "CPUs are written as in \"0-3,^2\", \"node:1\" or "
			      "\"all\"");
	}
}

static void vcpus(struct parse *p)
{
	struct lx_build_info *b = &p->config->b_info;
	uint64_t online = 1, max;

	number(p, "vcpus", BLD_MAX_VCPUS, &online);
	max = online;
	number(p, "maxvcpus", BLD_MAX_VCPUS, &max);
	if (!online || max < online)
		wrong(p, "vcpus", "1 to maxvcpus are wanted");
	if (p->rc)
		return;
	b->max_vcpus = (uint32_t)max;
	for (uint32_t i = 0; i < online; i++)
		lx_cpumap_set(&b->avail_vcpus, i);
	one_affinity(p, "cpus", &b->hard, &b->nr_hard);
	one_affinity(p, "cpus_soft", &b->soft, &b->nr_soft);
}

static void limits(struct parse *p)
{
	struct lx_build_info *b = &p->config->b_info;
	const char *s;
	uint64_t n;

	if (number(p, "cpu_weight", 65535, &n))
		b->sched_params.weight = (int32_t)n;
	if (number(p, "cap", 65535, &n))
		b->sched_params.cap = (int32_t)n;
	if (p->xl) {
		b->max_grant_frames = p->xl->defaults.max_grant_frames;
		b->max_maptrack_frames = p->xl->defaults.max_maptrack_frames;
		if (p->xl->defaults.max_grant_version)
			b->max_grant_version = p->xl->defaults.max_grant_version;
	}
	number32(p, "max_grant_frames", 1 << 20, &b->max_grant_frames);
	number32(p, "max_maptrack_frames", 1 << 20, &b->max_maptrack_frames);
	number32(p, "max_grant_version", 2, &b->max_grant_version);
	number32(p, "max_event_channels", 131071, &b->event_channels);
	if (number(p, "rtc_timeoffset", 86400 * 366, &n))
		b->rtc_timeoffset = (int32_t)n;
	if (got(p, cfg_string(p->cfg, "tsc_mode", &s, &p->err))) {
		int mode = lx_value_of(lx_tsc_names, s);

		if (mode < 0 && *s >= '0' && *s <= '2' && !s[1])
			mode = *s - '0';
		if (mode < 0)
			wrong(p, "tsc_mode", "default, native or always_emulate is wanted");
		b->tsc_mode = mode < 0 ? 0 : (uint32_t)mode;
	}
}

static void set(struct parse *p, char **to, const char *text)
{
	*to = text && *text ? copy(p, text) : NULL;
}

static void one_disk(struct parse *p, const struct cfg_value *v, struct lx_disk *to)
{
	struct cfg_error err;
	struct cfg_disk d;
	char *spec = v->is_list ? NULL : copy(p, v->text);

	if (!spec || cfg_parse_disk(spec, &d, &err)) {
		p->rc = cfg_fail(p->cfg, v->line, &p->err, "%.200s", spec ? err.text :
				 "a disk is one string");
		free(spec);
		return;
	}
	set(p, &to->pdev_path, d.target);
	set(p, &to->vdev, d.vdev);
	set(p, &to->script, d.script);
	set(p, &to->backend_domname, d.backend);
	to->format = (uint32_t)lx_value_of(lx_format_names, d.format);
	to->readwrite = !d.readonly && !d.cdrom;
	to->is_cdrom = d.cdrom;
	to->direct_io_safe = d.direct_io_safe;
	to->discard_enable = !d.no_discard;
	to->share_writes = d.share_writes;
	free(spec);
}

static void disks(struct parse *p)
{
	const struct cfg_value *const *items;
	size_t n;

	if (!got(p, cfg_list(p->cfg, "disk", false, &items, &n, &p->err)))
		return;
	p->config->disks = calloc(n ? n : 1, sizeof(*p->config->disks));
	if (!p->config->disks)
		p->rc = -ENOMEM;
	for (size_t i = 0; i < n && !p->rc; i++) {
		lx_init(&lx_disk_type, &p->config->disks[i]);
		p->config->nr_disks++;
		one_disk(p, items[i], &p->config->disks[i]);
	}
}

/* What xl.conf says, when the configuration says nothing. */
static void otherwise(struct parse *p, char **to, const char *text)
{
	if (!*to)
		set(p, to, text);
}

static void one_nic(struct parse *p, const struct cfg_value *v, uint32_t index, struct lx_nic *to)
{
	struct cfg_error err;
	struct cfg_vif d;
	char *spec = v->is_list ? NULL : copy(p, v->text);

	if (!spec || cfg_parse_vif(spec, &d, &err)) {
		p->rc = cfg_fail(p->cfg, v->line, &p->err, "%.200s", spec ? err.text :
				 "an interface is one string");
		free(spec);
		return;
	}
	to->devid = d.has_devid ? d.devid : index;
	to->mtu = d.mtu;
	if (d.rate)
		cfg_parse_rate(d.rate, &to->rate_bytes_per_interval, &to->rate_interval_usecs);
	set(p, &to->mac, d.mac);
	set(p, &to->bridge, d.bridge);
	set(p, &to->gatewaydev, d.gatewaydev);
	set(p, &to->ip, d.ip);
	set(p, &to->script, d.script);
	set(p, &to->ifname, d.vifname);
	set(p, &to->model, d.model);
	set(p, &to->backend_domname, d.backend);
	free(spec);
	if (!p->xl)
		return;
	otherwise(p, &to->bridge, p->xl->defaults.vif_bridge);
	otherwise(p, &to->gatewaydev, p->xl->defaults.vif_gatewaydev);
	otherwise(p, &to->script, p->xl->defaults.vif_script);
	otherwise(p, &to->backend_domname, p->xl->defaults.vif_backend);
}

static void nics(struct parse *p)
{
	const struct cfg_value *const *items;
	size_t n;

	if (!got(p, cfg_list(p->cfg, "vif", false, &items, &n, &p->err)))
		return;
	p->config->nics = calloc(n ? n : 1, sizeof(*p->config->nics));
	if (!p->config->nics)
		p->rc = -ENOMEM;
	for (size_t i = 0; i < n && !p->rc; i++) {
		lx_init(&lx_nic_type, &p->config->nics[i]);
		p->config->nr_nics++;
		one_nic(p, items[i], (uint32_t)i, &p->config->nics[i]);
	}
}

static void report_unused(struct parse *p)
{
	const struct cfg_setting *s;
	size_t at = 0;

	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++) {
		const struct cfg_value *v = cfg_get(p->cfg, ignored[i]);

		if (v)
			fprintf(stderr, "%s:%u: warning: %s is about what PVH guests here do not "
				"have; it is ignored\n", p->cfg->file, v->line, ignored[i]);
	}
	while ((s = cfg_unused(p->cfg, &at)))
		fprintf(stderr, "%s:%u: warning: unknown setting %s is ignored\n", p->cfg->file,
			s->value->line, s->name);
}

int xl_parse_text(struct xl *xl, const char *text, size_t bytes, const char *file,
		  struct lx_domain_config *config)
{
	struct parse p = { .xl = xl, .config = config };

	lx_init(&lx_domain_config_type, config);
	p.cfg = cfg_parse(text, bytes, file, &p.err, warn);
	if (!p.cfg) {
		fprintf(stderr, "%s\nFailed to parse config: Invalid argument\n", p.err.text);
		return -EINVAL;
	}
	identity(&p);
	kernel(&p);
	memory(&p);
	vcpus(&p);
	limits(&p);
	action(&p, "on_poweroff", &config->on_poweroff);
	action(&p, "on_reboot", &config->on_reboot);
	action(&p, "on_watchdog", &config->on_watchdog);
	action(&p, "on_crash", &config->on_crash);
	action(&p, "on_soft_reset", &config->on_soft_reset);
	disks(&p);
	nics(&p);
	if (p.rc == -ENOMEM)
		fprintf(stderr, "no memory\n");
	else if (p.rc)
		fprintf(stderr, "%s\n", p.err.text);
	else
		report_unused(&p);
	cfg_free(p.cfg);
	if (p.rc)
		lx_dispose(&lx_domain_config_type, config);
	return p.rc;
}

/* The file's bytes (none, when it is NULL) with the extra words as lines behind them. */
static char *slurp(const char *file, char **extra, int nr_extra, size_t *bytes)
{
	size_t room = 0, n = 0;
	char *text = NULL;
	FILE *f = fopen(file ? file : "/dev/null", "re");

	if (!f)
		return NULL;
	do {
		char *more;

		room += 65536;
		more = realloc(text, room);
		if (!more)
			break;
		text = more;
		n += fread(text + n, 1, room - n, f);
	} while (n == room && room <= CFG_MAX_BYTES);
	if (ferror(f)) {
		free(text);
		text = NULL;
	}
	fclose(f);
	for (int i = 0; text && i < nr_extra; i++) {
		size_t len = strlen(extra[i]);
		char *more = realloc(text, n + len + 3);

		if (!more)
			break;
		text = more;
		text[n++] = '\n';
		memcpy(text + n, extra[i], len);
		n += len;
	}
	*bytes = n;
	return text;
}

struct cfg *xl_read_config(const char *file, char **extra, int nr_extra)
{
	struct cfg_error err;
	struct cfg *cfg;
	size_t bytes;
	char *text;

	errno = 0;
	text = slurp(file, extra, nr_extra, &bytes);
	if (!text) {
		fprintf(stderr, "Failed to read config file: %s: %s\n", file, strerror(errno));
		return NULL;
	}
	cfg = cfg_parse(text, bytes, file ? file : "command line", &err, warn);
	if (!cfg)
		fprintf(stderr, "%s\nFailed to parse config file: Invalid argument\n", err.text);
	free(text);
	return cfg;
}

int xl_parse_file(struct xl *xl, const char *file, char **extra, int nr_extra,
		  struct lx_domain_config *config)
{
	size_t bytes;
	char *text;
	int rc;

	errno = 0;
	text = slurp(file, extra, nr_extra, &bytes);
	if (!text) {
		fprintf(stderr, "Failed to read config file: %s: %s\n", file, strerror(errno));
		return -ENOENT;
	}
	rc = xl_parse_text(xl, text, bytes, file, config);
	free(text);
	return rc;
}
