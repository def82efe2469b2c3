/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What creating a domain does in its own way on each architecture (x86/arch.c, arm64/arch.c). */
#ifndef TOOLS_LIGHT_ARCH_H
#define TOOLS_LIGHT_ARCH_H

#include "light.h"

/** Why such a domain cannot be had on this architecture, with the remedy; NULL: it can. */
const char *lx_arch_check(const struct lx_domain_config *config);
/** What of the platform a new domain is to have. */
void lx_arch_config(struct xen_arch_domainconfig *arch, const struct lx_domain_config *config);
/** What the hypervisor made of that, for the builder. */
struct bld_platform lx_arch_platform(const struct xen_arch_domainconfig *arch);
/** Settings of the new domain that come before its vCPUs' registers. 0 or -errno (logged). */
int lx_arch_limits(struct lx *lx, uint32_t domid, const struct lx_build_info *b);

#endif
