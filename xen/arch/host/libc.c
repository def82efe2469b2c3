/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host port's libc side: memory, hand-switched stacks, processes. */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libc.h"

#define STACK_BYTES (512UL << 10)

struct fiber {
	void *sp;
	char *stack;
	unsigned long size;
	void (*fn)(void *arg);
	void *arg;
};

static struct fiber fibers[HOST_FIBERS];

/* stack.S */
void stack_switch(void **save, void *load);
void stack_start(void);

/* AddressSanitizer must be told of every change of stack. */
#if defined(__SANITIZE_ADDRESS__) || defined(__clang__)
#include <sanitizer/common_interface_defs.h>
#pragma weak __sanitizer_start_switch_fiber
#pragma weak __sanitizer_finish_switch_fiber

static void switch_begins(void **save, const struct fiber *to)
{
	if (__sanitizer_start_switch_fiber)
		__sanitizer_start_switch_fiber(save, to->stack, to->size);
}

static void switch_done(void *saved)
{
	if (__sanitizer_finish_switch_fiber)
		__sanitizer_finish_switch_fiber(saved, NULL, NULL);
}
#else
static void switch_begins(void **save, const struct fiber *to) {}
static void switch_done(void *saved) {}
#endif

static void *map(unsigned long bytes, int flags)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_NORESERVE | flags,
		       -1, 0);

	if (p == MAP_FAILED) {
		perror("host port: mmap");
		abort();
	}
	return p;
}

void *libc_map(unsigned long bytes)
{
	return map(bytes, MAP_PRIVATE);
}

void *libc_map_shared(unsigned long bytes)
{
	return map(bytes, MAP_SHARED);
}

static void fiber_entry(struct fiber *f)
{
	switch_done(NULL);
	f->fn(f->arg);
	abort();
}

static void find_own_stack(void)
{
	pthread_attr_t attr;
	void *stack;
	size_t size;

	if (fibers[0].stack || pthread_getattr_np(pthread_self(), &attr))
		return;
	pthread_attr_getstack(&attr, &stack, &size);
	pthread_attr_destroy(&attr);
	fibers[0].stack = stack;
	fibers[0].size = size;
}

void libc_fiber_create(unsigned int id, void (*fn)(void *arg), void *arg)
{
	struct fiber *f = &fibers[id];
	void **frame;

	find_own_stack();
	if (!f->stack) {
		char *area = libc_map(STACK_BYTES + 4096);

		/* The lowest page catches overflows. */
		mprotect(area, 4096, PROT_NONE);
		f->stack = area + 4096;
		f->size = STACK_BYTES;
	}
	f->fn = fn;
	f->arg = arg;
	/* Values that stack_switch pops: r15, r14, r13, r12, rbx, rbp, and the return address. */
	frame = (void **)(f->stack + f->size) - 9; /* 16-aligned at the call */
	memset(frame, 0, 8 * sizeof(*frame));
	frame[2] = (void *)fiber_entry;
	frame[3] = f;
	frame[6] = (void *)stack_start;
	f->sp = frame;
}

char *libc_fiber_stack(unsigned int id, char **top)
{
	*top = fibers[id].stack + fibers[id].size;
	return fibers[id].sp;
}

void libc_fiber_switch(unsigned int from, unsigned int to)
{
	void *saved = NULL;

	switch_begins(&saved, &fibers[to]);
	stack_switch(&fibers[from].sp, fibers[to].sp);
	switch_done(saved);
}

void libc_write_err(const char *s, unsigned long len)
{
	while (len) {
		ssize_t n = write(2, s, len);

		if (n <= 0)
			return;
		s += n;
		len -= n;
	}
}

void libc_exit(int status)
{
	fflush(NULL);
	exit(status);
}

int libc_verbose(void)
{
	const char *s = getenv("HOST_VERBOSE");

	return s && *s && *s != '0';
}

/*
 * A test framework catches fatal signals and would continue with its next test inside the child. So
 * the child restores the handlers from the start (a sanitizer's, or none).
 */
static const int fatal_signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS };
#define NR_FATAL (sizeof(fatal_signals) / sizeof(fatal_signals[0]))
static struct sigaction first_action[NR_FATAL];

__attribute__((constructor)) static void remember_handlers(void)
{
	for (unsigned long i = 0; i < NR_FATAL; i++)
		sigaction(fatal_signals[i], NULL, &first_action[i]);
}

static int is_child;

/*
 * LeakSanitizer calls this at exit. Memory copied from the parent may be reachable only from
 * registers that were saved at a change of stacks. The child's own allocations are freed or are in
 * the simulated machine's memory.
 */
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
	return is_child;
}

int libc_run_child(void (*fn)(void *arg), void *arg)
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid < 0) {
		perror("host port: fork");
		abort();
	}
	if (!pid) {
		is_child = 1;
		for (unsigned long i = 0; i < NR_FATAL; i++)
			sigaction(fatal_signals[i], &first_action[i], NULL);
		fn(arg);
		libc_exit(0);
	}
	if (waitpid(pid, &status, 0) != pid)
		abort();
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
