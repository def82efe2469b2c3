/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Accesses of another domain that a device model answers. This guest, the first domain, is the
 * model: it sleeps until it is asked. The other domain, its guest, has the devices of a PC. It
 * reads a port of its own again and again (the mark), whose answer says which access to make next,
 * and how often; the time between two marks is the cost of these accesses and of one mark.
 */
#include "bench.h"
#include "dm.h"

#define MARK 0x300
#define PORT 0x304
#define NO_PORT 0x308
#define REGISTERS 0xe0000000U
#define NO_REGISTERS 0xe0001000U
#define VGA 0xa0000U
/* Accesses between two marks: fewer than the ring has slots, and what fits into a mark's answer. */
#define RING_ROOM 256U
#define COUNT_ROOM 0xffffffU

/* As the program's table has them. */
enum access { NOTHING, PORT_READ, PORT_WRITE, PORT_NONE, MEMORY_READ, MEMORY_WRITE, MEMORY_NONE,
	      MEMORY_BUFFERED };

/* Each kind of access in a loop of its own: one instruction beside those of the loop. */
#define LOOP(number, insn)                                                                         \
	"	cmpl $" #number ", %eax\n"                                                         \
	"	jne 2f\n"                                                                          \
	"1:	" insn "\n"                                                                        \
	"	decl %ecx\n"                                                                       \
	"	jnz 1b\n"                                                                          \
	"	jmp ioreq_code\n"                                                                  \
	"2:\n"

__asm__(".pushsection .rodata\n"
	"	.code32\n"
	"ioreq_code:\n"
	"	movl $0x300, %edx\n"
	"	inl %dx, %eax\n"
	"	movl %eax, %ecx\n"
	"	shrl $8, %ecx\n"
	"	movzbl %al, %eax\n"
	"	movl $0x304, %edx\n"
	"	movl $0x308, %ebx\n"
	"	cmpl $3, %eax\n"
	"	cmovel %ebx, %edx\n"
	LOOP(0, "nop")
	LOOP(1, "inl %dx, %eax")
	LOOP(2, "outl %eax, %dx")
	LOOP(3, "inl %dx, %eax")
	LOOP(4, "movl 0xe0000000, %eax")
	LOOP(5, "movl %eax, 0xe0000000")
	LOOP(6, "movl 0xe0001000, %eax")
	LOOP(7, "movl %eax, 0xa0000")
	"	jmp ioreq_code\n"
	"ioreq_end:\n"
	"	" OWN_CODE "\n"
	".popsection\n");
extern const u8 ioreq_code[], ioreq_end[];

static u16 server;
static u32 port, answered;

static volatile struct buffered_iopage *ring(void)
{
	return dm_ring(OTHER_FREE_GFN);
}

static volatile struct ioreq *request(void)
{
	return dm_request(OTHER_FREE_GFN);
}

static void claim(u32 type, u64 first, u64 last)
{
	NEED(!dm_claim(server, type, first, last), "claiming %lx", first);
}

static u32 bind(u32 remote)
{
	s32 own = event_bind_interdomain(other_domid, remote);

	NEED(own > 0, "bind_interdomain: %d", own);
	event_mask((u32)own);
	return (u32)own;
}

static void make_server(void)
{
	struct xen_dm_op op = { 0 };

	NEED(!dm_create(HVM_IOREQSRV_BUFIOREQ_ATOMIC, &server), "no ioreq server can be made");
	claim(XEN_DMOP_IO_RANGE_PORT, MARK, PORT + 3);
	claim(XEN_DMOP_IO_RANGE_MEMORY, REGISTERS, REGISTERS + PAGE_SIZE - 1);
	claim(XEN_DMOP_IO_RANGE_MEMORY, VGA, VGA + 0xffff);
	/* Before the server is enabled, which on Xen fills in the ports. */
	NEED(!dm_map(server, OTHER_FREE_GFN), "the server's pages cannot be mapped");
	NEED(!dm_enable(server, true), "the server cannot be enabled");
	op.u.get_ioreq_server_info.id = server;
	op.u.get_ioreq_server_info.flags = XEN_DMOP_no_gfns;
	NEED(!dm_op(XEN_DMOP_get_ioreq_server_info, &op), "no information about the server");
	port = bind(request()->vp_eport);
	bind(op.u.get_ioreq_server_info.bufioreq_port);
}

