/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Trace buffers: a ring of records for each CPU, in the layout of Xen's public/trace.h.
 *
 * Code records an event by trace_<name>(...), a macro made from traces/catalogue.toml; its
 * arguments are not evaluated while the event is off. docs/trace.md says how buffers are found and
 * read, docs/trace-events.md lists the events.
 */
#ifndef XEN_TRACE_H
#define XEN_TRACE_H

#include <xen/cpumask.h>
#include <xen/percpu.h>
#include <xen/trace_write.h>
#include <generated/trace_events.h>

/** Domain and vCPU current on a CPU, as lost-record entries tell them: domain | vCPU << 16. */
DECLARE_PER_CPU(u32, trace_context);

static inline void trace_set_context(u16 domid, u32 vcpu)
{
	this_cpu(trace_context) = domid | vcpu << 16;
}

/** Make rings and switch tracing on as the command line says. Boot, after all CPUs are up. */
void trace_init(void);

/*
 * Control. One caller at a time (the sysctl lock), in the context of hal_trace_update().
 */

/**
 * Give each CPU a ring of @pages pages, rounded up to a power of two; once. 0 also when they have
 * that size already; -XEN_EINVAL: another size, 0, or more than the ABI can describe;
 * -XEN_ENOMEM.
 */
int trace_set_size(u32 pages);
/** Pages that the rings of all CPUs take together. */
u64 trace_ring_pages(void);
/** Start recording the events in the masks, all at once; -XEN_EINVAL without rings. */
int trace_enable(void);
/** Stop recording, all events at once. */
void trace_disable(void);
/** Classes and sub-classes to record, as in public/trace.h (TRC_ALL: everything). */
void trace_set_event_mask(u32 mask);
u32 trace_event_mask(void);
void trace_set_cpu_mask(const cpumask_t *mask);

/** The frame of t_info and its size in bytes; 0 without rings. */
mfn_t trace_info_mfn(void);
u32 trace_info_bytes(void);
/** Call @fn for each page of t_info and of the rings. */
void trace_for_each_page(void (*fn)(mfn_t mfn));
/** Have @fn called, in a softirq on the CPU concerned, whenever a ring becomes half full. */
void trace_set_notifier(void (*fn)(void));

/** Records that @cpu has dropped for lack of room since its ring was made. */
u64 trace_lost(u32 cpu);

/** Print the last records of every CPU and stop recording. For use before the machine stops. */
void trace_dump(void);

#endif
