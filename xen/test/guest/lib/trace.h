/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The trace buffers, for tests that run as the privileged domain. */
#ifndef GUEST_TRACE_H
#define GUEST_TRACE_H

#include "test.h"

#include <public/sysctl.h>
#include <public/trace.h>

/** XEN_SYSCTL_tbuf_op with an event mask and a size; the result is stored in *@out if given. */
long trace_op(u32 cmd, u32 mask, u32 size, struct xen_sysctl_tbuf_op *out);
/** Map frame @mfn of DOMID_XEN at guest frame @gfn; 0 or the hypervisor's error. */
long trace_map(u64 mfn, u64 gfn);
/** Map t_info and CPU 0's ring into a hole of the machine; the ring. Needs trace_op's set_size. */
struct t_buf *trace_ring(void);
/** Bytes of records that this ring holds. */
u32 trace_ring_bytes(void);

struct trace_record {
	u32 event, words, data[7];
	u64 stamp;
};
/** The next record of the ring, padding skipped; false when there is none. */
bool trace_next(struct t_buf *ring, struct trace_record *r);

#endif
