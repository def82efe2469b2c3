/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The trace that the scheduler writes while it is simulated, in the format of the hypervisor's
 * rings as xentrace stores them: windows of one CPU's records, each after a change of CPU.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <xen/trace.h>

#include <public/trace.h>

#include "private.h"

#define WINDOW_WORDS 16384U
#define CYCLES (1U << 31)
#define EXTRA_SHIFT 28

struct window {
	u32 *word;
	u32 used;
};

__typeof__(u32) trace_context;
bool (*host_trace_want)(u32 id);

static FILE *file;
static const char *final_path;
static char *unfinished;	/* name of @file until it is complete; NULL: the final one */
static struct window *windows;
static machine_record_fn observer;
static void *observer_arg;
static u64 digest;
static s64 last_stamp;

static bool want(u32 id) { return true; }

void trace_start(void) { host_trace_want = want; }

static void flush(u32 cpu)
{
	struct window *w = &windows[cpu];
	u32 head[3] = { TRC_TRACE_CPU_CHANGE | 2U << EXTRA_SHIFT, cpu, w->used * 4 };

	if (!w->used)
		return;
	fwrite(head, sizeof(head), 1, file);
	fwrite(w->word, 4, w->used, file);
	w->used = 0;
}

static void store(u32 cpu, u32 id, u32 words, const u32 *word)
{
	struct window *w = &windows[cpu];

	/* Readers order records of several CPUs by time, so those of one instant are 1 ns apart. */
	last_stamp = max(last_stamp + 1, machine_time);
	if (w->used + 3 + words > WINDOW_WORDS)
		flush(cpu);
	if (!w->word)
		w->word = malloc(WINDOW_WORDS * 4);
	if (!w->word)
		panic("no memory for the trace");
	w->word[w->used] = id | words << EXTRA_SHIFT | CYCLES;
	w->word[w->used + 1] = (u32)last_stamp;
	w->word[w->used + 2] = (u32)((u64)last_stamp >> 32);
	memcpy(&w->word[w->used + 3], word, words * 4);
	w->used += 3 + words;
}

static void mix(u64 value)
{
	digest = (digest ^ value) * 0x9e3779b97f4a7c15UL;
	digest ^= digest >> 29;
}

static void record(u32 id, u32 words, const u32 *word)
{
	u32 cpu = host_current_cpu;

	if (id == TRACE_ID_sched_switch) {
		mix((u64)machine_time);
		mix((u64)cpu << 48 ^ (u64)word[2] << 32 ^ word[3]);
	}
	if (unlikely(observer != NULL))
		observer(observer_arg, cpu, machine_time, id, words, word);
	if (unlikely(file != NULL))
		store(cpu, id, words, word);
}

void trace_write1(u32 id, u32 a) { record(id, 1, (u32[]){ a }); }
void trace_write2(u32 id, u32 a, u32 b) { record(id, 2, (u32[]){ a, b }); }
void trace_write3(u32 id, u32 a, u32 b, u32 c) { record(id, 3, (u32[]){ a, b, c }); }
void trace_write4(u32 id, u32 a, u32 b, u32 c, u32 d) { record(id, 4, (u32[]){ a, b, c, d }); }

u64 machine_digest(void) { return digest; }

/* A simulation that was refused leaves nothing. */
static void drop_unfinished(void)
{
	if (file && unfinished)
		remove(unfinished);
}

/* Where to write what becomes the file @path when it is complete; NULL: it is not a file. */
static char *name_unfinished(const char *path)
{
	struct stat st;
	char *name;

	if (!stat(path, &st) && !S_ISREG(st.st_mode))
		return NULL;
	return asprintf(&name, "%s.unfinished", path) < 0 ? NULL : name;
}

bool machine_trace_open(const char *path)
{
	windows = calloc(NR_CPUS, sizeof(*windows));
	final_path = path;
	unfinished = name_unfinished(path);
	file = fopen(unfinished ? unfinished : path, "wb");
	return windows && file && !atexit(drop_unfinished);
}

bool machine_trace_close(void)
{
	bool ok;

	if (!file)
		return true;
	for (u32 cpu = 0; cpu < NR_CPUS; cpu++)
		flush(cpu);
	ok = !ferror(file);
	ok &= fclose(file) == 0;
	file = NULL;
	if (unfinished && ok)
		ok = !rename(unfinished, final_path);
	else if (unfinished)
		remove(unfinished);
	return ok;
}

void machine_trace_observe(machine_record_fn fn, void *arg)
{
	observer = fn;
	observer_arg = arg;
}
