/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Workloads out of recordings: each vCPU (or task) computes as long as it did between two wakes,
 * and then sleeps until the time at which it was woken. So the demand is the recording's, and when
 * it is served is the policy's choice.
 */
#ifndef SCHEDSIM_RECORDED_H
#define SCHEDSIM_RECORDED_H

#include "workload.h"

struct recording;

struct recording *recording_new(void);
/** What happened to the vCPU or task (@group, @id) at @time (ns). @name: of its domain. */
void recording_runs(struct recording *r, u32 group, u32 id, s64 time, const char *name);
void recording_stops(struct recording *r, u32 group, u32 id, s64 time, bool blocks);
void recording_wakes(struct recording *r, u32 group, u32 id, s64 time, const char *name);
/** The workload, one domain for each group; frees @r. Dies when nothing ran. */
struct workload *recording_end(struct recording *r, const char *path);

/** The readers. Each dies when the file is damaged; the second kind says whether it is its own. */
struct workload *workload_trace(const char *path, double hz);
bool tracedat_is_one(const char *path);
struct workload *workload_tracedat(const char *path);
/** How many CPUs the recorded machine had. */
u32 tracedat_cpus(const char *path);
bool perfetto_is_one(const char *path);
struct workload *workload_perfetto(const char *path);

#endif
