/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs inputs through a fuzz target that was built for coverage, without libFuzzer and without
 * sanitizers: replay FILE...
 *
 * Each input runs in a process of its own, which is a copy of the target after its start. So no
 * input sees what another left, and nothing is undone: that would take the counters back as well.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/undo.h"

#define MAX_INPUT (1 << 20)
#define MAX_SECONDS 60

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv) __attribute__((weak));
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
void __asan_unpoison_memory_region(const volatile void *p, unsigned long bytes);
void __asan_get_shadow_mapping(unsigned long *scale, unsigned long *offset);

/* ---- what targets want of libFuzzer, of the sanitizer and of fuzz/lib ---- */

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max)
{
	return size;
}

void __asan_unpoison_memory_region(const volatile void *p, unsigned long bytes) {}

void __asan_get_shadow_mapping(unsigned long *scale, unsigned long *offset)
{
	*scale = *offset = 0;
}

struct undo_stats undo_stats;
void undo_pages(void *start, unsigned long bytes) {}
void undo_bytes(void *start, unsigned long bytes) {}
unsigned int undo_remember(void) { return 0; }
void undo_restore(unsigned int state) {}
_Bool undo_is_unwritten(const void *at) { return 0; }

/* ---- inputs ---- */

static int run(const char *path)
{
	static uint8_t buf[MAX_INPUT];
	FILE *f = fopen(path, "rb");
	size_t n;

	if (!f) {
		perror(path);
		return 1;
	}
	n = fread(buf, 1, sizeof(buf), f);
	fclose(f);
	LLVMFuzzerTestOneInput(buf, n);
	return 0;
}

/* The counters are written when a process exits. */
static int run_in_child(const char *path)
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid < 0) {
		perror("fork");
		exit(2);
	}
	if (!pid) {
		alarm(MAX_SECONDS);
		exit(run(path));
	}
	waitpid(pid, &status, 0);
	if (status)
		fprintf(stderr, "%s: fails (status %#x)\n", path, (unsigned int)status);
	return status;
}

int main(int argc, char **argv)
{
	int failed = 0, none = 1;

	if (LLVMFuzzerInitialize)
		LLVMFuzzerInitialize(&none, &argv);
	for (int i = 1; i < argc; i++)
		failed += !!run_in_child(argv[i]);
	printf("replayed %d inputs, %d failed\n", argc - 1, failed);
	return failed > 0;
}
