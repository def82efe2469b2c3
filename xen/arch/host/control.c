/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The platform's part of domctl and sysctl: the simulated machine has a clock. */
#include <xen/errno.h>
#include <xen/hal/time.h>
#include <xen/hal/vcpu.h>

#include "private.h"

#include <public/sysctl.h>

int hal_domain_config_check(struct xen_domctl_createdomain *c, struct domain_config *cfg)
{
	cfg->emulation_flags = c->arch.emulation_flags;
	return 0;
}

void hal_domain_info(const struct domain *d, struct xen_domctl_getdomaininfo *info) {}

long hal_domctl(struct vcpu *v, struct domain *d, struct xen_domctl *op, bool *copy)
{
	return -XEN_ENOSYS;
}

long hal_sysctl(struct vcpu *v, struct xen_sysctl *op, bool *copy)
{
	return -XEN_ENOSYS;
}

void hal_physinfo(struct xen_sysctl_physinfo *info)
{
	info->cpu_khz = hal_cycles_khz();
}
