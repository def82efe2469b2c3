/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line of the device model, QEMU as Debian's package qemu-system-xen has it. The words
 * are those that Xen's own toolstack gives it. Pure.
 */
#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device.h"
#include "dm.h"

#define KIB_PER_MIB 1024
#define CIRRUS_KIB (8 * KIB_PER_MIB)
#define STD_KIB (16 * KIB_PER_MIB)
#define IDE_DISKS 4
#define AHCI_DISKS 6
#define SCSI_DISKS 7
#define FOUR_GIB_KIB (4UL << 20)

void lx_words_add(struct lx_words *w, const char *fmt, ...)
{
	char **more = realloc(w->word, (w->n + 2) * sizeof(*more)), *text = NULL;
	va_list ap;
	int rc;

	if (more)
		w->word = more;
	va_start(ap, fmt);
	rc = more ? vasprintf(&text, fmt, ap) : -1;
	va_end(ap);
	if (rc < 0) {
		w->rc = -ENOMEM;
		return;
	}
	w->word[w->n++] = text;
	w->word[w->n] = NULL;
}

void lx_words_free(struct lx_words *w)
{
	for (unsigned int i = 0; i < w->n; i++)
		free(w->word[i]);
	free(w->word);
	*w = (struct lx_words){ 0 };
}

static void option(struct lx_words *w, const char *name, const char *value)
{
	lx_words_add(w, "%s", name);
	lx_words_add(w, "%s", value);
}

uint64_t lx_video_kib(const struct lx_build_info *b)
{
	if (b->hvm->vga.kind == LX_VGA_NONE)
		return 0;
	if (b->video_memkb)
		return b->video_memkb;
	return b->hvm->vga.kind == LX_VGA_STD ? STD_KIB : CIRRUS_KIB;
}

/* A whole disk's place among those of its name; -1: a part of one, or no such name. */
static int disk_place(const char *vdev)
{
	uint32_t id;

	if (!lx_vdev_number(vdev, &id))
		return -1;
	if (id >> 28)			/* many disks, or many parts */
		return id & 0xff ? -1 : (int)((id & 0xfffffff) >> 8);
	switch (id >> 8) {
	case 3:
	case 22:
		return id & 0x3f ? -1 : (id >> 8 == 22) * 2 + (int)(id >> 6 & 1);
	default:
		return id & 0xf ? -1 : (int)(id >> 4 & 0xf);
	}
}

static bool is_scsi(const struct lx_disk *d)
{
	return !strncmp(d->vdev, "sd", 2) && !d->is_cdrom;
}

int lx_emulated_disk(const struct lx_hvm *h, const struct lx_disk *d)
{
	int place = disk_place(d->vdev);
	int most = is_scsi(d) ? SCSI_DISKS :
		   h->hdtype == LX_HD_AHCI && !d->is_cdrom ? AHCI_DISKS : IDE_DISKS;

	return place < most ? place : -1;
}

bool lx_nic_emulated(const struct lx_domain_config *config, const struct lx_nic *n)
{
	return config->b_info.hvm && n->nictype != LX_NIC_VIF;
}

void lx_tap_name(char name[LX_TAP_BYTES], uint32_t domid, uint32_t devid)
{
	snprintf(name, LX_TAP_BYTES, "vif%u.%u-emu", domid, devid);
}

/* A comma in a value of an option is doubled. */
static char *escaped(const char *text)
{
	char *to = malloc(2 * strlen(text) + 1), *p = to;

	if (!to)
		return NULL;
	for (; *text; text++) {
		*p++ = *text;
		if (*text == ',')
			*p++ = ',';
	}
	*p = '\0';
	return to;
}

