/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Running sets of tasks. A process boots the machine once. For each set it forks, so that a set
 * finds the machine as it was after the boot, whatever other sets have run.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <xen/compiler.h>

#include "run_set.h"

/* A vCPU's first period is the policy's default, 10 ms; the task's own follow it. A first job that
 * comes with them finds a vCPU whose deadlines are the task's. */
#define FIRST_PERIOD (TASKSET_PERIOD_MIN * 1000LL)
/* A budget that ends in the same ns as the job would leave the order of the two to chance. */
#define SPARE_BUDGET 1U

static struct guest guests[TASKSET_MAX];
static struct tally tallies[TASKSET_MAX];
static struct program programs[TASKSET_MAX];

void recipe_make(const struct recipe *r, u32 i, struct taskset *ts)
{
	if (!taskset_make(ts, r->seed, r->first + i, r->tasks, r->utilisation))
		die("no set of %u tasks has a utilisation of %u millionths", r->tasks,
		    r->utilisation);
}

/* A job of @t, then wait for its next release, for ever. */
static void write_program(struct program *p, const struct task *t)
{
	struct amount period = amount_fixed(t->period * 1000LL);

	program_add(p, (struct op){ .kind = OP_JOB, .amount = period });
	program_add(p, (struct op){ .kind = OP_RUN, .amount = amount_fixed(t->work * 1000LL) });
	program_add(p, (struct op){ .kind = OP_JOB_END });
	program_add(p, (struct op){ .kind = OP_PERIOD, .amount = period });
	program_add(p, (struct op){ .kind = OP_LOOP });
}

/* What the policy is told of a vCPU with the task @t: a reservation, or a weight by its share. */
static struct machine_params params_of(const struct task *t, bool reserves)
{
	if (!reserves)
		return (struct machine_params){
			.weight = max(1U, (u32)(t->work * 1000ULL / t->period)) };
	return (struct machine_params){
		.period = t->period * 1000LL,
		.budget = min(t->period, t->work + SPARE_BUDGET) * 1000LL,
	};
}

static void create(const struct taskset *ts, u32 i, bool reserves)
{
	const struct task *t = &ts->task[i];
	const struct machine_params params = params_of(t, reserves);
	u16 domid = (u16)(i + 1);
	struct guest *g = &guests[i];
	const char *why;

	write_program(&programs[i], t);
	*g = (struct guest){ .program = &programs[i], .tally = &tallies[i], .domid = domid };
	if (!machine_domain_create(domid, 1, 0, &why) ||
	    !(g->v = machine_vcpu_create(domid, 0, g, &why)) ||
	    !machine_set_params(domid, &params, &why))
		die("task %u: %s", i, why);
	guest_start(g, machine_now() + FIRST_PERIOD, i);
}

/* The deadline of the first job of @task that has not met it by now; INT64_MAX: all have. */
static s64 first_missed(const struct taskset *ts, u32 task, s64 now)
{
	const struct samples *response = &tallies[task].response;
	s64 period = ts->task[task].period * 1000LL;
	s64 deadline = taskset_phase(ts, task) + period;

	for (u32 job = 0; job < response->nr; job++, deadline += period)
		if (response->value[job] > period)
			return deadline;
	return deadline <= now ? deadline : INT64_MAX;
}

/* Times from here on are counted from the common start, as the reference counts them. */
static struct fate judge(const struct taskset *ts, s64 now)
{
	struct fate f = {};
	s64 missed = INT64_MAX;

	for (u32 i = 0; i < ts->n; i++)
		missed = min(missed, first_missed(ts, i, now));
	f.missed = missed == INT64_MAX ? -1 : missed;
	for (u32 i = 0; i < ts->n; i++)
		for (u32 job = 0; job < tallies[i].response.nr; job++) {
			s64 release = taskset_phase(ts, i) + job * ts->task[i].period * 1000LL;
			s64 end = release + tallies[i].response.value[job];

			if (end <= missed)
				fate_add(&f, i, job, end);
		}
	return f;
}

static struct fate run_set(const struct taskset *ts, s64 duration, bool reserves)
{
	s64 born = machine_now(), start = born + FIRST_PERIOD, late;

	for (u32 i = 0; i < ts->n; i++) {
		while (machine_step(born + taskset_phase(ts, i)))
			;
		create(ts, i, reserves);
	}
	while (!guest_first_miss(&late) && machine_step(start + duration))
		;
	return judge(ts, machine_now() - start);
}

/* A new process, which ends with this one however that ends; 0 in the new one. */
static pid_t start_process(void)
{
	pid_t child = fork();

	if (child < 0)
		die("a process to run sets in: %s", strerror(errno));
	if (!child)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return child;
}

/* Wait for @child; what it ended with. */
static enum status ended(pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			die("waiting for a process: %s", strerror(errno));
	if (WIFSIGNALED(status))
		die("a process that ran a set died of signal %d", WTERMSIG(status));
	return (enum status)WEXITSTATUS(status);
}

/* Boot, and run all sets; in a process of its own. */
static enum status run_here(const struct settings *s, const struct recipe *r, struct fate *fate)
{
	bool reserves = !strcmp(s->policy, "rtds");
	struct workload none = { .duration = s->duration };
	enum status status = STATUS_OK;
	struct simulation sim;

	simulation_start(&sim, s, &none);
	for (u32 i = 0; i < r->count && status == STATUS_OK; i++) {
		pid_t child = start_process();

		if (!child) {
			struct taskset ts;

			recipe_make(r, i, &ts);
			fate[i] = run_set(&ts, s->duration, reserves);
			_exit(STATUS_OK);
		}
		status = ended(child);
	}
	return status;
}

enum status run_sets(const struct settings *s, const struct recipe *r, struct fate *fate)
{
	size_t size = r->count * sizeof(*fate);
	struct fate *shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
				   -1, 0);
	enum status status;
	pid_t child;

	if (shared == MAP_FAILED)
		die("no memory for %u sets", r->count);
	fflush(stdout);
	child = start_process();
	if (!child)
		_exit(run_here(s, r, shared));
	status = ended(child);
	memcpy(fate, shared, size);
	munmap(shared, size);
	return status;
}
