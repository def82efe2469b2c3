/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("a guest that runs random bytes is contained");
RUN("domains=2 judges=1 timeout=40");

static u8 code[16 * PAGE_SIZE] PAGE_ALIGNED;

static void run(void *at)
{
	((void (*)(void))at)();
}

static void hostile(void)
{
	u64 seed = rdtsc() | 1;

	for (u32 round = 0; round < 300; round++) {
		for (u32 i = 0; i < sizeof(code); i++) {
			seed ^= seed << 13;
			seed ^= seed >> 7;
			seed ^= seed << 17;
			code[i] = (u8)seed;
		}
		try_call(run, code + seed % 4096);
	}
}

void test_main(void)
{
	peer_domid();
	if (!role())
		live_on();
	else
		hostile();
}
