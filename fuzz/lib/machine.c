/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See machine.h. */
#include "machine.h"

#include <xen/mm.h>
#include <xen/percpu.h>
#include <xen/printk.h>
#include <xen/hal/cpu.h>

#include "../../xen/arch/host/libc.h"

#define MAX_CPUS 8
/* What is kept of a stack begins at a multiple of this: eight bytes of the sanitizer's shadow. */
#define STACK_ALIGN 64UL

extern char machine_data_start[], machine_data_end[];
extern char __start_percpu_data[], __stop_percpu_data[];

static char *stack_at[MAX_CPUS];	/* where what is kept begins */
static u32 nr_cpus;

/* Not there when the target is built for coverage or without sanitizers. */
void __asan_unpoison_memory_region(const volatile void *p, unsigned long bytes)
	__attribute__((weak));
void __asan_get_shadow_mapping(unsigned long *scale, unsigned long *offset) __attribute__((weak));

static void keep_shadow(const char *stack, u64 bytes)
{
	unsigned long scale, offset;

	if (!__asan_get_shadow_mapping)
		return;
	__asan_get_shadow_mapping(&scale, &offset);
	undo_bytes((char *)(((u64)(uintptr_t)stack >> scale) + offset), bytes >> scale);
}

/* Stacks as far as a CPU that waits uses them, and the sanitizer's shadow of that. */
static void keep_stacks(void)
{
	for (u32 i = 0; i < nr_cpus; i++) {
		char *top, *from = libc_fiber_stack(i + 1, &top);

		/* Functions keep data below the stack pointer, too: the red zone. */
		from = (char *)(((u64)(uintptr_t)from - 128) & ~(STACK_ALIGN - 1));
		stack_at[i] = from;
		undo_bytes(from, (u64)(top - from));
		keep_shadow(from, (u64)(top - from));
	}
}

/* A CPU that waits in deeper calls leaves marks of its frames in the shadow. */
static void clear_frames(void)
{
	for (u32 i = 0; i < nr_cpus; i++) {
		char *top, *now = libc_fiber_stack(i + 1, &top);

		if (now < stack_at[i] && __asan_unpoison_memory_region)
			__asan_unpoison_memory_region(now, (unsigned long)(stack_at[i] - now));
	}
}

void machine_undo_all(unsigned int cpus)
{
	u64 percpu = (u64)(__stop_percpu_data - __start_percpu_data);

	BUG_ON(cpus > MAX_CPUS);
	nr_cpus = cpus;
	undo_pages(machine_data_start, (u64)(machine_data_end - machine_data_start));
	undo_pages(hal_direct_map, max_mfn << PAGE_SHIFT);
	undo_pages(frame_table, ROUND_UP(max_mfn * sizeof(*frame_table), PAGE_SIZE));
	undo_bytes(__start_percpu_data, percpu);
	for (u32 cpu = 1; cpu <= cpus; cpu++)
		undo_bytes(__start_percpu_data + percpu_offset[cpu], percpu);
	keep_stacks();
}

void machine_restore(unsigned int state)
{
	clear_frames();
	undo_restore(state);
}
