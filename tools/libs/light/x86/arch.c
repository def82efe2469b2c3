/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PVH guests have a local APIC, and a PCI bus for devices of the host; HVM guests a PC's chipset.
 * The time stamp counter has a mode.
 */
#include "light/arch.h"

const char *lx_arch_check(const struct lx_domain_config *config)
{
	const struct lx_build_info *b = &config->b_info;

	if (config->nr_dtdevs || b->nr_irqs || b->nr_iomem || b->device_tree)
		return "dtdev, irqs, iomem and device_tree give devices of the host on ARM only: "
		       "leave them out";
	return config->nr_pcidevs && b->hvm ?
		"PCI devices are built for PVH guests only: remove pci, or say type = \"pvh\"" :
		NULL;
}

void lx_arch_config(struct xen_arch_domainconfig *arch, const struct lx_domain_config *config)
{
	arch->emulation_flags = config->b_info.hvm ? XEN_X86_EMU_ALL & ~XEN_X86_EMU_VPCI :
				config->nr_pcidevs ? XEN_X86_EMU_LAPIC | XEN_X86_EMU_VPCI :
				XEN_X86_EMU_LAPIC;
}

struct bld_platform lx_arch_platform(const struct xen_arch_domainconfig *arch)
{
	return (struct bld_platform){ 0 };
}

int lx_arch_limits(struct lx *lx, uint32_t domid, const struct lx_build_info *b)
{
	return ctl_domain_set_tsc(lx->ctl, domid, b->tsc_mode);
}
