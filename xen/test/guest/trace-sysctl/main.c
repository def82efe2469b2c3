/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace.h"

#include "cpu.h"

TEST("trace buffers: control, mapping, records in order, losses counted exactly");
RUN("dom0=1 cpus=1");

#define PAGES 4
#define CALLS 3000
/* Events of our own: work such as memory operations (traces/catalogue.toml). */
#define OWN_WORK 0x00808000
#define EVENT_MEMORY_OP 0x00808010
#define VERSION_CALL() HC2(__HYPERVISOR_xen_version, XENVER_version, NULL)

static void drain(struct t_buf *ring)
{
	struct trace_record r;

	while (trace_next(ring, &r))
		;
}

static void check_control(void)
{
	struct xen_sysctl_tbuf_op got;

	CHECK_EQ(trace_op(XEN_SYSCTL_TBUFOP_enable, 0, 0, NULL), -XEN_EINVAL);
	CHECK_EQ(trace_op(XEN_SYSCTL_TBUFOP_get_info, 0, 0, &got), 0);
	CHECK_EQ(got.size, 0);
	CHECK_EQ(trace_map(0x1000, 0x3d000), -XEN_EINVAL);
	CHECK_EQ(trace_op(XEN_SYSCTL_TBUFOP_set_size, 0, 0x10000, NULL), -XEN_EINVAL);
	CHECK_EQ(trace_op(XEN_SYSCTL_TBUFOP_set_size, 0, PAGES, NULL), 0);
	CHECK_EQ(trace_op(XEN_SYSCTL_TBUFOP_set_size, 0, 2 * PAGES, NULL), -XEN_EINVAL);
	CHECK_EQ(trace_op(77, 0, 0, NULL), -XEN_EINVAL);
	CHECK_EQ(trace_op(XEN_SYSCTL_TBUFOP_get_info, 0, 0, &got), 0);
	CHECK(got.size == PAGE_SIZE && got.buffer_mfn && got.evt_mask == TRC_ALL,
	      "size %u mfn %#lx mask %#x", got.size, (u64)got.buffer_mfn, got.evt_mask);
	/* Only the buffers can be mapped, not the hypervisor's other pages. */
	CHECK_EQ(trace_map(got.buffer_mfn - 1, 0x3d000), -XEN_EINVAL);
	CHECK_EQ(trace_map(~0UL >> 12, 0x3d000), -XEN_EINVAL);
}

/* One hypercall is: exit, its number, entry. */
static void check_sequence(struct t_buf *ring)
{
	static const u32 want[] = { TRC_HVM_VMEXIT64, TRC_HVM_VMMCALL, TRC_HVM_VMENTRY };
	u32 matched = 0, calls = 0;
	struct trace_record r;
	u64 last = 0, before = rdtsc();

	for (u32 i = 0; i < 10; i++)
		VERSION_CALL();
	CHECK_EQ(trace_op(XEN_SYSCTL_TBUFOP_set_evt_mask, TRC_SCHED_CLASS, 0, NULL), 0);
	while (trace_next(ring, &r)) {
		CHECK(r.stamp > last, "stamps go back: %lu after %lu", r.stamp, last);
		last = r.stamp;
		if (r.event == want[matched])
			matched++;
		else
			matched = r.event == want[0];
		if (matched == 2 && r.event == TRC_HVM_VMMCALL)
			calls += r.data[0] == __HYPERVISOR_xen_version;
		matched %= ARRAY_SIZE(want);
	}
	CHECK_EQ(calls, 10);
	CHECK(last > before && last < rdtsc(), "stamps are not the TSC");
}

/* One record in a sub-class where nothing else happens meanwhile. */
static void call_once(void)
{
	u16 domid = DOMID_SELF;

	memory_op(XENMEM_current_reservation, &domid);
}

/* Without a reader, all records are either in the ring or counted as lost. */
static void check_lost(struct t_buf *ring)
{
	u32 calls = 0, lost = 0, reports = 0;
	struct trace_record r;

	drain(ring);
	CHECK_EQ(trace_op(XEN_SYSCTL_TBUFOP_set_evt_mask, OWN_WORK, 0, NULL), 0);
	for (u32 i = 0; i < CALLS; i++)
		call_once();
	while (trace_next(ring, &r))
		calls += r.event == EVENT_MEMORY_OP;
	/* The next record reports those that did not fit. */
	call_once();
	while (trace_next(ring, &r)) {
		if (r.event == TRC_LOST_RECORDS) {
			lost += r.data[0];
			reports++;
			CHECK_EQ(r.words, 4);
			CHECK_EQ(r.data[1], 0);
		}
		calls += r.event == EVENT_MEMORY_OP;
	}
	CHECK_EQ(reports, 1);
	CHECK_EQ(calls + lost, CALLS + 1);
	CHECK(calls >= trace_ring_bytes() / 20 - 1 && lost, "%u kept, %u lost", calls, lost);
	CHECK_EQ(trace_op(XEN_SYSCTL_TBUFOP_disable, 0, 0, NULL), 0);
	drain(ring);
	call_once();
	CHECK(!trace_next(ring, &r), "a record while off: %#x", r.event);
}

void test_main(void)
{
	struct t_buf *ring;

	if (!is_privileged())
		test_skip("only the privileged domain may");
	check_control();
	ring = trace_ring();
	CHECK_EQ(trace_op(XEN_SYSCTL_TBUFOP_set_evt_mask, TRC_HVM, 0, NULL), 0);
	CHECK_EQ(trace_op(XEN_SYSCTL_TBUFOP_enable, 0, 0, NULL), 0);
	drain(ring);
	check_sequence(ring);
	check_lost(ring);
}
