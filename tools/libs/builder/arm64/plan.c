/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where everything lies in a guest's memory on ARM. Pure: no hypercalls.
 *
 *   0x39000000     pages of the console and the xenstore ring
 *   0x40000000     RAM, up to 3 GiB: the kernel, the ramdisk after it, the device tree
 *   0x200000000    RAM that did not fit below
 */
#include <assert.h>

#include <xen/fdt_partial.h>

#include "layout.h"

/* A tree must not cross a multiple of 2 MiB (Linux, Documentation/arm64/booting.rst). */
#define TREE_ALIGN (2UL << 20)

static int place_tree(struct bld_plan *p, uint64_t from, uint64_t end, struct bld_error *err)
{
	uint64_t at = bld_round_up(from, TREE_ALIGN);

	if (at > end || TREE_BYTES > end - at)
		return bld_fail(err, -ENOMEM, "no room for the device tree: give the guest more "
				"memory");
	p->info = calloc(1, TREE_BYTES);
	if (!p->info)
		return bld_fail(err, -ENOMEM, "no memory");
	bld_add_piece(p, at, p->info, TREE_BYTES, 0, "device tree");
	p->start_info = at;
	return 0;
}

static int check_device_tree(const struct bld_config *c, struct bld_error *err)
{
	struct fdt t;
	enum fdt_error e;

	if (!c->device_tree)
		return 0;
	e = fdt_open(&t, c->device_tree, c->device_tree_bytes);
	if (e)
		return bld_fail(err, -EINVAL, "the device tree of its devices cannot be read: %s",
				fdt_error_text(e));
	if (!fdt_is_partial(&t))
		return bld_fail(err, -EINVAL, "the device tree of its devices has no node "
				"/passthrough");
	return 0;
}

int bld_plan_make(struct bld_plan *p, const struct bld_config *c, struct bld_error *err)
{
	uint64_t low = c->ram_bytes < RAM0_BYTES ? c->ram_bytes : RAM0_BYTES;
	uint64_t end = RAM0_BASE + low, used;
	int rc;

	memset(p, 0, sizeof(*p));
	rc = bld_check_config(c, RAM0_BYTES + RAM1_BYTES, err);
	if (!rc)
		rc = check_device_tree(c, err);
	if (rc)
		return rc;
	p->config = *c;
	bld_add_region(p, RINGS_BASE, 2 * PAGE_SIZE, 0);
	bld_add_region(p, RAM0_BASE, low, 0);
	if (c->ram_bytes > low)
		bld_add_region(p, RAM1_BASE, c->ram_bytes - low, 0);
	bld_add_piece(p, RINGS_BASE, NULL, 0, 2 * PAGE_SIZE, "rings");
	p->console = gpaddr_to_gfn(gpaddr_make(RINGS_BASE));
	p->store = gpaddr_to_gfn(gpaddr_make(RINGS_BASE + PAGE_SIZE));
	p->entry = RAM0_BASE + c->kernel->elf.entry;
	used = RAM0_BASE + c->kernel->elf.end;
	rc = bld_place_kernel(p, c->kernel, RAM0_BASE, end, err);
	if (!rc)
		rc = bld_place_ramdisk(p, c, used, end, &p->ramdisk_at, err);
	if (!rc && p->ramdisk_at)
		used = p->ramdisk_at + c->ramdisk_bytes;
	if (!rc)
		rc = place_tree(p, used, end, err);
	if (rc)
		bld_plan_free(p);
	return rc;
}

int bld_plan_complete(struct bld_plan *p, const struct bld_platform *platform,
		      struct bld_error *err)
{
	assert(p->info && p->start_info);
	if (platform->gic_version != 2 && platform->gic_version != 3)
		return bld_fail(err, -EOPNOTSUPP, "the hypervisor gave the guest an interrupt "
				"controller that is neither a GICv2 nor a GICv3");
	if (!bld_tree_write(p, platform))
		return bld_fail(err, -E2BIG, "the device tree has more than %u KiB",
				TREE_BYTES >> 10);
	return 0;
}
