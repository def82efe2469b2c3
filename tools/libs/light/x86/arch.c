/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PVH guests have a local APIC, HVM guests a PC's chipset; the time stamp counter has a mode. */
#include "light/arch.h"

const char *lx_arch_check(const struct lx_domain_config *config)
{
	const struct lx_build_info *b = &config->b_info;

	return config->nr_dtdevs || b->nr_irqs || b->nr_iomem || b->device_tree ?
	       "dtdev, irqs, iomem and device_tree give devices of the host on ARM only: leave "
	       "them out" : NULL;
}

void lx_arch_config(struct xen_arch_domainconfig *arch, const struct lx_build_info *b)
{
	arch->emulation_flags = b->hvm ? XEN_X86_EMU_ALL & ~XEN_X86_EMU_VPCI : XEN_X86_EMU_LAPIC;
}

struct bld_platform lx_arch_platform(const struct xen_arch_domainconfig *arch)
{
	return (struct bld_platform){ 0 };
}

int lx_arch_limits(struct lx *lx, uint32_t domid, const struct lx_build_info *b)
{
	return ctl_domain_set_tsc(lx->ctl, domid, b->tsc_mode);
}