static void answer(u32 data)
{
	request()->data = data;
	barrier();
	request()->state = STATE_IORESP_READY;
	event_send(port);
}

/* Sleep until there is a request. */
static void await_request(void)
{
	evtchn_port_t p = port;
	struct sched_poll poll = { .nr_ports = 1 };

	set_xen_guest_handle(poll.ports, &p);
	for (;;) {
		event_test_and_clear(port);
		if (request()->state == STATE_IOREQ_READY)
			return;
		sched_op(SCHEDOP_poll, &poll);
	}
}

/* Answer the accesses up to the next mark, which is left unanswered. */
static u64 next_mark(void)
{
	for (;;) {
		await_request();
		if (request()->type == IOREQ_TYPE_PIO && request()->addr == MARK)
			return ticks_now();
		answered++;
		answer(0);
	}
}

static void start(void)
{
	static bool started;

	if (started)
		return;
	other_create(ioreq_code, ioreq_end, XEN_X86_EMU_ALL & ~XEN_X86_EMU_VPCI);
	make_server();
	other_start();
	next_mark();
	started = true;
}

/* Ticks from the answer to one mark until the next, @n accesses later. */
static u64 time_of(enum access what, u32 n)
{
	u64 from = ticks_now();

	answer(what | n << 8);
	return next_mark() - from;
}

/* What the model was asked, or took from the ring, since the last time. */
static void expect(const char *name, u32 asked, u32 buffered)
{
	u32 found = ring()->write_pointer - ring()->read_pointer;

	ring()->read_pointer = ring()->write_pointer;
	NEED(answered == asked && found == buffered,
	     "%s: %u requests and %u in the ring, expected %u and %u", name, answered, found, asked,
	     buffered);
	answered = 0;
}

static void measure(const char *name, u32 rounds, enum access what, bool asks, bool buffers)
{
	struct series s;

	start();
	series_start(&s, rounds);
	s.length = MIN(s.length, buffers ? RING_ROOM : COUNT_ROOM);
	/* Once for what happens at the first access alone. */
	time_of(what, s.length);
	expect(name, asks ? s.length : 0, buffers ? s.length : 0);
	s.base = time_of(NOTHING, s.length);
	for (u32 b = 0; b < BATCHES; b++) {
		series_add(&s, b, time_of(what, s.length));
		expect(name, asks ? s.length : 0, buffers ? s.length : 0);
	}
	series_report(name, &s, 1);
}

static void port_read(const char *name, u32 rounds)
{
	measure(name, rounds, PORT_READ, true, false);
}

static void port_write(const char *name, u32 rounds)
{
	measure(name, rounds, PORT_WRITE, true, false);
}

static void port_none(const char *name, u32 rounds)
{
	measure(name, rounds, PORT_NONE, false, false);
}

static void memory_read(const char *name, u32 rounds)
{
	measure(name, rounds, MEMORY_READ, true, false);
}

static void memory_write(const char *name, u32 rounds)
{
	measure(name, rounds, MEMORY_WRITE, true, false);
}

static void memory_none(const char *name, u32 rounds)
{
	measure(name, rounds, MEMORY_NONE, false, false);
}

static void memory_buffered(const char *name, u32 rounds)
{
	measure(name, rounds, MEMORY_BUFFERED, false, true);
}

static const struct benchmark table[] = {
	{ "ioreq.port.read", port_read, 2000 },
	{ "ioreq.port.write", port_write, 2000 },
	{ "ioreq.port.none", port_none, 2000 },
	{ "ioreq.memory.read", memory_read, 2000 },
	{ "ioreq.memory.write", memory_write, 2000 },
	{ "ioreq.memory.none", memory_none, 2000 },
	{ "ioreq.memory.buffered", memory_buffered, 2000 },
};
DEFINE_GROUP(ioreq, table);
