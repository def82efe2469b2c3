/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "other.h"

#include <public/hvm/hvm_op.h>
#include <public/hvm/params.h>

TEST("a domain with a PC's chipset: 8259s, 8254, clock, HPET and ACPI timer, and their interrupts");
RUN("dom0=1 cpus=2 timeout=60 icount=1");

#define PIC_VECTOR 0x20
#define APIC_VECTOR 0x40
#define APIC_AT 0xfee00000U
#define IOAPIC_SELECT 0xfec00000U
#define IOAPIC_WINDOW 0xfec00010U
#define HPET 0xfed00000U
#define PM_EVENTS 0xb000
#define PM_TIMER 0xb008
#define SCI 9
/* Ticks of the HPET: longer than the test needs for a few accesses. */
#define HPET_PERIOD (5 * 1000 * 100)
/* A timer of 32 bits, periodic, enabled; the next write sets its comparator. */
#define HPET_PERIODIC (1 << 8 | 1 << 6 | 1 << 3 | 1 << 2)
#define EVERYTHING (XEN_X86_EMU_ALL & ~XEN_X86_EMU_VPCI)

/* What the other domain does, one at a time: it waits for @op, and clears it when it is done. */
enum { OP_INB = 1, OP_OUTB, OP_INL, OP_READ, OP_WRITE };
struct work {
	u32 op, at, value, turns;
	u32 pic, apic;	/* interrupts so far */
};
__asm__(".pushsection .rodata\n"
	"	.code32\n"
	"pc_code:\n"
	"1:	pause\n"
	"	incl 0x200c\n"
	"	movl 0x2000, %eax\n"
	"	testl %eax, %eax\n"
	"	jz 1b\n"
	"	movl 0x2004, %edx\n"
	"	movl 0x2008, %ebx\n"
	"	cmpl $1, %eax\n"
	"	jne 2f\n"
	"	xorl %eax, %eax\n"
	"	inb %dx, %al\n"
	"	movl %eax, 0x2008\n"
	"	jmp 9f\n"
	"2:	cmpl $2, %eax\n"
	"	jne 3f\n"
	"	movl %ebx, %eax\n"
	"	outb %al, %dx\n"
	"	jmp 9f\n"
	"3:	cmpl $3, %eax\n"
	"	jne 4f\n"
	"	inl %dx, %eax\n"
	"	movl %eax, 0x2008\n"
	"	jmp 9f\n"
	"4:	cmpl $4, %eax\n"
	"	jne 5f\n"
	"	movl (%edx), %eax\n"
	"	movl %eax, 0x2008\n"
	"	jmp 9f\n"
	"5:	movl %ebx, (%edx)\n"
	"9:	movl $0, 0x2000\n"
	"	jmp 1b\n"
	"pc_pic:\n"
	"	pushl %eax\n"
	"	incl 0x2010\n"
	"	movb $0x20, %al\n"
	"	outb %al, $0xa0\n"
	"	outb %al, $0x20\n"
	"	popl %eax\n"
	"	iret\n"
	"pc_apic:\n"
	"	incl 0x2014\n"
	"	movl $0, 0xfee000b0\n"
	"	iret\n"
	"pc_end:\n"
	"	" OWN_CODE "\n"
	".popsection\n");
extern const u8 pc_code[], pc_pic[], pc_apic[], pc_end[];

static volatile struct work *work(void)
{
	return (volatile struct work *)other_at(OTHER_DATA);
}

static u32 ask(u32 what, u32 at, u32 value)
{
	work()->at = at;
	work()->value = value;
	barrier();
	work()->op = what;
	if (!WAIT_FOR(!work()->op, 300))
		test_failure("operation %u at %x does not end", what, at);
	return work()->value;
}

static u32 in(u32 port) { return ask(OP_INB, port, 0); }
static void out(u32 port, u32 val) { ask(OP_OUTB, port, val); }
static u32 read(u32 at) { return ask(OP_READ, at, 0); }
static void write(u32 at, u32 val) { ask(OP_WRITE, at, val); }

