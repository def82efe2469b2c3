/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading traces in the format of xentrace. */
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "machine/machine.h"
#include "say.h"
#include "trace_read.h"

#define CPU_CHANGE (0x0001f003U | 2U << 28)
#define WRAP_BUFFER 0x0001f002U
#define CYCLES (1U << 31)
#define ID_MASK 0x0fffffffU

struct reader {
	const char *path;
	const u32 *word;
	u32 words;
	struct trace *trace;
	u32 room;
};

static u32 *read_words(const char *path, u32 *words)
{
	gzFile f = gzopen(path, "rb");
	size_t used = 0, room = 1 << 20;
	char *buf = grow_array(NULL, room, 1);
	int got;

	if (!f)
		die("%s: cannot be read", path);
	while ((got = gzread(f, buf + used, (unsigned int)(room - used))) > 0) {
		used += (size_t)got;
		if (used < room)
			continue;
		room *= 2;
		buf = grow_array(buf, room, 1);
	}
	if (got < 0)
		die("%s: damaged gzip file", path);
	gzclose(f);
	if (used / 4 > UINT32_MAX / 2)
		die("%s: too large", path);
	*words = (u32)(used / 4);
	return (u32 *)buf;
}

bool trace_is_one(const char *path)
{
	gzFile f = gzopen(path, "rb");
	u32 first = 0;
	bool is = f && gzread(f, &first, 4) == 4 && first == CPU_CHANGE;

	if (f)
		gzclose(f);
	return is;
}

/* One record at word @at; returns the word after it. Stamps are still cycles. */
static u32 read_record(struct reader *r, u32 at, u32 end, u32 cpu, u64 *stamp)
{
	u32 head = r->word[at], words = head >> 28 & 7, first = at + (head & CYCLES ? 3 : 1);
	struct record *rec;

	if (first + words > end)
		die("%s: byte %u: a record ends beyond its window", r->path, at * 4);
	if (head & CYCLES)
		*stamp = r->word[at + 1] | (u64)r->word[at + 2] << 32;
	if ((head & ID_MASK) == WRAP_BUFFER)
		return first + words;
	if (r->trace->nr == r->room) {
		r->room = r->room ? 2 * r->room : 65536;
		r->trace->record = grow_array(r->trace->record, r->room, sizeof(*rec));
	}
	rec = &r->trace->record[r->trace->nr++];
	*rec = (struct record){
		.time = (s64)*stamp, .cpu = cpu, .id = head & ID_MASK, .words = words,
	};
	memcpy(rec->word, &r->word[first], words * 4);
	if (rec->id == REC_LOST && words)
		r->trace->lost += rec->word[0];
	/* How many are missing there is not known. */
	if (rec->id == REC_RING_CUT)
		r->trace->lost++;
	return first + words;
}

static void read_windows(struct reader *r)
{
	u64 stamp[MACHINE_MAX_CPUS] = {};

	for (u32 at = 0; at < r->words;) {
		u32 cpu, end;

		if (r->word[at] != CPU_CHANGE || r->words - at < 3)
			die("%s: byte %u: no change of CPU where one must be", r->path, at * 4);
		cpu = r->word[at + 1];
		end = r->word[at + 2] / 4;
		at += 3;
		if (cpu >= MACHINE_MAX_CPUS || end > r->words - at)
			die("%s: byte %u: a damaged change of CPU", r->path, at * 4 - 12);
		end += at;
		if (cpu >= r->trace->cpus)
			r->trace->cpus = cpu + 1;
		while (at < end)
			at = read_record(r, at, end, cpu, &stamp[cpu]);
	}
}

static const struct record *sorted_from;

static int by_time(const void *a, const void *b)
{
	const struct record *x = &sorted_from[*(const u32 *)a], *y = &sorted_from[*(const u32 *)b];

	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	return x < y ? -1 : x > y;
}

static void sort(struct trace *t)
{
	u32 *index = grow_array(NULL, t->nr ? t->nr : 1, sizeof(*index));
	struct record *sorted = grow_array(NULL, t->nr ? t->nr : 1, sizeof(*sorted));

	for (u32 i = 0; i < t->nr; i++)
		index[i] = i;
	sorted_from = t->record;
	qsort(index, t->nr, sizeof(*index), by_time);
	for (u32 i = 0; i < t->nr; i++)
		sorted[i] = t->record[index[i]];
	free(index);
	free(t->record);
	t->record = sorted;
}

struct trace trace_read(const char *path, double hz)
{
	struct trace t = {};
	struct reader r = { .path = path, .trace = &t };
	s64 first;

	r.word = read_words(path, &r.words);
	read_windows(&r);
	free((void *)r.word);
	if (!t.nr)
		die("%s: no records", path);
	sort(&t);
	first = t.record[0].time;
	for (u32 i = 0; i < t.nr; i++)
		t.record[i].time = (s64)((double)(t.record[i].time - first) * (1e9 / hz));
	return t;
}
