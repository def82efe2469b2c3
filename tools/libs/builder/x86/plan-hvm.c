/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where everything lies in an HVM guest's memory when it starts. Pure: no hypercalls.
 *
 *   0              RAM, with a page for what the loader is told about the machine
 *   0xa0000        nothing: the video memory of a VGA card, up to 0xc0000
 *   0xc0000        RAM: the loader where it asks to be, the firmware after it, start info
 *   4 GiB - hole   devices, which the loader places
 *   0xfeff0000     pages of ioreq servers, and the special pages
 *   0x100000000    RAM that did not fit below the hole
 */
#include <assert.h>

#include "builder/private.h"

#include <public/arch-x86/hvm/start_info.h>
#include <public/hvm/hvm_info_table.h>

#define VGA_START 0xa0000UL
#define VGA_END 0xc0000UL
#define HIGH_RAM_START (1UL << 32)
#define MAX_RAM (1UL << 44)
#define LOADER_RAM 0x100000UL	/* the map begins here: the loader describes what is below */
/* Frames that a toolstack sets aside below 0xff000000, and what each is for. */
#define SPECIAL_END 0xff000UL
#define NR_SPECIAL 8
enum special_page { SPECIAL_BUFIOREQ = 3, SPECIAL_STORE, SPECIAL_IOREQ, SPECIAL_IDENT_PT,
	       SPECIAL_CONSOLE };
#define SPECIAL_FIRST (SPECIAL_END - NR_SPECIAL)
#define SERVERS_FIRST (SPECIAL_FIRST - BLD_SERVER_PAGES)
/* A page directory that maps 4 GiB one to one by 4 MiB pages, for processors that cannot run a
 * guest without paging. */
#define IDENT_ENTRIES 1024
#define PDE_IDENT 0xe7U		/* present, writable, user, accessed, dirty, 4 MiB */
#define FIRMWARE_NAME "firmware"	/* the module that the loader looks for */

struct boot_info {
	struct hvm_start_info info;
	struct hvm_modlist_entry firmware;
	char name[sizeof(FIRMWARE_NAME)];
};

/* What this file makes: pieces point into it. */
struct special {
	struct hvm_info_table machine;
	uint32_t ident[IDENT_ENTRIES];
};

static gfn_t special_gfn(enum special_page s)
{
	return gfn_make(SPECIAL_FIRST + s);
}

static int check_config(const struct bld_hvm_config *c, struct bld_error *err)
{
	const struct bld_config common = { .vcpus = c->vcpus, .ram_bytes = c->ram_bytes };
	int rc = bld_check_config(&common, MAX_RAM, err);

	if (rc)
		return rc;
	if (c->hole_bytes < BLD_MIN_HOLE || c->hole_bytes > BLD_MAX_HOLE ||
	    c->hole_bytes % PAGE_SIZE)
		return bld_fail(err, -EINVAL, "a hole of %lu bytes for devices: it has %lu to %lu "
				"MiB", c->hole_bytes, BLD_MIN_HOLE >> 20, BLD_MAX_HOLE >> 20);
	if (!c->firmware_bytes)
		return bld_fail(err, -EINVAL, "the firmware is empty");
	return 0;
}

static void add_map(struct bld_plan *p, uint64_t start, uint64_t bytes)
{
	p->map[p->nr_map++] = (struct bld_region){ gpaddr_make(start), bytes,
						   XEN_HVM_MEMMAP_TYPE_RAM };
}

static void add_memory(struct bld_plan *p, uint64_t low, uint64_t high)
{
	bld_add_region(p, 0, VGA_START, XEN_HVM_MEMMAP_TYPE_RAM);
	bld_add_region(p, VGA_END, low - VGA_END, XEN_HVM_MEMMAP_TYPE_RAM);
	bld_add_region(p, SERVERS_FIRST << PAGE_SHIFT,
		       (SPECIAL_END - SERVERS_FIRST) << PAGE_SHIFT, XEN_HVM_MEMMAP_TYPE_RESERVED);
	add_map(p, LOADER_RAM, low - LOADER_RAM);
	if (high) {
		bld_add_region(p, HIGH_RAM_START, high, XEN_HVM_MEMMAP_TYPE_RAM);
		add_map(p, HIGH_RAM_START, high);
	}
	bld_add_piece(p, SERVERS_FIRST << PAGE_SHIFT, NULL, 0,
		      (SPECIAL_FIRST + SPECIAL_IDENT_PT - SERVERS_FIRST) << PAGE_SHIFT, "rings");
	bld_add_piece(p, (SPECIAL_FIRST + SPECIAL_CONSOLE) << PAGE_SHIFT, NULL, 0, PAGE_SIZE,
		      "console");
	p->store = special_gfn(SPECIAL_STORE);
	p->console = special_gfn(SPECIAL_CONSOLE);
	p->ioreq = special_gfn(SPECIAL_IOREQ);
	p->bufioreq = special_gfn(SPECIAL_BUFIOREQ);
	p->ident_pt = special_gfn(SPECIAL_IDENT_PT);
	p->server_pages = gfn_make(SERVERS_FIRST);
}

