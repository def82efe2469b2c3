/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What building a domain at boot needs from the architecture: how a guest's memory lies, what its
 * firmware tells it, and how its kernel is entered. All are called at boot, on one CPU, interrupts
 * on, without locks; the domain is paused, and no other code uses it yet.
 */
#ifndef XEN_HAL_BUILD_H
#define XEN_HAL_BUILD_H

#include <xen/boot.h>
#include <xen/elf.h>
#include <xen/guest_map.h>

struct domain_config;
struct vcpu;

/** The boot loader's modules, in its order; *@nr is at most BOOT_MAX_MODULES. They lie in the
 * direct map, and neither they nor the array move or change until hal_boot_modules_free(). */
struct boot_module *hal_boot_modules(u32 *nr);
/** Give the modules' memory to the page allocator. Returns how many bytes that were. */
u64 hal_boot_modules_free(void);

/** Add to the configuration of an unprivileged domain what its kernel expects of the platform,
 * and with @devices what is needed for some of the machine's. */
void hal_guest_config(struct domain_config *cfg, bool devices);
/**
 * Read a partial device tree, @len bytes at @tree, and set its devices aside for one guest: the
 * hardware domain, which is built later, does not get them. False, and nothing is set aside: @why
 * has a phrase of at most @size bytes.
 */
bool hal_guest_devices_claim(const void *tree, u64 len, char *why, size_t size);
/** Give @d, whose vCPUs and RAM exist, the devices of a tree that was claimed; its start info,
 * which is made next, tells of them. 0, or a negative error after a line that says why. */
int hal_guest_devices_give(struct domain *d, const void *tree, u64 len);
/** The memory map of a domain; the architecture keeps it for the domain's life. */
struct guest_map *hal_guest_map(struct domain *d);
/** Put @bytes of RAM (whole pages) where an unprivileged guest expects it; the map is empty before,
 * and has only RAM after. */
void hal_guest_plan_ram(struct guest_map *m, u64 bytes);
/**
 * Give the hardware domain what depends on the machine: RAM that the page allocator does not have
 * (and a limit of pages that allows for it), the regions of firmware in its map, the right to
 * device memory, and its devices. After it got its RAM. 0 or a negative error.
 */
int hal_hardware_domain_init(struct domain *d);

/**
 * Write the firmware's tables for @d into its RAM, take that area out of the map's RAM, and set
 * *@address to its start; 0 when the platform has none. Its vCPUs and RAM exist. 0, or a negative
 * error after a line that says why.
 */
int hal_firmware_tables(struct domain *d, u64 *address);

/** A kernel as it is to be loaded. */
struct kernel_layout {
	struct elf_image image;	/* its segments, all inside the file */
	u64 entry;		/* guest physical */
	u64 limit;		/* kernel, initrd and start info must end below */
};

/** Read the headers of a kernel, @len bytes at @kernel, and choose where it goes in @d, whose RAM
 * is mapped. NULL, or a phrase that says what is wrong. */
const char *hal_kernel_parse(const struct domain *d, const void *kernel, u64 len,
			     struct kernel_layout *out);
/** Room for the start info of any domain, in bytes. */
u64 hal_start_info_bytes(void);
/** The structure that tells a kernel about its domain, for the guest physical address @at. At most
 * hal_start_info_bytes(), in *@len; valid until the next call. */
const void *hal_start_info(const struct domain *d, u64 at, const struct boot_args *args, u64 *len);
/** Let @v, the first vCPU, start at @entry with the address of the start info. */
void hal_vcpu_set_entry(struct vcpu *v, u64 entry, u64 start_info);

#endif
