/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Controlling and reading the trace buffers. */
#include "trace.h"

#include "cpu.h"

/* Holes of the machine, whose memory ends far below. */
#define INFO_GFN 0x3e000UL
#define RING_GFN 0x3f000UL
#define RING_MAX_PAGES 256

static u32 ring_bytes;

long trace_op(u32 cmd, u32 mask, u32 size, struct xen_sysctl_tbuf_op *out)
{
	static struct xen_sysctl op;
	long rc;

	op = (struct xen_sysctl){ .cmd = XEN_SYSCTL_tbuf_op,
				  .interface_version = XEN_SYSCTL_INTERFACE_VERSION };
	op.u.tbuf_op.cmd = cmd;
	op.u.tbuf_op.evt_mask = mask;
	op.u.tbuf_op.size = size;
	rc = HC1(__HYPERVISOR_sysctl, &op);
	if (out)
		*out = op.u.tbuf_op;
	return rc;
}

long trace_map(u64 mfn, u64 gfn)
{
	static xen_ulong_t idx;
	static xen_pfn_t pfn;
	static int err;
	struct xen_add_to_physmap_batch b = { .domid = DOMID_SELF, .size = 1,
					      .space = XENMAPSPACE_gmfn_foreign };
	long rc;

	idx = mfn;
	pfn = gfn;
	b.u.foreign_domid = DOMID_XEN;
	set_xen_guest_handle(b.idxs, &idx);
	set_xen_guest_handle(b.gpfns, &pfn);
	set_xen_guest_handle(b.errs, &err);
	rc = memory_op(XENMEM_add_to_physmap_batch, &b);
	return rc ? rc : err;
}

struct t_buf *trace_ring(void)
{
	const struct t_info *info = (const struct t_info *)(INFO_GFN * PAGE_SIZE);
	struct xen_sysctl_tbuf_op got;
	const u32 *list;

	NEED(trace_op(XEN_SYSCTL_TBUFOP_get_info, 0, 0, &got) == 0, "get_info");
	for (u64 i = 0; i < got.size / PAGE_SIZE; i++)
		NEED(trace_map(got.buffer_mfn + i, INFO_GFN + i) == 0, "t_info %lu", i);
	NEED(info->tbuf_size && info->tbuf_size <= RING_MAX_PAGES, "%u pages", info->tbuf_size);
	list = (const u32 *)info + info->mfn_offset[0];
	for (u32 i = 0; i < info->tbuf_size; i++)
		NEED(trace_map(list[i], RING_GFN + i) == 0, "page %u of the ring", i);
	ring_bytes = (u32)(info->tbuf_size * PAGE_SIZE - sizeof(struct t_buf));
	return (struct t_buf *)(RING_GFN * PAGE_SIZE);
}

u32 trace_ring_bytes(void)
{
	return ring_bytes;
}

bool trace_next(struct t_buf *ring, struct trace_record *r)
{
	volatile struct t_buf *b = ring;

	while (b->cons != b->prod) {
		const u32 *p = (const u32 *)((u8 *)(ring + 1) + b->cons % ring_bytes);
		u32 at = TRC_HD_INCLUDES_CYCLE_COUNT(p[0]) ? 3 : 1;

		*r = (struct trace_record){ .event = TRC_HD_TO_EVENT(p[0]),
					    .words = TRC_HD_EXTRA(p[0]) };
		if (at == 3)
			memcpy(&r->stamp, p + 1, sizeof(r->stamp));
		memcpy(r->data, p + at, 4 * r->words);
		barrier();
		b->cons = (b->cons + 4 * (at + r->words)) % (2 * ring_bytes);
		if (r->event != TRC_TRACE_WRAP_BUFFER)
			return true;
	}
	return false;
}
