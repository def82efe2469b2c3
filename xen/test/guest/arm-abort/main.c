/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("accesses where nothing is: an external abort with the address, for data and instructions");

static void write_there(void *at)
{
	*(volatile u64 *)at = 1;
}

static void jump_there(void *at)
{
	((void (*)(void))at)();
}

static void pair_to_device(void *at)
{
	__asm__ volatile("stp x0, x1, [%0]" :: "r"(at) : "memory");
}

void test_main(void)
{
	u64 *nothing = (u64 *)0xf0000000UL;
	struct trap t = try_call(write_there, nothing);

	CHECK(t.taken && t.esr >> 26 == EC_DATA_ABORT, "ESR %#lx", t.esr);
	CHECK_EQ(t.far, nothing);
	CHECK_EQ(t.esr & 0x3f, 0x10);
	CHECK(is_hole(nothing), "memory");
	t = try_call(jump_there, nothing);
	CHECK(t.taken && t.esr >> 26 == EC_INSN_ABORT, "ESR %#lx", t.esr);
	/* An instruction that no device can be accessed with. */
	t = try_call(pair_to_device, (void *)gicd(0));
	CHECK(t.taken && t.esr >> 26 == EC_DATA_ABORT, "ESR %#lx", t.esr);
}
