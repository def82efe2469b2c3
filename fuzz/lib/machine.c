/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See machine.h. */
#include "machine.h"

#include <xen/mm.h>
#include <xen/percpu.h>
#include <xen/printk.h>
#include <xen/hal/cpu.h>

#include "../../xen/arch/host/libc.h"

#define MAX_CPUS 8
/* Of each stack so much is kept, which is more than a CPU that waits has in use. */
#define STACK_KEPT 16384UL

extern char machine_data_start[], machine_data_end[];
extern char __start_percpu_data[], __stop_percpu_data[];

static char *stack_at[MAX_CPUS];	/* where what is kept begins */
static u32 nr_cpus;

/* Not there when the target is built for coverage or without sanitizers. */
void __asan_unpoison_memory_region(const volatile void *p, unsigned long bytes)
	__attribute__((weak));
void __asan_get_shadow_mapping(unsigned long *scale, unsigned long *offset) __attribute__((weak));

static void keep_shadow(const char *stack)
{
	unsigned long scale, offset;

	if (!__asan_get_shadow_mapping)
		return;
	__asan_get_shadow_mapping(&scale, &offset);
	undo_bytes((char *)(((u64)(uintptr_t)stack >> scale) + offset), STACK_KEPT >> scale);
}

/* Stacks, and the sanitizer's shadow of them. */
static void keep_stacks(void)
{
	for (u32 i = 0; i < nr_cpus; i++) {
		char *top, *from = libc_fiber_stack(i + 1, &top);

		BUG_ON(top - from > (long)STACK_KEPT);
		stack_at[i] = top - STACK_KEPT;
		undo_bytes(stack_at[i], STACK_KEPT);
		keep_shadow(stack_at[i]);
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
