/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Trace buffers: making the rings, choosing the events to record, and the dump in a panic.
 *
 * t_info, a few pages in the ABI's layout, tells readers in dom0 or outside the machine the frames
 * of each ring. Each ring is contiguous and never freed or moved, so writers need no lock. Events
 * are filtered at their sites: a site whose class is masked out is switched off, and all sites are
 * off while tracing is off. Writers themselves check only whether their CPU's ring is on.
 *
 * Sites change one by one while CPUs execute them. A trace must not begin or end with only some of
 * its events recorded, so rings accept records only after all sites were switched on, and stop
 * accepting them before the sites are switched off.
 */
#include <xen/console.h>
#include <xen/errno.h>
#include <xen/format.h>
#include <xen/hal/cpu.h>
#include <xen/hal/smp.h>
#include <xen/mm.h>
#include <xen/param.h>
#include <xen/printk.h>
#include <xen/softirq.h>
#include <xen/string.h>
#include <xen/trace.h>

#include "trace_ring.h"

#define DEFAULT_PAGES 32U
#define MAX_PAGES 0x8000U	/* t_info keeps the number in 16 bits */
#define DUMP_RECORDS 8U

/* [control]; the sites also read @enabled, through wanted() */
static struct t_info *info;
static u32 info_bytes, ring_pages, nr_rings;
static u32 event_mask = TRC_ALL;
static bool enabled, enable_at_boot;
static cpumask_t cpu_mask;
static void (*notifier)(void);

static u32 opt_pages;
PARAM_UINT_VAR("tbuf_size", tbuf_size, opt_pages);

static const char *const modes[] = { "stop", "wrap" };
static bool opt_wrap;			/* an index of @modes */
PARAM_WORD_VAR("tbuf_mode", tbuf_mode, opt_wrap, modes);

static const struct {
	const char *name;
	u32 mask;
} classes[] = {
	{ "all", TRC_ALL }, { "gen", TRC_GEN }, { "sched", TRC_SCHED }, { "dom0op", TRC_DOM0OP },
	{ "hvm", TRC_HVM }, { "mem", TRC_MEM }, { "hw", TRC_HW },
};

/* A number, or names of classes with commas between them. */
static const char *parse_trace(const char *v)
{
	const char *end;
	u32 mask = 0;
	u64 number = parse_u64(v, &end, 0);

	if (end != v && !*end && number <= TRC_ALL) {
		event_mask = (u32)number;
		enable_at_boot = true;
		return NULL;
	}
	while (*v) {
		size_t len = 0;
		u32 i = 0;

		while (v[len] && v[len] != ',')
			len++;
		while (i < ARRAY_SIZE(classes) && (strncmp(classes[i].name, v, len) ||
						   classes[i].name[len]))
			i++;
		if (i == ARRAY_SIZE(classes))
			return "neither an event mask nor a list of all, gen, sched, dom0op, "
			       "hvm, mem, hw";
		mask |= classes[i].mask;
		v += len + (v[len] == ',');
	}
	if (!mask)
		return "neither an event mask nor a list of all, gen, sched, dom0op, "
			       "hvm, mem, hw";
	event_mask = mask;
	enable_at_boot = true;
	return NULL;
}
PARAM_CUSTOM_FN("trace", trace, parse_trace);

/* The class bits above bit 16 and the sub-class bits above bit 12 must both meet the mask. */
static bool wanted(u32 id)
{
	u32 both = event_mask & id;

	return enabled && both >> TRC_CLS_SHIFT && (both >> TRC_SUBCLS_SHIFT & 0xf);
}

/* With interrupts off, so that all CPUs begin or end as nearly at once as possible. */
static void switch_rings(void)
{
	u64 flags = hal_irq_save();

	for (u32 cpu = 0; cpu < nr_rings; cpu++)
		WRITE_ONCE(trace_rings[cpu].on, enabled && cpumask_test(&cpu_mask, cpu));
	hal_irq_restore(flags);
}

/* Words of t_info before the first list of frames. */
static u32 info_head_words(u32 cpus)
{
	return DIV_ROUND_UP((u32)sizeof(struct t_info) + cpus * (u32)sizeof(u16), 4U);
}

static u32 order_of(u64 pages)
{
	return pages <= 1 ? 0 : 64 - (u32)__builtin_clzl(pages - 1);
}

