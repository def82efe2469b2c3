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
#define MAX_RANGES 64
/*
 * A page stays open for so many runs after the last that wrote it: comparing it costs a fraction of
 * a microsecond, a fault and changing its protection twice some twenty.
 */
#define KEEP_OPEN 128

struct page {
	bool open;		/* may be written; otherwise a write is a fault */
	unsigned char unwritten; /* runs since the last that wrote it */
};

struct range {
	char *start, *copy;
	unsigned long bytes;
	struct page *page;	/* NULL: restored whole */
};

struct open_page {
	struct range *range;
	unsigned long nr;
};

struct undo_stats undo_stats;

static struct range ranges[MAX_RANGES];
static unsigned int nr_ranges;
static struct open_page *opened;
static unsigned long nr_opened;
static struct sigaction former;

/*
 * The memory holds what a sanitizer keeps apart (red zones, frames of other stacks), so memcpy and
 * memcmp, which it checks, will not do.
 */
static void copy(void *to, const void *from, unsigned long n)
{
	__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(n) : : "memory");
}

/* Make the lines of a page @then again that differ; false when none does. */
static bool restore_lines(uint64_t *now, const uint64_t *then)
{
	bool differs = false;

	for (unsigned long i = 0; i < PAGE / sizeof(*now); i += LINE) {
		uint64_t x = 0;

		for (unsigned long j = i; j < i + LINE; j++)
			x |= now[j] ^ then[j];
		if (!x)
			continue;
		differs = true;
		for (unsigned long j = i; j < i + LINE; j++)
			now[j] = then[j];
	}
	return differs;
}

static void fail(const char *what)
{
	perror(what);
	abort();
}

static void add(void *start, unsigned long bytes, int by_page)
{
	struct range *r = &ranges[nr_ranges];

	if (nr_ranges == MAX_RANGES)
		abort();
	nr_ranges++;
	r->start = start;
	r->bytes = bytes;
	r->copy = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (r->copy == MAP_FAILED)
		fail("undo: mmap");
	if (!by_page)
		return;
	r->page = calloc(bytes / PAGE, sizeof(*r->page));
	if (!r->page)
		fail("undo: calloc");
}

void undo_pages(void *start, unsigned long bytes)
{
	if (((uintptr_t)start | bytes) % PAGE)
		abort();
	if (bytes)
		add(start, bytes, 1);
}

void undo_bytes(void *start, unsigned long bytes)
{
	add(start, bytes, 0);
}

static void protect(struct range *r, unsigned long nr, int prot)
{
	if (mprotect(r->start + nr * PAGE, PAGE, prot))
		fail("undo: mprotect");
}

/* The first write to a page of this run. Other faults go to the former handler. */
static void on_fault(int sig, siginfo_t *info, void *context)
{
	char *at = info->si_addr;

	for (struct range *r = ranges; r < ranges + nr_ranges; r++) {
		unsigned long nr = (unsigned long)(at - r->start) / PAGE;

		if (!r->page || at < r->start || at >= r->start + r->bytes || r->page[nr].open)
			continue;
		protect(r, nr, PROT_READ | PROT_WRITE);
		r->page[nr].open = true;
		opened[nr_opened++] = (struct open_page){ r, nr };
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

void undo_remember(void)
{
	struct sigaction action = { .sa_sigaction = on_fault,
				    .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER };
	unsigned long pages = 0;

	for (struct range *r = ranges; r < ranges + nr_ranges; r++)
		pages += r->bytes / PAGE;
	opened = calloc(pages + 1, sizeof(*opened));
	if (!opened)
		fail("undo: calloc");
	if (sigaction(SIGSEGV, &action, &former))
		fail("undo: sigaction");
	for (struct range *r = ranges; r < ranges + nr_ranges; r++) {
		copy(r->copy, r->start, r->bytes);
		if (r->page && mprotect(r->start, r->bytes, PROT_READ))
			fail("undo: mprotect");
	}
}

/* Restore an open page; false when it is shut. */
static bool restore_page(struct range *r, unsigned long nr)
{
	struct page *p = &r->page[nr];

	if (restore_lines((uint64_t *)(r->start + nr * PAGE), (uint64_t *)(r->copy + nr * PAGE))) {
		p->unwritten = 0;
		undo_stats.copied_pages++;
		return true;
	}
	if (++p->unwritten < KEEP_OPEN)
		return true;
	*p = (struct page){ 0 };
	protect(r, nr, PROT_READ);
	return false;
}

void undo_restore(void)
{
	unsigned long kept = 0;

	undo_stats.restores++;
	for (struct range *r = ranges; r < ranges + nr_ranges; r++)
		if (!r->page)
			copy(r->start, r->copy, r->bytes);
	for (unsigned long i = 0; i < nr_opened; i++)
		if (restore_page(opened[i].range, opened[i].nr))
			opened[kept++] = opened[i];
	nr_opened = kept;
}
