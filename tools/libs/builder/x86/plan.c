/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where everything lies in a PVH guest's memory. Pure: no hypercalls.
 *
 *   0              RAM, with the kernel where it asks to be, the ramdisk after it, start info
 *   0xf0000000     windows of PCI devices, if it has some
 *   0xfc000000     ACPI tables
 *   0xfeffe000     pages of the xenstore and the console ring
 *   0x100000000    RAM that did not fit below BLD_LOW_RAM_END
 */
#include <assert.h>

#include "builder/private.h"

#include <public/arch-x86/hvm/start_info.h>

#define ACPI_BASE 0xfc000000UL
#define STORE_PAGE 0xfeffe000UL
#define CONSOLE_PAGE 0xfefff000UL
#define HIGH_RAM_START (1UL << 32)
#define MAX_RAM (1UL << 44)

/* Everything the start info points at, in one piece. */
struct boot_info {
	struct hvm_start_info info;
	struct hvm_modlist_entry module;
	struct hvm_memmap_table_entry map[BLD_MAX_REGIONS];
	char cmdline[BLD_MAX_CMDLINE];
};

static void fill_info(struct boot_info *b, const struct bld_plan *p, const struct bld_config *c,
		      uint64_t at, uint64_t ramdisk)
{
	b->info.magic = XEN_HVM_START_MAGIC_VALUE;
	b->info.version = 1;
	b->info.rsdp_paddr = ACPI_BASE;
	b->info.memmap_paddr = at + offsetof(struct boot_info, map);
	b->info.memmap_entries = p->nr_regions;
	if (ramdisk) {
		b->info.nr_modules = 1;
		b->info.modlist_paddr = at + offsetof(struct boot_info, module);
		b->module.paddr = ramdisk;
		b->module.size = c->ramdisk_bytes;
	}
	if (c->cmdline) {
		b->info.cmdline_paddr = at + offsetof(struct boot_info, cmdline);
		memcpy(b->cmdline, c->cmdline, strlen(c->cmdline));
	}
	for (uint32_t i = 0; i < p->nr_regions; i++)
		b->map[i] = (struct hvm_memmap_table_entry){ .addr = p->region[i].start.v,
							     .size = p->region[i].bytes,
							     .type = p->region[i].type };
}

static int place_info(struct bld_plan *p, const struct bld_config *c, uint64_t low,
		      struct bld_error *err)
{
	uint64_t at = bld_round_up(c->kernel->elf.end, PAGE_SIZE), ramdisk = 0;
	int rc = bld_place_ramdisk(p, c, at, low, &ramdisk, err);

	if (rc)
		return rc;
	if (ramdisk)
		at = bld_round_up(ramdisk + c->ramdisk_bytes, PAGE_SIZE);
	if (at > low || sizeof(struct boot_info) > low - at)
		return bld_fail(err, -ENOMEM, "no room for the start info: give the guest "
				"more memory");
	p->info = calloc(1, sizeof(struct boot_info));
	if (!p->info)
		return bld_fail(err, -ENOMEM, "no memory");
	/* Kernel, ramdisk and start info follow each other, below the end of low RAM. */
	assert(at % PAGE_SIZE == 0 && at >= c->kernel->elf.end && at >= ramdisk + c->ramdisk_bytes);
	fill_info((struct boot_info *)p->info, p, c, at, ramdisk);
	bld_add_piece(p, at, p->info, sizeof(struct boot_info), 0, "start info");
	p->start_info = at;
	return 0;
}

int bld_plan_make(struct bld_plan *p, const struct bld_config *c, struct bld_error *err)
{
	uint64_t low = c->ram_bytes < BLD_LOW_RAM_END ? c->ram_bytes : BLD_LOW_RAM_END;
	size_t acpi;
	int rc;

	memset(p, 0, sizeof(*p));
	rc = bld_check_config(c, MAX_RAM, err);
	if (rc)
		return rc;
	acpi = bld_acpi(ACPI_BASE, c->vcpus, c->pci, &p->tables);
	if (!acpi)
		return bld_fail(err, -ENOMEM, "no memory");
	bld_add_region(p, 0, low, XEN_HVM_MEMMAP_TYPE_RAM);
	bld_add_region(p, ACPI_BASE, acpi, XEN_HVM_MEMMAP_TYPE_ACPI);
	bld_add_region(p, STORE_PAGE, 2 * PAGE_SIZE, XEN_HVM_MEMMAP_TYPE_RESERVED);
	if (c->ram_bytes > low)
		bld_add_region(p, HIGH_RAM_START, c->ram_bytes - low, XEN_HVM_MEMMAP_TYPE_RAM);
	bld_add_piece(p, ACPI_BASE, p->tables, acpi, 0, "ACPI tables");
	bld_add_piece(p, STORE_PAGE, NULL, 0, 2 * PAGE_SIZE, "rings");
	p->store = gpaddr_to_gfn(gpaddr_make(STORE_PAGE));
	p->console = gpaddr_to_gfn(gpaddr_make(CONSOLE_PAGE));
	p->entry = c->kernel->elf.phys32_entry;
	rc = bld_place_kernel(p, c->kernel, 0, low, err);
	if (!rc)
		rc = place_info(p, c, low, err);
	assert(p->nr_regions <= BLD_MAX_REGIONS && p->nr_pieces <= BLD_MAX_PIECES);
	if (rc)
		bld_plan_free(p);
	return rc;
}

int bld_plan_complete(struct bld_plan *p, const struct bld_platform *platform,
		      struct bld_error *err)
{
	return 0;
}
