/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Zeroing of free memory at boot, by all CPUs at once.
 *
 * Each CPU takes a dirty chunk off the heap, from its own NUMA node while that has any, zeroes it
 * and gives it back clean. The memory is not divided among the CPUs beforehand, so they finish
 * together to within one chunk: with at least CHUNKS_PER_CPU chunks for each CPU the shares differ
 * by less than 1 / CHUNKS_PER_CPU. An allocation meanwhile takes any chunk on the heap.
 */
#include <xen/errno.h>
#include <xen/hal/cpu.h>
#include <xen/hal/smp.h>
#include <xen/hal/time.h>
#include <xen/mm.h>
#include <xen/param.h>
#include <xen/printk.h>
#include <xen/scrub.h>
#include <xen/softirq.h>
#include <xen/string.h>
#include <xen/tasklet.h>
#include <xen/trace.h>
#include <xen/xmalloc.h>

#define CHUNKS_PER_CPU 256
#define NS_PER_SEC 1000000000L

static const char *const scrub_words[] = { "off", "boot" };
static bool opt_scrub = true;		/* an index of @scrub_words */
PARAM_WORD_VAR("scrub", scrub, opt_scrub, scrub_words);

/* Largest piece a CPU takes at once. */
static u64 opt_chunk = 128UL << 20;
PARAM_SIZE_VAR("bootscrub_chunk", bootscrub_chunk, opt_chunk);

struct worker {
	struct tasklet tasklet;
	u64 pages;		/* [its CPU] */
};

/* The current run. [const while it lasts, unless atomic] */
static struct worker *workers;
static u32 chunk_order;
static u32 busy;		/* atomic: CPUs that hold a chunk or look for one */
static u64 pages_done;		/* atomic */

static struct scrub_stats stats;

const struct scrub_stats *scrub_last_stats(void)
{
	return &stats;
}

/* Zero one chunk on this CPU; false when no dirty one is left. */
static bool scrub_one(struct worker *w)
{
	u32 home = hal_cpu_to_node(hal_smp_cpu_id()), order = 0;
	struct page_info *pg = NULL;

	__atomic_fetch_add(&busy, 1, __ATOMIC_SEQ_CST);
	for (u32 i = 0; i < MAX_NUMNODES && !pg; i++)
		pg = heap_take_dirty((u8)((home + i) % MAX_NUMNODES), chunk_order, &order);
	if (pg) {
		ASSERT(order <= chunk_order);
		heap_return_scrubbed(pg, order);
		trace_scrub_chunk(page_to_mfn(pg).v, order);
		w->pages += BIT(order);
		__atomic_fetch_add(&pages_done, BIT(order), __ATOMIC_RELAXED);
	}
	__atomic_fetch_sub(&busy, 1, __ATOMIC_SEQ_CST);
	return pg;
}

/* Scrub chunk after chunk, until the CPU has other work or no dirty chunk is left. */
static void scrub_tasklet(void *arg)
{
	struct worker *w = arg;

	while (scrub_one(w)) {
		/* In an emulator whose CPUs take turns this ends a turn, for even shares. */
		hal_cpu_relax();
		if (softirq_pending()) {
			tasklet_schedule(&w->tasklet);
			return;
		}
	}
}

static u32 choose_order(u64 pages, u32 cpus)
{
	u64 most = max(1UL, min(opt_chunk >> PAGE_SHIFT, pages / cpus / CHUNKS_PER_CPU));
	u32 order = 63 - (u32)__builtin_clzl(most);

	return min(order, (u32)PAGE_MAX_ORDER);
}

static void report_progress(u64 total, s_time_t *last_time, u32 *last_tenth)
{
	u64 done = __atomic_load_n(&pages_done, __ATOMIC_RELAXED);
	u32 tenth = (u32)min(done * 10 / total, 10UL);

	if (tenth == *last_tenth || hal_now_ns() - *last_time < NS_PER_SEC)
		return;
	printk(LOG_INFO "Scrubbing free memory: %u%%\n", tenth * 10);
	*last_tenth = tenth;
	*last_time = hal_now_ns();
}

/* Scrub on this CPU (unless @mine is NULL), then wait until all other CPUs are done. */
static void scrub_until_clean(struct worker *mine, u64 total)
{
	s_time_t last_time = hal_now_ns();
	u32 last_tenth = 0;

	while ((mine ? scrub_one(mine) : heap_has_dirty()) ||
	       __atomic_load_n(&busy, __ATOMIC_SEQ_CST)) {
		if (softirq_pending() && hal_irq_is_enabled())
			softirq_run();
		report_progress(total, &last_time, &last_tenth);
		hal_cpu_relax();
	}
}

static void gather_stats(s_time_t ns)
{
	u32 cpu;

	stats = (struct scrub_stats){ .ns = (u64)ns, .min_pages = ~0UL };
	cpumask_for_each(cpu, &cpu_online_map) {
		u64 n = workers[cpu].pages;

		stats.pages += n;
		stats.cpus++;
		stats.min_pages = min(stats.min_pages, n);
		stats.max_pages = max(stats.max_pages, n);
	}
	if (stats.max_pages)
		stats.balance_permille =
			(u32)(stats.pages * 1000 / stats.cpus / stats.max_pages);
	printk(LOG_INFO "Scrubbed %lu pages on %u CPUs in %lu ns, chunks of %lu pages\n",
	       (unsigned long)stats.pages, stats.cpus, (unsigned long)stats.ns,
	       BIT(chunk_order));
	printk(LOG_INFO "Scrub shares: min %lu max %lu pages a CPU, balance %u.%03u\n",
	       (unsigned long)stats.min_pages, (unsigned long)stats.max_pages,
	       stats.balance_permille / 1000, stats.balance_permille % 1000);
}

void scrub_heap_at_boot(void)
{
	u64 total = dirty_page_count();
	s_time_t start = hal_now_ns();
	u32 cpu, me = hal_smp_cpu_id();

	if (!opt_scrub) {
		printk(LOG_INFO "Free memory is scrubbed when it is allocated (scrub=off)\n");
		return;
	}
	ASSERT(!workers);	/* one run at a time */
	workers = xzalloc_array(struct worker, nr_cpu_ids);
	if (!workers || !total) {
		xfree(workers);
		return;
	}
	chunk_order = choose_order(total, cpumask_weight(&cpu_online_map));
	pages_done = 0;
	heap_set_scrubbing(true);
	cpumask_for_each(cpu, &cpu_online_map) {
		tasklet_init(&workers[cpu].tasklet, scrub_tasklet, &workers[cpu]);
		if (cpu != me)
			tasklet_schedule_on(&workers[cpu].tasklet, cpu);
	}
	/* On the host port the caller may not be a CPU of the system; then it only waits. */
	scrub_until_clean(cpumask_test(&cpu_online_map, me) ? &workers[me] : NULL, total);
	/* A late tasklet finds nothing to do, or frames freed just now. Leave none scheduled. */
	cpumask_for_each(cpu, &cpu_online_map)
		tasklet_kill(&workers[cpu].tasklet);
	ASSERT(!__atomic_load_n(&busy, __ATOMIC_RELAXED));
	heap_set_scrubbing(false);
	gather_stats(hal_now_ns() - start);
	xfree(workers);
	workers = NULL;
}
