/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where everything lies in a PVH guest's memory. Pure: no hypercalls.
 *
 *   0              RAM, with the kernel where it asks to be, the ramdisk after it, start info
 *   0xfc000000     ACPI tables
 *   0xfeffe000     pages of the xenstore and the console ring
 *   0x100000000    RAM that did not fit below BLD_LOW_RAM_END
 */
#include <assert.h>

#include "private.h"

#include <public/arch-x86/hvm/start_info.h>

#define ACPI_BASE 0xfc000000UL
#define STORE_PAGE 0xfeffe000UL
#define CONSOLE_PAGE 0xfefff000UL
#define RAMDISK_ALIGN (2UL << 20)
#define MIN_RAM (1UL << 20)

/* Everything the start info points at, in one piece. */
struct boot_info {
	struct hvm_start_info info;
	struct hvm_modlist_entry module;
	struct hvm_memmap_table_entry map[BLD_MAX_REGIONS];
	char cmdline[BLD_MAX_CMDLINE];
};

static uint64_t round_up(uint64_t v, uint64_t align)
{
	return (v + align - 1) & ~(align - 1);
}

static void add_region(struct bld_plan *p, uint64_t start, uint64_t bytes, uint32_t type)
{
	p->region[p->nr_regions++] = (struct bld_region){ gpaddr_make(start), bytes, type };
	p->pages += bytes >> PAGE_SHIFT;
}

static void add_piece(struct bld_plan *p, uint64_t at, const void *data, uint64_t bytes,
		      uint64_t zeros, const char *what)
{
	p->piece[p->nr_pieces++] = (struct bld_piece){ gpaddr_make(at), data, bytes, zeros, what };
}

static int check_config(const struct bld_config *c, struct bld_error *err)
{
	if (!c->vcpus || c->vcpus > BLD_MAX_VCPUS)
		return bld_fail(err, -EINVAL, "%u vCPUs: a guest has 1 to %u", c->vcpus,
				BLD_MAX_VCPUS);
	if (c->ram_bytes < MIN_RAM || c->ram_bytes > BLD_MAX_RAM || c->ram_bytes % PAGE_SIZE)
		return bld_fail(err, -EINVAL, "%lu bytes of memory: a guest has 1 MiB to 16 TiB",
				c->ram_bytes);
	if (c->cmdline && strlen(c->cmdline) >= BLD_MAX_CMDLINE)
		return bld_fail(err, -E2BIG, "the kernel's command line has %zu characters, more "
				"than %u", strlen(c->cmdline), BLD_MAX_CMDLINE - 1);
	return 0;
}

/* Segments lie apart (the parser checked), so it is enough that each lies in low memory. */
static int place_kernel(struct bld_plan *p, const struct bld_kernel *k, uint64_t low,
			struct bld_error *err)
{
	if (k->elf.end > low)
		return bld_fail(err, -ENOMEM, "the kernel needs memory up to %lu MiB, and the "
				"guest's ends at %lu MiB: give it more",
				round_up(k->elf.end, 1UL << 20) >> 20, low >> 20);
	for (uint32_t i = 0; i < k->elf.nr_segments; i++) {
		const struct elf_segment *s = &k->elf.segment[i];

		add_piece(p, s->paddr, k->image + s->offset, s->filesz, s->memsz - s->filesz,
			  "kernel");
	}
	p->entry = (uint32_t)k->elf.phys32_entry;
	return 0;
}

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
	uint64_t at = round_up(c->kernel->elf.end, PAGE_SIZE), ramdisk = 0;

	if (c->ramdisk_bytes) {
		ramdisk = round_up(at, RAMDISK_ALIGN);
		if (ramdisk > low || c->ramdisk_bytes > low - ramdisk)
			return bld_fail(err, -ENOMEM, "a ramdisk of %zu MiB does not fit after "
					"the kernel: give the guest more memory",
					c->ramdisk_bytes >> 20);
		add_piece(p, ramdisk, c->ramdisk, c->ramdisk_bytes, 0, "ramdisk");
		at = round_up(ramdisk + c->ramdisk_bytes, PAGE_SIZE);
	}
	if (at > low || sizeof(struct boot_info) > low - at)
		return bld_fail(err, -ENOMEM, "no room for the start info: give the guest "
				"more memory");
	p->info = calloc(1, sizeof(struct boot_info));
	if (!p->info)
		return bld_fail(err, -ENOMEM, "no memory");
	/* Kernel, ramdisk and start info follow each other, below the end of low RAM. */
	assert(at % PAGE_SIZE == 0 && at >= c->kernel->elf.end && at >= ramdisk + c->ramdisk_bytes);
	fill_info((struct boot_info *)p->info, p, c, at, ramdisk);
	add_piece(p, at, p->info, sizeof(struct boot_info), 0, "start info");
	p->start_info = (uint32_t)at;
	return 0;
}

int bld_plan_make(struct bld_plan *p, const struct bld_config *c, struct bld_error *err)
{
	uint64_t low = c->ram_bytes < BLD_LOW_RAM_END ? c->ram_bytes : BLD_LOW_RAM_END;
	size_t acpi;
	int rc;

	memset(p, 0, sizeof(*p));
	rc = check_config(c, err);
	if (rc)
		return rc;
	acpi = bld_acpi(ACPI_BASE, c->vcpus, &p->acpi);
	if (!acpi)
		return bld_fail(err, -ENOMEM, "no memory");
	add_region(p, 0, low, XEN_HVM_MEMMAP_TYPE_RAM);
	add_region(p, ACPI_BASE, acpi, XEN_HVM_MEMMAP_TYPE_ACPI);
	add_region(p, STORE_PAGE, 2 * PAGE_SIZE, XEN_HVM_MEMMAP_TYPE_RESERVED);
	if (c->ram_bytes > low)
		add_region(p, BLD_HIGH_RAM_START, c->ram_bytes - low, XEN_HVM_MEMMAP_TYPE_RAM);
	add_piece(p, ACPI_BASE, p->acpi, acpi, 0, "ACPI tables");
	add_piece(p, STORE_PAGE, NULL, 0, 2 * PAGE_SIZE, "rings");
	p->store = gpaddr_to_gfn(gpaddr_make(STORE_PAGE));
	p->console = gpaddr_to_gfn(gpaddr_make(CONSOLE_PAGE));
	rc = place_kernel(p, c->kernel, low, err);
	if (!rc)
		rc = place_info(p, c, low, err);
	assert(p->nr_regions <= BLD_MAX_REGIONS && p->nr_pieces <= BLD_MAX_PIECES);
	if (rc)
		bld_plan_free(p);
	return rc;
}

void bld_plan_free(struct bld_plan *p)
{
	free(p->info);
	free(p->acpi);
	p->info = p->acpi = NULL;
}
