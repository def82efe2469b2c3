/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables of the toolstack's objects. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "types.h"

#define FIELD(kind_, s, member, ...) \
	{ .name = #member, .kind = kind_, .at = offsetof(struct s, member), __VA_ARGS__ }
#define ARRAY_FIELD(kind_, label, s, member, n, ...) \
	{ .name = label, .kind = kind_, .at = offsetof(struct s, member), \
	  .count = offsetof(struct s, n), __VA_ARGS__ }

const char *const lx_action_names[] = { "destroy", "restart", "rename-restart", "preserve",
	"coredump-destroy", "coredump-restart", "soft-reset", NULL };
/* The same in libxl's JSON. */
static const char *const action_json[] = { "destroy", "restart", "restart_rename", "preserve",
	"coredump_destroy", "coredump_restart", "soft_reset", NULL };
/* The ABI's numbers of these. */
const char *const lx_tsc_names[] = { "default", "always_emulate", "native", NULL };
/* libxl counts these from 1. */
const char *const lx_bios_names[] = { "unknown", "rombios", "seabios", "ovmf", NULL };
const char *const lx_hdtype_names[] = { "unknown", "ide", "ahci", NULL };
static const char *const vga_names[] = { "unknown", "cirrus", "std", "none", NULL };
static const char *const dm_names[] = { "unknown", "qemu_xen_traditional", "qemu_xen", NULL };
static const char *const nic_names[] = { "unknown", "vif_ioemu", "vif", NULL };
const char *const lx_timer_names[] = { "delay_for_missed_ticks", "no_delay_for_missed_ticks",
	"no_missed_ticks_pending", "one_missed_tick_pending", NULL };
const char *const lx_format_names[] = { "unknown", "qcow", "qcow2", "vhd", "raw", "empty", "qed",
	NULL };

static const struct lx_field create_fields[] = {
	FIELD(LX_STRING, lx_create_info, type),
	FIELD(LX_STRING, lx_create_info, name),
	FIELD(LX_UUID, lx_create_info, uuid),
	FIELD(LX_STRING, lx_create_info, pool_name),
	{ 0 },
};

static const struct lx_field sched_fields[] = {
	FIELD(LX_S32, lx_sched, weight),
	FIELD(LX_S32, lx_sched, cap),
	FIELD(LX_S32, lx_sched, period),
	FIELD(LX_S32, lx_sched, budget),
	FIELD(LX_S32, lx_sched, extratime),
	{ 0 },
};

static void sched_init(void *object)
{
	*(struct lx_sched *)object = (struct lx_sched){ -1, -1, -1, -1, -1 };
}

static const struct lx_type create_type = { "c_info", sizeof(struct lx_create_info), create_fields,
					    NULL };
static const struct lx_type sched_type = { "sched_params", sizeof(struct lx_sched), sched_fields,
					   sched_init };

static const struct lx_field vnc_fields[] = {
	FIELD(LX_DEFBOOL, lx_vnc, enable),
	FIELD(LX_STRING, lx_vnc, listen),
	FIELD(LX_STRING, lx_vnc, passwd),
	FIELD(LX_U32, lx_vnc, display, .optional = true),
	FIELD(LX_DEFBOOL, lx_vnc, findunused),
	{ 0 },
};

static void vnc_init(void *object)
{
	struct lx_vnc *v = object;

	v->enable = v->findunused = true;
}

static const struct lx_field vga_fields[] = {
	FIELD(LX_ENUM, lx_vga_info, kind, .names = vga_names),
	{ 0 },
};

static void vga_init(void *object)
{
	((struct lx_vga_info *)object)->kind = LX_VGA_CIRRUS;
}

static const struct lx_type vnc_type = { "vnc", sizeof(struct lx_vnc), vnc_fields, vnc_init };
static const struct lx_type vga_type = { "vga", sizeof(struct lx_vga_info), vga_fields, vga_init };

static const struct lx_field hvm_fields[] = {
	FIELD(LX_STRING, lx_hvm, firmware),
	FIELD(LX_ENUM, lx_hvm, bios, .names = lx_bios_names),
	FIELD(LX_DEFBOOL, lx_hvm, acpi_s3),
	FIELD(LX_DEFBOOL, lx_hvm, acpi_s4),
	FIELD(LX_DEFBOOL, lx_hvm, acpi_laptop_slate),
	FIELD(LX_DEFBOOL, lx_hvm, hpet),
	FIELD(LX_DEFBOOL, lx_hvm, vpt_align),
	FIELD(LX_U64, lx_hvm, mmio_hole_memkb, .optional = true),
	FIELD(LX_STRING, lx_hvm, system_firmware),
	FIELD(LX_ENUM, lx_hvm, hdtype, .names = lx_hdtype_names),
	FIELD(LX_DEFBOOL, lx_hvm, nographic),
	FIELD(LX_OBJECT, lx_hvm, vga, .type = &vga_type),
	FIELD(LX_OBJECT, lx_hvm, vnc, .type = &vnc_type),
	FIELD(LX_STRING, lx_hvm, keymap),
	FIELD(LX_STRING, lx_hvm, boot),
	FIELD(LX_STRING, lx_hvm, serial),
	ARRAY_FIELD(LX_STRINGS, "serial_list", lx_hvm, serials, nr_serials),
	FIELD(LX_DEFBOOL, lx_hvm, usb),
	FIELD(LX_U32, lx_hvm, usbversion, .optional = true),
	FIELD(LX_STRING, lx_hvm, usbdevice),
	ARRAY_FIELD(LX_STRINGS, "usbdevice_list", lx_hvm, usbdevices, nr_usbdevices),
	FIELD(LX_DEFBOOL, lx_hvm, xen_platform_pci),
	{ 0 },
};

static void hvm_init(void *object)
{
	struct lx_hvm *h = object;

	h->acpi_s3 = h->acpi_s4 = true;
	h->hpet = h->vpt_align = h->xen_platform_pci = true;
	h->bios = LX_BIOS_SEABIOS;
	h->hdtype = LX_HD_IDE;
}

static const struct lx_type hvm_type = { "hvm", sizeof(struct lx_hvm), hvm_fields, hvm_init };

int lx_hvm_init(struct lx_build_info *b)
{
	b->hvm = calloc(1, sizeof(*b->hvm));
	if (!b->hvm)
		return -ENOMEM;
	lx_init(&hvm_type, b->hvm);
	return 0;
}

static const struct lx_field iomem_fields[] = {
	FIELD(LX_U64, lx_iomem, start),
	FIELD(LX_U64, lx_iomem, number),
	FIELD(LX_U64, lx_iomem, gfn),
	{ 0 },
};

static const struct lx_type iomem_type = { "iomem", sizeof(struct lx_iomem), iomem_fields, NULL };

static const struct lx_field dtdev_fields[] = {
	FIELD(LX_STRING, lx_dtdev, path),
	{ 0 },
};

static const struct lx_type dtdev_type = { "dtdev", sizeof(struct lx_dtdev), dtdev_fields, NULL };

static const struct lx_field build_fields[] = {
	FIELD(LX_U32, lx_build_info, max_vcpus),
	FIELD(LX_CPUMAP, lx_build_info, avail_vcpus, .keep = true),
	FIELD(LX_U64, lx_build_info, max_memkb),
	FIELD(LX_U64, lx_build_info, target_memkb),
	FIELD(LX_U64, lx_build_info, shadow_memkb, .optional = true),
	FIELD(LX_U32, lx_build_info, event_channels),
	FIELD(LX_U32, lx_build_info, max_grant_frames, .optional = true),
	FIELD(LX_U32, lx_build_info, max_maptrack_frames, .optional = true),
	FIELD(LX_U32, lx_build_info, max_grant_version),
	FIELD(LX_S32, lx_build_info, rtc_timeoffset),
	FIELD(LX_ENUM, lx_build_info, tsc_mode, .names = lx_tsc_names, .optional = true),
	FIELD(LX_STRING, lx_build_info, kernel),
	FIELD(LX_STRING, lx_build_info, ramdisk),
	FIELD(LX_STRING, lx_build_info, cmdline),
	FIELD(LX_STRING, lx_build_info, device_tree),
	ARRAY_FIELD(LX_U32S, "irqs", lx_build_info, irqs, nr_irqs),
	ARRAY_FIELD(LX_OBJECTS, "iomem", lx_build_info, iomem, nr_iomem, .type = &iomem_type),
	FIELD(LX_OBJECT, lx_build_info, sched_params, .type = &sched_type),
	ARRAY_FIELD(LX_CPUMAPS, "vcpu_hard_affinity", lx_build_info, hard, nr_hard),
	ARRAY_FIELD(LX_CPUMAPS, "vcpu_soft_affinity", lx_build_info, soft, nr_soft),
	{ .name = "nodemap", .kind = LX_CPUMAP, .at = offsetof(struct lx_build_info, nodes) },
	FIELD(LX_DEFBOOL, lx_build_info, apic),
	FIELD(LX_DEFBOOL, lx_build_info, acpi),
	FIELD(LX_ENUM, lx_build_info, timer_mode, .names = lx_timer_names),
	FIELD(LX_U64, lx_build_info, video_memkb, .optional = true),
	FIELD(LX_ENUM, lx_build_info, device_model_version, .names = dm_names, .optional = true),
	FIELD(LX_STRING, lx_build_info, device_model),
	ARRAY_FIELD(LX_STRINGS, "extra", lx_build_info, dm_args, nr_dm_args),
	ARRAY_FIELD(LX_STRINGS, "extra_hvm", lx_build_info, dm_args_hvm, nr_dm_args_hvm),
	ARRAY_FIELD(LX_STRINGS, "device_models", lx_build_info, dm_more, nr_dm_more),
	/* libxl takes the type from here. */
	{ .name = "type.hvm", .kind = LX_POINTER, .at = offsetof(struct lx_build_info, hvm),
	  .type = &hvm_type },
	{ .name = "type.pvh", .kind = LX_MARK, .at = offsetof(struct lx_build_info, hvm) },
	{ 0 },
};

static void build_init(void *object)
{
	struct lx_build_info *b = object;

	b->max_vcpus = 1;
	lx_cpumap_set(&b->avail_vcpus, 0);
	b->event_channels = 1023;
	b->max_grant_version = 2;
	b->apic = b->acpi = true;
	b->timer_mode = 1;
}

static const struct lx_type build_type = { "b_info", sizeof(struct lx_build_info), build_fields,
					   build_init };

static const struct lx_field disk_fields[] = {
	FIELD(LX_STRING, lx_disk, pdev_path),
	FIELD(LX_STRING, lx_disk, vdev),
	FIELD(LX_STRING, lx_disk, script),
	FIELD(LX_STRING, lx_disk, backend_domname),
	FIELD(LX_ENUM, lx_disk, format, .names = lx_format_names),
	FIELD(LX_INT_BOOL, lx_disk, readwrite),
	FIELD(LX_INT_BOOL, lx_disk, is_cdrom),
	FIELD(LX_BOOL, lx_disk, direct_io_safe),
	FIELD(LX_DEFBOOL, lx_disk, discard_enable),
	FIELD(LX_INT_BOOL, lx_disk, removable),
	FIELD(LX_DEFBOOL, lx_disk, trusted),
	FIELD(LX_BOOL, lx_disk, share_writes, .optional = true),
	{ 0 },
};

static void disk_init(void *object)
{
	struct lx_disk *d = object;

	d->format = LX_FORMAT_RAW;
	d->readwrite = true;
	d->trusted = true;
}

const struct lx_type lx_disk_type = { "disk", sizeof(struct lx_disk), disk_fields, disk_init };

static const struct lx_field nic_fields[] = {
	FIELD(LX_U32, lx_nic, devid),
	FIELD(LX_STRING, lx_nic, mac),
	FIELD(LX_STRING, lx_nic, bridge),
	FIELD(LX_STRING, lx_nic, ip),
	FIELD(LX_STRING, lx_nic, script),
	FIELD(LX_STRING, lx_nic, ifname),
	FIELD(LX_STRING, lx_nic, model),
	FIELD(LX_STRING, lx_nic, backend_domname),
	FIELD(LX_STRING, lx_nic, gatewaydev),
	FIELD(LX_U32, lx_nic, mtu),
	FIELD(LX_U64, lx_nic, rate_bytes_per_interval),
	FIELD(LX_U32, lx_nic, rate_interval_usecs),
	FIELD(LX_ENUM, lx_nic, nictype, .names = nic_names, .optional = true),
	FIELD(LX_DEFBOOL, lx_nic, trusted),
	{ 0 },
};

static void nic_init(void *object)
{
	((struct lx_nic *)object)->trusted = true;
}

const struct lx_type lx_nic_type = { "nic", sizeof(struct lx_nic), nic_fields, nic_init };

static const struct lx_field pci_fields[] = {
	FIELD(LX_U32, lx_pci, func),
	FIELD(LX_U32, lx_pci, dev),
	FIELD(LX_U32, lx_pci, bus),
	FIELD(LX_U32, lx_pci, domain),
	{ 0 },
};

static const struct lx_type pci_type = { "pcidev", sizeof(struct lx_pci), pci_fields, NULL };

#define ACTION(member) FIELD(LX_ENUM, lx_domain_config, member, .names = action_json)
static const struct lx_field config_fields[] = {
	FIELD(LX_OBJECT, lx_domain_config, c_info, .type = &create_type),
	FIELD(LX_OBJECT, lx_domain_config, b_info, .type = &build_type),
	ARRAY_FIELD(LX_OBJECTS, "disks", lx_domain_config, disks, nr_disks, .type = &lx_disk_type),
	ARRAY_FIELD(LX_OBJECTS, "nics", lx_domain_config, nics, nr_nics, .type = &lx_nic_type),
	ARRAY_FIELD(LX_OBJECTS, "dtdevs", lx_domain_config, dtdevs, nr_dtdevs, .type = &dtdev_type),
	ARRAY_FIELD(LX_OBJECTS, "pcidevs", lx_domain_config, pcidevs, nr_pcidevs,
		    .type = &pci_type),
	ACTION(on_poweroff),
	ACTION(on_reboot),
	ACTION(on_watchdog),
	ACTION(on_crash),
	ACTION(on_soft_reset),
	{ 0 },
};

static void config_init(void *object)
{
	struct lx_domain_config *c = object;

	c->on_reboot = LX_RESTART;
	c->on_soft_reset = LX_SOFT_RESET;
}

const struct lx_type lx_domain_config_type = { "domain", sizeof(struct lx_domain_config),
					       config_fields, config_init };

const char *lx_name_of(const char *const *names, uint32_t value)
{
	for (uint32_t i = 0; names[i]; i++)
		if (i == value)
			return names[i];
	return "?";
}

int lx_value_of(const char *const *names, const char *name)
{
	for (int i = 0; names[i]; i++)
		if (!strcmp(names[i], name))
			return i;
	return -1;
}

void lx_uuid_text(const uint8_t u[16], char text[LX_UUID_TEXT])
{
	snprintf(text, LX_UUID_TEXT,
		 "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", u[0], u[1],
		 u[2], u[3], u[4], u[5], u[6], u[7], u[8], u[9], u[10], u[11], u[12], u[13], u[14],
		 u[15]);
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 :
	       c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool lx_uuid_parse(const char *text, uint8_t uuid[16])
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < LX_UUID_TEXT - 1; i++) {
		int d = hex_digit(text[i]);

		if (i == 8 || i == 13 || i == 18 || i == 23) {
			if (text[i] != '-')
				return false;
			continue;
		}
		if (d < 0)
			return false;
		uuid[n / 2] = (uint8_t)(n % 2 ? uuid[n / 2] | d : d << 4);
		n++;
	}
	return !text[LX_UUID_TEXT - 1];
}

/* Version 4: random, but for six bits. */
void lx_uuid_random(uint8_t uuid[16])
{
	while (getrandom(uuid, 16, 0) != 16)
		;
	uuid[6] = (uint8_t)((uuid[6] & 0x0f) | 0x40);
	uuid[8] = (uint8_t)((uuid[8] & 0x3f) | 0x80);
}
