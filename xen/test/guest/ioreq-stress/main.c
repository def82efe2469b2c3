/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dm.h"

#include <public/sysctl.h>

TEST("device models come and go under load, and attack their pages, at random from seed=");
RUN("dom0=1 vcpus=2 cpus=3 icount=1 timeout=60 long=the+attacks+are+the+same");

#define SERVERS 8
#define PORT 0x300
#define PORTS 64
#define REGISTERS 0xe0000000U
#define VGA 0xa0000U
#define FUNCTION 0x18
#define VECTOR 0x40
#define FRAMES(server) (OTHER_FREE_GFN + 2 * (u64)(server))
/* Steps between two looks at whether the domain goes on, and of one domain's life. */
#define SETTLE 32
#define LIFE 64
#define PATIENCE 200	/* ms; counted instructions, so the host does not matter */

/* What the other domain counts: its turns, and reads that gave what they may not. */
struct counts {
	u32 pad, wrong, pad2, turns;
};

/*
 * The other domain: accesses of all kinds, at random, to addresses that may be claimed. A port that
 * never is reads as all ones.
 */
__asm__(".pushsection .rodata\n"
	"	.code32\n"
	"stress_code:\n"
	"	movl $1, %ebx\n"
	"1:	incl 0x200c\n"
	"	imull $1103515245, %ebx, %ebx\n"
	"	addl $12345, %ebx\n"
	"	movl %ebx, %eax\n"
	"	shrl $16, %eax\n"
	"	movl %eax, %ecx\n"
	"	shrl $3, %ecx\n"
	"	andl $0x3f, %ecx\n"
	"	leal 0x300(%ecx), %edx\n"
	"	andl $7, %eax\n"
	"	jmp *stress_table - stress_code + 0x1000(,%eax,4)\n"
	"2:	inl %dx, %eax\n"
	"	jmp 1b\n"
	"3:	outl %eax, %dx\n"
	"	jmp 1b\n"
	"4:	movl 0xe0000000(,%ecx,4), %eax\n"
	"	jmp 1b\n"
	"5:	movl %eax, 0xa0000(,%ecx,4)\n"
	"	jmp 1b\n"
	"6:	movl $0x80001800, %eax\n"
	"	movl $0xcf8, %edx\n"
	"	outl %eax, %dx\n"
	"	movl $0xcfc, %edx\n"
	"	inl %dx, %eax\n"
	"	jmp 1b\n"
	"7:	movl $0x2100, %edi\n"
	"	movl $8, %ecx\n"
	"	cld\n"
	"	rep insb\n"
	"	jmp 1b\n"
	"8:	incl 0xe0000000(,%ecx,4)\n"
	"	jmp 1b\n"
	"9:	movl $0x2f0, %edx\n"
	"	inl %dx, %eax\n"
	"	incl %eax\n"
	"	jz 1b\n"
	"	incl 0x2004\n"
	"	jmp 1b\n"
	"stress_irq:\n"
	"	movl $0, 0xfee000b0\n"
	"	iret\n"
	"	.balign 4\n"
	"stress_table:\n"
	"	.long 2b - stress_code + 0x1000, 3b - stress_code + 0x1000\n"
	"	.long 4b - stress_code + 0x1000, 5b - stress_code + 0x1000\n"
	"	.long 6b - stress_code + 0x1000, 7b - stress_code + 0x1000\n"
	"	.long 8b - stress_code + 0x1000, 9b - stress_code + 0x1000\n"
	"stress_end:\n"
	"	" OWN_CODE "\n"
	".popsection\n");
extern const u8 stress_code[], stress_irq[], stress_end[];

static struct {
	bool there, ring;
	volatile bool mapped;	/* the second vCPU writes to its pages */
	s32 port;		/* our end of its channel, 0: none */
} servers[SERVERS];
static u32 nr_servers;
static u64 state, scribbler_state;
static volatile bool stop;

static u32 random(u64 *from, u32 below)
{
	*from ^= *from << 13;
	*from ^= *from >> 7;
	*from ^= *from << 17;
	return (u32)(*from >> 32) % below;
}

static u32 pick(u32 below)
{
	return random(&state, below);
}

static volatile struct counts *counts(void)
{
	return (volatile struct counts *)other_at(OTHER_DATA);
}

static u64 free_pages(void)
{
	struct xen_sysctl op = { .cmd = XEN_SYSCTL_physinfo,
				 .interface_version = XEN_SYSCTL_INTERFACE_VERSION };

	NEED(!HC1(__HYPERVISOR_sysctl, &op), "physinfo");
	return op.u.physinfo.free_pages;
}

