/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See served.h. */
#include "served.h"

#include <public/hvm/params.h>

#define MARK 0x300
#define PORT 0x304
#define NO_PORT 0x308
#define REGISTERS 0xe0000000U
#define NO_REGISTERS 0xe0001000U
#define VGA 0xa0000U

/* Each kind of access in a loop of its own: one instruction beside those of the loop. */
#define LOOP(number, insn)                                                                         \
	"	cmpl $" #number ", %eax\n"                                                         \
	"	jne 2f\n"                                                                          \
	"1:	" insn "\n"                                                                        \
	"	decl %ecx\n"                                                                       \
	"	jnz 1b\n"                                                                          \
	"	jmp served_code\n"                                                                 \
	"2:\n"

__asm__(".pushsection .rodata\n"
	"	.code32\n"
	"served_code:\n"
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
	LOOP(8, "movl 0xfed000f0, %eax")
	"	movl $1, 0xfed00010\n"
	"	cmpl $9, %eax\n"
	"	jne 2f\n"
	"	rdtsc\n"
	"	movl %eax, %ebp\n"
	"	movl 0xfed000f0, %esi\n"
	"1:	decl %ecx\n"
	"	jnz 1b\n"
	"	rdtsc\n"
	"	subl %ebp, %eax\n"
	"	movl 0xfed000f0, %edi\n"
	"	subl %esi, %edi\n"
	"	movl $0x304, %edx\n"
	"	outl %eax, %dx\n"
	"	movl %edi, %eax\n"
	"	outl %eax, %dx\n"
	"	jmp served_code\n"
	"2:	cmpl $10, %eax\n"
	"	jne 2f\n"
	"	xorl %ebp, %ebp\n"
	"	movl 0xfed000f0, %esi\n"
	"1:	movl 0xfed000f0, %edi\n"
	"	cmpl %esi, %edi\n"
	"	jns 3f\n"
	"	incl %ebp\n"
	"3:	movl %edi, %esi\n"
	"	decl %ecx\n"
	"	jnz 1b\n"
	"	movl %ebp, %eax\n"
	"	outl %eax, %dx\n"
	"	jmp served_code\n"
	"2:	movl 0xfed00004, %eax\n"
	"	outl %eax, %dx\n"
	"	jmp served_code\n"
	"served_end:\n"
	"	" OWN_CODE "\n"
	".popsection\n");
extern const u8 served_code[], served_end[];

static u16 server;
static u32 port;
u32 served_requests, served_given[2];

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
		if (request()->type == IOREQ_TYPE_PIO && request()->dir == IOREQ_WRITE) {
			served_given[0] = served_given[1];
			served_given[1] = (u32)request()->data;
		}
		served_requests++;
		answer(0);
	}
}

/* A toolstack says by a parameter that the guest has one. */
static void enable_hpet(void)
{
	struct xen_hvm_param p = { .domid = other_domid, .index = HVM_PARAM_HPET_ENABLED,
				   .value = 1 };

	NEED(!hvm_op(HVMOP_set_param, &p), "the HPET cannot be enabled");
}

void served_begin(void)
{
	static bool started;

	if (started)
		return;
	other_create(served_code, served_end, XEN_X86_EMU_ALL & ~XEN_X86_EMU_VPCI);
	enable_hpet();
	make_server();
	other_start();
	next_mark();
	started = true;
}

u64 served_time(enum served_op op, u32 n)
{
	u64 from = ticks_now();

	served_requests = 0;
	answer(op | n << 8);
	return next_mark() - from;
}

u32 served_take_buffered(void)
{
	u32 found = ring()->write_pointer - ring()->read_pointer;

	ring()->read_pointer = ring()->write_pointer;
	return found;
}
