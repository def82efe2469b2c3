/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("FIFO event channels: invalid links and heads neither hang nor crash the hypervisor");
RUN("icount=1");

static u32 control[1024] PAGE_ALIGNED;
static volatile u32 words[1024] PAGE_ALIGNED;

void test_main(void)
{
	struct evtchn_init_control op = { .control_gfn = (u64)control / PAGE_SIZE };
	struct evtchn_expand_array ex = { .array_gfn = (u64)words / PAGE_SIZE };
	u32 seed = 12345;
	s32 port[16];

	NEED(!evtchn_op(EVTCHNOP_init_control, &op), "no FIFO event channels");
	NEED(!evtchn_op(EVTCHNOP_expand_array, &ex), "no array");
	for (u32 i = 0; i < 16; i++)
		NEED((port[i] = event_bind_ipi(0)) > 0, "port %d", port[i]);
	for (u32 round = 0; round < 3000; round++) {
		for (u32 i = 0; i < 32; i++) {
			seed = seed * 1664525 + 1013904223;
			words[i] = round & 1 ? seed : (seed & 0xe0000000) | (i * 7 % 20);
			control[i] = seed >> 3;
		}
		event_send((u32)port[round % 16]);
		if (round % 5 == 0)
			event_unmask_call((u32)port[round * 3 % 16]);
	}
	CHECK(HC2(__HYPERVISOR_xen_version, XENVER_version, 0) > 0, "no calls any more");
}
