/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dm.h"

TEST("a device model for another domain: answers, its death, and what it may not do");
RUN("dom0=1 cpus=2 timeout=40");

#define PORT 0x300
#define REGISTERS 0xe0000000U
#define VGA 0xa0000U
#define FUNCTION 3		/* of PCI bus 0 */
#define SLOTS IOREQ_BUFFER_SLOT_NUM
#define VECTOR 0x40
#define APIC_AT 0xfee00000U
#define IOAPIC_SELECT 0xfec00000U
#define IOAPIC_WINDOW 0xfec00010U
#define ISA_LINE 5
/* The input of pin A of device 3, and its link. */
#define PCI_INPUT 28
#define PCI_LINK 3
#define ROUNDS 200

/* What the other domain does, one at a time: it waits for @op, and clears it when it is done. */
enum { OP_IN = 1, OP_OUT, OP_READ, OP_WRITE, OP_INC, OP_INSB, OP_INS_FOREVER };
struct work {
	u32 op, at, value, turns;
	u8 bytes[16];
	u32 interrupts, exceptions;
};
__asm__(".pushsection .rodata\n"
	"	.code32\n"
	"model_code:\n"
	"1:	pause\n"
	"	incl 0x200c\n"
	"	movl 0x2000, %eax\n"
	"	testl %eax, %eax\n"
	"	jz 1b\n"
	"	movl 0x2004, %edx\n"
	"	movl 0x2008, %ebx\n"
	"	cmpl $1, %eax\n"
	"	jne 2f\n"
	"	inl %dx, %eax\n"
	"	movl %eax, 0x2008\n"
	"	jmp 9f\n"
	"2:	cmpl $2, %eax\n"
	"	jne 3f\n"
	"	movl %ebx, %eax\n"
	"	outl %eax, %dx\n"
	"	jmp 9f\n"
	"3:	cmpl $3, %eax\n"
	"	jne 4f\n"
	"	movl (%edx), %eax\n"
	"	movl %eax, 0x2008\n"
	"	jmp 9f\n"
	"4:	cmpl $4, %eax\n"
	"	jne 5f\n"
	"	movl %ebx, (%edx)\n"
	"	jmp 9f\n"
	"5:	cmpl $5, %eax\n"
	"	jne 6f\n"
	"	incl (%edx)\n"
	"	jmp 9f\n"
	"6:	cmpl $6, %eax\n"
	"	jne 7f\n"
	"	movl $0x2010, %edi\n"
	"	movl $16, %ecx\n"
	"	cld\n"
	"	rep insb\n"
	"	jmp 9f\n"
	"7:	inl %dx, %eax\n"
	"	incl 0x200c\n"
	"	cmpl $0, 0x2000\n"
	"	jne 7b\n"
	"	jmp 1b\n"
	"9:	movl $0, 0x2000\n"
	"	jmp 1b\n"
	"model_irq:\n"
	"	incl 0x2020\n"
	"	movl $0, 0xfee000b0\n"
	"	iret\n"
	"model_ud:\n"
	"	incl 0x2024\n"
	"	iret\n"
	"model_end:\n"
	"	" OWN_CODE "\n"
	".popsection\n");
extern const u8 model_code[], model_irq[], model_ud[], model_end[];

static struct xen_dm_op op;
static u16 server;
static s32 port;		/* our end of vCPU 0's channel */

static volatile struct work *work(void)
{
	return (volatile struct work *)other_at(OTHER_DATA);
}

static volatile struct ioreq *request(void)
{
	return dm_request(OTHER_FREE_GFN);
}

static volatile struct buffered_iopage *ring(void)
{
	return dm_ring(OTHER_FREE_GFN);
}

static void create(void)
{
	CHECK_EQ(dm_create(HVM_IOREQSRV_BUFIOREQ_ATOMIC, &server), 0);
	CHECK_EQ(dm_claim(server, XEN_DMOP_IO_RANGE_PORT, PORT, PORT + 3), 0);
	CHECK_EQ(dm_claim(server, XEN_DMOP_IO_RANGE_MEMORY, REGISTERS,
			  REGISTERS + PAGE_SIZE - 1), 0);
	CHECK_EQ(dm_claim(server, XEN_DMOP_IO_RANGE_MEMORY, VGA, VGA + 0xffff), 0);
	CHECK_EQ(dm_claim(server, XEN_DMOP_IO_RANGE_PCI, FUNCTION << 3, FUNCTION << 3), 0);
	CHECK_EQ(dm_enable(server, true), 0);
}

