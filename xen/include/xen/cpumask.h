/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sets of physical CPUs. */
#ifndef XEN_CPUMASK_H
#define XEN_CPUMASK_H

#include <xen/bitmap.h>
#include <xen/nospec.h>
#include <xen/string.h>

#ifndef NR_CPUS
#define NR_CPUS 256
#endif

typedef struct { DECLARE_BITMAP(bits, NR_CPUS); } cpumask_t;

/** CPUs that run the hypervisor. Grows at bring-up only; read without a lock. */
extern cpumask_t cpu_online_map;
/** Those of them that are offline for toolstacks: they only idle [control lock to change]. */
extern cpumask_t cpu_parked_map;
/** One more than the highest CPU number ever brought up. */
extern u32 nr_cpu_ids;

static inline void cpumask_clear(cpumask_t *m) { memset(m, 0, sizeof(*m)); }
static inline void cpumask_setall(cpumask_t *m) { memset(m, 0xff, sizeof(*m)); }
static inline bool cpumask_test(const cpumask_t *m, u32 cpu) { return bit_test(m->bits, cpu); }
static inline void cpumask_set(cpumask_t *m, u32 cpu) { bit_set(m->bits, cpu); }
static inline void cpumask_unset(cpumask_t *m, u32 cpu) { bit_clear(m->bits, cpu); }
static inline bool cpumask_test_and_set(cpumask_t *m, u32 cpu)
{
	return bit_test_and_set_atomic(m->bits, cpu);
}
static inline bool cpumask_test_and_clear(cpumask_t *m, u32 cpu)
{
	return bit_test_and_clear_atomic(m->bits, cpu);
}

/** The first CPU in the mask at or after @from; NR_CPUS when there is none. */
static inline u32 cpumask_next(const cpumask_t *m, u32 from)
{
	return bitmap_find_next(m->bits, NR_CPUS, from);
}
static inline u32 cpumask_first(const cpumask_t *m) { return cpumask_next(m, 0); }
static inline u32 cpumask_weight(const cpumask_t *m) { return bitmap_weight(m->bits, NR_CPUS); }

static inline bool cpumask_empty(const cpumask_t *m)
{
	for (u32 i = 0; i < ARRAY_SIZE(m->bits); i++)
		if (m->bits[i])
			return false;
	return true;
}

static inline void cpumask_and(cpumask_t *r, const cpumask_t *a, const cpumask_t *b)
{
	for (u32 i = 0; i < ARRAY_SIZE(r->bits); i++)
		r->bits[i] = a->bits[i] & b->bits[i];
}

static inline void cpumask_or(cpumask_t *r, const cpumask_t *a, const cpumask_t *b)
{
	for (u32 i = 0; i < ARRAY_SIZE(r->bits); i++)
		r->bits[i] = a->bits[i] | b->bits[i];
}

static inline void cpumask_andnot(cpumask_t *r, const cpumask_t *a, const cpumask_t *b)
{
	for (u32 i = 0; i < ARRAY_SIZE(r->bits); i++)
		r->bits[i] = a->bits[i] & ~b->bits[i];
}

static inline bool cpumask_intersects(const cpumask_t *a, const cpumask_t *b)
{
	for (u32 i = 0; i < ARRAY_SIZE(a->bits); i++)
		if (a->bits[i] & b->bits[i])
			return true;
	return false;
}

static inline bool cpumask_equal(const cpumask_t *a, const cpumask_t *b)
{
	return !memcmp(a, b, sizeof(*a));
}

/** The CPUs that run vCPUs: online, not parked. */
static inline void cpus_in_use(cpumask_t *r)
{
	cpumask_andnot(r, &cpu_online_map, &cpu_parked_map);
}

/** Whether *@cpu, a number that a toolstack chose, is online; only then may it be an index. */
static inline bool cpu_take_online(u32 *cpu)
{
	if (*cpu >= nr_cpu_ids)
		return false;
	*cpu = array_index_nospec(*cpu, nr_cpu_ids);
	return cpumask_test(&cpu_online_map, *cpu);
}

static inline bool cpu_in_use(u32 cpu)
{
	return cpumask_test(&cpu_online_map, cpu) && !cpumask_test(&cpu_parked_map, cpu);
}

#define cpumask_for_each(cpu, m) bitmap_for_each(cpu, (m)->bits, NR_CPUS)

#endif
