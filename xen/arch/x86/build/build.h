/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Building domains at boot: the hardware domain, and those a boot manifest describes. */
#ifndef X86_BUILD_H
#define X86_BUILD_H

#include <xen/manifest.h>

#include <asm/domain.h>
#include <asm/setup.h>

/** What is loaded into a PVH guest whose RAM is already there. */
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

/** Returns the uncompressed kernel: @data itself, or the payload of a bzImage (in pages that the
 * caller frees with kernel_image_put). NULL, with one line printed, when it is not a kernel. */
const void *kernel_image_get(const char *name, const void *data, u64 len, u64 *out_len);
void kernel_image_put(const void *image, u64 len, const void *data);

/** Copy ACPI tables for the hardware domain into its RAM; returns the new RSDP's address, 0 when
 * there is no room. */
u64 dom0_build_acpi(struct domain *d);

/** Copy ACPI tables with the vCPUs of an unprivileged guest to @base, and take their area of
 * ACPI_AREA_BYTES out of its RAM. Returns @base, or 0 when they cannot be written. */
u64 guest_build_acpi(struct domain *d, u64 base);

/** The source of the hardware domain and its parameters. */
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
/** Fill in @plan from the manifest's description, or from the modules that no description uses.
 * False: no dom0 is wanted. */
bool manifest_plan_dom0(struct dom0_plan *plan);
/** Set affinity and scheduling parameters of a described domain; a mistake only prints a line. */
void manifest_apply_sched(struct domain *d, const struct manifest_domain *md);
/** Build the other domains of the manifest, paused. Returns the number built. */
u32 manifest_build(void);

/** Unpause a domain whose vCPU 0 is loaded. */
void boot_domain_start(struct domain *d);

#endif