/* Map the server's pages and bind its channel. */
static void attach(void)
{
	CHECK_EQ(dm_map(server, OTHER_FREE_GFN), 0);
	port = event_bind_interdomain(other_domid, request()->vp_eport);
	NEED(port > 0, "binding: %d", port);
	event_mask((u32)port);
}

static void detach(void)
{
	CHECK_EQ(event_close((u32)port), 0);
	dm_unmap(OTHER_FREE_GFN);
}

static void begin(u32 what, u32 at, u32 value)
{
	work()->at = at;
	work()->value = value;
	barrier();
	work()->op = what;
}

static bool asked(void)
{
	return request()->state == STATE_IOREQ_READY;
}

/* Wait for a request and check it. */
static void expect(u8 type, u64 addr, u32 size, bool write)
{
	if (!WAIT_FOR(asked(), 20000))
		test_failure("no request for %lx", addr);
	CHECK_EQ(request()->type, type);
	CHECK_EQ(request()->addr, addr);
	CHECK_EQ(request()->size, size);
	CHECK_EQ(request()->dir, write ? IOREQ_WRITE : IOREQ_READ);
}

static void answer(u64 data)
{
	request()->data = data;
	barrier();
	request()->state = STATE_IORESP_READY;
	CHECK_EQ(event_send((u32)port), 0);
}

static void finish(void)
{
	if (!WAIT_FOR(!work()->op, 20000))
		test_failure("operation %u does not end", work()->op);
}

/* The value that a read gives at once, while the model is asked nothing. */
static void read_alone(u32 what, u32 at, u32 want)
{
	begin(what, at, 0);
	finish();
	CHECK_EQ(work()->value, want);
	CHECK(!asked(), "asked about %x", at);
}

/* ---- interrupts ---- */

static void guest_writes(u32 at, u32 value)
{
	begin(OP_WRITE, at, value);
	finish();
}

static void set_input(u32 input, u32 low)
{
	guest_writes(IOAPIC_SELECT, 0x10 + 2 * input);
	guest_writes(IOAPIC_WINDOW, low);
}

static long pci_line(u8 device, u8 pin, u8 level)
{
	op = (struct xen_dm_op){ .u.set_pci_intx_level = { .device = device, .intx = pin,
							   .level = level } };
	return dm_op(XEN_DMOP_set_pci_intx_level, &op);
}

static long isa_line(u8 line, u8 level)
{
	op = (struct xen_dm_op){ .u.set_isa_irq_level = { .isa_irq = line, .level = level } };
	return dm_op(XEN_DMOP_set_isa_irq_level, &op);
}

static long route(u8 link, u8 line)
{
	op = (struct xen_dm_op){ .u.set_pci_link_route = { .link = link, .isa_irq = line } };
	return dm_op(XEN_DMOP_set_pci_link_route, &op);
}

/* The guest has gone on for some turns: what was on its way has arrived. */
static u32 interrupts_so_far(void)
{
	u32 turns = work()->turns;

	NEED(WAIT_FOR(work()->turns - turns > 20, 20000), "the domain stands still");
	return work()->interrupts;
}

/* The guest takes @n more interrupts, and then no more. */
static void expect_interrupts(u32 before, u32 n)
{
	if (!WAIT_FOR(work()->interrupts == before + n, 20000))
		test_failure("%u interrupts, expected %u", work()->interrupts - before, n);
	CHECK_EQ(interrupts_so_far() - before, n);
}

static void lines(void)
{
	u32 before = work()->interrupts;

	guest_writes(APIC_AT + APIC_SVR, 0x1ff);
	set_input(ISA_LINE, VECTOR);
	for (u32 i = 1; i <= 3; i++) {
		CHECK_EQ(isa_line(ISA_LINE, 1), 0);
		CHECK_EQ(isa_line(ISA_LINE, 1), 0);
		expect_interrupts(before, i);
		CHECK_EQ(isa_line(ISA_LINE, 0), 0);
	}
	/* A level that stays up interrupts again each time that it was completed. */
	set_input(PCI_INPUT, (VECTOR + 16) | BIT(15));
	before = work()->interrupts;
	CHECK_EQ(pci_line(3, 0, 1), 0);
	CHECK(WAIT_FOR(work()->interrupts - before > 3, 20000), "a level interrupts once");
	CHECK_EQ(pci_line(3, 0, 0), 0);
	before = interrupts_so_far();
	/* By its link, the same pin raises an ISA line as well. */
	set_input(PCI_INPUT, BIT(16));
	CHECK_EQ(route(PCI_LINK, ISA_LINE), 0);
	expect_interrupts(before, 0);
	CHECK_EQ(pci_line(3, 0, 1), 0);
	expect_interrupts(before, 1);
	/* Two pins of one link: one edge. A new route is one more. */
	CHECK_EQ(pci_line(7, 0, 1), 0);
	CHECK_EQ(pci_line(3, 0, 0), 0);
	expect_interrupts(before, 1);
	CHECK_EQ(route(PCI_LINK, 0), 0);
	CHECK_EQ(route(PCI_LINK, ISA_LINE), 0);
	expect_interrupts(before, 2);
	CHECK_EQ(pci_line(7, 0, 0), 0);
	CHECK_EQ(pci_line(32, 0, 1), -XEN_EINVAL);
	CHECK_EQ(pci_line(3, 4, 1), -XEN_EINVAL);
	CHECK_EQ(pci_line(3, 0, 2), -XEN_EINVAL);
	CHECK_EQ(isa_line(16, 1), -XEN_EINVAL);
	CHECK_EQ(route(4, 1), -XEN_EINVAL);
}

