/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "other.h"

#include <public/hvm/save.h>

TEST("a vCPU's records: saved twice alike, a waiting event delivered once, all or nothing");
RUN("dom0=1 cpus=2");

#define STREAM_MAX 16384

/* 32-bit code that runs at OTHER_CODE of the other domain. */
__asm__(".pushsection .rodata\n"
	"	.code32\n"
	"other_code:\n"
	"1:	incl 0x2000\n"
	"	pause\n"
	"	jmp 1b\n"
	"other_gp:\n"
	"	popl 0x2004\n"
	"	incl 0x2008\n"
	"	iret\n"
	"other_irq:\n"
	"	incl 0x200c\n"
	"	iret\n"
	"other_end:\n"
	"	" OWN_CODE "\n"
	".popsection\n");
extern const u8 other_code[], other_gp[], other_irq[], other_end[];

struct counts {
	u32 turns, error, exceptions, interrupts;
};

static u8 stream[2][STREAM_MAX] __attribute__((aligned(16)));
static u32 used[2];

static volatile struct counts *counts(void)
{
	return (volatile struct counts *)other_at(OTHER_DATA);
}

static void start(void)
{
	other_create(other_code, other_end, XEN_X86_EMU_LAPIC);
	other_set_gate(VEC_GP, other_code, other_gp);
	other_set_gate(0x31, other_code, other_irq);
	other_start();
	NEED(WAIT_FOR(counts()->turns > 1000, 20000), "the domain does not run");
}

/* The record of @type in the first stream. */
static void *record(u32 n, u16 type)
{
	for (u32 i = 0; i < used[n];) {
		struct hvm_save_descriptor *d = (void *)(stream[n] + i);

		if (d->typecode == type)
			return d + 1;
		i += (u32)sizeof(*d) + d->length;
	}
	test_failure("no record %u", type);
	return NULL;
}

static long get(u32 n)
{
	struct xen_domctl op = { .u.hvmcontext.size = STREAM_MAX };
	long rc;

	set_xen_guest_handle(op.u.hvmcontext.buffer, stream[n]);
	rc = other_domctl(XEN_DOMCTL_gethvmcontext, &op);
	used[n] = op.u.hvmcontext.size;
	return rc;
}

static long set(u32 n)
{
	struct xen_domctl op = { .u.hvmcontext.size = used[n] };

	set_xen_guest_handle(op.u.hvmcontext.buffer, stream[n]);
	return other_domctl(XEN_DOMCTL_sethvmcontext, &op);
}

static bool goes_on(void)
{
	u32 before = counts()->turns;

	return WAIT_FOR(counts()->turns - before > 1000, 20000);
}

/* A domain loaded from its saved state saves the same state again, while time goes on. */
static void round_trip(void)
{
	CHECK_EQ(other_simple(XEN_DOMCTL_pausedomain), 0);
	CHECK_EQ(get(0), 0);
	CHECK_EQ(set(0), 0);
	CHECK_EQ(get(1), 0);
	((struct hvm_hw_cpu *)record(1, HVM_SAVE_CODE(CPU)))->tsc =
		((struct hvm_hw_cpu *)record(0, HVM_SAVE_CODE(CPU)))->tsc;
	CHECK_EQ(used[0], used[1]);
	CHECK(!memcmp(stream[0], stream[1], used[0]), "saved differently after being loaded");
	CHECK_EQ(other_simple(XEN_DOMCTL_unpausedomain), 0);
	CHECK(goes_on(), "stopped by being loaded");
}

static void deliver(u32 event, u32 error)
{
	struct hvm_hw_cpu *c;

	CHECK_EQ(other_simple(XEN_DOMCTL_pausedomain), 0);
	CHECK_EQ(get(0), 0);
	c = record(0, HVM_SAVE_CODE(CPU));
	c->pending_event = event;
	c->error_code = error;
	CHECK_EQ(set(0), 0);
	CHECK_EQ(get(1), 0);
	c = record(1, HVM_SAVE_CODE(CPU));
	CHECK_EQ(c->pending_event, event);
	CHECK_EQ(c->error_code, error);
	CHECK_EQ(other_simple(XEN_DOMCTL_unpausedomain), 0);
	CHECK(goes_on(), "stopped by event %#x", event);
}

/* One bad record among good ones: none is loaded. */
static void all_or_nothing(void)
{
	struct hvm_hw_cpu *c;
	u64 rip;

	CHECK_EQ(other_simple(XEN_DOMCTL_pausedomain), 0);
	CHECK_EQ(get(0), 0);
	c = record(0, HVM_SAVE_CODE(CPU));
	rip = c->rip;
	c->rip = 0xdead;
	((struct hvm_hw_lapic *)record(0, HVM_SAVE_CODE(LAPIC)))->apic_base_msr |= 1;
	CHECK_EQ(set(0), -XEN_EINVAL);
	CHECK_EQ(get(1), 0);
	c = record(1, HVM_SAVE_CODE(CPU));
	CHECK_EQ(c->rip, rip);
	CHECK_EQ(other_simple(XEN_DOMCTL_unpausedomain), 0);
	CHECK(goes_on(), "stopped by a refused stream");
}

void test_main(void)
{
	start();
	round_trip();
	deliver(0x80000b0d, 0x1234);		/* #GP(0x1234) */
	CHECK_EQ(counts()->exceptions, 1);
	CHECK_EQ(counts()->error, 0x1234);
	deliver(0x80000031, 0);			/* an interrupt whose delivery was cut short */
	CHECK_EQ(counts()->interrupts, 1);
	CHECK_EQ(counts()->exceptions, 1);
	all_or_nothing();
	CHECK_EQ(other_simple(XEN_DOMCTL_destroydomain), 0);
}
