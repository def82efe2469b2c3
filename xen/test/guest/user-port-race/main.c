/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * XSETBV exits before its privilege is checked, and the hypervisor then fetches the instruction
 * again. Meanwhile another vCPU turns it into an OUT, which user mode with IOPL 0 and an empty I/O
 * permission bitmap may not execute.
 */
#include "cpu.h"

TEST("user mode reaches no port through the emulator, whatever another vCPU writes into its code");
RUN("vcpus=2 timeout=40 icount=1 bochs_cpus=1");

#define CR4_OSXSAVE BIT(18)
#define CPUID_XSAVE BIT(26)
#define XSETBV_RET 0xc3d1010fu	/* 0f 01 d1 c3 */
#define OUT61_RET 0xc39061e6u	/* e6 61 90 c3 */
#define SECONDS 20
#define ENOUGH 400000	/* rounds in which XSETBV was refused */

/* mov eax, 3; xor ecx, ecx; nop; then the instruction that changes */
__asm__(".pushsection .data\n"
	".balign 64\n"
	".globl race_code\n"
	"race_code: .byte 0xb8, 3, 0, 0, 0, 0x31, 0xc9, 0x90\n"
	".long 0xc3d1010f\n"
	"ret\n"
	".popsection");
extern u8 race_code[];
static volatile bool stop;

static void set_insn(u32 bytes)
{
	*(volatile u32 *)(race_code + 8) = bytes;
}

static void spin(u32 n)
{
	for (u32 i = 0; i < n; i++)
		relax();
}

static void toggle(void *arg)
{
	while (!stop) {
		set_insn(OUT61_RET);
		spin(50);
		set_insn(XSETBV_RET);
		spin(50);
	}
}

static void run_user(void *arg)
{
	user_call((u64 (*)(void))race_code);
}

static void check_refused(const char *what)
{
	struct trap t = try_call(run_user, NULL);

	CHECK(t.taken && t.vector == VEC_GP, "%s in user mode: trap %u vector %u", what, t.taken,
	      t.vector);
}

static void race(void)
{
	u64 end = now() + SECONDS * 1000 * MS, refused = 0;
	struct trap t;

	smp_run(1, toggle, NULL);
	for (u64 i = 0; now() < end && refused < ENOUGH; i++) {
		t = try_call(run_user, NULL);
		if (!t.taken) {
			stop = true;
			test_failure("round %lu: OUT was executed in user mode", i);
		}
		refused += t.vector == VEC_GP;
	}
	stop = true;
	CHECK(refused, "nothing was refused");
	CHECK(!(inb(0x61) & 3), "port 0x61 was written: %#x", inb(0x61));
}

void test_main(void)
{
	if (!(cpuid(1, 0).c & CPUID_XSAVE))
		test_skip("no XSAVE");
	write_cr4(read_cr4() | CR4_OSXSAVE);
	smp_need(1);
	outb(0x61, 0);
	check_refused("XSETBV");
	set_insn(OUT61_RET);
	check_refused("OUT");
	race();
}