static void messages_and_exceptions(void)
{
	u32 before = work()->interrupts, exceptions = work()->exceptions;

	op = (struct xen_dm_op){ .u.inject_msi = { .addr = 0xfee00000, .data = VECTOR } };
	CHECK_EQ(dm_op(XEN_DMOP_inject_msi, &op), 0);
	expect_interrupts(before, 1);
	op.u.inject_msi.addr = 0xfed00000;
	CHECK_EQ(dm_op(XEN_DMOP_inject_msi, &op), -XEN_EINVAL);
	op = (struct xen_dm_op){ .u.inject_event = { .vector = VEC_UD, .error_code = ~0U,
						     .type = XEN_DMOP_EVENT_hw_exc } };
	CHECK_EQ(dm_op(XEN_DMOP_inject_event, &op), 0);
	CHECK(WAIT_FOR(work()->exceptions == exceptions + 1, 20000), "no exception came");
	/* An error code where there is none, none where there is one, and another vCPU. */
	op.u.inject_event.error_code = 0;
	CHECK_EQ(dm_op(XEN_DMOP_inject_event, &op), -XEN_EINVAL);
	op.u.inject_event.error_code = ~0U;
	op.u.inject_event.vector = VEC_GP;
	CHECK_EQ(dm_op(XEN_DMOP_inject_event, &op), -XEN_EINVAL);
	op.u.inject_event.vector = VEC_UD;
	op.u.inject_event.vcpuid = 1;
	CHECK_EQ(dm_op(XEN_DMOP_inject_event, &op), -XEN_EINVAL);
}

/* ---- accesses ---- */

static void ports_and_memory(void)
{
	read_alone(OP_IN, PORT - 4, ~0U);
	read_alone(OP_IN, PORT + 1, ~0U);	/* partly claimed */
	begin(OP_IN, PORT, 0);
	expect(IOREQ_TYPE_PIO, PORT, 4, false);
	answer(0x11223344);
	finish();
	CHECK_EQ(work()->value, 0x11223344);
	begin(OP_OUT, PORT, 0xcafe);
	expect(IOREQ_TYPE_PIO, PORT, 4, true);
	CHECK_EQ(request()->data, 0xcafe);
	answer(0);
	finish();
	read_alone(OP_READ, REGISTERS - 8, ~0U);
	begin(OP_READ, REGISTERS + 8, 0);
	expect(IOREQ_TYPE_COPY, REGISTERS + 8, 4, false);
	answer(77);
	finish();
	CHECK_EQ(work()->value, 77);
	begin(OP_WRITE, REGISTERS + 16, 5);
	expect(IOREQ_TYPE_COPY, REGISTERS + 16, 4, true);
	CHECK_EQ(request()->data, 5);
	answer(0);
	finish();
	/* A read and a write of one instruction. */
	begin(OP_INC, REGISTERS, 0);
	expect(IOREQ_TYPE_COPY, REGISTERS, 4, false);
	answer(41);
	expect(IOREQ_TYPE_COPY, REGISTERS, 4, true);
	CHECK_EQ(request()->data, 42);
	answer(0);
	finish();
	/* A repeated one: one request, which the model fills into the guest's memory. */
	begin(OP_INSB, PORT, 0);
	expect(IOREQ_TYPE_PIO, PORT, 1, false);
	CHECK_EQ(request()->count, 16);
	CHECK_EQ(request()->data_is_ptr, 1);
	CHECK_EQ(request()->data, OTHER_DATA + offsetof(struct work, bytes));
	for (u32 i = 0; i < 16; i++)
		work()->bytes[i] = (u8)(i + 1);
	answer(0);
	finish();
	CHECK(work()->bytes[0] == 1 && work()->bytes[15] == 16, "wrong bytes");
}

