/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parent's work: episode after episode, and what each leaves behind. */
#include "fuzz.h"

/* Virtual time without a step after which an episode has hung. */
#define PATIENCE_MS 40
#define POLL_MS 2
/* What an allocator of small objects may keep: an empty page of each of its classes. */
#define CACHED_PAGES 13

static bool print_steps;
static u64 total_digest;
static u64 steps_done;

static void sleep_ms(u64 ms)
{
	struct sched_poll p = { .timeout = now() + ms * MS };

	sched_op(SCHEDOP_poll, &p);
}

/* FNV-1a, eight bytes of state. */
static void digest(u64 *state, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		*state = (*state ^ (u8)text[i]) * 0x100000001b3UL;
}

/* Whole lines, so that no other message of the console comes to lie inside one. */
static void take(const char *text, size_t n)
{
	digest(&total_digest, text, n);
	if (print_steps)
		HC3(__HYPERVISOR_console_io, CONSOLEIO_write, n, text);
}

/* What the child has said up to byte @end. The child could write anything there. */
static void drain(struct log *log, u64 end)
{
	static char line[512];
	u32 n = 0;

	if (end - log->read > LOG_TEXT)
		end = log->read;
	while (log->read < end) {
		char c = log->text[log->read++ % LOG_TEXT];

		line[n++] = c;
		if (c == '\n' || n == sizeof(line)) {
			take(line, n);
			n = 0;
		}
	}
	take(line, n);
}

enum end { END_DONE, END_SHUTDOWN, END_HUNG };

static enum end watch(struct log *log)
{
	u32 last = 0, still = 0;

	for (;;) {
		u32 step = *(volatile u32 *)&log->step;

		drain(log, *(volatile u64 *)&log->written);
		if (child_shutdown() >= 0) {
			drain(log, log->written);
			return log->done ? END_DONE : END_SHUTDOWN;
		}
		still = step == last ? still + POLL_MS : 0;
		last = step;
		if (still > PATIENCE_MS)
			return END_HUNG;
		sleep_ms(POLL_MS);
	}
}

/* @began, @ran: when it was made, and when it ran; by the emulator's clock. */
static void tell_end(enum end end, const struct episode *e, u32 step, u64 began, u64 ran)
{
	static const char *const words[] = { "done", "shutdown", "hung" };

	print("F %u end %s step %u reason %d, made in %lu us, ran for %lu us\n", e->number,
	      words[end], step, end == END_SHUTDOWN ? child_shutdown() : 0, (ran - began) / 1000,
	      (now() - ran) / 1000);
	if (end == END_HUNG && print_steps)
		child_print_registers();
}

static void run_episode(const struct episode *e)
{
	u64 began = now(), ran;
	struct log *log;
	enum end end;

	child_start(e);
	ran = now();
	log = child_log();
	end = watch(log);
	if (end != END_DONE && log->drafted != log->read) {
		/* The step that ended the child. */
		drain(log, log->drafted);
		take(" = none\n", 8);
	}
	steps_done += MIN(log->step, e->steps);
	if (print_steps || end != END_DONE)
		tell_end(end, e, log->step, began, ran);
	digest(&total_digest, (const char *)&end, sizeof(end));
	child_destroy();
}

void parent_main(void)
{
	struct episode e = {
		.seed = arg_u64("seed", 1), .number = (u32)arg_u64("first", 0),
		.steps = (u32)arg_u64("steps", 500), .keep = arg_text("keep"),
	};
	u32 last = e.number + (u32)arg_u64("episodes", 1);
	u32 every = (u32)arg_u64("every", 20);
	u64 before;

	NEED(boot_module.size, "no boot module: the child's kernel");
	print_steps = arg_u64("print", 0);
	total_digest = 0xcbf29ce484222325UL;
	/* The first child grows what the hypervisor keeps for its next ones. */
	child_start(&(struct episode){ .seed = e.seed, .steps = 0 });
	watch(child_log());
	child_destroy();
	before = free_pages();
	print("F begin seed %lu first %u steps %u free %lu\n", e.seed, e.number, e.steps, before);
	for (; e.number < last; e.number++) {
		run_episode(&e);
		if (free_pages() + CACHED_PAGES < before) {
			print("F %u leak %lu pages\n", e.number, before - free_pages());
			before = free_pages();
		}
		if ((e.number + 1) % every == 0 || e.number + 1 == last)
			print("F %u digest %016lx steps %lu\n", e.number, total_digest, steps_done);
	}
	print("F complete digest %016lx steps %lu\n", total_digest, steps_done);
	test_success_before_end();
	shutdown(SHUTDOWN_poweroff);
}
