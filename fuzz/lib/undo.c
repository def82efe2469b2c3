/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See undo.h. */
#define _GNU_SOURCE
#include "undo.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#define PAGE 4096UL
#define LINE 16			/* words that are compared and copied at once */
#define LINES (PAGE / sizeof(uint64_t) / LINE)
#define MAX_RANGES 64
/* Comparing pages is what going back costs: twice as fast with wide registers. */
#define FAST __attribute__((target_clones("avx2", "default")))
/*
 * Comparing an open page costs a quarter of a microsecond, a fault and two changes of protection
 * some twenty. So a page stays open for a number of runs after the last that wrote it, which rises
 * with each fault, also when the page is always written as it was. Faults at one page after another
 * open ever more pages at once; these are shut as soon as a run does not write them.
 */
#define KEEP_MAX 240
#define WINDOW_MAX 64

/*
 * What a page held. Many of its lines hold the same, mostly zeros. Only one of these is read then:
 * the caches are too small for the pages and all their copies.
 */
struct then {
	const uint64_t *words;
	unsigned int alike;	/* a bit for each line that holds the same as line @sample */
	unsigned char sample;
};
_Static_assert(LINES == 32, "a bit of `alike` for each line");

struct page {
	bool open;		/* may be written; otherwise a write is a fault */
	unsigned char unwritten; /* runs since the last that wrote it */
	unsigned char keep;	/* so many of them until it is shut */
	bool varies;		/* listed in @varied */
	struct then then[UNDO_STATES];
};

struct range {
	char *start;
	char *copy[UNDO_STATES]; /* of pages only the first, others as far as they differ */
	unsigned long bytes;
	struct page *page;	/* NULL: restored whole */
};

struct page_ref {
	struct range *range;
	unsigned long nr;
};

struct undo_stats undo_stats;

static struct range ranges[MAX_RANGES];
static unsigned int nr_ranges;
static struct page_ref *opened;
static struct page_ref *varied;	/* pages that are not the same in all states */
static unsigned long nr_opened, nr_varied;
static unsigned int nr_states, last_state;
static struct sigaction former;

/*
 * The memory holds what a sanitizer keeps apart (red zones, frames of other stacks), so memcpy and
 * memcmp, which it checks, will not do. Most ranges are too short for `rep movsb` to be fast.
 */
FAST static void copy(void *to, const void *from, unsigned long n)
{
	typedef uint64_t __attribute__((may_alias, aligned(1))) word;
	unsigned long words = n / sizeof(word);

	for (unsigned long i = 0; i < words; i++)
		((word *)to)[i] = ((const word *)from)[i];
	for (unsigned long i = words * sizeof(word); i < n; i++)
		((char *)to)[i] = ((const char *)from)[i];
}

static inline uint64_t line_differs(const uint64_t *a, const uint64_t *b)
{
	uint64_t x = 0;

	for (unsigned long i = 0; i < LINE; i++)
		x |= a[i] ^ b[i];
	return x;
}

/* Make the lines of a page @then again that differ; false when none does. */
FAST static bool restore_lines(uint64_t *now, const struct then *then)
{
	bool differs = false;

	for (unsigned long i = 0; i < LINES; i++, now += LINE) {
		const uint64_t *was = then->words +
				      LINE * (then->alike >> i & 1 ? then->sample : i);

		if (!line_differs(now, was))
			continue;
		differs = true;
		for (unsigned long j = 0; j < LINE; j++)
			now[j] = was[j];
	}
	return differs;
}

/* What a page whose copy is at @at holds. */
static struct then then_of(const void *at)
{
	struct then t = { .words = at };

	for (unsigned long sample = 0; sample < LINES; sample++) {
		unsigned int alike = 0;

		for (unsigned long i = 0; i < LINES; i++)
			if (!line_differs(t.words + i * LINE, t.words + sample * LINE))
				alike |= 1U << i;
		if (__builtin_popcount(alike) > __builtin_popcount(t.alike)) {
			t.alike = alike;
			t.sample = (unsigned char)sample;
		}
	}
	return t;
}

