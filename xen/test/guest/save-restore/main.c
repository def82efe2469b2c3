/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

#include <public/domctl.h>
#include <public/hvm/save.h>
#include <public/memory.h>

TEST("a vCPU's records: saved twice alike, a waiting event delivered once, all or nothing");
RUN("dom0=1 cpus=2");

/* The other domain's memory, mapped here from BASE on (a hole of the machine). */
#define BASE_GFN 0x3d000UL
#define PAGES 6
#define CODE 0x1000
#define COUNTS 0x2000
#define IDT 0x3000
#define GDT 0x4000
#define STACK 0x6000
#define STREAM_MAX 16384

/* 32-bit code that runs at CODE of the other domain. */
__asm__(".pushsection .rodata\n"
	"	.code32\n"
	"other_start:\n"
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
extern const u8 other_start[], other_gp[], other_irq[], other_end[];

struct counts {
	u32 turns, error, exceptions, interrupts;
};

static u16 domid;
static u8 stream[2][STREAM_MAX] __attribute__((aligned(16)));
static u32 used[2];

static volatile u8 *at(u32 gpa)
{
	return (volatile u8 *)(BASE_GFN * PAGE_SIZE + gpa);
}

static volatile struct counts *counts(void)
{
	return (volatile struct counts *)at(COUNTS);
}

static long domctl(u32 cmd, struct xen_domctl *op)
{
	long rc;

	op->cmd = cmd;
	op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	op->domain = domid;
	do
		rc = HC1(__HYPERVISOR_domctl, op);
	while (rc == -XEN_EAGAIN);
	return rc;
}

static long simple(u32 cmd)
{
	struct xen_domctl op = { 0 };

	return domctl(cmd, &op);
}

static void create(void)
{
	struct xen_domctl op = { .u.createdomain = {
		.flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap, .max_vcpus = 1,
		.max_evtchn_port = 1023, .max_grant_frames = 4, .max_maptrack_frames = 4,
		.grant_opts = 1, .arch.emulation_flags = XEN_X86_EMU_LAPIC } };
	long rc = domctl(XEN_DOMCTL_createdomain, &op);

	NEED(rc == 0, "createdomain: %ld", rc);
	domid = op.domain;
	op = (struct xen_domctl){ .u.max_vcpus.max = 1 };
	NEED(domctl(XEN_DOMCTL_max_vcpus, &op) == 0, "max_vcpus");
	op = (struct xen_domctl){ .u.max_mem.max_memkb = 1024 };
	NEED(domctl(XEN_DOMCTL_max_mem, &op) == 0, "max_mem");
}

static void give_memory(void)
{
	static xen_ulong_t idx;
	static xen_pfn_t pfn;
	static int err;

	for (u64 gfn = 0; gfn < PAGES; gfn++) {
		struct xen_memory_reservation r = { .nr_extents = 1, .domid = domid };
		struct xen_add_to_physmap_batch b = { .domid = DOMID_SELF, .size = 1,
						      .space = XENMAPSPACE_gmfn_foreign };

		pfn = gfn;
		set_xen_guest_handle(r.extent_start, &pfn);
		NEED(memory_op(XENMEM_populate_physmap, &r) == 1, "populate %lu", gfn);
		idx = gfn;
		pfn = BASE_GFN + gfn;
		b.u.foreign_domid = domid;
		set_xen_guest_handle(b.idxs, &idx);
		set_xen_guest_handle(b.gpfns, &pfn);
		set_xen_guest_handle(b.errs, &err);
		NEED(memory_op(XENMEM_add_to_physmap_batch, &b) == 0 && !err, "map %lu", gfn);
	}
}

static void set_gate(u32 vector, const u8 *handler)
{
	u32 to = CODE + (u32)(handler - other_start);

	*(volatile u64 *)at(IDT + vector * 8) = (to & 0xffff) | 8UL << 16 | (u64)0x8e00 << 32;
}

static void write_program(void)
{
	for (u32 i = 0; i < other_end - other_start; i++)
		*at(CODE + i) = other_start[i];
	*(volatile u64 *)at(GDT + 8) = 0x00cf9b000000ffffUL;
	*(volatile u64 *)at(GDT + 16) = 0x00cf93000000ffffUL;
	set_gate(VEC_GP, other_gp);
	set_gate(0x31, other_irq);
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
	rc = domctl(XEN_DOMCTL_gethvmcontext, &op);
	used[n] = op.u.hvmcontext.size;
	return rc;
}

static long set(u32 n)
{
	struct xen_domctl op = { .u.hvmcontext.size = used[n] };

	set_xen_guest_handle(op.u.hvmcontext.buffer, stream[n]);
	return domctl(XEN_DOMCTL_sethvmcontext, &op);
}

static void put(u16 type, const void *data, u32 len)
{
	struct hvm_save_descriptor d = { type, 0, len };

	memcpy(stream[0] + used[0], &d, sizeof(d));
	memcpy(stream[0] + used[0] + sizeof(d), data, len);
	used[0] += (u32)sizeof(d) + len;
}

static void start(void)
{
	static struct hvm_hw_cpu c = {
		.rip = CODE, .rsp = STACK, .rflags = 0x202, .cr0 = 0x11, .dr6 = 0xffff0ff0,
		.dr7 = 0x400, .cs_sel = 8, .cs_limit = ~0U, .cs_arbytes = 0xc9b, .ds_sel = 16,
		.ds_limit = ~0U, .ds_arbytes = 0xc93, .es_sel = 16, .es_limit = ~0U,
		.es_arbytes = 0xc93, .ss_sel = 16, .ss_limit = ~0U, .ss_arbytes = 0xc93,
		.tr_limit = 0x67, .tr_arbytes = 0x8b, .gdtr_base = GDT, .gdtr_limit = 23,
		.idtr_base = IDT, .idtr_limit = 0x7ff,
	};
	struct hvm_save_header h = { .magic = HVM_FILE_MAGIC, .version = HVM_FILE_VERSION };

	put(HVM_SAVE_CODE(HEADER), &h, sizeof(h));
	put(HVM_SAVE_CODE(CPU), &c, sizeof(c));
	put(HVM_SAVE_CODE(END), NULL, 0);
	NEED(set(0) == 0, "sethvmcontext");
	NEED(simple(XEN_DOMCTL_unpausedomain) == 0, "unpausedomain");
	NEED(WAIT_FOR(counts()->turns > 1000, 20000), "the domain does not run");
}

static bool goes_on(void)
{
	u32 before = counts()->turns;

	return WAIT_FOR(counts()->turns - before > 1000, 20000);
}

/* A domain loaded from its saved state saves the same state again, while time goes on. */
static void round_trip(void)
{
	CHECK_EQ(simple(XEN_DOMCTL_pausedomain), 0);
	CHECK_EQ(get(0), 0);
	CHECK_EQ(set(0), 0);
	CHECK_EQ(get(1), 0);
	((struct hvm_hw_cpu *)record(1, HVM_SAVE_CODE(CPU)))->tsc =
		((struct hvm_hw_cpu *)record(0, HVM_SAVE_CODE(CPU)))->tsc;
	CHECK_EQ(used[0], used[1]);
	CHECK(!memcmp(stream[0], stream[1], used[0]), "saved differently after being loaded");
	CHECK_EQ(simple(XEN_DOMCTL_unpausedomain), 0);
	CHECK(goes_on(), "stopped by being loaded");
}

static void deliver(u32 event, u32 error)
{
	struct hvm_hw_cpu *c;

	CHECK_EQ(simple(XEN_DOMCTL_pausedomain), 0);
	CHECK_EQ(get(0), 0);
	c = record(0, HVM_SAVE_CODE(CPU));
	c->pending_event = event;
	c->error_code = error;
	CHECK_EQ(set(0), 0);
	CHECK_EQ(get(1), 0);
	c = record(1, HVM_SAVE_CODE(CPU));
	CHECK_EQ(c->pending_event, event);
	CHECK_EQ(c->error_code, error);
	CHECK_EQ(simple(XEN_DOMCTL_unpausedomain), 0);
	CHECK(goes_on(), "stopped by event %#x", event);
}

/* One bad record among good ones: none is loaded. */
static void all_or_nothing(void)
{
	struct hvm_hw_cpu *c;
	u64 rip;

	CHECK_EQ(simple(XEN_DOMCTL_pausedomain), 0);
	CHECK_EQ(get(0), 0);
	c = record(0, HVM_SAVE_CODE(CPU));
	rip = c->rip;
	c->rip = 0xdead;
	((struct hvm_hw_lapic *)record(0, HVM_SAVE_CODE(LAPIC)))->apic_base_msr |= 1;
	CHECK_EQ(set(0), -XEN_EINVAL);
	CHECK_EQ(get(1), 0);
	c = record(1, HVM_SAVE_CODE(CPU));
	CHECK_EQ(c->rip, rip);
	CHECK_EQ(simple(XEN_DOMCTL_unpausedomain), 0);
	CHECK(goes_on(), "stopped by a refused stream");
}

void test_main(void)
{
	create();
	give_memory();
	write_program();
	start();
	round_trip();
	deliver(0x80000b0d, 0x1234);		/* #GP(0x1234) */
	CHECK_EQ(counts()->exceptions, 1);
	CHECK_EQ(counts()->error, 0x1234);
	deliver(0x80000031, 0);			/* an interrupt whose delivery was cut short */
	CHECK_EQ(counts()->interrupts, 1);
	CHECK_EQ(counts()->exceptions, 1);
	all_or_nothing();
	CHECK_EQ(simple(XEN_DOMCTL_destroydomain), 0);
}
