/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("event channels raise the interrupt of the device tree, and end a wait");

void test_main(void)
{
	s32 a = event_alloc_unbound(DOMID_SELF), b = event_bind_interdomain(DOMID_SELF, (u32)a);
	u64 start;

	NEED(a > 0 && b > 0, "ports %d %d", a, b);
	upcalls_enable();
	CHECK_EQ(event_send((u32)a), 0);
	CHECK_EQ(upcalls[0], 0);
	sti();
	CHECK(WAIT_FOR(upcalls[0] == 1, 10000), "%u upcalls", upcalls[0]);
	CHECK(event_test_and_clear((u32)b), "not pending");
	/* Masked: pending without an upcall, until it is unmasked. */
	event_mask((u32)b);
	CHECK_EQ(event_send((u32)a), 0);
	delay(5 * MS);
	CHECK_EQ(upcalls[0], 1);
	CHECK_EQ(event_unmask_call((u32)b), 0);
	CHECK(WAIT_FOR(upcalls[0] == 2, 10000), "%u upcalls", upcalls[0]);
	cli();
	event_test_and_clear((u32)b);
	event_send((u32)a);
	start = now();
	sti_hlt();
	CHECK_EQ(upcalls[0], 3);
	CHECK(now() - start < 1000 * MS, "the wait took %lu ns", now() - start);
}
