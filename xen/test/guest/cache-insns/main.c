/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("WBINVD and INVD are passed over, and lose nothing that was written");

static volatile u32 written;

static void wbinvd(void *arg) { __asm__ volatile("wbinvd" ::: "memory"); }
static void invd(void *arg) { __asm__ volatile("invd" ::: "memory"); }

void test_main(void)
{
	static void (*const insns[])(void *arg) = { wbinvd, invd };

	for (u32 i = 0; i < ARRAY_SIZE(insns); i++) {
		written = i + 5;
		CHECK(!try_call(insns[i], NULL).taken, "instruction %u faults", i);
		CHECK_EQ(written, i + 5);
	}
}
