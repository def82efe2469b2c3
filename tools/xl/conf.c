/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What holds for all guests of this host: /etc/xen/xl.conf, which need not be there. */
#include <unistd.h>

#include "xl.h"

/* Settings of 4.17 that mean nothing here: a file written for it may have them. */
static const char *const without_meaning[] = {
	"domid_policy", "autoballoon", "lockfile", "remus.default.netbufscript",
	"colo.default.proxyscript", "blkdev_start", "claim_mode",
};

static void warn(const char *text)
{
	fprintf(stderr, "xl: warning: %s\n", text);
}

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

static void report_unused(struct cfg *cfg)
{
	const struct cfg_setting *s;
	const char *format;
	struct cfg_error err;
	size_t at = 0;

	for (size_t i = 0; i < sizeof(without_meaning) / sizeof(without_meaning[0]); i++)
		cfg_get(cfg, without_meaning[i]);
	if (!cfg_string(cfg, "output_format", &format, &err) && strcmp(format, "json"))
		warn("output_format: only json is supported");
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
