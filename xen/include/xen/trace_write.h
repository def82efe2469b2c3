/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parts of the generated trace macros. Include <xen/trace.h> instead. */
#ifndef XEN_TRACE_WRITE_H
#define XEN_TRACE_WRITE_H

#include <xen/compiler.h>
#include <xen/hal/trace.h>

/** Evaluate @record only when event @id is to be recorded. */
#define TRACE_EVENT(id, record)                        \
	do {                                           \
		if (unlikely(hal_trace_site(id)))      \
			record;                        \
	} while (0)

/**
 * Append a record with that many words of payload to this CPU's ring, or count it as lost. @id as
 * in the catalogue. Any context, NMI included; takes no lock and does not wait.
 */
void trace_write0(u32 id);
void trace_write1(u32 id, u32 a);
void trace_write2(u32 id, u32 a, u32 b);
void trace_write3(u32 id, u32 a, u32 b, u32 c);
void trace_write4(u32 id, u32 a, u32 b, u32 c, u32 d);
void trace_write5(u32 id, u32 a, u32 b, u32 c, u32 d, u32 e);
void trace_write6(u32 id, u32 a, u32 b, u32 c, u32 d, u32 e, u32 f);
void trace_write7(u32 id, u32 a, u32 b, u32 c, u32 d, u32 e, u32 f, u32 g);

#endif
