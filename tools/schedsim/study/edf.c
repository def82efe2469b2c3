/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Global EDF by its definition: at every time the jobs with the m earliest deadlines run. Between
 * two events, which are releases and ends of jobs, nothing changes.
 */
#include <string.h>

#include <xen/compiler.h>

#include "random.h"
#include "schedulability.h"

struct job {
	u32 task;
	u64 number;
	s64 deadline, left;
};

struct state {
	const struct taskset *ts;
	u32 cpus, ready;
	struct job job[TASKSET_MAX];		/* [ready], the earliest deadline first */
	s64 release[TASKSET_MAX];		/* [n] the next one */
	u64 released[TASKSET_MAX];		/* [n] how many */
	s64 now;
};

void fate_add(struct fate *f, u32 task, u64 job, s64 end)
{
	u64 x = ((u64)task << 48) ^ (job << 36) ^ (u64)end;

	/* A sum, as the order in which jobs of the same time are counted means nothing. */
	f->digest += random_u64(&x);
	f->jobs++;
}

static void release(struct state *s, u32 task)
{
	const struct task *t = &s->ts->task[task];
	struct job j = {
		.task = task, .number = s->released[task]++, .left = t->work * 1000LL,
		.deadline = s->release[task] + t->period * 1000LL,
	};
	u32 at = s->ready++;

	s->release[task] = j.deadline;
	for (; at && s->job[at - 1].deadline > j.deadline; at--)
		s->job[at] = s->job[at - 1];
	s->job[at] = j;
}

static void release_due(struct state *s)
{
	for (u32 i = 0; i < s->ts->n; i++)
		if (s->release[i] == s->now)
			release(s, i);
}

/* When something happens next. */
static s64 next_event(const struct state *s, s64 horizon)
{
	s64 next = horizon;

	for (u32 i = 0; i < s->ts->n; i++)
		next = min(next, s->release[i]);
	for (u32 i = 0; i < min(s->ready, s->cpus); i++)
		next = min(next, s->now + s->job[i].left);
	return next;
}

/* Let the first jobs run until @next; those that end leave. */
static void run_until(struct state *s, s64 next, struct fate *f)
{
	u32 running = min(s->ready, s->cpus), kept = 0;

	for (u32 i = 0; i < s->ready; i++) {
		struct job *j = &s->job[i];

		if (i < running)
			j->left -= next - s->now;
		if (j->left)
			s->job[kept++] = *j;
		else
			fate_add(f, j->task, j->number, next);
	}
	s->ready = kept;
	s->now = next;
}

struct fate edf_reference(const struct taskset *ts, u32 cpus, s64 horizon)
{
	static struct state s;
	struct fate f = { .missed = -1 };

	memset(&s, 0, sizeof(s));
	s.ts = ts;
	s.cpus = cpus;
	for (u32 i = 0; i < ts->n; i++)
		s.release[i] = taskset_phase(ts, i);
	release_due(&s);
	while (s.now < horizon) {
		run_until(&s, next_event(&s, horizon), &f);
		/* The first job of the list has the earliest deadline, and has not ended. */
		if (s.ready && s.job[0].deadline <= s.now) {
			f.missed = s.job[0].deadline;
			return f;
		}
		release_due(&s);
	}
	return f;
}