/* The domain has gone on for some turns: what was on its way has arrived. */
static void settle(void)
{
	u32 turns = work()->turns;

	NEED(WAIT_FOR(work()->turns - turns > 20, 300), "the domain stands still");
}

/* The counts before what makes the next interrupts come. */
static u32 pic_before, apic_before;

static void mark(void)
{
	settle();
	pic_before = work()->pic;
	apic_before = work()->apic;
}

/* Since then at least @n came through the 8259s, and none through the IO-APIC; or the reverse. */
static void expect_pic(const char *who, u32 n)
{
	CHECK(WAIT_FOR(work()->pic - pic_before >= n, 300), "%s by the 8259s: %u times", who,
	      work()->pic - pic_before);
	CHECK_EQ(work()->apic, apic_before);
}

static void expect_apic(const char *who, u32 n)
{
	CHECK(WAIT_FOR(work()->apic - apic_before >= n, 300), "%s by the IO-APIC: %u times", who,
	      work()->apic - apic_before);
	CHECK_EQ(work()->pic, pic_before);
}

static void expect_silence(void)
{
	mark();
	settle();
	CHECK_EQ(work()->pic, pic_before);
	CHECK_EQ(work()->apic, apic_before);
}

static void set_input(u32 input, u32 low)
{
	write(IOAPIC_SELECT, 0x10 + 2 * input);
	write(IOAPIC_WINDOW, low);
}

static void set_up_pics(void)
{
	static const struct { u16 port; u8 val; } init[] = {
		{ 0x20, 0x11 }, { 0x21, PIC_VECTOR }, { 0x21, 4 }, { 0x21, 1 },
		{ 0xa0, 0x11 }, { 0xa1, PIC_VECTOR + 8 }, { 0xa1, 2 }, { 0xa1, 1 },
		{ 0x21, 0xfb }, { 0xa1, 0xff },
	};

	for (u32 i = 0; i < ARRAY_SIZE(init); i++)
		out(init[i].port, init[i].val);
	CHECK_EQ(in(0x21), 0xfb);
}

static void start_pit(u32 count)
{
	out(0x43, 0x34);	/* channel 0, both bytes, rate generator */
	out(0x40, count & 0xff);
	out(0x40, count >> 8);
}

static void stop_pit(void)
{
	out(0x43, 0x30);	/* one-shot, and never loaded */
}

/* 1 kHz, by the 8259s: while LINT0 is masked they are not heard. */
static void pit_by_pic(void)
{
	set_up_pics();
	out(0x21, 0xfa);
	start_pit(1193);
	expect_silence();
	write(APIC_AT + APIC_SVR, 0x1ff);
	mark();
	write(APIC_AT + 0x350, 0x700);		/* ExtINT */
	expect_pic("the 8254", 5);
	out(0x21, 0xfb);
	expect_silence();
	/* A masked pin again. */
	write(APIC_AT + 0x350, 0x10700);
	out(0x21, 0xfa);
	expect_silence();
}

static void pit_by_ioapic(void)
{
	out(0x21, 0xfb);
	mark();
	set_input(2, APIC_VECTOR);
	expect_apic("the 8254", 5);
	set_input(2, BIT(16));
	expect_silence();
	stop_pit();
}

/* The periodic interrupt of the clock, 1024 Hz, through the second 8259 and by the IO-APIC. */
static void clock(void)
{
	out(0x70, 0x0b);
	out(0x71, 0x42);
	write(APIC_AT + 0x350, 0x700);
	mark();
	out(0xa1, 0xfe);
	expect_pic("the clock", 1);
	for (u32 i = 0; i < 3; i++) {
		u32 pic = work()->pic;

		out(0x70, 0x0c);
		CHECK(in(0x71) & 0x40, "register C does not name it");
		CHECK(WAIT_FOR(work()->pic != pic, 300), "the clock interrupts once");
	}
	out(0xa1, 0xff);
	mark();
	set_input(8, APIC_VECTOR + 1);
	out(0x70, 0x0c);
	in(0x71);
	expect_apic("the clock", 1);
	out(0x70, 0x0b);
	out(0x71, 0x02);
	set_input(8, BIT(16));
	out(0x70, 0x0c);
	in(0x71);
	/* Memory beside the clock's registers; no device model has it here. */
	out(0x70, 0x40);
	out(0x71, 0x5a);
	CHECK_EQ(in(0x71), 0x5a);
}

