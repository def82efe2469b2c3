/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What domains that are built at boot find in their memory on x86. */
#ifndef X86_BUILD_H
#define X86_BUILD_H

#include <xen/domain.h>

/** Copy ACPI tables for the hardware domain into its RAM and set *@rsdp to the RSDP's address, 0
 * when the machine has no MADT. 0, or -XEN_ENOMEM after a line. */
int hardware_build_acpi(struct domain *d, u64 *rsdp);

/** Copy ACPI tables with the vCPUs of an unprivileged guest to the end of its first RAM, and take
 * their area out of it; *@rsdp is the RSDP's address. 0, or -XEN_ENOMEM after a line. */
int guest_build_acpi(struct domain *d, u64 *rsdp);

#endif