static void fail(const char *what)
{
	perror(what);
	abort();
}

static void *map(unsigned long bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		fail("undo: mmap");
	return p;
}

static void add(void *start, unsigned long bytes, bool by_page)
{
	struct range *r = &ranges[nr_ranges];

	if (nr_ranges == MAX_RANGES || nr_states)
		abort();
	nr_ranges++;
	r->start = start;
	r->bytes = bytes;
	if (by_page)
		r->page = map(bytes / PAGE * sizeof(*r->page));
}

void undo_pages(void *start, unsigned long bytes)
{
	if (((uintptr_t)start | bytes) % PAGE)
		abort();
	if (bytes)
		add(start, bytes, true);
}

void undo_bytes(void *start, unsigned long bytes)
{
	add(start, bytes, false);
}

static void protect(struct range *r, unsigned long nr, unsigned long n, int prot)
{
	if (mprotect(r->start + nr * PAGE, n * PAGE, prot))
		fail("undo: mprotect");
}

static void open_pages(struct range *r, unsigned long nr, unsigned long n)
{
	protect(r, nr, n, PROT_READ | PROT_WRITE);
	for (unsigned long i = nr; i < nr + n; i++) {
		if (r->page[i].open)
			continue;
		r->page[i].open = true;
		r->page[i].unwritten = 0;
		opened[nr_opened++] = (struct page_ref){ r, i };
	}
}

/* A fault: the page, and those after it when the pages before it were opened last. */
static void open_from(struct range *r, unsigned long nr)
{
	static struct page_ref next;	/* after the last fault's pages */
	static unsigned long n;		/* of these */
	struct page *p = &r->page[nr];

	n = r == next.range && nr == next.nr ? 2 * n : 1;
	if (n > WINDOW_MAX)
		n = WINDOW_MAX;
	if (n > r->bytes / PAGE - nr)
		n = r->bytes / PAGE - nr;
	p->keep = (unsigned char)(p->keep < KEEP_MAX / 2 ? 2 * p->keep + !p->keep : KEEP_MAX);
	open_pages(r, nr, n);
	next = (struct page_ref){ r, nr + n };
}

/* The range of pages that @at is in, and the page's number there; NULL: it is in none. */
static struct range *range_of(const char *at, unsigned long *nr)
{
	for (struct range *r = ranges; r < ranges + nr_ranges; r++)
		if (r->page && at >= r->start && at < r->start + r->bytes) {
			*nr = (unsigned long)(at - r->start) / PAGE;
			return r;
		}
	return NULL;
}

bool undo_is_unwritten(const void *at)
{
	unsigned long nr;
	const struct range *r = range_of(at, &nr);

	return r && nr_states && !r->page[nr].open;
}

/* The first write to a page of this run. Other faults go to the former handler. */
static void on_fault(int sig, siginfo_t *info, void *context)
{
	unsigned long nr;
	struct range *r = range_of(info->si_addr, &nr);

	if (r && !r->page[nr].open) {
		open_from(r, nr);
		undo_stats.faults++;
		return;
	}
	if (former.sa_flags & SA_SIGINFO) {
		former.sa_sigaction(sig, info, context);
		return;
	}
	/* Let the fault happen again with the default action. */
	signal(sig, SIG_DFL);
}

static void catch_faults(void)
{
	struct sigaction action = { .sa_sigaction = on_fault,
				    .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER };

	if (sigaction(SIGSEGV, &action, &former))
		fail("undo: sigaction");
}

