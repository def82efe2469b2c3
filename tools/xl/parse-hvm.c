/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The settings that only an HVM guest has. */
#include "parse.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define MIB_KIB 1024

/* Settings that are stored as they are, in struct lx_hvm. */
static const struct plain {
	const char *name;
	enum { BOOL, STRING } kind;
	size_t at;
} plain[] = {
	{ "acpi_laptop_slate", BOOL, offsetof(struct lx_hvm, acpi_laptop_slate) },
	{ "acpi_s3", BOOL, offsetof(struct lx_hvm, acpi_s3) },
	{ "acpi_s4", BOOL, offsetof(struct lx_hvm, acpi_s4) },
	{ "bios_path_override", STRING, offsetof(struct lx_hvm, system_firmware) },
	{ "boot", STRING, offsetof(struct lx_hvm, boot) },
	{ "firmware_override", STRING, offsetof(struct lx_hvm, firmware) },
	{ "hpet", BOOL, offsetof(struct lx_hvm, hpet) },
	{ "keymap", STRING, offsetof(struct lx_hvm, keymap) },
	{ "nographic", BOOL, offsetof(struct lx_hvm, nographic) },
	{ "usb", BOOL, offsetof(struct lx_hvm, usb) },
	{ "vnc", BOOL, offsetof(struct lx_hvm, vnc.enable) },
	{ "vnclisten", STRING, offsetof(struct lx_hvm, vnc.listen) },
	{ "vncpasswd", STRING, offsetof(struct lx_hvm, vnc.passwd) },
	{ "vncunused", BOOL, offsetof(struct lx_hvm, vnc.findunused) },
	{ "vpt_align", BOOL, offsetof(struct lx_hvm, vpt_align) },
	{ "xen_platform_pci", BOOL, offsetof(struct lx_hvm, xen_platform_pci) },
};

/* Settings that functions here read. */
static const char *const read_here[] = {
	"acpi", "apic", "bios", "device_model_args", "device_model_args_hvm",
	"device_model_override", "device_model_version", "device_models", "hdtype", "mmio_hole",
	"serial", "stdvga", "timer_mode", "usbdevice", "usbversion", "vga", "videoram",
	"vncdisplay",
};

bool parse_hvm_reads(const char *name)
{
	for (size_t i = 0; i < COUNT(plain); i++)
		if (!strcmp(plain[i].name, name))
			return true;
	for (size_t i = 0; i < COUNT(read_here); i++)
		if (!strcmp(read_here[i], name))
			return true;
	return false;
}

static void read_plain(struct parse *p, const struct plain *k)
{
	void *to = (char *)p->config->b_info.hvm + k->at;
	const char *text;

	if (k->kind == BOOL) {
		parse_got(p, cfg_bool(p->cfg, k->name, to, &p->err));
		return;
	}
	if (!parse_got(p, cfg_string(p->cfg, k->name, &text, &p->err)))
		return;
	free(*(char **)to);
	*(char **)to = parse_copy(p, text);
}

/* One of a few words, as its place in @names; @wanted lists them. */
static void word(struct parse *p, const char *name, const char *const *names, const char *wanted,
		 uint32_t *to)
{
	const char *text;
	int n;

	if (!parse_got(p, cfg_string(p->cfg, name, &text, &p->err)))
		return;
	n = lx_value_of(names, text);
	if (n < 0 || !strcmp(text, "unknown"))
		parse_wrong(p, name, "is %s, not \"%.40s\"", wanted, text);
	else
		*to = (uint32_t)n;
}

/* A list of strings. A single string is stored at @one where there is such a place. */
static void strings(struct parse *p, const char *name, char **one, char ***many, uint32_t *n)
{
	const struct cfg_value *const *items, *v = cfg_get(p->cfg, name);
	size_t all;

	if (v && one && !v->is_list) {
		*one = *v->text ? parse_copy(p, v->text) : NULL;
		return;
	}
	if (!parse_got(p, cfg_list(p->cfg, name, true, &items, &all, &p->err)) || !all)
		return;
	*many = calloc(all, sizeof(**many));
	if (!*many)
		p->rc = -ENOMEM;
	for (size_t i = 0; i < all && !p->rc; i++) {
		if (items[i]->is_list) {
			parse_wrong(p, name, "is a list of strings");
			return;
		}
		(*many)[i] = parse_copy(p, items[i]->text);
		*n += !p->rc;
	}
}

