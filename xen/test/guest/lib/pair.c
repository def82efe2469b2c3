/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Helpers for tests of several domains: each one's role, and whether they leave each other alone.
 */
#include "cpu.h"

/* With one vCPU busy elsewhere, a sleeper waits a few scheduling periods at most. On a host with
 * a dozen other jobs that was 3.8 seconds; a domain that is starved waits forever. */
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

/* No PAUSE: with -icount QEMU ends a CPU's turn at each, and another CPU may loop for ever. */
static void work(u32 rounds)
{
	for (volatile u32 k = 0; k < rounds; k++)
		;
}

void live_on(void)
{
	for (u32 i = 0; i < 40; i++) {
		u64 start = now();

		sleep_ns(10 * MS);
		work(20000);
		CHECK(now() - start < PATIENCE, "10 ms of sleep and a little work took %lu ms",
		      (now() - start) / MS);
	}
}
