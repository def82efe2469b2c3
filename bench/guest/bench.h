/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How the measuring microguest measures and reports. A group of benchmarks is a table in a file of
 * its own; groups.c lists the groups; bench.c runs what the command line names.
 */
#ifndef BENCH_H
#define BENCH_H

#include "clock.h"
#include "cpu.h"

#define MAX(a, b) ((a) > (b) ? (a) : (b))

struct benchmark {
	const char *name;	/* also the start of what it reports */
	void (*run)(const char *name, u32 rounds);
	u32 rounds;		/* when the command line does not say */
};

struct group {
	const char *name;
	const struct benchmark *first;
	u32 count;
};

#define DEFINE_GROUP(id, table)                                                                    \
	const struct group group_##id = { #id, table, ARRAY_SIZE(table) }

extern const struct group group_exits, group_events, group_smp, group_timers, group_memory,
	group_clocks, group_trace, group_irqs, group_work, group_sets, group_crowd, group_cache,
	group_posts, group_delivery, group_ioreq, group_hpet, group_arm;

/** Those that this image has, in the order they run in. */
extern const struct group *const groups[];
extern const u32 nr_groups;

/** Check every word of the command line; a word that nothing reads ends the run as an error. */
void args_check(void);
/** Whether bench= names this benchmark or its group, or is absent. */
bool args_chosen(const char *group, const char *name);

/** Why a benchmark cannot be carried out here; it may go on with others. */
void bench_skip(const char *name, const char *fmt, ...) PRINTF(2, 3);

/*
 * Loops: BATCHES loops of the same length, each less the time of an empty loop of that length.
 * The value reported is the median batch, so that a tick of the hypervisor's own timer in one of
 * them does not show; the mean, which includes it, is printed too.
 */
#define BATCHES 16

struct series {
	u32 length;		/* of a batch */
	u64 base;		/* ticks of an empty one */
	u64 ticks[BATCHES];	/* of a full one, less the base */
};

void series_start(struct series *s, u32 rounds);
void series_add(struct series *s, u32 batch, u64 ticks);
/** A line with the cost of one turn divided by @per, the number of acts in it. */
void series_report(const char *metric, struct series *s, u32 per);

/** Ticks that n turns take. */
#define TICKS_OF(n, stmt)                                                                          \
	({                                                                                         \
		u64 from_ = ticks_now();                                                           \
		for (u32 turn_ = (n); turn_; turn_--) {                                            \
			stmt;                                                                      \
			barrier();                                                                 \
		}                                                                                  \
		ticks_now() - from_;                                                               \
	})

/** Report what stmt costs beyond what base costs, both measured in the same loop. */
#define MEASURE_BEYOND(metric, rounds, base_stmt, stmt)                                            \
	do {                                                                                       \
		struct series s_;                                                                  \
		series_start(&s_, rounds);                                                         \
		stmt;                                                                              \
		base_stmt;                                                                         \
		s_.base = TICKS_OF(s_.length, base_stmt);                                          \
		for (u32 b_ = 0; b_ < BATCHES; b_++)                                               \
			series_add(&s_, b_, TICKS_OF(s_.length, stmt));                            \
		series_report(metric, &s_, 1);                                                     \
	} while (0)

#define MEASURE(metric, rounds, stmt) MEASURE_BEYOND(metric, rounds, (void)0, stmt)

/*
 * Distributions: one sample a turn, the difference of two readings of the clock less what two
 * differ by themselves (a hypervisor may intercept them). The value reported is the median.
 */
#define MAX_SAMPLES 4096

void samples_clear(void);
/** In ticks; beyond MAX_SAMPLES they are not kept. */
void samples_add(u64 from, u64 to);
void samples_report(const char *metric);

/** One measured time that @acts shared. */
void bench_time(const char *metric, u64 ticks, u64 acts, const char *fmt, ...) PRINTF(4, 5);
/** A number that is not a time. */
void bench_value(const char *metric, s64 value, const char *unit, const char *fmt, ...)
	PRINTF(4, 5);
/** name and suffix together; the fourth call after overwrites it. */
const char *bench_name(const char *name, const char *suffix);
/**
 * Wait for another's act without looking at a clock, which may be what is slow here. False when it
 * does not come.
 */
#define SPIN_FOR(cond)                                                                             \
	({                                                                                         \
		u32 left_ = 200u << 20;                                                            \
		while (!(cond) && --left_)                                                         \
			relax();                                                                   \
		left_ != 0;                                                                        \
	})
/** Ticks of the clock in @us microseconds of system time. */
u64 ticks_of_us(u64 us);

#endif
