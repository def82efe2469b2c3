/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a device model does to the other domain (other.h): dm_op and the pages of its ioreq servers.
 * Functions give the hypervisor's result.
 */
#ifndef GUEST_DM_H
#define GUEST_DM_H

#include "other.h"

#include <public/hvm/dm_op.h>
#include <public/hvm/hvm_op.h>
#include <public/hvm/ioreq.h>

/** XEN_DMOP_@nr with its structure in @op, which results come back in. */
long dm_op(u32 nr, struct xen_dm_op *op);
/** Make a server; @buffered is HVM_IOREQSRV_BUFIOREQ_*. */
long dm_create(u8 buffered, u16 *server);
long dm_destroy(u16 server);
long dm_enable(u16 server, bool on);
/** Claim a range of kind @type, XEN_DMOP_IO_RANGE_*. */
long dm_claim(u16 server, u32 type, u64 first, u64 last);
/** Map the ring of buffered requests at frame @gfn and the page of requests at the next one. */
long dm_map(u16 server, u64 gfn);
/** Take such a pair of frames away again. */
void dm_unmap(u64 gfn);

static inline volatile struct buffered_iopage *dm_ring(u64 gfn)
{
	return (volatile struct buffered_iopage *)(gfn * PAGE_SIZE);
}

/** The place of vCPU 0's requests. */
static inline volatile struct ioreq *dm_request(u64 gfn)
{
	return (volatile struct ioreq *)((gfn + 1) * PAGE_SIZE);
}

#endif
