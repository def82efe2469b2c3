/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See changing-page.h: the page is not accessible, so each access is a fault, which lets the one
 * instruction through with the processor's trap flag set. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE	/* the names of registers */
#endif
#include "changing-page.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#define PAGE_BYTES 4096U
#define EFLAGS_TF 0x100

static struct {
	char *page;
	void (*after)(void *page, uint32_t n, void *arg);
	void *arg;
	uint32_t n;
	struct sigaction old_segv, old_trap;
} watched;

static void protect(int prot)
{
	if (mprotect(watched.page, PAGE_BYTES, prot))
		abort();
}

static void on_fault(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	char *at = info->si_addr;

	if (at < watched.page || at >= watched.page + PAGE_BYTES) {
		/* Another page's fault happens again, and is reported as usual. */
		sigaction(SIGSEGV, &watched.old_segv, NULL);
		return;
	}
	protect(PROT_READ | PROT_WRITE);
	uc->uc_mcontext.gregs[REG_EFL] |= EFLAGS_TF;
}

static void on_step(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	uc->uc_mcontext.gregs[REG_EFL] &= ~EFLAGS_TF;
	watched.after(watched.page, ++watched.n, watched.arg);
	protect(PROT_NONE);
}

void changing_page_begin(void *page, void (*after)(void *page, uint32_t n, void *arg), void *arg)
{
	struct sigaction sa = { .sa_flags = SA_SIGINFO };

	watched.page = page;
	watched.after = after;
	watched.arg = arg;
	watched.n = 0;
	sigfillset(&sa.sa_mask);
	sa.sa_sigaction = on_fault;
	sigaction(SIGSEGV, &sa, &watched.old_segv);
	sa.sa_sigaction = on_step;
	sigaction(SIGTRAP, &sa, &watched.old_trap);
	protect(PROT_NONE);
}

uint32_t changing_page_end(void)
{
	protect(PROT_READ | PROT_WRITE);
	sigaction(SIGSEGV, &watched.old_segv, NULL);
	sigaction(SIGTRAP, &watched.old_trap, NULL);
	return watched.n;
}
