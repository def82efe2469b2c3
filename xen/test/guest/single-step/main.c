/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("single-step over intercepted instructions traps once after each");

static volatile u32 steps;
static volatile word rips[32];
/* The last instruction: one that only 64-bit mode has, in 64-bit mode. */
#ifdef __x86_64__
#define LAST "mov %%cr8, %%rax\n"
#else
#define LAST "in $0x61, %%al\n"
#endif

static void on_db(struct regs *regs)
{
	rips[steps++ & 31] = regs->rip;
}

void test_main(void)
{
	extern char step_begin[], step_cpuid[], step_in[], step_rdmsr[], step_last[], step_end[];
	word a = 0, b, c = MSR_APIC_BASE, d;
	const word want[] = { (word)step_cpuid, (word)step_in, (word)step_rdmsr,
			      (word)step_last };

	set_vector(VEC_DB, on_db);
	__asm__ volatile("pushf; orl $0x100, (%%" SP "); popf\n"
			 "step_begin: nop\n"
			 "xor %%eax, %%eax\n"
			 "cpuid\n"
			 "step_cpuid: mov $0x5a0, %%edx\n"
			 "in %%dx, %%al\n"
			 "step_in: mov $0x1b, %%ecx\n"
			 "rdmsr\n"
			 "step_rdmsr: " LAST
			 "step_last: pushf; andl $~0x100, (%%" SP "); popf\n"
			 "step_end:\n"
			 : "+a"(a), "=b"(b), "+c"(c), "=d"(d) :: "memory", "cc");
	/* Ten instructions run with TF set; POPF that clears it still traps after itself. */
	for (u32 i = 0; i < ARRAY_SIZE(want); i++) {
		u32 seen = 0;

		for (u32 k = 0; k < steps && k < 32; k++)
			seen += rips[k] == want[i];
		CHECK(seen == 1, "%u traps after intercepted instruction %u", seen, i);
	}
	CHECK(steps >= 10 && steps <= 12, "%u traps", steps);
	CHECK(rips[0] == (word)step_begin + 1 || rips[0] == (word)step_begin, "first at %#lx",
	      rips[0]);
	(void)step_end;
}