/* The toolstack's parameter makes the HPET visible. */
static void hpet(void)
{
	struct xen_hvm_param p = { .domid = other_domid, .index = HVM_PARAM_HPET_ENABLED,
				   .value = 1 };
	u32 first;

	CHECK_EQ(read(HPET), ~0U);
	CHECK_EQ(HC2(__HYPERVISOR_hvm_op, HVMOP_set_param, &p), 0);
	CHECK_EQ(read(HPET) >> 16, 0x8086);
	write(HPET + 0x10, 1);
	first = read(HPET + 0xf0);
	CHECK(WAIT_FOR(read(HPET + 0xf0) != first, 300), "the HPET stands still");
	/* Timer 2 at input 20. */
	mark();
	set_input(20, APIC_VECTOR + 2);
	write(HPET + 0x140, 20 << 9 | HPET_PERIODIC);
	write(HPET + 0x148, read(HPET + 0xf0) + HPET_PERIOD);
	write(HPET + 0x148, HPET_PERIOD);
	expect_apic("the HPET", 3);
	write(HPET + 0x140, 0);
	set_input(20, BIT(16));
	/* In its legacy mode timer 0 takes the 8254's place. */
	mark();
	out(0x21, 0xfa);
	write(HPET + 0x10, 3);
	write(HPET + 0x100, HPET_PERIODIC);
	write(HPET + 0x108, read(HPET + 0xf0) + HPET_PERIOD);
	write(HPET + 0x108, HPET_PERIOD);
	expect_pic("the HPET", 3);
	write(HPET + 0x100, 0);
	write(HPET + 0x10, 0);
	out(0x21, 0xfb);
}

/* The block moves where firmware says; the power button is its interrupt. */
static void acpi(void)
{
	struct xen_hvm_param p = { .domid = other_domid, .value = 1,
				   .index = HVM_PARAM_ACPI_IOPORTS_LOCATION };
	struct xen_domctl op = { .u.sendtrigger.trigger = XEN_DOMCTL_SENDTRIGGER_POWER };
	u32 first;

	CHECK_EQ(ask(OP_INL, PM_TIMER, 0), ~0U);
	CHECK_EQ(HC2(__HYPERVISOR_hvm_op, HVMOP_set_param, &p), 0);
	first = ask(OP_INL, PM_TIMER, 0);
	CHECK(WAIT_FOR(ask(OP_INL, PM_TIMER, 0) != first, 300), "the timer stands still");
	CHECK_EQ(ask(OP_INL, 0x1f48, 0), ~0U);
	p.value = 2;
	CHECK_EQ(HC2(__HYPERVISOR_hvm_op, HVMOP_set_param, &p), -XEN_EINVAL);
	set_input(SCI, APIC_VECTOR + 3);
	out(PM_EVENTS + 3, 1);
	mark();
	CHECK_EQ(other_domctl(XEN_DOMCTL_sendtrigger, &op), 0);
	expect_apic("the button", 1);
	CHECK_EQ(in(PM_EVENTS + 1), 1);
	out(PM_EVENTS + 1, 1);
	CHECK_EQ(in(PM_EVENTS + 1), 0);
}

void test_main(void)
{
	other_create(pc_code, pc_end, EVERYTHING);
	for (u32 v = PIC_VECTOR; v < PIC_VECTOR + 16; v++)
		other_set_gate(v, pc_code, pc_pic);
	for (u32 v = APIC_VECTOR; v < APIC_VECTOR + 16; v++)
		other_set_gate(v, pc_code, pc_apic);
	other_start();
	pit_by_pic();
	pit_by_ioapic();
	clock();
	hpet();
	acpi();
	CHECK_EQ(other_simple(XEN_DOMCTL_destroydomain), 0);
}
