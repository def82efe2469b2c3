/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Building domains at boot: shared by the files of this folder. */
#ifndef XEN_DOMAIN_BUILD_BUILD_H
#define XEN_DOMAIN_BUILD_BUILD_H

#include <xen/boot.h>
#include <xen/domain.h>
#include <xen/hal/build.h>
#include <xen/manifest.h>

/* modules.c */
u32 boot_nr_modules(void);
/** Module @index; NULL for MANIFEST_NO_MODULE. */
const struct boot_module *boot_module(u32 index);
/** Its contents; *@len is the size in bytes. */
const void *boot_module_data(const struct boot_module *m, u64 *len);

/* kernel-image.c */
/** Returns the uncompressed kernel: @data itself, or the payload of a bzImage (in pages that the
 * caller frees with kernel_image_put). NULL, with one line printed, when it is not a kernel. */
const void *kernel_image_get(const char *name, const void *data, u64 len, u64 *out_len);
void kernel_image_put(const void *image, u64 len, const void *data);

/* load.c */
/** What is loaded into a domain whose RAM and vCPUs are already there. */
struct load_plan {
	const char *name;		/* for messages */
	const void *kernel;		/* uncompressed */
	u64 kernel_len;
	const struct boot_module *initrd;	/* NULL: none */
	const char *cmdline;
};

/** Write the firmware's tables, load kernel and initrd, write the start info, and set vCPU 0's
 * state. 0 or -XEN_*, with one line printed. */
int load_domain(struct domain *d, const struct load_plan *plan);

/* dom0.c */
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

/* manifest.c */
/** Find and read the manifest among the boot modules. */
void manifest_find(void);
/** Fill in @plan from the manifest's description, or from the modules that no description uses.
 * False: no dom0 is wanted. */
bool manifest_plan_dom0(struct dom0_plan *plan);
/** Set affinity and scheduling parameters of a described domain; a mistake only prints a line. */
void manifest_apply_sched(struct domain *d, const struct manifest_domain *md);
/** Build the other domains of the manifest, paused. Returns the number built. */
u32 manifest_build(void);

#endif
