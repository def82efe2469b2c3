/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("a guest that loops for ever with interrupts off does not stop another");
RUN("domains=2 judges=1 timeout=40 cpus=1 icount=1");

static void hostile(void)
{
	cli();
	for (;;)
		barrier();
}

void test_main(void)
{
	peer_domid();
	if (!role())
		live_on();
	else
		hostile();
}