/* ---- the second vCPU: anything, anywhere in the pages, at any time ---- */

static void scribble(void *arg)
{
	while (!stop) {
		u32 id = random(&scribbler_state, SERVERS);
		u32 at = random(&scribbler_state, 2 * PAGE_SIZE / 4);

		/* Mostly where the hypervisor looks: the request's place, and the indices. */
		if (random(&scribbler_state, 4))
			at = at & 1 ? PAGE_SIZE / 4 + at % 8 : at & 2 ? 0 : 1;
		if (servers[id].mapped)
			((volatile u32 *)(FRAMES(id) * PAGE_SIZE))[at] =
				random(&scribbler_state, ~0U);
		if (!random(&scribbler_state, 16))
			event_send(random(&scribbler_state, 64));
		relax();
	}
}

/* ---- the first vCPU: one step at a time, whose result is known ---- */

static void do_create(void)
{
	u8 mode = (u8)pick(4);
	u16 id = 0;
	long rc = dm_create(mode, &id);

	if (mode == 3) {
		CHECK_EQ(rc, -XEN_EINVAL);
		return;
	}
	if (nr_servers == SERVERS) {
		CHECK_EQ(rc, -XEN_ENOSPC);
		return;
	}
	NEED(!rc && id < SERVERS && !servers[id].there, "create: %ld, server %u", rc, id);
	servers[id].there = true;
	servers[id].ring = mode != HVM_IOREQSRV_BUFIOREQ_OFF;
	nr_servers++;
	if (pick(4))
		CHECK_EQ(dm_claim(id, XEN_DMOP_IO_RANGE_PORT, PORT + pick(8), PORT + PORTS + 3), 0);
	if (pick(4))
		CHECK_EQ(dm_claim(id, XEN_DMOP_IO_RANGE_MEMORY, REGISTERS, REGISTERS + 0xfff), 0);
	if (pick(4))
		CHECK_EQ(dm_claim(id, XEN_DMOP_IO_RANGE_MEMORY, VGA, VGA + 0xffff), 0);
	if (pick(4))
		CHECK_EQ(dm_claim(id, XEN_DMOP_IO_RANGE_PCI, FUNCTION, FUNCTION), 0);
	CHECK_EQ(dm_enable(id, true), 0);
}

static void leave(u32 id)
{
	if (servers[id].port)
		CHECK_EQ(event_close((u32)servers[id].port), 0);
	servers[id].port = 0;
	if (!servers[id].mapped)
		return;
	servers[id].mapped = false;
	dm_unmap(FRAMES(id));
}

/* Sometimes a model leaves first, and sometimes its pages outlive its server. */
static void do_destroy(u32 id)
{
	if (pick(2))
		leave(id);
	CHECK_EQ(dm_destroy((u16)id), servers[id].there ? 0 : -XEN_ENOENT);
	nr_servers -= servers[id].there;
	servers[id].there = false;
	leave(id);
}

static void do_enable(u32 id)
{
	CHECK_EQ(dm_enable((u16)id, pick(2)), servers[id].there ? 0 : -XEN_ENOENT);
}

static void do_map(u32 id)
{
	if (servers[id].mapped)
		return;
	CHECK_EQ(dm_map((u16)id, FRAMES(id)),
		 servers[id].there && servers[id].ring ? 0 : -XEN_EINVAL);
	servers[id].mapped = servers[id].there && servers[id].ring;
}

/* The number of the channel is the page's word, so this may lead anywhere, or nowhere. */
static void do_bind(u32 id)
{
	s32 port;

	if (!servers[id].mapped || servers[id].port)
		return;
	port = event_bind_interdomain(other_domid, dm_request(FRAMES(id))->vp_eport);
	if (port <= 0)
		return;
	event_mask((u32)port);
	servers[id].port = port;
}

static void do_answer(u32 id)
{
	static const u8 states[] = { STATE_IORESP_READY, STATE_IORESP_READY, STATE_IORESP_READY,
				     STATE_IOREQ_INPROCESS, STATE_IOREQ_NONE };
	volatile struct ioreq *q = dm_request(FRAMES(id));
	volatile struct buffered_iopage *ring = dm_ring(FRAMES(id));

	if (!servers[id].mapped)
		return;
	q->data = pick(~0U);
	barrier();
	q->state = states[pick(ARRAY_SIZE(states))] & 0xf;
	ring->read_pointer = pick(4) ? ring->write_pointer : pick(~0U);
	if (servers[id].port)
		CHECK_EQ(event_send((u32)servers[id].port), 0);
}