static void pci_function(void)
{
	begin(OP_OUT, 0xcf8, 0x80000000 | FUNCTION << 11 | 0x10);
	finish();
	begin(OP_IN, 0xcfc, 0);
	expect(IOREQ_TYPE_PCI_CONFIG, (u64)(FUNCTION << 3) << 32 | 0x10, 4, false);
	answer(0xfeb00000);
	finish();
	CHECK_EQ(work()->value, 0xfeb00000);
	read_alone(OP_IN, 0xcf8, 0x80000000 | FUNCTION << 11 | 0x10);
	begin(OP_OUT, 0xcf8, 0x80000000 | (FUNCTION + 1) << 11);
	finish();
	read_alone(OP_IN, 0xcfc, ~0U);
}

static void move_to(u32 cpu)
{
	static u8 bits[8];
	struct xen_domctl d = { .u.vcpuaffinity = { .flags = XEN_VCPUAFFINITY_HARD } };

	bits[0] = (u8)BIT(cpu);
	d.u.vcpuaffinity.cpumap_hard.nr_bits = 2;
	set_xen_guest_handle(d.u.vcpuaffinity.cpumap_hard.bitmap, bits);
	CHECK_EQ(other_domctl(XEN_DOMCTL_setvcpuaffinity, &d), 0);
}

/* A request outlives a pause of its domain, and its vCPU may go on elsewhere. */
static void paused_and_moved(void)
{
	for (u32 i = 0; i < 4; i++) {
		begin(OP_IN, PORT, 0);
		expect(IOREQ_TYPE_PIO, PORT, 4, false);
		CHECK_EQ(other_simple(XEN_DOMCTL_pausedomain), 0);
		move_to(i & 1);
		answer(i + 100);
		CHECK(work()->op == OP_IN, "the answer let a paused domain run");
		CHECK_EQ(other_simple(XEN_DOMCTL_unpausedomain), 0);
		finish();
		CHECK_EQ(work()->value, i + 100);
	}
}

static u32 take(void)
{
	u32 at = ring()->read_pointer;
	u32 data = ring()->buf_ioreq[at % SLOTS].data;

	__atomic_store_n(&ring()->read_pointer, at + 1, __ATOMIC_RELEASE);
	return data;
}

static bool is_empty(void)
{
	return ring()->read_pointer == ring()->write_pointer;
}

static void ring_and_attacks(void)
{
	u32 good;

	begin(OP_WRITE, VGA + 4, 0x5a5a);
	finish();
	CHECK(!asked() && !is_empty(), "not buffered");
	CHECK_EQ(ring()->buf_ioreq[ring()->read_pointer % SLOTS].addr, VGA + 4);
	CHECK_EQ(take(), 0x5a5a);
	/* Indices that are made up: the write comes as a request instead. */
	for (u32 bad = 1; bad < BIT(31); bad *= 5) {
		good = ring()->write_pointer;
		ring()->read_pointer = good + bad;
		ring()->write_pointer = ~bad;
		begin(OP_WRITE, VGA + 8, bad);
		expect(IOREQ_TYPE_COPY, VGA + 8, 4, true);
		answer(0);
		finish();
		ring()->read_pointer = ring()->write_pointer = good;
	}
	begin(OP_WRITE, VGA, 9);
	finish();
	CHECK_EQ(take(), 9);
	/* An answer without a question, and one of a size that there is not. */
	request()->state = STATE_IORESP_READY;
	CHECK_EQ(event_send((u32)port), 0);
	memset((void *)(uintptr_t)request(), 0xff, PAGE_SIZE);
	CHECK_EQ(event_send((u32)port), 0);
	read_alone(OP_IN, PORT - 4, ~0U);
	begin(OP_IN, PORT, 0);
	expect(IOREQ_TYPE_PIO, PORT, 4, false);
	answer(~(u64)0 - 1);
	finish();
	CHECK_EQ(work()->value, ~0U - 1);
}

