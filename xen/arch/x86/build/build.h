/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Building domains at boot: the hardware domain, and those a boot manifest describes. */
#ifndef X86_BUILD_H
#define X86_BUILD_H

#include <xen/manifest.h>

#include <asm/domain.h>
#include <asm/setup.h>

/** What goes into a PVH guest whose RAM is in place. */
struct pvh_image {
	const char *name;		/* for messages */
	const void *kernel;
	u64 kernel_len;
	const void *initrd;		/* NULL: none */
	u64 initrd_len;
	const char *cmdline;
	u64 rsdp;			/* guest physical, 0: none */
};

/** Load it, write the start info, and set vCPU 0's state. 0 or -XEN_*, with one line printed. */
int pvh_load(struct domain *d, const struct pvh_image *img);

/** Bytes of an uncompressed kernel: @data itself, or what a bzImage holds (in pages the caller
 * frees with kernel_image_put). NULL with one line printed when it is no kernel. */
const void *kernel_image_get(const char *name, const void *data, u64 len, u64 *out_len);
void kernel_image_put(const void *image, u64 len, const void *data);

/** Copy ACPI tables for the hardware domain into its RAM; returns the new RSDP's address, 0 when
 * there is no room. */
u64 dom0_build_acpi(struct domain *d);

/** Copy ACPI tables that name the vCPUs of an unprivileged guest to @base, whose area of
 * ACPI_AREA_BYTES leaves its RAM. Returns @base, 0 when it cannot be written. */
u64 guest_build_acpi(struct domain *d, u64 base);

/** Where the hardware domain comes from, and what its parameters say. */
struct dom0_plan {
	const struct boot_module *kernel, *initrd;	/* initrd NULL: none */
	const char *cmdline;
	u64 pages;			/* 0: all but a reserve */
	u32 vcpus;			/* 0: as many as CPUs */
	u64 keep_pages;			/* leave these for others */
	const struct manifest_domain *desc;	/* NULL: not described by a manifest */
};

/** Build dom0, which stays paused. Stops the boot when it cannot. */
struct domain *dom0_build(const struct dom0_plan *plan);

/** Find and read the manifest among the boot modules. */
void manifest_find(void);
/** Fill in @plan from the manifest's description or from the modules no description names. False:
 * there is to be no dom0. */
bool manifest_plan_dom0(struct dom0_plan *plan);
/** Affinity and scheduling parameters of a described domain; mistakes cost a line. */
void manifest_apply_sched(struct domain *d, const struct manifest_domain *md);
/** Build the other domains of the manifest, paused. Number of domains built. */
u32 manifest_build(void);

/** Let a domain whose vCPU 0 is loaded run. */
void boot_domain_start(struct domain *d);

#endif