static const char *check_disk(const struct lx_hvm *h, const struct lx_disk *d)
{
	if (d->is_cdrom && lx_emulated_disk(h, d) < 0)
		return "a CD-ROM drive is one of hda to hdd";
	if (d->format != LX_FORMAT_RAW && lx_emulated_disk(h, d) < 0)
		return "a disk that is not raw must be one that is emulated (hda, xvda, sda)";
	if (d->format == LX_FORMAT_VHD)
		return "QEMU calls this format vpc, and it is not built: convert the image";
	if (d->backend_domname && lx_emulated_disk(h, d) >= 0)
		return "a disk that is emulated has its backend in dom0: name it xvde or later, "
			"which only PV drivers see";
	if (!d->readwrite && !d->is_cdrom && lx_emulated_disk(h, d) >= 0 && !is_scsi(d))
		return "QEMU has no IDE or AHCI disk that cannot be written: use access w, or the "
			"name of a SCSI disk (sda), or of one that is not emulated";
	return NULL;
}

/* What would be done to the PV side only. */
static const char *check_nic(const struct lx_domain_config *config, const struct lx_nic *n)
{
	const char *slash = n->script ? strrchr(n->script, '/') : NULL;

	if (!lx_nic_emulated(config, n))
		return NULL;
	if (n->backend_domname)
		return "an interface that is emulated has its backend in dom0: type=vif makes one "
			"that only PV drivers see";
	if (n->script && strcmp(slash ? slash + 1 : n->script, "vif-bridge"))
		return "scripts are not run for the emulated side of an interface: leave script "
			"out, or say type=vif";
	return NULL;
}

const char *lx_hvm_check(const struct lx_domain_config *config)
{
	const struct lx_build_info *b = &config->b_info;
	const struct lx_hvm *h = b->hvm;
	const char *why = NULL;

	if (b->device_model_version == LX_DM_TRADITIONAL)
		return "the device model qemu-xen-traditional is not supported: "
			"device_model_version = \"qemu-xen\"";
	if (h->bios == LX_BIOS_ROMBIOS)
		return "the firmware rombios belongs to qemu-xen-traditional: bios = \"seabios\"";
	if (h->mmio_hole_memkb && (h->mmio_hole_memkb < BLD_MIN_HOLE >> 10 ||
				   h->mmio_hole_memkb > BLD_MAX_HOLE >> 10))
		return "mmio_hole is from 256 to 3840 (MiB)";
	if (h->vga.kind == LX_VGA_STD && lx_video_kib(b) < STD_KIB)
		return "videoram is at least 16 (MiB) with the standard VGA card";
	if (h->vga.kind == LX_VGA_CIRRUS && lx_video_kib(b) < CIRRUS_KIB)
		return "videoram is at least 8 (MiB) with the Cirrus card";
	if (b->target_memkb < lx_video_kib(b) + (4 << 10))
		return "an HVM guest needs 4 MiB of memory besides those of its display";
	if (b->nr_dm_more >= LX_DM_MAX)
		return "a guest has at most 8 device models";
	for (uint32_t i = 0; i < config->nr_disks && !why; i++)
		why = config->disks[i].vdev ? check_disk(h, &config->disks[i]) : NULL;
	for (uint32_t i = 0; i < config->nr_nics && !why; i++)
		why = check_nic(config, &config->nics[i]);
	return why;
}

static void add_display(struct lx_words *w, const struct lx_build_info *b)
{
	const struct lx_hvm *h = b->hvm;
	const char *listen = h->vnc.listen ? h->vnc.listen : "127.0.0.1";
	unsigned long mib = lx_video_kib(b) / KIB_PER_MIB;

	if (h->vnc.enable) {
		lx_words_add(w, "-vnc");
		if (strchr(listen, ':'))
			lx_words_add(w, "%s%s%s", listen, h->vnc.passwd ? ",password=on" : "",
				     h->vnc.findunused ? ",to=99" : "");
		else
			lx_words_add(w, "%s:%u%s%s", listen, h->vnc.display,
				     h->vnc.passwd ? ",password=on" : "",
				     h->vnc.findunused ? ",to=99" : "");
	} else {
		option(w, "-vnc", "none");
	}
	option(w, "-display", "none");
	if (h->keymap)
		option(w, "-k", h->keymap);
	if (h->nographic && !h->vnc.enable)
		lx_words_add(w, "-nographic");
	if (h->vga.kind != LX_VGA_NONE) {
		lx_words_add(w, "-device");
		lx_words_add(w, "%s,vgamem_mb=%lu", h->vga.kind == LX_VGA_STD ? "VGA" :
			     "cirrus-vga", mib);
	}
}

