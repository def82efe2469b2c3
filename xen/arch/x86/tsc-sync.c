/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Measures the difference between an application processor's TSC and the boot CPU's. The boot CPU
 * asks and the other CPU answers with its time stamp; the shortest round trip bounds the error. A
 * difference within that bound counts as zero, which is what a sane machine gives.
 */
#include <asm/time.h>

#include <xen/compiler.h>
#include <xen/hal/cpu.h>
#include <xen/printk.h>
#include <asm/msr.h>

#include "tsc-sync.h"

#define ROUNDS 8
#define GIVE_UP_NS 1000000000L

/* The boot CPU increments asked, the other CPU follows with answered. One pair at a time. */
static u32 asked, answered;
static u64 stamp;

static bool wait_answer(u32 round)
{
	s_time_t start = hal_now_ns();

	while (__atomic_load_n(&answered, __ATOMIC_ACQUIRE) != round) {
		if (hal_now_ns() - start > GIVE_UP_NS)
			return false;
		hal_cpu_relax();
	}
	return true;
}

void time_sync_boot_cpu(u32 cpu)
{
	u64 best = ~0UL;
	s64 offset = 0;

	for (u32 round = 1; round <= ROUNDS; round++) {
		u64 before = rdtsc(), way;

		__atomic_store_n(&asked, round, __ATOMIC_RELEASE);
		if (!wait_answer(round))
			break;
		way = rdtsc() - before;
		if (way < best) {
			best = way;
			offset = (s64)(before + way / 2 - stamp);
		}
	}
	if (offset < 0 ? (u64)-offset <= best / 2 + 1 : (u64)offset <= best / 2 + 1)
		offset = 0;
	else
		printk(LOG_WARN "CPU%u: TSC differs by %ld cycles, corrected\n", cpu, offset);
	time_set_tsc_offset(cpu, offset);
	__atomic_store_n(&asked, 0, __ATOMIC_RELEASE);
	wait_answer(0);
}

void time_sync_secondary(u32 cpu)
{
	u32 seen = 0;

	do {
		u32 round;

		while ((round = __atomic_load_n(&asked, __ATOMIC_ACQUIRE)) == seen)
			hal_cpu_relax();
		stamp = rdtsc();
		__atomic_store_n(&answered, round, __ATOMIC_RELEASE);
		seen = round;
	} while (seen);
}
