/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cache maintenance by address (APM vol. 3, CLFLUSH, CLFLUSHOPT and CLWB). The caches are coherent,
 * so one CPU's instruction acts on all. Dropping lines without writing them back exists for all of
 * the caches only (INVD), never for a range.
 */
#include <xen/assert.h>
#include <xen/errno.h>
#include <xen/hal/mm.h>
#include <asm/features.h>

static void write_back(const char *line) { __asm__ volatile("clwb %0" : : "m"(*line)); }
static void flush(const char *line) { __asm__ volatile("clflush %0" : : "m"(*line) : "memory"); }
static void flush_weakly_ordered(const char *line)
{
	__asm__ volatile("clflushopt %0" : : "m"(*line) : "memory");
}

int hal_cache_maintain(const void *va, size_t len, u32 ops)
{
	u64 step = boot_cpu.flush_bytes, end = (u64)va + len;
	void (*one)(const char *line) = flush;

	ASSERT(len && ops && !(ops & ~(HAL_CACHE_CLEAN | HAL_CACHE_INVALIDATE)));
	if (ops == HAL_CACHE_INVALIDATE || !step)
		return -XEN_EOPNOTSUPP;
	if (ops == HAL_CACHE_CLEAN && cpu_has(X86_FEATURE_CLWB))
		one = write_back;
	else if (cpu_has(X86_FEATURE_CLFLUSHOPT))
		one = flush_weakly_ordered;
	/* The weakly ordered ones are ordered with stores only by a fence before and after. */
	__asm__ volatile("mfence" ::: "memory");
	for (u64 line = ROUND_DOWN((u64)va, step); line < end; line += step)
		one((const char *)line);
	__asm__ volatile("mfence" ::: "memory");
	return 0;
}
