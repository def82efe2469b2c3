/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("a guest that floods the console does not stop another, nor drown its words");
RUN("domains=2 judges=1 timeout=40 cpus=1 opts=guest_console_rate=20 icount=1");

static void hostile(void)
{
	for (u64 i = 0;; i++)
		print("line %lu of a flood that never ends\n", i);
}

void test_main(void)
{
	peer_domid();
	if (!role())
		live_on();
	else
		hostile();
}