static int make_ring(u32 cpu, u32 order, u32 rings)
{
	struct trace_ring *r = &trace_rings[cpu];
	struct page_info *pg = alloc_pages(order, 0);
	u32 *list = (u32 *)info + info_head_words(rings) + (cpu << order);

	ASSERT(!r->on && list - (u32 *)info <= UINT16_MAX);
	if (!pg)
		return -XEN_ENOMEM;
	r->shared = page_to_virt(pg);
	r->data = (u8 *)(r->shared + 1);
	r->size = (u32)(PAGE_SIZE << order) - (u32)sizeof(*r->shared);
	r->wrap = opt_wrap;
	ASSERT(!(r->size & 3) && r->size < TRACE_LOSSY / 2);	/* positions leave the flag's bit */
	for (u32 i = 0; i < 1U << order; i++)
		list[i] = (u32)(page_to_mfn(pg).v + i);
	info->mfn_offset[cpu] = (u16)(list - (u32 *)info);
	return 0;
}

static void free_all(u32 rings, u32 order, u32 info_order)
{
	for (u32 cpu = 0; cpu < rings; cpu++) {
		free_pages(mfn_to_page(hal_virt_to_mfn(trace_rings[cpu].shared)), order);
		trace_rings[cpu].data = NULL;
	}
	free_pages(mfn_to_page(hal_virt_to_mfn(info)), info_order);
	info = NULL;
}

int trace_set_size(u32 pages)
{
	u32 order = order_of(pages), words = info_head_words(nr_cpu_ids), info_order;
	struct page_info *pg;

	if (!pages || pages > MAX_PAGES)
		return -XEN_EINVAL;
	if (info)
		return 1U << order == ring_pages ? 0 : -XEN_EINVAL;
	/* The offset of the last list has to fit into its 16 bits. */
	if (words + ((u64)(nr_cpu_ids - 1) << order) > UINT16_MAX)
		return -XEN_EINVAL;
	words += nr_cpu_ids << order;
	info_order = order_of(DIV_ROUND_UP(words * 4UL, PAGE_SIZE));
	pg = alloc_pages(info_order, 0);
	if (!pg)
		return -XEN_ENOMEM;
	info = page_to_virt(pg);
	for (u32 cpu = 0; cpu < nr_cpu_ids; cpu++)
		if (make_ring(cpu, order, nr_cpu_ids)) {
			free_all(cpu, order, info_order);
			return -XEN_ENOMEM;
		}
	info->tbuf_size = (u16)(1U << order);
	info_bytes = (u32)(PAGE_SIZE << info_order);
	ring_pages = 1U << order;
	/* Last, as the debug key 'T' and a panic on another CPU look at all rings there are. */
	__atomic_store_n(&nr_rings, nr_cpu_ids, __ATOMIC_RELEASE);
	printk(LOG_INFO "Trace: t_info at %#lx, %u CPUs, %u pages each, %s when full\n",
	       mfn_to_paddr(page_to_mfn(pg)).v, nr_rings, ring_pages, opt_wrap ? "wrap" : "stop");
	return 0;
}

int trace_enable(void)
{
	if (!info)
		return -XEN_EINVAL;
	enabled = true;
	hal_trace_update(wanted);
	switch_rings();
	return 0;
}

void trace_disable(void)
{
	enabled = false;
	switch_rings();
	hal_trace_update(wanted);
}

void trace_set_event_mask(u32 mask)
{
	event_mask = mask;
	hal_trace_update(wanted);
}

u32 trace_event_mask(void) { return event_mask; }

void trace_set_cpu_mask(const cpumask_t *mask)
{
	cpu_mask = *mask;
	switch_rings();
}

mfn_t trace_info_mfn(void) { return info ? hal_virt_to_mfn(info) : mfn_make(0); }
u32 trace_info_bytes(void) { return info_bytes; }
u64 trace_ring_pages(void) { return (u64)nr_rings * ring_pages; }

void trace_for_each_page(void (*fn)(mfn_t mfn))
{
	for (u32 i = 0; i < info_bytes / PAGE_SIZE; i++)
		fn(mfn_add(hal_virt_to_mfn(info), i));
	for (u32 cpu = 0; cpu < nr_rings; cpu++)
		for (u32 i = 0; i < ring_pages; i++)
			fn(mfn_add(hal_virt_to_mfn(trace_rings[cpu].shared), i));
}