static int place_firmware(struct bld_plan *p, const struct bld_hvm_config *c, uint64_t low,
			  struct bld_error *err)
{
	uint64_t at = bld_round_up(c->loader->elf.end, PAGE_SIZE), info;
	struct boot_info *b;

	if (at > low || c->firmware_bytes > low - at ||
	    low - at - c->firmware_bytes < 2 * PAGE_SIZE)
		return bld_fail(err, -ENOMEM, "firmware of %zu KiB does not fit after the loader: "
				"give the guest more memory", c->firmware_bytes >> 10);
	bld_add_piece(p, at, c->firmware, c->firmware_bytes, 0, "firmware");
	info = bld_round_up(at + c->firmware_bytes, PAGE_SIZE);
	b = calloc(1, sizeof(*b));
	if (!b)
		return bld_fail(err, -ENOMEM, "no memory");
	b->info.magic = XEN_HVM_START_MAGIC_VALUE;
	b->info.version = 1;
	b->info.nr_modules = 1;
	b->info.modlist_paddr = info + offsetof(struct boot_info, firmware);
	b->firmware.paddr = at;
	b->firmware.size = c->firmware_bytes;
	b->firmware.cmdline_paddr = info + offsetof(struct boot_info, name);
	memcpy(b->name, FIRMWARE_NAME, sizeof(FIRMWARE_NAME));
	p->info = (uint8_t *)b;
	bld_add_piece(p, info, b, sizeof(*b), 0, "start info");
	p->start_info = info;
	return 0;
}

/* The loader checks that the bytes add up to 0. */
static void fill_machine(struct hvm_info_table *m, const struct bld_hvm_config *c, uint64_t low,
			 uint64_t high)
{
	uint8_t sum = 0;

	memcpy(m->signature, "HVM INFO", sizeof(m->signature));
	m->length = sizeof(*m);
	m->apic_mode = c->apic;
	m->nr_vcpus = c->vcpus;
	m->low_mem_pgend = (uint32_t)(low >> PAGE_SHIFT);
	m->high_mem_pgend = high ? (uint32_t)((HIGH_RAM_START + high) >> PAGE_SHIFT) : 0;
	m->reserved_mem_pgstart = SERVERS_FIRST;
	memcpy(m->vcpu_online, c->online, sizeof(c->online) < sizeof(m->vcpu_online) ?
	       sizeof(c->online) : sizeof(m->vcpu_online));
	for (size_t i = 0; i < sizeof(*m); i++)
		sum = (uint8_t)(sum + ((const uint8_t *)m)[i]);
	m->checksum = (uint8_t)-sum;
}

static int add_special(struct bld_plan *p, const struct bld_hvm_config *c, uint64_t low,
		       uint64_t high, struct bld_error *err)
{
	struct special *s = calloc(1, sizeof(*s));

	if (!s)
		return bld_fail(err, -ENOMEM, "no memory");
	p->tables = (uint8_t *)s;
	fill_machine(&s->machine, c, low, high);
	for (uint32_t i = 0; i < IDENT_ENTRIES; i++)
		s->ident[i] = i << 22 | PDE_IDENT;
	bld_add_piece(p, HVM_INFO_PADDR, &s->machine, sizeof(s->machine), 0,
		      "machine description");
	bld_add_piece(p, p->ident_pt.v << PAGE_SHIFT, s->ident, sizeof(s->ident), 0,
		      "identity map");
	return 0;
}

int bld_plan_make_hvm(struct bld_plan *p, const struct bld_hvm_config *c, struct bld_error *err)
{
	uint64_t low = c->ram_bytes, high;
	int rc;

	memset(p, 0, sizeof(*p));
	rc = check_config(c, err);
	if (rc)
		return rc;
	if (low > HIGH_RAM_START - c->hole_bytes)
		low = HIGH_RAM_START - c->hole_bytes;
	high = c->ram_bytes - low;
	if (c->loader->elf.start < LOADER_RAM || low <= LOADER_RAM)
		return bld_fail(err, -EINVAL, "the loader begins below 1 MiB, or the guest's "
				"memory ends there: give it more");
	p->hvm = true;
	add_memory(p, low, high);
	p->entry = c->loader->elf.phys32_entry;
	rc = bld_place_kernel(p, c->loader, 0, low, err);
	if (!rc)
		rc = place_firmware(p, c, low, err);
	if (!rc)
		rc = add_special(p, c, low, high, err);
	assert(p->nr_regions <= BLD_MAX_REGIONS && p->nr_map <= p->nr_regions);
	if (rc)
		bld_plan_free(p);
	return rc;
}
