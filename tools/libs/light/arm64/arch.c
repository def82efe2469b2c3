/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guests on ARM: 64-bit registers, and the interrupt controller that the machine has. */
#include <errno.h>

#include "light/arch.h"
#include "light/create.h"

#define FIRST_SHARED 32U

const char *lx_arch_check(const struct lx_domain_config *config)
{
	const struct lx_build_info *b = &config->b_info;

	if (b->hvm)
		return "HVM guests are x86's: type = \"pvh\"";
	if (config->nr_pcidevs)
		return "PCI devices for guests are built for x86 only: remove pci";
	return b->tsc_mode ? "tsc_mode is about x86's time stamp counter: leave it out" : NULL;
}

void lx_arch_config(struct xen_arch_domainconfig *arch, const struct lx_domain_config *config)
{
	const struct lx_build_info *b = &config->b_info;

	arch->gic_version = XEN_DOMCTL_CONFIG_GIC_NATIVE;
	arch->tee_type = XEN_DOMCTL_CONFIG_TEE_NONE;
	/* The guest's interrupts have the host's numbers. */
	for (uint32_t i = 0; i < b->nr_irqs; i++)
		if (b->irqs[i] >= FIRST_SHARED + arch->nr_spis)
			arch->nr_spis = b->irqs[i] - FIRST_SHARED + 1;
}

struct bld_platform lx_arch_platform(const struct xen_arch_domainconfig *arch)
{
	return (struct bld_platform){
		.gic_version = arch->gic_version == XEN_DOMCTL_CONFIG_GIC_V2 ? 2 :
			       arch->gic_version == XEN_DOMCTL_CONFIG_GIC_V3 ? 3 : 0,
		.timer_hz = arch->clock_frequency,
	};
}

int lx_arch_limits(struct lx *lx, uint32_t domid, const struct lx_build_info *b)
{
	return ctl_domain_set_address_size(lx->ctl, domid, 64);
}

/* lx_arch_check() has refused HVM guests. */
int lx_hvm_load(struct lx_create *c) { return -EOPNOTSUPP; }

int lx_hvm_params(struct lx_create *c) { return 0; }
