/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("a triple fault ends its own domain while another lives on");
RUN("domains=2 judges=1 timeout=40 icount=1");

static void hostile(void)
{
	static const u8 no_idt[10];

	__asm__ volatile("lidt %0; ud2" :: "m"(no_idt));
}

void test_main(void)
{
	peer_domid();
	if (!role())
		live_on();
	else
		hostile();
}