static void add_usb(struct lx_words *w, const struct lx_hvm *h)
{
	if (h->usbversion == 2) {
		option(w, "-device", "ich9-usb-ehci1,id=usb,addr=0x1d.0x7,multifunction=on");
		for (unsigned int i = 1; i < 4; i++) {
			lx_words_add(w, "-device");
			lx_words_add(w, "ich9-usb-uhci%u,masterbus=usb.0,firstport=%u,"
				     "addr=0x1d.%#x,multifunction=on", i, 2 * (i - 1), i - 1);
		}
	} else if (h->usbversion == 3) {
		option(w, "-device", "nec-usb-xhci,id=usb");
	} else if (h->usb || h->usbversion || h->usbdevice || h->nr_usbdevices) {
		lx_words_add(w, "-usb");
	}
	if (h->usbdevice)
		option(w, "-usbdevice", h->usbdevice);
	for (uint32_t i = 0; i < h->nr_usbdevices; i++)
		option(w, "-usbdevice", h->usbdevices[i]);
}

static void add_nic(struct lx_words *w, const struct lx_nic *n, uint32_t domid)
{
	const char *model = n->model ? n->model : "rtl8139";
	char tap[LX_TAP_BYTES];

	lx_tap_name(tap, domid, n->devid);
	lx_words_add(w, "-device");
	lx_words_add(w, "%s,id=nic%u,netdev=net%u,mac=%s", model, n->devid, n->devid,
		     n->mac ? n->mac : "00:16:3e:00:00:00");
	lx_words_add(w, "-netdev");
	lx_words_add(w, "type=tap,id=net%u,ifname=%s,script=no,downscript=no", n->devid, tap);
}

static void add_cdrom(struct lx_words *w, const struct lx_disk *d, int place, const char *file)
{
	uint32_t id;

	lx_vdev_number(d->vdev, &id);
	if (file) {
		lx_words_add(w, "-drive");
		lx_words_add(w, "if=none,readonly=on,id=ide-%u,file=%s,format=%s", id, file,
			     lx_name_of(lx_format_names, d->format));
	}
	lx_words_add(w, "-device");
	if (file)
		lx_words_add(w, "ide-cd,id=ide-%u,drive=ide-%u,bus=ide.%d,unit=%d", id, id,
			     place / 2, place % 2);
	else
		lx_words_add(w, "ide-cd,id=ide-%u,bus=ide.%d,unit=%d", id, place / 2, place % 2);
}

static void add_disk(struct lx_words *w, const struct lx_hvm *h, const struct lx_disk *d)
{
	int place = lx_emulated_disk(h, d);
	char *file = d->pdev_path ? escaped(d->pdev_path) : NULL;
	const char *format = lx_name_of(lx_format_names, d->format);

	if (d->pdev_path && !file) {
		w->rc = -ENOMEM;
	} else if (place >= 0 && d->is_cdrom) {
		add_cdrom(w, d, place, file);
	} else if (place >= 0 && is_scsi(d)) {
		lx_words_add(w, "-drive");
		lx_words_add(w, "file=%s,if=none,id=scsidisk-%d,format=%s,cache=writeback%s", file,
			     place, format, d->readwrite ? "" : ",readonly=on");
		lx_words_add(w, "-device");
		lx_words_add(w, "scsi-hd,bus=scsi0.0,scsi-id=%d,drive=scsidisk-%d", place, place);
	} else if (place >= 0 && h->hdtype == LX_HD_AHCI) {
		lx_words_add(w, "-drive");
		lx_words_add(w, "file=%s,if=none,id=ahcidisk-%d,format=%s,cache=writeback", file,
			     place, format);
		lx_words_add(w, "-device");
		lx_words_add(w, "ide-hd,bus=ahci0.%d,unit=0,drive=ahcidisk-%d", place, place);
	} else if (place >= 0) {
		lx_words_add(w, "-drive");
		lx_words_add(w, "file=%s,if=ide,index=%d,media=disk,format=%s,cache=writeback",
			     file, place, format);
	}
	free(file);
}

