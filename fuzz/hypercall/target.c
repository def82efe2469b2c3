/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzzing of hypercalls: the entry points of libFuzzer. See hypercall.h. */
#include "hypercall.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t na, const uint8_t *b, size_t nb,
				 uint8_t *out, size_t max, unsigned int seed);

const char *__asan_default_options(void);

/*
 * The machine's memory is not malloc's; the oracle finds what is lost there. Only libFuzzer
 * allocates, and its freed memory needs no watch.
 */
const char *__asan_default_options(void)
{
	return "detect_leaks=0:detect_stack_use_after_return=0:"
	       "quarantine_size_mb=0:thread_local_quarantine_size_kb=0:malloc_context_size=0:"
	       "max_malloc_fill_size=0";
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	machine_boot(getenv("ORACLE_TWICE"));
	replay_command(*argc, *argv);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	machine_run(data, size);
	return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed)
{
	return mutate(data, size, max, seed);
}

size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t na, const uint8_t *b, size_t nb,
				 uint8_t *out, size_t max, unsigned int seed)
{
	return cross_over(a, na, b, nb, out, max, seed);
}
