/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Commands of the fuzzing program beside libFuzzer's: show an input in words while it runs, and
 * make a failing input shorter. Each run of the latter is a process of its own.
 */
#include "hypercall.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_INPUT (sizeof(struct input_header) + MAX_STEPS * sizeof(struct step))
#define MIN_INPUT (sizeof(struct input_header) + sizeof(struct step))
#define REASON_BYTES 160

void say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	fflush(stdout);
}

static const char *const kind_name[] = {
	[STEP_GRANT] = "writes a grant entry", [STEP_SCRIBBLE] = "writes shared memory",
	[STEP_EVENT] = "gets an event", [STEP_CLOCK] = "computes",
};

void step_print(const struct step *s, u32 nr, const struct guest *g)
{
	say("%4u: d%uv%u ", nr, g->d->id, g->v->id);
	if (step_kind_of(s) != STEP_CALL) {
		say("%s (%u, %u, %u)%s\n", kind_name[step_kind_of(s)], s->pick, s->items,
		    s->field[0], s->how & HOW_INTERRUPTS ? " from an interrupt" : "");
		return;
	}
	call_print(s, g->d);
	if (s->how & HOW_32BIT)
		say(" from 32-bit mode");
	if (s->how & HOW_TOGETHER)
		say(" while the next one runs");
	if (s->how & HOW_PREEMPT)
		say(", preempted");
	if (s->alloc_fails)
		say(", allocation %u fails", s->alloc_fails);
	if (s->race)
		say(", memory changes (%u)", s->race);
	say("\n");
}

/* Read an input into MAX_INPUT bytes. As in a search, bytes beyond that have no effect. */
static size_t load(const char *path, u8 *to)
{
	FILE *f = fopen(path, "rb");
	size_t n = f ? fread(to, 1, MAX_INPUT, f) : 0;

	if (!f || ferror(f)) {
		perror(path);
		exit(2);
	}
	fclose(f);
	if (n < MIN_INPUT) {
		fprintf(stderr, "%s: %zu bytes are not an input, which has at least %zu\n",
			path, n, MIN_INPUT);
		exit(2);
	}
	return n;
}

/* The line that says why a run failed; without numbers, which differ between inputs. */
static void find_reason(const char *text, char *reason)
{
	static const char *const marks[] = { "oracle:", "ERROR: AddressSanitizer", "runtime error:",
					     "Assertion", "BUG", "Panic", "panic" };
	size_t n = 0;

	reason[0] = 0;
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		const char *at = strstr(text, marks[i]);

		if (!at)
			continue;
		for (; *at && *at != '\n' && n + 1 < REASON_BYTES; at++)
			if (*at < '0' || *at > '9')
				reason[n++] = *at;
		reason[n] = 0;
		return;
	}
}

/* Run an input in a child. True when it fails; @reason has REASON_BYTES. */
static int fails(const u8 *data, size_t size, char *reason)
{
	static char text[1 << 16];
	size_t n = 0;
	ssize_t got;
	int fd[2], status;
	pid_t pid;

	if (pipe(fd)) {
		perror("pipe");
		exit(2);
	}
	fflush(NULL);
	pid = fork();
	if (pid < 0) {
		perror("fork");
		exit(2);
	}
	if (!pid) {
		dup2(fd[1], 2);
		close(fd[0]);
		close(fd[1]);
		alarm(20);
		machine_run(data, size);
		_exit(0);
	}
	close(fd[1]);
	while (n < sizeof(text) - 1 && (got = read(fd[0], text + n, sizeof(text) - 1 - n)) > 0)
		n += (size_t)got;
	text[n] = 0;
	close(fd[0]);
	waitpid(pid, &status, 0);
	find_reason(text, reason);
	return status != 0;
}

/* The state while an input is made shorter. */
struct shrink {
	u8 best[MAX_INPUT], trial[MAX_INPUT];
	size_t size;
	char reason[REASON_BYTES];
	u32 runs;
};

/* Keep the trial if it fails for the same reason. */
static int try_it(struct shrink *k, size_t size)
{
	char why[REASON_BYTES];

	k->runs++;
	if (!fails(k->trial, size, why) || strcmp(why, k->reason))
		return 0;
	memcpy(k->best, k->trial, size);
	k->size = size;
	return 1;
}

static u32 steps_in(const struct shrink *k)
{
	return (u32)((k->size - sizeof(struct input_header)) / sizeof(struct step));
}

/* Leave out @n steps from number @at on. */
static int without(struct shrink *k, u32 at, u32 n)
{
	size_t from = sizeof(struct input_header) + at * sizeof(struct step);
	size_t cut = n * sizeof(struct step);

	memcpy(k->trial, k->best, from);
	memcpy(k->trial + from, k->best + from + cut, k->size - from - cut);
	return try_it(k, k->size - cut);
}

static void drop_steps(struct shrink *k)
{
	for (u32 n = steps_in(k) / 2; n; n /= 2)
		for (u32 at = 0; at + n <= steps_in(k) && steps_in(k) > n;)
			if (!without(k, at, n))
				at += n;
}

static void clear_bytes(struct shrink *k)
{
	for (size_t i = 0; i < k->size; i++) {
		if (!k->best[i])
			continue;
		memcpy(k->trial, k->best, k->size);
		k->trial[i] = 0;
		try_it(k, k->size);
	}
}

static void minimise(const char *from, const char *to)
{
	static struct shrink k;
	FILE *f;

	k.size = load(from, k.best);
	k.size -= (k.size - sizeof(struct input_header)) % sizeof(struct step);
	if (!fails(k.best, k.size, k.reason)) {
		say("%s does not fail\n", from);
		exit(1);
	}
	drop_steps(&k);
	clear_bytes(&k);
	drop_steps(&k);
	f = fopen(to, "wb");
	if (!f || fwrite(k.best, 1, k.size, f) != k.size || fclose(f)) {
		perror(to);
		exit(2);
	}
	say("%s: %u steps after %u runs; %s\n", to, steps_in(&k), k.runs, k.reason);
	exit(0);
}

void replay_command(int argc, char **argv)
{
	static u8 data[MAX_INPUT];
	size_t n;

	/* libFuzzer would ignore it, and search. */
	if (argc < 2 || strncmp(argv[1], "--", 2))
		return;
	if (argc == 4 && !strcmp(argv[1], "--minimise"))
		minimise(argv[2], argv[3]);
	if (argc != 3 || strcmp(argv[1], "--replay")) {
		fprintf(stderr, "usage: %s --replay FILE | --minimise FILE OUT\n",
			argv[0]);
		exit(2);
	}
	n = load(argv[2], data);
	setenv("HOST_VERBOSE", "1", 1);
	machine_tells = true;
	say("seed %u\n", ((struct input_header *)data)->seed);
	machine_run(data, n);
	say("it ran to its end\n");
	exit(0);
}
