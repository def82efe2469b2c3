/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Event channels with the two-level bitmaps. */
#include "cpu.h"

#define WORD_BITS (8 * (u32)sizeof(word))

static word *word_of(word *bitmap, u32 port)
{
	return &bitmap[port / WORD_BITS];
}

static word bit_of(u32 port)
{
	return (word)1 << port % WORD_BITS;
}

s32 event_alloc_unbound(u16 remote)
{
	struct evtchn_alloc_unbound op = { .dom = DOMID_SELF, .remote_dom = remote };
	long rc = evtchn_op(EVTCHNOP_alloc_unbound, &op);

	return rc ? (s32)rc : (s32)op.port;
}

s32 event_bind_interdomain(u16 remote, u32 port)
{
	struct evtchn_bind_interdomain op = { .remote_dom = remote, .remote_port = port };
	long rc = evtchn_op(EVTCHNOP_bind_interdomain, &op);

	return rc ? (s32)rc : (s32)op.local_port;
}

s32 event_bind_virq(u32 virq, u32 vcpu)
{
	struct evtchn_bind_virq op = { .virq = virq, .vcpu = vcpu };
	long rc = evtchn_op(EVTCHNOP_bind_virq, &op);

	return rc ? (s32)rc : (s32)op.port;
}

s32 event_bind_ipi(u32 vcpu)
{
	struct evtchn_bind_ipi op = { .vcpu = vcpu };
	long rc = evtchn_op(EVTCHNOP_bind_ipi, &op);

	return rc ? (s32)rc : (s32)op.port;
}

long event_send(u32 port)
{
	struct evtchn_send op = { .port = port };

	return evtchn_op(EVTCHNOP_send, &op);
}

long event_close(u32 port)
{
	struct evtchn_close op = { .port = port };

	return evtchn_op(EVTCHNOP_close, &op);
}

long event_unmask_call(u32 port)
{
	struct evtchn_unmask op = { .port = port };

	return evtchn_op(EVTCHNOP_unmask, &op);
}

long event_status(u32 port, struct evtchn_status *st)
{
	*st = (struct evtchn_status){ .dom = DOMID_SELF, .port = port };
	return evtchn_op(EVTCHNOP_status, st);
}

bool event_pending(u32 port)
{
	return __atomic_load_n(word_of(shared_info.evtchn_pending, port), __ATOMIC_ACQUIRE) &
	       bit_of(port);
}

bool event_test_and_clear(u32 port)
{
	word old = __atomic_fetch_and(word_of(shared_info.evtchn_pending, port), ~bit_of(port),
				     __ATOMIC_ACQ_REL);

	return old & bit_of(port);
}

void event_mask(u32 port)
{
	__atomic_fetch_or(word_of(shared_info.evtchn_mask, port), bit_of(port), __ATOMIC_ACQ_REL);
}

void event_unmask_local(u32 port)
{
	__atomic_fetch_and(word_of(shared_info.evtchn_mask, port), ~bit_of(port), __ATOMIC_ACQ_REL);
}
