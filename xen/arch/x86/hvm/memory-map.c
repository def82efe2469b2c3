/* SPDX-License-Identifier: GPL-2.0-or-later */
/* XENMEM_memory_map and related calls: the memory map of a guest or of the machine. */
#include <xen/assert.h>
#include <xen/errno.h>
#include <xen/guest_access.h>
#include <xen/hal/vcpu.h>
#include <xen/xmalloc.h>

#include <asm/setup.h>

#include "private.h"

#include <public/memory.h>
#include <public/hvm/e820.h>

/* An entry of the ABI: 20 bytes, in the layout of the BIOS call E820. */
struct e820_entry {
	u64 addr, size;
	u32 type;
} __packed;

static int give_entry(struct vcpu *v, const struct xen_memory_map *map, u32 i, u64 start, u64 size,
		      u32 type)
{
	struct e820_entry e = { start, size, type };

	return guest_copy_out(v, guest_ptr_add(guest_handle_ptr(map->buffer), i * sizeof(e)), &e,
			      sizeof(e));
}

static long give_own(struct vcpu *v, guest_ptr_t arg, struct xen_memory_map *map)
{
	const struct guest_map *m = &to_xd(v->domain)->map;
	u32 n = min(map->nr_entries, m->nr);

	ASSERT(m->nr <= GUEST_MAP_MAX);
	for (u32 i = 0; i < n; i++)
		if (give_entry(v, map, i, m->region[i].start, m->region[i].size, m->region[i].type))
			return -XEN_EFAULT;
	map->nr_entries = n;
	return guest_copy_out(v, arg, map, sizeof(*map)) ? -XEN_EFAULT : 0;
}

static long give_machine(struct vcpu *v, guest_ptr_t arg, struct xen_memory_map *map)
{
	u32 n = min(map->nr_entries, boot_info.nr_regions);

	if (!v->domain->is_privileged)
		return -XEN_EPERM;
	for (u32 i = 0; i < n; i++) {
		const struct boot_region *r = &boot_info.regions[i];

		if (give_entry(v, map, i, r->start, r->size, r->type))
			return -XEN_EFAULT;
	}
	map->nr_entries = n;
	return guest_copy_out(v, arg, map, sizeof(*map)) ? -XEN_EFAULT : 0;
}

static int read_map(struct vcpu *v, const struct xen_memory_map *map, struct guest_map *m)
{
	for (m->nr = 0; m->nr < map->nr_entries; m->nr++) {
		guest_ptr_t at = guest_ptr_add(guest_handle_ptr(map->buffer),
					       m->nr * sizeof(struct e820_entry));
		struct e820_entry e;

		if (guest_copy_in(v, &e, at, sizeof(e)))
			return -XEN_EFAULT;
		m->region[m->nr] = (struct guest_region){ e.addr, e.size, e.type };
	}
	return 0;
}

static int commit_map(struct domain *d, const struct guest_map *m)
{
	int rc = 0;

	ASSERT(m->nr <= GUEST_MAP_MAX);
	spin_lock(&d->lock);
	if (d->creation_finished)
		rc = -XEN_EPERM;
	else
		to_xd(d)->map = *m;
	spin_unlock(&d->lock);
	return rc;
}

static long set_map(struct vcpu *v, guest_ptr_t arg)
{
	struct xen_foreign_memory_map fmap;
	struct guest_map *m;
	struct domain *d;
	long rc;

	if (guest_copy_in(v, &fmap, arg, sizeof(fmap)))
		return -XEN_EFAULT;
	if (!v->domain->is_privileged)
		return -XEN_EPERM;
	if (fmap.map.nr_entries > GUEST_MAP_MAX)
		return -XEN_E2BIG;
	d = domain_get_by_id(fmap.domid);
	if (!d)
		return -XEN_ESRCH;
	m = xzalloc(struct guest_map);
	rc = m ? read_map(v, &fmap.map, m) : -XEN_ENOMEM;
	if (!rc)
		rc = commit_map(d, m);
	xfree(m);
	domain_put(d);
	return rc;
}

long hal_memory_map_op(struct vcpu *v, u32 cmd, guest_ptr_t arg)
{
	struct xen_memory_map map;

	if (cmd == XENMEM_set_memory_map)
		return set_map(v, arg);
	if (guest_copy_in(v, &map, arg, sizeof(map)))
		return -XEN_EFAULT;
	return cmd == XENMEM_memory_map ? give_own(v, arg, &map) : give_machine(v, arg, &map);
}