/* Which pages the guest has written, from OTHER_DATA on; -1: the processor does not record it. */
static s32 dirty(void)
{
	static u8 bits;
	struct xen_dm_op_buf bufs[2] = { { .size = sizeof(op) }, { .size = 1 } };
	long rc;

	op = (struct xen_dm_op){ .op = XEN_DMOP_track_dirty_vram };
	op.u.track_dirty_vram.nr = 3;
	op.u.track_dirty_vram.first_pfn = OTHER_DATA / PAGE_SIZE;
	set_xen_guest_handle(bufs[0].h, (void *)&op);
	set_xen_guest_handle(bufs[1].h, (void *)&bits);
	rc = HC3(__HYPERVISOR_dm_op, other_domid, 2, bufs);
	if (rc == -XEN_ENODATA)
		return -1;
	CHECK_EQ(rc, 0);
	return bits;
}

/*
 * The guest's loop counts in its first page, so this is written always; its descriptors are never.
 * The first time all count as written.
 */
static void written_pages(void)
{
	if (dirty() < 0)
		return;
	interrupts_so_far();
	CHECK_EQ(dirty(), 1);
	guest_writes(OTHER_GDT + 64, 1);
	CHECK_EQ(dirty(), 5);
	interrupts_so_far();
	CHECK_EQ(dirty(), 1);
	/* What it executed for the guest, the hypervisor records itself. */
	other_simple(XEN_DOMCTL_pausedomain);
	dirty();
	CHECK_EQ(dirty(), 0);
	other_simple(XEN_DOMCTL_unpausedomain);
}

static void disabled_and_dead(void)
{
	/* Disabled with a request under way: that one is answered, further ones are not made. */
	begin(OP_IN, PORT, 0);
	expect(IOREQ_TYPE_PIO, PORT, 4, false);
	CHECK_EQ(dm_enable(server, false), 0);
	answer(3);
	finish();
	CHECK_EQ(work()->value, 3);
	read_alone(OP_IN, PORT, ~0U);
	CHECK_EQ(dm_enable(server, true), 0);
	/* The model closes its channel, as the kernel does for a process that dies. */
	begin(OP_IN, PORT, 0);
	expect(IOREQ_TYPE_PIO, PORT, 4, false);
	CHECK_EQ(event_close((u32)port), 0);
	finish();
	CHECK_EQ(work()->value, ~0U);
	begin(OP_READ, REGISTERS, 0);
	finish();
	CHECK_EQ(work()->value, ~0U);
	/* A new one takes its place, and is destroyed with a request under way. */
	request()->state = STATE_IOREQ_NONE;
	port = event_bind_interdomain(other_domid, request()->vp_eport);
	event_mask((u32)port);
	begin(OP_IN, PORT, 0);
	expect(IOREQ_TYPE_PIO, PORT, 4, false);
	CHECK_EQ(dm_destroy(server), 0);
	finish();
	CHECK_EQ(work()->value, ~0U);
	CHECK_EQ(dm_destroy(server), -XEN_ENOENT);
	detach();
}

/* Servers come and go while the other domain does nothing but read their port. */
static void load(void)
{
	u32 turns;

	begin(OP_INS_FOREVER, PORT, 0);
	for (u32 i = 0; i < ROUNDS; i++) {
		create();
		if (i % 3) {
			attach();
			for (u32 n = 0; n < i % 3; n++) {
				expect(IOREQ_TYPE_PIO, PORT, 4, false);
				answer(n);
			}
		}
		if (i & 1)
			CHECK_EQ(dm_enable(server, false), 0);
		CHECK_EQ(dm_destroy(server), 0);
		if (i % 3)
			detach();
	}
	turns = work()->turns;
	CHECK(WAIT_FOR(work()->turns - turns > 100, 20000), "the other domain stands still");
	work()->op = 0;
}

void test_main(void)
{
	u16 other;

	other_create(model_code, model_end, XEN_X86_EMU_LAPIC | XEN_X86_EMU_IOAPIC);
	for (u32 v = VECTOR; v < VECTOR + 32; v++)
		other_set_gate(v, model_code, model_irq);
	other_set_gate(VEC_UD, model_code, model_ud);
	other_start();
	other = other_domid;
	other_domid = own_domid();
	CHECK_EQ(dm_create(HVM_IOREQSRV_BUFIOREQ_ATOMIC, &server), -XEN_EPERM);
	other_domid = other;
	create();
	attach();
	ports_and_memory();
	pci_function();
	lines();
	messages_and_exceptions();
	CHECK_EQ(other_domctl(XEN_DOMCTL_gethvmcontext, &(struct xen_domctl){ 0 }),
		 -XEN_EOPNOTSUPP);
	paused_and_moved();
	ring_and_attacks();
	written_pages();
	disabled_and_dead();
	load();
	CHECK_EQ(other_simple(XEN_DOMCTL_destroydomain), 0);
}
