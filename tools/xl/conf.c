/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What holds for all guests of this host: /etc/xen/xl.conf, which need not be there. */
#include <unistd.h>

#include "xl.h"

/* Settings of 4.17 that are about commands which are not built, or about its own working. */
static const char *const without_meaning[] = {
	"lockfile", "remus.default.netbufscript", "colo.default.proxyscript", "blkdev_start",
	"vm.pv.cpumask",
};

/* Settings with the values that say what is so anyway. */
static const struct {
	const char *name, *so[4], *what;
} fixed[] = {
	{ "output_format", { "json" }, "another format than json" },
	{ "domid_policy", { "xen" }, "other domain numbers than the hypervisor's" },
	{ "autoballoon", { "off", "auto", "0" }, "taking memory from dom0" },
	{ "claim_mode", { "1" }, "giving memory without a claim" },
};

static int text(struct cfg *cfg, const char *name, char **to, struct cfg_error *err)
{
	const char *s;
	int rc = cfg_string(cfg, name, &s, err);

	if (rc)
		return rc == -ENOENT ? 0 : rc;
	free(*to);
	*to = strdup(s);
	return *to ? 0 : -ENOMEM;
}

static int number(struct cfg *cfg, const char *name, uint64_t max, uint32_t *to,
		  struct cfg_error *err)
{
	uint64_t n;
	int rc = cfg_number(cfg, name, max, &n, err);

	if (!rc)
		*to = (uint32_t)n;
	return rc == -ENOENT ? 0 : rc;
}

static int read_all(struct cfg *cfg, struct xl_defaults *d, struct cfg_error *err)
{
	bool hotplug = true;
	int rc = text(cfg, "vif.default.script", &d->vif_script, err);

	rc = rc ? rc : text(cfg, "vif.default.bridge", &d->vif_bridge, err);
	rc = rc ? rc : text(cfg, "vif.default.backend", &d->vif_backend, err);
	rc = rc ? rc : text(cfg, "vif.default.gatewaydev", &d->vif_gatewaydev, err);
	rc = rc ? rc : number(cfg, "max_grant_frames", 1 << 20, &d->max_grant_frames, err);
	rc = rc ? rc : number(cfg, "max_maptrack_frames", 1 << 20, &d->max_maptrack_frames, err);
	rc = rc ? rc : number(cfg, "max_grant_version", 2, &d->max_grant_version, err);
	if (!rc)
		rc = cfg_bool(cfg, "run_hotplug_scripts", &hotplug, err);
	d->no_hotplug = !hotplug;
	return rc == -ENOENT ? 0 : rc;
}

/* The masks that count for PVH guests. */
static int cpumask(struct xl *xl, struct cfg *cfg, struct cfg_error *err)
{
	static const char *const names[XL_CPUMASKS] = { "vm.cpumask", "vm.hvm.cpumask",
							"vm.pvh.cpumask" };
	struct xl_defaults *d = &xl->defaults;

	d->nr_cpumasks = 0;
	for (size_t i = 0; i < XL_CPUMASKS; i++) {
		struct xl_cpumask *mask = &d->cpumask[d->nr_cpumasks];
		const char *s;
		int rc = cfg_string(cfg, names[i], &s, err);

		if (rc == -ENOENT)
			continue;
		if (rc)
			return rc;
		rc = xl_parse_cpus(xl, s, &mask->map);
		if (rc)
			return cfg_fail(cfg, cfg_get(cfg, names[i])->line, err, rc == -ENOENT ?
					"%s = \"%.40s\" " XL_NO_NODE : "%s is a set of CPUs such "
					"as \"0-3,^2\", not \"%.40s\"", names[i], s);
		mask->key = names[i];
		d->nr_cpumasks++;
	}
	return 0;
}

bool xl_mask_map(struct xl *xl, struct lx_cpumap *map)
{
	uint32_t cpus = xl_reaches(xl) ? xl_nr_cpus(xl) : LX_MAX_CPUS;

	for (unsigned int m = 0; m < xl->defaults.nr_cpumasks; m++) {
		const struct xl_cpumask *mask = &xl->defaults.cpumask[m];
		bool any = false;

		for (unsigned int k = 0; k < LX_MAX_CPUS / 64; k++)
			map->w[k] &= mask->map.w[k];
		for (uint32_t i = 0; i < cpus && !any; i++)
			any = lx_cpumap_test(map, i);
		if (any)
			continue;
		fprintf(stderr, XL_CONF ": %s leaves no CPU for a vCPU: allow another one there, "
			"or use --ignore-global-affinity-masks\n", mask->key);
		return false;
	}
	return true;
}

bool xl_mask_cpus(struct xl *xl, struct lx_domain_config *config)
{
	struct lx_build_info *b = &config->b_info;
	bool any = true;

	if (!xl->defaults.nr_cpumasks)
		return true;
	if (!b->nr_hard) {
		b->hard = calloc(b->max_vcpus, sizeof(*b->hard));
		if (!b->hard)
			return false;
		b->nr_hard = b->max_vcpus;
		memset(b->hard, 0xff, b->nr_hard * sizeof(*b->hard));
	}
	for (uint32_t i = 0; i < b->nr_hard && any; i++)
		any = xl_mask_map(xl, &b->hard[i]);
	return any;
}

static int check_fixed(struct cfg *cfg, struct cfg_error *err)
{
	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
		const char *s;
		int rc = cfg_string(cfg, fixed[i].name, &s, err);
		bool so = false;

		if (rc == -ENOENT)
			continue;
		for (unsigned int k = 0; !rc && fixed[i].so[k]; k++)
			so |= !strcmp(s, fixed[i].so[k]);
		if (!rc && !so)
			rc = cfg_fail(cfg, cfg_get(cfg, fixed[i].name)->line, err, "%s = \"%.40s\" "
				      "asks for %s, which is not built: remove the setting",
				      fixed[i].name, s, fixed[i].what);
		if (rc)
			return rc;
	}
	return 0;
}

static void report_unused(struct cfg *cfg)
{
	const struct cfg_setting *s;
	size_t at = 0;

	for (size_t i = 0; i < sizeof(without_meaning) / sizeof(without_meaning[0]); i++)
		cfg_get(cfg, without_meaning[i]);
	while ((s = cfg_unused(cfg, &at)))
		fprintf(stderr, "%s:%u: warning: setting %s is not supported; it is ignored\n",
			cfg->file, s->value->line, s->name);
}

int xl_read_conf(struct xl *xl, const char *file)
{
	struct cfg_error err = { "no memory" };
	struct cfg *cfg;
	int rc;

	if (access(file, F_OK))
		return 0;
	cfg = xl_read_config(file, NULL, 0);
	if (!cfg)
		return -EINVAL;
	rc = read_all(cfg, &xl->defaults, &err);
	rc = rc ? rc : cpumask(xl, cfg, &err);
	rc = rc ? rc : check_fixed(cfg, &err);
	if (rc)
		fprintf(stderr, "%s\n", err.text);
	else
		report_unused(cfg);
	cfg_free(cfg);
	return rc;
}

void xl_free_conf(struct xl *xl)
{
	free(xl->defaults.vif_script);
	free(xl->defaults.vif_bridge);
	free(xl->defaults.vif_backend);
	free(xl->defaults.vif_gatewaydev);
	xl->defaults = (struct xl_defaults){ 0 };
}
