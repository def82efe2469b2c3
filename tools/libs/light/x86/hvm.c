/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Creating HVM guests: the firmware, and the parameters by which the hypervisor finds things. */
#include "light/create.h"

#include <public/hvm/params.h>

static const char *firmware_of(const struct lx_hvm *h)
{
	if (h->system_firmware)
		return h->system_firmware;
	return h->bios == LX_BIOS_OVMF ? LX_OVMF : LX_SEABIOS;
}

int lx_hvm_load(struct lx_create *c)
{
	const struct lx_build_info *b = &c->config->b_info;
	const struct lx_hvm *h = b->hvm;
	const char *loader = h->firmware ? h->firmware : LX_HVMLOADER;
	struct bld_hvm_config config = {
		.loader = &c->kernel, .vcpus = b->max_vcpus, .apic = b->apic,
		.ram_bytes = ((b->target_memkb - lx_video_kib(b)) << 10) & PAGE_MASK,
		.hole_bytes = h->mmio_hole_memkb ? h->mmio_hole_memkb << 10 : BLD_MIN_HOLE,
	};
	struct bld_error err;
	int rc = lx_create_map(c->lx, "loader of HVM guests", loader, &c->kernel_file,
			       &c->kernel_bytes);

	if (!rc)
		rc = lx_create_map(c->lx, "firmware", firmware_of(h), &c->ramdisk_file,
				   &c->ramdisk_bytes);
	if (rc)
		return rc;
	config.firmware = c->ramdisk_file;
	config.firmware_bytes = c->ramdisk_bytes;
	for (uint32_t i = 0; i < b->max_vcpus; i++)
		if (lx_cpumap_test(&b->avail_vcpus, i))
			config.online[i / 8] |= (uint8_t)(1 << i % 8);
	rc = bld_loader_open(&c->kernel, c->kernel_file, c->kernel_bytes, &err);
	if (!rc)
		rc = bld_plan_make_hvm(&c->plan, &config, &err);
	if (rc)
		lx_error(c->lx, 0, "%s with the firmware %s: %s", loader, firmware_of(h), err.text);
	return rc;
}

int lx_hvm_params(struct lx_create *c)
{
	const struct lx_build_info *b = &c->config->b_info;
	const struct lx_hvm *h = b->hvm;
	const struct bld_plan *p = &c->plan;
	const struct {
		uint32_t index;
		uint64_t value;
	} params[] = {
		{ HVM_PARAM_TIMER_MODE, b->timer_mode },
		{ HVM_PARAM_HPET_ENABLED, h && h->hpet },
		{ HVM_PARAM_VPT_ALIGN, h && h->vpt_align },
		{ HVM_PARAM_IDENT_PT, p->ident_pt.v << PAGE_SHIFT },
		{ HVM_PARAM_IOREQ_PFN, p->ioreq.v },
		{ HVM_PARAM_BUFIOREQ_PFN, p->bufioreq.v },
		{ HVM_PARAM_IOREQ_SERVER_PFN, p->server_pages.v },
		{ HVM_PARAM_NR_IOREQ_SERVER_PAGES, BLD_SERVER_PAGES },
	};
	int rc = 0;

	for (size_t i = 0; h && !rc && i < sizeof(params) / sizeof(params[0]); i++)
		rc = ctl_hvm_param_set(c->lx->ctl, c->domid, params[i].index, params[i].value);
	return rc;
}
