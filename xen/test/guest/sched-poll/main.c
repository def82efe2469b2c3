/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("poll: ends by its timeout, by a port, at once for a pending one; limits");

static long poll(evtchn_port_t *ports, u32 n, u64 timeout)
{
	struct sched_poll p = { .nr_ports = n, .timeout = timeout };

	set_xen_guest_handle(p.ports, ports);
	return sched_op(SCHEDOP_poll, &p);
}

void test_main(void)
{
	static evtchn_port_t ports[256];
	struct vcpu_set_singleshot_timer t = { .flags = 0 };
	s32 timer = event_bind_virq(VIRQ_TIMER, 0), self = event_bind_ipi(0);
	u64 start = now(), took;

	NEED(timer > 0 && self > 0, "ports %d %d", timer, self);
	event_mask((u32)timer);
	event_mask((u32)self);
	ports[0] = (u32)self;
	ports[1] = (u32)timer;
	CHECK_EQ(poll(ports, 1, start + 20 * MS), 0);
	took = now() - start;
	CHECK(took >= 20 * MS && took < 500 * MS, "a timeout of 20 ms took %lu us", took / 1000);
	t.timeout_abs_ns = now() + 20 * MS;
	CHECK_EQ(vcpu_op(VCPUOP_set_singleshot_timer, 0, &t), 0);
	CHECK_EQ(poll(ports, 2, 0), 0);
	CHECK(event_test_and_clear((u32)timer), "the timer did not end the poll");
	CHECK(now() >= t.timeout_abs_ns, "poll ended early");
	event_send((u32)self);
	start = now();
	CHECK_EQ(poll(ports, 1, start + 2000 * MS), 0);
	CHECK(now() - start < 1000 * MS, "polled with the port pending");
	CHECK_EQ(poll(ports, 129, now() + MS), -XEN_EINVAL);
	CHECK_EQ(poll(UNMAPPED, 1, now() + MS), -XEN_EFAULT);
	event_test_and_clear((u32)self);
	ports[0] = 0x7fffffff;
	CHECK_EQ(poll(ports, 1, now() + MS), -XEN_EINVAL);
}
