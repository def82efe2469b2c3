/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace.h"

#include "cpu.h"

TEST("what a record costs, in TSC ticks (under -icount a tick is an instruction)");
RUN("dom0=1 cpus=1 icount=1");

#define PAGES 64
#define CALLS 100
#define TRIES 20

static struct t_buf *ring;

/* The shortest of some tries, in hundredths of a tick a call; the ring is emptied for each. */
static u64 cost(u32 mask)
{
	u64 best = ALL_ONES;

	if (ring)
		CHECK_EQ(trace_op(XEN_SYSCTL_TBUFOP_set_evt_mask, mask, 0, NULL), 0);
	for (u32 try = 0; try < TRIES; try++) {
		u64 start;

		if (ring)
			ring->cons = *(volatile u32 *)&ring->prod;
		start = rdtsc();
		for (u32 i = 0; i < CALLS; i++)
			HC2(__HYPERVISOR_xen_version, XENVER_version, NULL);
		best = MIN(best, rdtsc() - start);
	}
	return best * 100 / CALLS;
}

static void show(const char *what, u64 hundredths)
{
	print("trace-cost: %s %lu.%02lu\n", what, hundredths / 100, hundredths % 100);
}

void test_main(void)
{
	u64 off, other, two, three;

	off = cost(0);
	show("hypercall, tracing never on:", off);
	if (!is_privileged() || trace_op(XEN_SYSCTL_TBUFOP_set_size, 0, PAGES, NULL))
		test_skip("no trace buffers here");
	ring = trace_ring();
	CHECK_EQ(trace_op(XEN_SYSCTL_TBUFOP_enable, 0, 0, NULL), 0);
	off = cost(0);
	other = cost(TRC_MEM);
	two = cost(TRC_HVM_ENTRYEXIT);
	three = cost(TRC_HVM_ENTRYEXIT | TRC_HVM_HANDLER);
	CHECK_EQ(trace_op(XEN_SYSCTL_TBUFOP_disable, 0, 0, NULL), 0);
	show("hypercall, all masked out:", off);
	show("hypercall, another class on:", other);
	show("hypercall, vmexit and vmentry on:", two);
	show("hypercall, vmexit, hypercall and vmentry on:", three);
	show("a record of 1.5 words on average:", (two - off) / 2);
	show("a record of 1 word:", three - two);
	CHECK(other == off, "sites of other classes cost %lu instead of %lu", other, off);
	CHECK(two > off && three > two, "records cost nothing?");
}