static void display(struct parse *p, struct lx_build_info *b)
{
	static const char *const cards[] = { "unknown", "cirrus", "stdvga", "none", NULL };
	uint64_t mib, number;
	bool std = false;

	if (parse_got(p, cfg_bool(p->cfg, "stdvga", &std, &p->err)))
		b->hvm->vga.kind = std ? LX_VGA_STD : LX_VGA_CIRRUS;
	word(p, "vga", cards, "stdvga, cirrus or none (qxl is not built)", &b->hvm->vga.kind);
	if (parse_got(p, cfg_number(p->cfg, "videoram", 1 << 20, &mib, &p->err)))
		b->video_memkb = mib * MIB_KIB;
	if (parse_got(p, cfg_number(p->cfg, "vncdisplay", 59635, &number, &p->err)))
		b->hvm->vnc.display = (uint32_t)number;
}

static void timer(struct parse *p, struct lx_build_info *b)
{
	const char *text;
	uint64_t n;

	if (!parse_got(p, cfg_string(p->cfg, "timer_mode", &text, &p->err)))
		return;
	if (cfg_parse_number(text, &n) && n < 4)
		b->timer_mode = (uint32_t)n;
	else
		word(p, "timer_mode", lx_timer_names, "0 to 3, or the name of a mode",
		     &b->timer_mode);
}

static void machine(struct parse *p, struct lx_build_info *b)
{
	static const char *const versions[] = { "unknown", "qemu-xen-traditional", "qemu-xen",
		NULL };
	uint64_t n;

	word(p, "bios", lx_bios_names, "seabios or ovmf", &b->hvm->bios);
	word(p, "hdtype", lx_hdtype_names, "ide or ahci", &b->hvm->hdtype);
	word(p, "device_model_version", versions, "qemu-xen", &b->device_model_version);
	timer(p, b);
	parse_got(p, cfg_bool(p->cfg, "acpi", &b->acpi, &p->err));
	parse_got(p, cfg_bool(p->cfg, "apic", &b->apic, &p->err));
	if (parse_got(p, cfg_number(p->cfg, "mmio_hole", 4096, &n, &p->err)))
		b->hvm->mmio_hole_memkb = n * MIB_KIB;
	if (parse_got(p, cfg_signed(p->cfg, "usbversion", 1, 3, (int64_t *)&n, &p->err)))
		b->hvm->usbversion = (uint32_t)n;
}

void parse_hvm(struct parse *p)
{
	struct lx_build_info *b = &p->config->b_info;
	const char *text;

	for (size_t i = 0; i < COUNT(plain) && !p->rc; i++)
		read_plain(p, &plain[i]);
	if (p->rc)
		return;
	machine(p, b);
	display(p, b);
	strings(p, "serial", &b->hvm->serial, &b->hvm->serials, &b->hvm->nr_serials);
	strings(p, "usbdevice", &b->hvm->usbdevice, &b->hvm->usbdevices, &b->hvm->nr_usbdevices);
	strings(p, "device_model_args", NULL, &b->dm_args, &b->nr_dm_args);
	strings(p, "device_model_args_hvm", NULL, &b->dm_args_hvm, &b->nr_dm_args_hvm);
	strings(p, "device_models", NULL, &b->dm_more, &b->nr_dm_more);
	if (!parse_got(p, cfg_string(p->cfg, "device_model_override", &text, &p->err)))
		return;
	b->device_model = parse_copy(p, text);
}

void parse_hvm_check(struct parse *p)
{
	const char *why = p->rc ? NULL : lx_hvm_check(p->config);

	if (why)
		p->rc = cfg_fail(p->cfg, 1, &p->err, "%s", why);
}