void trace_set_notifier(void (*fn)(void))
{
	__atomic_store_n(&notifier, fn, __ATOMIC_RELEASE);
}

static void half_full(void)
{
	void (*fn)(void) = __atomic_load_n(&notifier, __ATOMIC_ACQUIRE);

	if (fn)
		fn();
}

u64 trace_lost(u32 cpu)
{
	const struct trace_ring *r = &trace_rings[cpu];

	return r->lost_reported + ring_lost(READ_ONCE(r->state));
}

static void show_state(char key)
{
	u32 rings = __atomic_load_n(&nr_rings, __ATOMIC_ACQUIRE);

	printk(LOG_ERR "Tracing is %s, event mask %#x, %u pages a CPU\n", enabled ? "on" : "off",
	       event_mask, ring_pages);
	for (u32 cpu = 0; cpu < rings; cpu++) {
		const struct trace_ring *r = &trace_rings[cpu];
		u32 prod = READ_ONCE(r->shared->prod);

		printk(LOG_ERR " CPU%u: %u of %u bytes used, %lu records lost%s\n", cpu,
		       ring_distance(r, ring_oldest(r, prod), prod), r->size, trace_lost(cpu),
		       cpumask_test(&cpu_mask, cpu) ? "" : ", masked out");
	}
}

void trace_init(void)
{
	u32 pages = opt_pages ? opt_pages : enable_at_boot ? DEFAULT_PAGES : 0;
	int rc;

	cpumask_setall(&cpu_mask);
	softirq_register(SOFTIRQ_TRACE, half_full);
	keyhandler_register('T', show_state, "show the state of the trace buffers");
	if (!pages)
		return;
	rc = trace_set_size(pages);
	if (rc == -XEN_ENOMEM)
		printk(LOG_WARN "Trace: no memory for %u pages a CPU; make tbuf_size= smaller\n",
		       pages);
	else if (rc)
		printk(LOG_WARN "Trace: %u pages are too many for %u CPUs; "
		       "make tbuf_size= smaller\n", pages, nr_cpu_ids);
	else if (enable_at_boot)
		trace_enable();
}

/* ---- the dump in a panic ---- */

static const struct {
	u32 id, mask;
	const char *name;
} event_names[] = {
#include <generated/trace_names.h>
};

static const char *event_name(u32 event)
{
	for (u32 i = 0; i < ARRAY_SIZE(event_names); i++)
		if ((event & event_names[i].mask) == event_names[i].id)
			return event_names[i].name;
	return "?";
}

static void dump_record(const struct trace_ring *r, u32 pos)
{
	const u32 *p = (const u32 *)(r->data + ring_offset(r, pos));
	u32 bytes = ring_record_bytes(r, pos), at = *p & TRACE_CYCLES_FLAG ? 3 : 1;
	char text[80] = "";
	u64 stamp = 0;
	int len = 0;

	if (at == 3 && bytes >= TRACE_HEAD_BYTES)
		memcpy(&stamp, p + 1, sizeof(stamp));
	for (; at < bytes / 4; at++)
		len += scnprintf(text + len, sizeof(text) - (size_t)len, " %x", p[at]);
	printk(LOG_ERR " %lu %s%s\n", stamp, event_name(TRC_HD_TO_EVENT(*p)), text);
}

/* Records can only be walked from the oldest; remember where the last ones begin. */
static void dump_ring(u32 cpu)
{
	const struct trace_ring *r = &trace_rings[cpu];
	u32 prod = (u32)READ_ONCE(r->state), pos = ring_oldest(r, prod), last[DUMP_RECORDS], n = 0;

	while (pos != prod && ring_distance(r, pos, prod) <= r->size) {
		last[n++ % DUMP_RECORDS] = pos;
		pos = ring_advance(r, pos, ring_record_bytes(r, pos));
	}
	printk(LOG_ERR "Last trace records of CPU%u (%u kept, %lu lost):\n", cpu, n,
	       trace_lost(cpu));
	for (u32 i = n > DUMP_RECORDS ? n - DUMP_RECORDS : 0; i < n; i++)
		dump_record(r, last[i % DUMP_RECORDS]);
}

void trace_dump(void)
{
	for (u32 cpu = 0; cpu < nr_rings; cpu++)
		WRITE_ONCE(trace_rings[cpu].on, false);
	for (u32 cpu = 0; enabled && cpu < nr_rings; cpu++)
		dump_ring(cpu);
}