static void add_disks(struct lx_words *w, const struct lx_domain_config *c)
{
	bool scsi = false, ahci = false;

	for (uint32_t i = 0; i < c->nr_disks; i++) {
		scsi |= is_scsi(&c->disks[i]);
		ahci |= c->b_info.hvm->hdtype == LX_HD_AHCI && !is_scsi(&c->disks[i]) &&
			!c->disks[i].is_cdrom;
	}
	if (scsi)
		option(w, "-device", "lsi53c895a,id=scsi0");
	if (ahci)
		option(w, "-device", "ahci,id=ahci0");
	for (uint32_t i = 0; i < c->nr_disks; i++)
		add_disk(w, c->b_info.hvm, &c->disks[i]);
}

static void add_machine(struct lx_words *w, const struct lx_build_info *b)
{
	const struct lx_hvm *h = b->hvm;
	char hole[48] = "";

	if (h->mmio_hole_memkb)
		snprintf(hole, sizeof(hole), ",max-ram-below-4g=%lu",
			 (FOUR_GIB_KIB - h->mmio_hole_memkb) << 10);
	lx_words_add(w, "-machine");
	lx_words_add(w, "%s%s,suppress-vmdesc=on", h->xen_platform_pci ? "xenfv" : "pc,accel=xen",
		     hole);
	lx_words_add(w, "-m");
	lx_words_add(w, "%lu", (b->max_memkb - lx_video_kib(b)) / KIB_PER_MIB);
}

static void add_cpus(struct lx_words *w, const struct lx_build_info *b)
{
	uint32_t online = 0;

	for (uint32_t i = 0; i < b->max_vcpus; i++)
		online += lx_cpumap_test(&b->avail_vcpus, i);
	lx_words_add(w, "-smp");
	lx_words_add(w, "%u,maxcpus=%u", online ? online : 1, b->max_vcpus);
}

static void add_kernel(struct lx_words *w, const struct lx_build_info *b)
{
	if (!b->kernel)
		return;
	option(w, "-kernel", b->kernel);
	if (b->ramdisk)
		option(w, "-initrd", b->ramdisk);
	if (b->cmdline)
		option(w, "-append", b->cmdline);
}

void lx_dm_args(struct lx_words *w, const struct lx_domain_config *c, uint32_t domid)
{
	const struct lx_build_info *b = &c->b_info;
	const struct lx_hvm *h = b->hvm;

	assert(h && domid && !lx_hvm_check(c));
	lx_words_add(w, "%s", b->device_model ? b->device_model : LX_QEMU);
	lx_words_add(w, "-xen-domid");
	lx_words_add(w, "%u", domid);
	lx_words_add(w, "-no-shutdown");
	lx_words_add(w, "-chardev");
	lx_words_add(w, "socket,id=libxl-cmd,path=" LX_QMP_DIR "/qmp-libxl-%u,server=on,wait=off",
		     domid);
	option(w, "-mon", "chardev=libxl-cmd,mode=control");
	lx_words_add(w, "-nodefaults");
	lx_words_add(w, "-no-user-config");
	option(w, "-name", c->c_info.name);
	add_display(w, b);
	if (h->serial)
		option(w, "-serial", h->serial);
	for (uint32_t i = 0; i < h->nr_serials; i++)
		option(w, "-serial", h->serials[i]);
	add_kernel(w, b);
	lx_words_add(w, "-boot");
	lx_words_add(w, "order=%s", h->boot ? h->boot : "cda");
	add_usb(w, h);
	if (!b->acpi)
		lx_words_add(w, "-no-acpi");
	add_cpus(w, b);
	for (uint32_t i = 0; i < c->nr_nics; i++)
		if (lx_nic_emulated(c, &c->nics[i]))
			add_nic(w, &c->nics[i], domid);
	add_machine(w, b);
	add_disks(w, c);
	for (uint32_t i = 0; i < b->nr_dm_args; i++)
		lx_words_add(w, "%s", b->dm_args[i]);
	for (uint32_t i = 0; i < b->nr_dm_args_hvm; i++)
		lx_words_add(w, "%s", b->dm_args_hvm[i]);
}
