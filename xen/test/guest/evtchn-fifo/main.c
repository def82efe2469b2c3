/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("FIFO event channels: queues by priority and in order, masks, high ports, bad pages");

#define WORD_MASK EVTCHN_FIFO_LINK_MASK

static struct evtchn_fifo_control_block control PAGE_ALIGNED;
static volatile event_word_t words[2 * PAGE_SIZE / 4] PAGE_ALIGNED;

static long expand(const volatile void *page)
{
	struct evtchn_expand_array op = { .array_gfn = (u64)page / PAGE_SIZE };

	return evtchn_op(EVTCHNOP_expand_array, &op);
}

static long priority(u32 port, u32 prio)
{
	struct evtchn_set_priority op = { .port = port, .priority = prio };

	return evtchn_op(EVTCHNOP_set_priority, &op);
}

static void unmask(u32 port)
{
	__atomic_fetch_and(&words[port], ~(u32)BIT(EVTCHN_FIFO_MASKED), __ATOMIC_ACQ_REL);
}

/* Take the first event of a queue; 0 when there is none. */
static u32 take(u32 prio)
{
	u32 port = control.head[prio], old, new;

	if (!port)
		return 0;
	do {
		old = words[port];
		new = old & ~(BIT(EVTCHN_FIFO_LINKED) | WORD_MASK);
	} while (!__atomic_compare_exchange_n(&words[port], &old, new, false, __ATOMIC_ACQ_REL,
					      __ATOMIC_RELAXED));
	control.head[prio] = old & WORD_MASK;
	__atomic_fetch_and(&words[port], ~(u32)BIT(EVTCHN_FIFO_PENDING), __ATOMIC_ACQ_REL);
	return port;
}

static void setup(void)
{
	struct evtchn_init_control op = { .control_gfn = 0xfffffffffUL };

	CHECK_EQ(priority(1, 3), -XEN_ENOSYS);
	CHECK_EQ(evtchn_op(EVTCHNOP_init_control, &op), -XEN_EINVAL);
	op = (struct evtchn_init_control){ .control_gfn = (u64)&control / PAGE_SIZE,
					   .offset = PAGE_SIZE - 8 };
	CHECK_EQ(evtchn_op(EVTCHNOP_init_control, &op), -XEN_EINVAL);
	op.offset = 0;
	op.link_bits = 0;
	NEED(!evtchn_op(EVTCHNOP_init_control, &op), "no FIFO event channels");
	CHECK_EQ(op.link_bits, EVTCHN_FIFO_LINK_BITS);
	CHECK_EQ(expand((void *)0xfffffffff000UL), -XEN_EINVAL);
	CHECK_EQ(expand(words), 0);
}

void test_main(void)
{
	s32 port[6];

	setup();
	for (u32 i = 0; i < 6; i++) {
		port[i] = event_bind_ipi(0);
		NEED(port[i] > 0, "port %d", port[i]);
		unmask((u32)port[i]);
	}
	CHECK_EQ(priority((u32)port[4], 2), 0);
	CHECK_EQ(priority((u32)port[5], 16), -XEN_EINVAL);
	CHECK_EQ(priority(0, 3), -XEN_EINVAL);
	for (u32 i = 0; i < 5; i++)
		CHECK_EQ(event_send((u32)port[i]), 0);
	CHECK_EQ(event_send((u32)port[1]), 0);
	CHECK(control.ready & BIT(7) && control.ready & BIT(2), "ready queues %#x", control.ready);
	CHECK(own_vcpu_info()->evtchn_upcall_pending, "no upcall");
	CHECK_EQ(take(2), port[4]);
	CHECK_EQ(take(2), 0);
	for (u32 i = 0; i < 4; i++)
		CHECK_EQ(take(7), port[i]);
	CHECK_EQ(take(7), 0);
	control.ready = 0;
	words[port[0]] |= BIT(EVTCHN_FIFO_MASKED);
	CHECK_EQ(event_send((u32)port[0]), 0);
	CHECK_EQ(take(7), 0);
	CHECK(words[port[0]] & BIT(EVTCHN_FIFO_PENDING), "word %#x", words[port[0]]);
	CHECK_EQ(event_unmask_call((u32)port[0]), 0);
	CHECK_EQ(take(7), port[0]);
	/* Ports above the first array page need a second one. */
	for (u32 i = 6; i < 1023; i++)
		NEED(event_bind_ipi(0) > 0, "cannot fill the first array page at %u", i);
	/* A port may exist without an event word; its events are delivered later or lost. */
	port[0] = event_bind_ipi(0);
	NEED(port[0] > 0, "port %d", port[0]);
	CHECK_EQ(event_send((u32)port[0]), 0);
	CHECK_EQ(take(7), 0);
	event_close((u32)port[0]);
	CHECK_EQ(expand(&words[1024]), 0);
	port[0] = event_bind_ipi(0);
	CHECK(port[0] >= 1024, "port %d", port[0]);
	unmask((u32)port[0]);
	CHECK_EQ(take(7), 0);
	CHECK_EQ(event_send((u32)port[0]), 0);
	CHECK_EQ(take(7), port[0]);
}
