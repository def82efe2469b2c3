/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The domains that start at boot, and the boot loader's modules that they are made of. */
#ifndef XEN_BOOT_H
#define XEN_BOOT_H

#include <xen/types.h>

struct domain;

#define BOOT_MAX_MODULES 32
#define BOOT_MODULE_CMDLINE_MAX 1024

/** A file that the boot loader put into memory. */
struct boot_module {
	paddr_t start, end;	/* [start, end), in RAM */
	char cmdline[BOOT_MODULE_CMDLINE_MAX];
};

/** What the kernel of a new domain is told. Addresses are guest physical. */
struct boot_args {
	const char *cmdline;	/* NULL: none */
	u64 initrd, initrd_len;	/* length 0: none */
	u64 tables;		/* the firmware tables; 0: none */
	bool is_hardware, is_privileged;
};

/**
 * Build dom0 and the domains of the boot manifest from the modules, paused, and give the modules'
 * memory back. A mistake in the description of a domain costs that domain and a line; without any
 * domain the boot stops with a line. Boot, all CPUs online, domains_init() done.
 */
void boot_domains_build(void);
/** Let them run. All start together, so that none has the machine to itself for a while. Boot. */
void boot_domains_start(void);

/**
 * Give the hardware domain @d free RAM of the machine, [@start, @start + @size), at the same guest
 * physical address, and note it in its memory map. Page-aligned. 0, -XEN_EBUSY (a frame is not
 * free), -XEN_ENOMEM, or -XEN_E2BIG (the map is full). Boot.
 */
int boot_give_ram_1to1(struct domain *d, u64 start, u64 size);

#endif
