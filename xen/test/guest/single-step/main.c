/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("single-step over intercepted instructions traps once after each");

static volatile u32 steps;
static volatile u64 rips[32];

static void on_db(struct regs *regs)
{
	rips[steps++ & 31] = regs->rip;
}

void test_main(void)
{
	extern char step_begin[], step_cpuid[], step_in[], step_rdmsr[], step_vmm[], step_end[];
	u64 a = 0, b, c = MSR_APIC_BASE, d;
	const u64 want[] = { (u64)step_cpuid, (u64)step_in, (u64)step_rdmsr, (u64)step_vmm };

	set_vector(VEC_DB, on_db);
	__asm__ volatile("pushf; orl $0x100, (%%rsp); popf\n"
			 "step_begin: nop\n"
			 "xor %%eax, %%eax\n"
			 "cpuid\n"
			 "step_cpuid: mov $0x5a0, %%edx\n"
			 "in %%dx, %%al\n"
			 "step_in: mov $0x1b, %%ecx\n"
			 "rdmsr\n"
			 "step_rdmsr: mov %%cr8, %%rax\n"
			 "step_vmm: pushf; andl $~0x100, (%%rsp); popf\n"
			 "step_end:\n"
			 : "+a"(a), "=b"(b), "+c"(c), "=d"(d) :: "memory", "cc");
	/* Ten instructions run with TF set; POPF that clears it still traps after itself. */
	for (u32 i = 0; i < ARRAY_SIZE(want); i++) {
		u32 seen = 0;

		for (u32 k = 0; k < steps && k < 32; k++)
			seen += rips[k] == want[i];
		CHECK(seen == 1, "%u traps behind intercepted instruction %u", seen, i);
	}
	CHECK(steps >= 10 && steps <= 12, "%u traps", steps);
	CHECK(rips[0] == (u64)step_begin + 1 || rips[0] == (u64)step_begin, "first at %#lx",
	      rips[0]);
	(void)step_end;
}
