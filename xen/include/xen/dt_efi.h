/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The device tree that the EFI stub hands to the boot: the firmware's, with the memory that the
 * firmware leaves in place of the tree's own, and with what is to be booted in /chosen. Pure.
 */
#ifndef XEN_DT_EFI_H
#define XEN_DT_EFI_H

#include <xen/dt_machine.h>
#include <xen/efi_config.h>
#include <xen/fdt_write.h>

/** Most bytes of a command line. */
#define EFI_TEXT_MAX 1024

struct efi_module {
	struct dt_range at;
	struct efi_text args;
};

struct efi_boot {
	u32 nr_banks, nr_modules;
	struct dt_range bank[DT_MAX_BANKS];	/* in ascending order */
	struct efi_text options;
	struct efi_module module[EFI_CONFIG_MODULES];
};

/** Add usable memory to @b's banks; calls in ascending order. False: too many banks. */
bool efi_add_memory(struct efi_boot *b, u64 start, u64 bytes);
/**
 * Write the tree at @w, which is begun: @t, the banks, and the modules; without modules, /chosen
 * stays as the boot loader made it. No table of pointers: it runs at another address than it is
 * linked for.
 */
void dt_write_efi(struct fdt_writer *w, const struct fdt *t, const struct efi_boot *b);

#endif
