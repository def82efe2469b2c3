/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of several domains: who am I, who is the other, and does it leave me alone? */
#include "cpu.h"

/* With one vCPU busy elsewhere, a sleeper has to wait some scheduling periods at most. A host
 * with a dozen other things to do made that 3.8 seconds; who is taken down waits for ever. */
#define PATIENCE (20000 * MS)

u32 role(void)
{
	return (u32)arg_u64("role", 0);
}

u16 peer_domid(void)
{
	u64 peer = arg_u64("peer", DOMID_INVALID);

	if (peer == DOMID_INVALID)
		test_skip("needs a second domain");
	return (u16)peer;
}

void sleep_ns(u64 ns)
{
	struct sched_poll p = { .nr_ports = 0, .timeout = now() + ns };

	sched_op(SCHEDOP_poll, &p);
}

void live_on(void)
{
	for (u32 i = 0; i < 40; i++) {
		u64 start = now();

		sleep_ns(10 * MS);
		for (u32 k = 0; k < 20000; k++)
			relax();
		CHECK(now() - start < PATIENCE, "10 ms of sleep and a little work took %lu ms",
		      (now() - start) / MS);
	}
}
