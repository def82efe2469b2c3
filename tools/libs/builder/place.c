/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of a plan that all architectures have: regions, pieces, the kernel and the ramdisk. */
#include <assert.h>

#include "private.h"

#define MIN_RAM (1UL << 20)
#define RAMDISK_ALIGN (2UL << 20)

uint64_t bld_round_up(uint64_t v, uint64_t align)
{
	return (v + align - 1) & ~(align - 1);
}

void bld_add_region(struct bld_plan *p, uint64_t start, uint64_t bytes, uint32_t type)
{
	assert(p->nr_regions < BLD_MAX_REGIONS && !(start % PAGE_SIZE));
	p->region[p->nr_regions++] = (struct bld_region){ gpaddr_make(start), bytes, type };
	p->pages += bytes >> PAGE_SHIFT;
}

void bld_add_piece(struct bld_plan *p, uint64_t at, const void *data, uint64_t bytes,
		   uint64_t zeros, const char *what)
{
	assert(p->nr_pieces < BLD_MAX_PIECES);
	p->piece[p->nr_pieces++] = (struct bld_piece){ gpaddr_make(at), data, bytes, zeros, what };
}

int bld_check_config(const struct bld_config *c, uint64_t max_ram, struct bld_error *err)
{
	if (!c->vcpus || c->vcpus > BLD_MAX_VCPUS)
		return bld_fail(err, -EINVAL, "%u vCPUs: a guest has 1 to %u", c->vcpus,
				BLD_MAX_VCPUS);
	if (c->ram_bytes < MIN_RAM || c->ram_bytes > max_ram || c->ram_bytes % PAGE_SIZE)
		return bld_fail(err, -EINVAL, "%lu bytes of memory: a guest has 1 MiB to %lu GiB",
				c->ram_bytes, max_ram >> 30);
	if (c->cmdline && strlen(c->cmdline) >= BLD_MAX_CMDLINE)
		return bld_fail(err, -E2BIG, "the kernel's command line has %zu characters, more "
				"than %u", strlen(c->cmdline), BLD_MAX_CMDLINE - 1);
	return 0;
}

/* Segments lie apart (the parser checked), so it is enough that each lies below @end. */
int bld_place_kernel(struct bld_plan *p, const struct bld_kernel *k, uint64_t base, uint64_t end,
		     struct bld_error *err)
{
	if (k->elf.end > end - base)
		return bld_fail(err, -ENOMEM, "the kernel needs memory up to %lu MiB, and the "
				"guest's ends at %lu MiB: give it more",
				bld_round_up(k->elf.end, 1UL << 20) >> 20, (end - base) >> 20);
	for (uint32_t i = 0; i < k->elf.nr_segments; i++) {
		const struct elf_segment *s = &k->elf.segment[i];

		bld_add_piece(p, base + s->paddr, k->image + s->offset, s->filesz,
			      s->memsz - s->filesz, "kernel");
	}
	return 0;
}

int bld_place_ramdisk(struct bld_plan *p, const struct bld_config *c, uint64_t from, uint64_t end,
		      uint64_t *at, struct bld_error *err)
{
	*at = 0;
	if (!c->ramdisk_bytes)
		return 0;
	from = bld_round_up(from, RAMDISK_ALIGN);
	if (from > end || c->ramdisk_bytes > end - from)
		return bld_fail(err, -ENOMEM, "a ramdisk of %zu MiB does not fit after the kernel: "
				"give the guest more memory", c->ramdisk_bytes >> 20);
	bld_add_piece(p, from, c->ramdisk, c->ramdisk_bytes, 0, "ramdisk");
	*at = from;
	return 0;
}

void bld_plan_free(struct bld_plan *p)
{
	free(p->info);
	free(p->tables);
	p->info = p->tables = NULL;
}
