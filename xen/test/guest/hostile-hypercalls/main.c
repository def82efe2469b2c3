/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("a guest that does nothing but long hypercalls does not stop another");
RUN("domains=2 judges=1 timeout=40 cpus=1 icount=1");

#define N 4096

static struct multicall_entry e[N];

static void hostile(void)
{
	for (;;) {
		for (u32 i = 0; i < N; i++)
			e[i] = (struct multicall_entry){ .op = __HYPERVISOR_xen_version,
							 .args = { XENVER_pagesize } };
		HC2(__HYPERVISOR_multicall, e, N);
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