static void do_close(u32 id)
{
	if (!servers[id].port)
		return;
	CHECK_EQ(event_close((u32)servers[id].port), 0);
	servers[id].port = 0;
}

static void do_interrupt(void)
{
	struct xen_dm_op op = { 0 };

	if (pick(2)) {
		op.u.inject_msi.addr = 0xfee00000;
		op.u.inject_msi.data = VECTOR;
		CHECK_EQ(dm_op(XEN_DMOP_inject_msi, &op), 0);
		return;
	}
	op.u.set_isa_irq_level.isa_irq = (u8)pick(16);
	op.u.set_isa_irq_level.level = (u8)pick(2);
	CHECK_EQ(dm_op(XEN_DMOP_set_isa_irq_level, &op), 0);
}

static void do_pause(void)
{
	CHECK_EQ(other_simple(XEN_DOMCTL_pausedomain), 0);
	delay(pick(50000));
	CHECK_EQ(other_simple(XEN_DOMCTL_unpausedomain), 0);
}

static void do_move(void)
{
	static u8 bits[8];
	struct xen_domctl op = { .u.vcpuaffinity = { .flags = XEN_VCPUAFFINITY_HARD } };

	bits[0] = (u8)(1 + pick(7));
	op.u.vcpuaffinity.cpumap_hard.nr_bits = 3;
	set_xen_guest_handle(op.u.vcpuaffinity.cpumap_hard.bitmap, bits);
	CHECK_EQ(other_domctl(XEN_DOMCTL_setvcpuaffinity, &op), 0);
}

static void step(void)
{
	u32 what = pick(16), id = pick(SERVERS);

	if (what < 3)
		do_create();
	else if (what < 5)
		do_destroy(id);
	else if (what < 6)
		do_enable(id);
	else if (what < 8)
		do_map(id);
	else if (what < 10)
		do_bind(id);
	else if (what < 13)
		do_answer(id);
	else if (what < 14)
		do_close(id);
	else if (what < 15)
		do_interrupt();
	else if (pick(2))
		do_pause();
	else
		do_move();
}

/* Without servers nothing is left to wait for, whatever they did before. */
static void settle(void)
{
	u32 turns;

	for (u32 id = 0; id < SERVERS; id++)
		if (servers[id].there || servers[id].mapped)
			do_destroy(id);
	turns = counts()->turns;
	if (!WAIT_FOR(counts()->turns - turns > 50, PATIENCE))
		test_failure("the other domain stands still");
	CHECK_EQ(counts()->wrong, 0);
}

static void begin_domain(void)
{
	other_domid = 0;
	other_create(stress_code, stress_end, XEN_X86_EMU_ALL & ~XEN_X86_EMU_VPCI);
	other_set_gate(VECTOR, stress_code, stress_irq);
	other_start();
}

/* With its last servers, and with a request under way as likely as not. */
static void end_domain(void)
{
	for (u32 id = 0; id < SERVERS; id++) {
		leave(id);
		servers[id].there = false;
	}
	nr_servers = 0;
	other_unmap();
	CHECK_EQ(other_simple(XEN_DOMCTL_destroydomain), 0);
}

void test_main(void)
{
	u32 seed = (u32)arg_u64("seed", 1), steps = (u32)arg_u64("steps", 3 * LIFE);
	u64 before = 0;

	state = seed * 0x9e3779b97f4a7c15UL + 1;
	scribbler_state = ~state;
	NEED(smp_start(1), "the second vCPU does not start");
	smp_run(1, scribble, NULL);
	for (u32 i = 0; i < steps; i++) {
		if (i % LIFE == 0)
			begin_domain();
		step();
		if (i % SETTLE == SETTLE - 1 && i % LIFE < LIFE - SETTLE)
			settle();
		if (i % LIFE != LIFE - 1)
			continue;
		end_domain();
		/* The first life leaves what is kept: tables of dom0's own. */
		if (i < LIFE)
			delay(20 * MS);
		before = i < LIFE ? free_pages() : before;
		if (!WAIT_FOR(free_pages() == before, PATIENCE))
			test_failure("%lu free pages, there were %lu", free_pages(), before);
	}
	stop = true;
	CHECK(smp_wait(1, PATIENCE), "the second vCPU does not stop");
}
