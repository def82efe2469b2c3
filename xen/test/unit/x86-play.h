/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One guest on the software processor, which a test plays exit by exit. */
#ifndef TEST_X86_PLAY_H
#define TEST_X86_PLAY_H

#include <asm/soft-processor.h>

#include "x86-world.h"

/** The guest, and what it has met so far. */
struct x86_play {
	struct world_domain world;
	u32 step;		/* exits taken from the list */
	s32 taken;		/* the last interrupt, -1: none */
	u32 nr_taken;
	u64 events;		/* all events that were injected, or-ed */
	u64 rax, rip;		/* at the last entry */
};
extern struct x86_play play;

/**
 * Run a domain of one vCPU in 64-bit mode on one CPU, with the oracle's look at it before each
 * entry, until it halts with interrupts off, and destroy it. @exits: the exit code of each step,
 * then 0; @fn sees the entry, with the exit code set, and may change everything. @hardware: see
 * world_create(). In a run of its own (host_isolated()).
 */
void x86_play(const u64 *exits, void (*fn)(struct soft_entry *e), bool hardware);

/** The exit of WRMSR. */
void x86_play_wrmsr(struct soft_entry *e, u32 msr, u64 val);

#endif
