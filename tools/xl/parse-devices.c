/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Disks, interfaces and PCI devices of a configuration. */
#include "light/device.h"
#include "light/pci.h"
#include "parse.h"

static void set(struct parse *p, char **to, const char *text)
{
	*to = text && *text ? parse_copy(p, text) : NULL;
}

/* What can be built, by the rules of which creating and attaching know nothing better to say. */
static const char *disk_lacks(const struct cfg_disk *d, bool hvm)
{
	uint32_t devid;

	if (!lx_vdev_number(d->vdev, &devid))
		return "its name is not one of a disk: use xvda and so on";
	if (d->script)
		return "its target is for a script, and scripts for disks are not built: name the "
			"block device or file itself";
	if (!d->target && !hvm)
		return "an empty drive needs a device model, which only an HVM guest has";
	if (strcmp(d->format, "raw") && !hvm)
		return "formats other than raw need a device model, which only an HVM guest has: "
			"convert the image to raw";
	if (d->backendtype && strcmp(d->backendtype, "phy"))
		return "backends other than phy are not built: remove backendtype";
	if (d->specification && strcmp(d->specification, "xen"))
		return "specifications other than xen are not built: remove specification";
	return NULL;
}

static bool same_disk(const struct lx_domain_config *config, const char *vdev)
{
	uint32_t one, other;

	lx_vdev_number(vdev, &one);
	for (uint32_t i = 0; i + 1 < config->nr_disks; i++)
		if (config->disks[i].vdev && lx_vdev_number(config->disks[i].vdev, &other) &&
		    other == one)
			return true;
	return false;
}

/* A target is a path in /dev unless it begins with a slash. */
static void set_target(struct parse *p, char **to, const char *text)
{
	if (!text || *text == '/')
		set(p, to, text);
	else if (asprintf(to, "/dev/%s", text) < 0)
		p->rc = -ENOMEM;
}

static void one_disk(struct parse *p, const struct cfg_value *v, struct lx_disk *to)
{
	struct cfg_error err;
	struct cfg_disk d;
	const char *why;
	char *spec = v->is_list ? NULL : parse_copy(p, v->text);

	if (!spec || cfg_parse_disk(spec, &d, &err)) {
		p->rc = cfg_fail(p->cfg, v->line, &p->err, "%.200s", spec ? err.text :
				 "a disk is one string");
		free(spec);
		return;
	}
	why = disk_lacks(&d, p->config->b_info.hvm);
	if (!why && same_disk(p->config, d.vdev))
		why = "the guest has another disk of that name";
	if (why)
		p->rc = cfg_fail(p->cfg, v->line, &p->err, "disk %.20s (%.100s): %s", d.vdev,
				 d.target ? d.target : "no target", why);
	set_target(p, &to->pdev_path, d.target);
	set(p, &to->vdev, d.vdev);
	set(p, &to->script, d.script);
	set(p, &to->backend_domname, d.backend);
	to->format = (uint32_t)lx_value_of(lx_format_names, d.format);
	to->readwrite = !d.readonly && !d.cdrom;
	to->is_cdrom = to->removable = d.cdrom;
	to->trusted = !d.untrusted;
	to->direct_io_safe = d.direct_io_safe;
	to->discard_enable = !d.no_discard;
	to->share_writes = d.share_writes;
	free(spec);
}

void parse_disks(struct parse *p)
{
	const struct cfg_value *const *items;
	size_t n;

	if (!parse_got(p, cfg_list(p->cfg, "disk", false, &items, &n, &p->err)))
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

static const char *nic_lacks(const struct cfg_vif *d, bool hvm)
{
	if (d->type && strcmp(d->type, "vif") && (!hvm || strcmp(d->type, "ioemu")))
		return hvm ? "a type is vif or ioemu" :
			"only an HVM guest has emulated interfaces: remove type";
	if (d->vifname && strlen(d->vifname) > 15)
		return "vifname has more than 15 characters";
	return NULL;
}

static bool same_nic(const struct lx_domain_config *config, uint32_t devid)
{
	for (uint32_t i = 0; i + 1 < config->nr_nics; i++)
		if (config->nics[i].devid == devid)
			return true;
	return false;
}

static void one_nic(struct parse *p, const struct cfg_value *v, uint32_t index, struct lx_nic *to)
{
	struct cfg_error err;
	char mac[CFG_MAC_BYTES];
	struct cfg_vif d;
	const char *why;
	char *spec = v->is_list ? NULL : parse_copy(p, v->text);

	if (!spec || cfg_parse_vif(spec, &d, &err)) {
		p->rc = cfg_fail(p->cfg, v->line, &p->err, "%.200s", spec ? err.text :
				 "an interface is one string");
		free(spec);
		return;
	}
	to->numbered = d.has_devid;
	to->devid = d.has_devid ? d.devid : index;
	to->nictype = !d.type ? LX_NIC_UNKNOWN : !strcmp(d.type, "ioemu") ? LX_NIC_VIF_IOEMU :
		      LX_NIC_VIF;
	why = nic_lacks(&d, p->config->b_info.hvm);
	if (!why && same_nic(p->config, to->devid))
		why = "the guest has another interface of that number";
	if (!why && to->devid > 65535)
		why = "its number is above 65535";
	if (why)
		p->rc = cfg_fail(p->cfg, v->line, &p->err, "interface %u: %s", to->devid, why);
	else if (d.model && !lx_nic_emulated(p->config, to))
		parse_warn(p, v->line, "model is about emulated interfaces, and this one is not");
	if (!p->rc && !d.script && (d.ip || d.gatewaydev))
		parse_warn(p, v->line, "ip and gatewaydev are for a script, and none is named");
	to->trusted = !d.untrusted;
	to->mtu = d.mtu;
	if (d.rate)
		cfg_parse_rate(d.rate, &to->rate_bytes_per_interval, &to->rate_interval_usecs);
	set(p, &to->mac, d.mac && cfg_parse_mac(d.mac, mac) ? mac : NULL);
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

void parse_nics(struct parse *p)
{
	const struct cfg_value *const *items;
	size_t n;

	if (!parse_got(p, cfg_list(p->cfg, "vif", false, &items, &n, &p->err)))
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

static bool same_pci(const struct lx_domain_config *config, const struct lx_pci *p)
{
	for (uint32_t i = 0; i + 1 < config->nr_pcidevs; i++)
		if (!memcmp(&config->pcidevs[i], p, sizeof(*p)))
			return true;
	return false;
}

static void one_pci(struct parse *p, const struct cfg_value *v, struct lx_pci *to)
{
	const char *why = NULL;

	if (v->is_list || !lx_pci_parse(v->text, to))
		why = !v->is_list && strpbrk(v->text, ",@=*") ?
			"options and places are not built: name the device alone" :
			"a device is [SSSS:]BB:DD.F, as lspci -D names it";
	else if (same_pci(p->config, to))
		why = "the device is named twice";
	if (why)
		p->rc = cfg_fail(p->cfg, v->line, &p->err, "pci %.60s: %s",
				 v->is_list ? "(a list)" : v->text, why);
}

void parse_pci(struct parse *p)
{
	const struct cfg_value *const *items;
	size_t n;

	if (!parse_got(p, cfg_list(p->cfg, "pci", false, &items, &n, &p->err)))
		return;
	p->config->pcidevs = calloc(n ? n : 1, sizeof(*p->config->pcidevs));
	if (!p->config->pcidevs)
		p->rc = -ENOMEM;
	for (size_t i = 0; i < n && !p->rc; i++) {
		p->config->nr_pcidevs++;
		one_pci(p, items[i], &p->config->pcidevs[i]);
	}
}
