/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See dm.h. */
#include "dm.h"

#include <public/memory.h>

#define PAGES 2

long dm_op(u32 nr, struct xen_dm_op *op)
{
	struct xen_dm_op_buf buf = { .size = sizeof(*op) };

	op->op = nr;
	set_xen_guest_handle(buf.h, (void *)op);
	return HC3(__HYPERVISOR_dm_op, other_domid, 1, &buf);
}

long dm_create(u8 buffered, u16 *server)
{
	struct xen_dm_op op = { .u.create_ioreq_server.handle_bufioreq = buffered };
	long rc = dm_op(XEN_DMOP_create_ioreq_server, &op);

	*server = op.u.create_ioreq_server.id;
	return rc;
}

long dm_destroy(u16 server)
{
	struct xen_dm_op op = { .u.destroy_ioreq_server.id = server };

	return dm_op(XEN_DMOP_destroy_ioreq_server, &op);
}

long dm_enable(u16 server, bool on)
{
	struct xen_dm_op op = { .u.set_ioreq_server_state = { .id = server, .enabled = on } };

	return dm_op(XEN_DMOP_set_ioreq_server_state, &op);
}

long dm_claim(u16 server, u32 type, u64 first, u64 last)
{
	struct xen_dm_op op = { .u.map_io_range_to_ioreq_server = {
		.id = server, .type = type, .start = first, .end = last } };

	return dm_op(XEN_DMOP_map_io_range_to_ioreq_server, &op);
}

long dm_map(u16 server, u64 gfn)
{
	xen_pfn_t gfns[PAGES] = { gfn, gfn + 1 };
	struct xen_mem_acquire_resource r = {
		.domid = other_domid, .type = XENMEM_resource_ioreq_server, .id = server,
		.nr_frames = PAGES };

	set_xen_guest_handle(r.frame_list, gfns);
	return memory_op(XENMEM_acquire_resource, &r);
}

void dm_unmap(u64 gfn)
{
	for (u32 i = 0; i < PAGES; i++) {
		struct xen_remove_from_physmap r = { .domid = DOMID_SELF, .gpfn = gfn + i };

		CHECK_EQ(memory_op(XENMEM_remove_from_physmap, &r), 0);
	}
}
