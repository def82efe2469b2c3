/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file beside the hypervisor that tells its EFI stub what to load, in the form that Xen's has:
 * sections with KEY=VALUE lines, of which [global]'s "default" names the one to use. Pure.
 */
#ifndef XEN_EFI_CONFIG_H
#define XEN_EFI_CONFIG_H

#include <xen/types.h>

/** A piece of the text; no NUL. */
struct efi_text {
	const char *at;
	u32 len;
};

#define EFI_CONFIG_MODULES 32

struct efi_config {
	struct efi_text options;	/* the hypervisor's command line */
	u32 nr_modules;
	/* In the order of the boot protocol: kernel, ramdisk, then those of "module" as they come.
	 * A file's name, and its arguments after a blank. */
	struct efi_text module[EFI_CONFIG_MODULES];
};

/**
 * Read the section of @text, @len bytes, that is to be used. Keys are options, kernel, ramdisk and
 * module; others are errors. NULL, or a phrase that says what is wrong, with *@where its line. May
 * be called before the image is mapped where it is linked for.
 */
const char *efi_config_read(const char *text, u32 len, struct efi_config *c, u32 *where);
/** Cut the first word off @t. */
struct efi_text efi_text_word(struct efi_text *t);

#endif