static void remember_all(void)
{
	unsigned long pages = 0;

	for (struct range *r = ranges; r < ranges + nr_ranges; r++) {
		if (!r->page)
			continue;
		pages += r->bytes / PAGE;
		r->copy[0] = map(r->bytes);
		copy(r->copy[0], r->start, r->bytes);
		for (unsigned long i = 0; i < r->bytes / PAGE; i++)
			r->page[i].then[0] = then_of(r->copy[0] + i * PAGE);
	}
	opened = map((pages + 1) * sizeof(*opened));
	varied = map((pages + 1) * sizeof(*varied));
	catch_faults();
	for (struct range *r = ranges; r < ranges + nr_ranges; r++)
		if (r->page && mprotect(r->start, r->bytes, PROT_READ))
			fail("undo: mprotect");
}

FAST static bool differ(const uint64_t *a, const uint64_t *b)
{
	uint64_t x = 0;

	for (unsigned long i = 0; i < PAGE / sizeof(*a); i++)
		x |= a[i] ^ b[i];
	return x;
}

/* Only open pages can differ from the last state. */
static void remember_changes(void)
{
	for (struct range *r = ranges; r < ranges + nr_ranges; r++)
		for (unsigned long i = 0; r->page && i < r->bytes / PAGE; i++)
			r->page[i].then[nr_states] = r->page[i].then[last_state];
	for (unsigned long i = 0; i < nr_opened; i++) {
		struct page *p = &opened[i].range->page[opened[i].nr];
		char *now = opened[i].range->start + opened[i].nr * PAGE, *then;

		if (!differ((uint64_t *)now, p->then[last_state].words))
			continue;
		then = map(PAGE);
		copy(then, now, PAGE);
		p->then[nr_states] = then_of(then);
		if (!p->varies)
			varied[nr_varied++] = opened[i];
		p->varies = true;
	}
}

unsigned int undo_remember(void)
{
	if (nr_states == UNDO_STATES)
		abort();
	for (struct range *r = ranges; r < ranges + nr_ranges; r++)
		if (!r->page) {
			r->copy[nr_states] = map(r->bytes);
			copy(r->copy[nr_states], r->start, r->bytes);
		}
	if (nr_states)
		remember_changes();
	else
		remember_all();
	last_state = nr_states;
	return nr_states++;
}

/* Pages that differ between the states are then restored as if they had been written. */
static void change_state(unsigned int state)
{
	for (unsigned long i = 0; i < nr_varied; i++) {
		struct page *p = &varied[i].range->page[varied[i].nr];

		if (!p->open && p->then[state].words != p->then[last_state].words)
			open_pages(varied[i].range, varied[i].nr, 1);
	}
	last_state = state;
}

/* Restore an open page; false when it is to be shut. */
static bool restore_page(struct range *r, unsigned long nr)
{
	struct page *p = &r->page[nr];

	if (restore_lines((uint64_t *)(r->start + nr * PAGE), &p->then[last_state])) {
		p->unwritten = 0;
		undo_stats.copied_pages++;
		return true;
	}
	p->open = ++p->unwritten < p->keep;
	return p->open;
}

/* Restore all open pages. Those that are shut are mostly one after another. */
static void restore_pages(void)
{
	unsigned long kept = 0, shut = 0;
	struct page_ref first = { 0 };

	for (unsigned long i = 0; i < nr_opened; i++) {
		struct page_ref at = opened[i];

		if (restore_page(at.range, at.nr)) {
			opened[kept++] = at;
			continue;
		}
		if (shut && at.range == first.range && at.nr == first.nr + shut) {
			shut++;
			continue;
		}
		if (shut)
			protect(first.range, first.nr, shut, PROT_READ);
		first = at;
		shut = 1;
	}
	if (shut)
		protect(first.range, first.nr, shut, PROT_READ);
	nr_opened = kept;
}

void undo_restore(unsigned int state)
{
	if (state >= nr_states)
		abort();
	undo_stats.restores++;
	for (struct range *r = ranges; r < ranges + nr_ranges; r++)
		if (!r->page)
			copy(r->start, r->copy[state], r->bytes);
	if (state != last_state)
		change_state(state);
	restore_pages();
}
