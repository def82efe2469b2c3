/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("hardware breakpoints and INT3 arrive in the guest; DR6 tells which");

static volatile u32 hits;
static volatile word dr6;
static volatile word watched;
/* Length of a breakpoint: 8 bytes where registers have that many. */
#define LENGTH (sizeof(word) == 8 ? 2UL : 3UL)

static void on_db(struct regs *regs)
{
	word v;

	__asm__ volatile("mov %%dr6, %0" : "=r"(v));
	dr6 = v;
	__asm__ volatile("mov %0, %%dr6" :: "r"(0xffff0ff0UL));
	hits++;
}

static void do_int3(void *arg)
{
	__asm__ volatile("int3");
}

void test_main(void)
{
	struct trap t = try_call(do_int3, NULL);
	word v;

	CHECK(t.taken && t.vector == VEC_BP, "INT3: vector %u", t.vector);
	set_vector(VEC_DB, on_db);
	__asm__ volatile("mov %0, %%dr2" :: "r"(&watched));
	/* Breakpoint 2: write, a whole word. */
	__asm__ volatile("mov %0, %%dr7" :: "r"(0x420UL | 1UL << 24 | LENGTH << 26));
	watched = 1;
	CHECK_EQ(hits, 1);
	CHECK(dr6 & BIT(2), "DR6 %#lx", dr6);
	sched_op(SCHEDOP_yield, NULL);
	cpuid(0, 0);
	watched = 2;
	CHECK_EQ(hits, 2);
	__asm__ volatile("mov %%dr7, %0" : "=r"(v));
	CHECK(v & BIT(5), "DR7 %#lx", v);
	__asm__ volatile("mov %0, %%dr7" :: "r"(0x400UL));
	watched = 3;
	CHECK_EQ(hits, 2);
}
