/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events of one vCPU to itself, from the call to the handler, by x86's two kinds of vectors. */
#include "bench.h"

#include <public/hvm/hvm_op.h>
#include <public/hvm/params.h>

#define VECTOR 0x50

static volatile u32 upcalls;
static volatile u64 taken_at;
static s32 port;

static void upcall(struct regs *regs)
{
	taken_at = rdtsc();
	own_vcpu_info()->evtchn_upcall_pending = 0;
	own_vcpu_info()->evtchn_pending_sel = 0;
	event_test_and_clear((u32)port);
	upcalls++;
}

static void upcall_eoi(struct regs *regs)
{
	upcall(regs);
	xapic_write(APIC_EOI, 0);
}

static void send_and_wait(u32 rounds)
{
	samples_clear();
	sti();
	for (u32 i = 0; i < rounds; i++) {
		u32 before = upcalls;
		u64 start = rdtsc();

		event_send((u32)port);
		if (!SPIN_FOR(upcalls != before))
			break;
		samples_add(start, taken_at);
	}
	cli();
}

static long set_callback(u64 value)
{
	struct xen_hvm_param p = { .domid = DOMID_SELF, .index = HVM_PARAM_CALLBACK_IRQ,
				   .value = value };

	return hvm_op(HVMOP_set_param, &p);
}

/* From the call to the handler's first instruction, by the vector that needs no EOI. */
static void deliver_callback(const char *name, u32 rounds)
{
	long rc = set_callback((u64)HVM_PARAM_CALLBACK_TYPE_VECTOR << 56 | VECTOR);

	port = event_bind_ipi(0);
	if (rc || port <= 0) {
		bench_skip(name, "callback vector %ld, port %d", rc, port);
		return;
	}
	set_vector(VECTOR, upcall);
	event_unmask_local((u32)port);
	send_and_wait(rounds);
	samples_report(name);
	event_close((u32)port);
	set_callback(0);
}

/* The same by a vector of the local APIC, which the handler ends with an EOI. */
static void deliver_vector(const char *name, u32 rounds)
{
	long rc;

	apic_enable();
	port = event_bind_ipi(0);
	rc = event_upcall_vector(0, VECTOR);
	if (rc || port <= 0) {
		bench_skip(name, "upcall vector %ld, port %d", rc, port);
		return;
	}
	set_vector(VECTOR, upcall_eoi);
	event_unmask_local((u32)port);
	send_and_wait(rounds);
	samples_report(name);
	event_close((u32)port);
	event_upcall_vector(0, 0);
}

static const struct benchmark table[] = {
	{ "event.self.delivery.callback", deliver_callback, 1000 },
	{ "event.self.delivery.vector", deliver_vector, 1000 },
};
DEFINE_GROUP(delivery, table);
