/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "values.h"

#include <public/hvm/params.h>

#define KEPT 16u
/* Room for a list of extents of eight frames. */
#define FRESH_PER_STEP (LIST_MAX * 8)

u8 arena[(ARENA_PAGES + GUARD_PAGES) * PAGE_SIZE] PAGE_ALIGNED;
u8 grants[4 * PAGE_SIZE] PAGE_ALIGNED;
u8 times[PAGE_SIZE] PAGE_ALIGNED;
u8 buffer[BUFFER_SIZE] PAGE_ALIGNED;
u64 frames[LIST_MAX];

static u64 state;
static u32 step_number;
static u32 ports[KEPT], handles[KEPT];
static u32 port_turn, handle_turn;

/* The finaliser of splitmix64. */
static u64 mix(u64 x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9UL;
	x = (x ^ x >> 27) * 0x94d049bb133111ebUL;
	return x ^ x >> 31;
}

void values_begin(u64 seed, u32 episode, u32 step)
{
	state = mix(mix(mix(seed) + episode) + step);
	/* A hole does not keep what is written: no step would be random any more. */
	if (*(volatile u64 *)&state != mix(mix(mix(seed) + episode) + step))
		shutdown(SHUTDOWN_crash);
	step_number = step;
	for (u32 i = 0; i < BUFFER_SIZE / 8; i++)
		((u64 *)buffer)[i] = one_in(4) ? random64() : below(8);
}

u64 random64(void)
{
	state += 0x9e3779b97f4a7c15UL;
	return mix(state);
}

u32 below(u32 n)
{
	return (u32)(random64() >> 32) % n;
}

bool one_in(u32 n)
{
	return below(n) == 0;
}

void remember_port(u32 port)
{
	ports[port_turn++ % KEPT] = port;
}

void remember_handle(u32 handle)
{
	handles[handle_turn++ % KEPT] = handle;
}

/* The ends of a type's range, and single bits. */
static u64 edge(u32 bits)
{
	u64 max = bits == 64 ? ALL_ONES : BIT(bits) - 1;

	switch (below(8)) {
	case 0: return 0;
	case 1: return 1;
	case 2: return max;
	case 3: return max - 1;
	case 4: return max / 2;
	case 5: return max / 2 + 1;
	case 6: return BIT(below(bits));
	default: return random64() & max;
	}
}

static u64 any(u32 bits)
{
	return one_in(2) ? below(256) & (bits == 64 ? ALL_ONES : BIT(bits) - 1) : edge(bits);
}

static u64 a_port(void)
{
	static const u32 ends[] = { 0, 1023, 1024, 4095, 4096, 131071, 131072, ~0u };

	if (!one_in(4) && port_turn)
		return ports[below(MIN(port_turn, KEPT))];
	return one_in(3) ? ends[below(ARRAY_SIZE(ends))] : below(32);
}

static u64 a_domain(void)
{
	static const u16 others[] = { 2, 3, 0x7fef, DOMID_IO, DOMID_XEN, DOMID_COW, DOMID_INVALID,
				      DOMID_IDLE, 0x7ff9, 0x8000, 0xffff };

	switch (below(8)) {
	case 0: return CHILD_DOMID;
	case 1: return 0;
	case 2: return one_in(2) ? others[below(ARRAY_SIZE(others))] : DOMID_SELF;
	default: return DOMID_SELF;
	}
}

static u64 a_frame(void)
{
	static const u64 others[] = { 0, 1, 0xfee00, 0xfee01, 0xfec00, 0xfed00, 0xe0000,
				      CHILD_PAGES, CHILD_PAGES + 1, 0xfffff, 0x100000, BIT(28),
				      BIT(36), BIT(40), BIT(52), ALL_ONES, ALL_ONES >> 12,
				      INT64_MAX };

	if (!one_in(12))
		return (u64)arena / PAGE_SIZE + below(ARENA_PAGES);
	return one_in(3) ? (u64)grants / PAGE_SIZE + below(4) : others[below(ARRAY_SIZE(others))];
}

static u64 a_buffer(void)
{
	switch (below(128)) {
	case 0: return (u64)NON_CANONICAL;
	case 1: case 2: return (u64)UNMAPPED;
	case 3: case 4: return 0xe0000000UL + below(4096);
	case 5: case 6: return (u64)CHILD_PAGES * PAGE_SIZE - 4;	/* the last bytes of RAM */
	default: return (u64)buffer + (one_in(4) ? below(256) : below(16) * 16);
	}
}

/*
 * A frame beyond the memory that no other step names, mostly. It does not depend on what is there:
 * what another hypervisor did at an earlier step must not change this one's arguments.
 */
static u64 a_fresh_frame(void)
{
	u64 first = CHILD_PAGES + (step_number % 4096) * FRESH_PER_STEP;

	return one_in(16) ? a_frame() : first + below(LIST_MAX) * (FRESH_PER_STEP / LIST_MAX);
}

static u64 a_list(u64 (*frame)(void))
{
	for (u32 i = 0; i < LIST_MAX; i++)
		frames[i] = frame();
	return one_in(24) ? a_buffer() : (u64)frames;
}

static u64 an_msr(void)
{
	static const u32 known[] = {
		0x10, 0x1b, 0x3a, 0x3b, 0x79, 0x8b, 0xce, 0xfe, 0x10a, 0x10b, 0x122, 0x140, 0x174,
		0x175, 0x176, 0x179, 0x17a, 0x17b, 0x186, 0x199, 0x1a0, 0x1d9, 0x1db, 0x1dc, 0x1dd,
		0x1de, 0x250, 0x258, 0x259, 0x268, 0x26f, 0x277, 0x2ff, 0x345, 0x38f, 0x400, 0x401,
		0x480, 0x6e0, 0xda0, 0x40000000, 0x40000001, 0x40000073, 0x40000200, 0x4b564d00,
		0xc0000080, 0xc0000081, 0xc0000082, 0xc0000083, 0xc0000084, 0xc0000100, 0xc0000101,
		0xc0000102, 0xc0000103, 0xc0000104, 0xc0000408, 0xc0010000, 0xc0010004, 0xc0010010,
		0xc0010015, 0xc001001f, 0xc0010055, 0xc0010058, 0xc0010061, 0xc0010062, 0xc0010063,
		0xc0010064, 0xc0010111, 0xc0010114, 0xc0010115, 0xc0010117, 0xc0010140, 0xc0010141,
		0xc0011004, 0xc0011005, 0xc0011020, 0xc0011023, 0xc0011029, 0xc001102a, 0xc001102c,
	};

	switch (below(8)) {
	case 0: return 0x800 + below(0x50);
	case 1: return 0x200 + below(0x100);
	case 2: return one_in(2) ? 0x400 + below(0x40) : 0xc0010000 + below(0x300);
	case 3: return one_in(2) ? 0x40000000 + below(0x120) : edge(32);
	default: return known[below(ARRAY_SIZE(known))];
	}
}

static u64 an_io_port(void)
{
	static const u16 known[] = {
		0x20, 0x21, 0x40, 0x41, 0x42, 0x43, 0x60, 0x61, 0x64, 0x70, 0x71, 0x80, 0x92, 0xa0,
		0xa1, 0x3f8, 0x3f9, 0x3fa, 0x3fb, 0x3fc, 0x3fd, 0x3fe, 0x402, 0x4d0, 0x4d1, 0x510,
		0x511, 0x514, 0x600, 0x604, 0x608, 0xae00, 0xb000, 0xb004, 0xb008, 0xb2, 0xb3,
		0xcf8, 0xcf9, 0xcfb, 0xcfc, 0xcfd, 0xcfe, 0xcff, 0xafe0, 0xfffc, 0xffff,
	};

	return one_in(8) ? edge(16) : known[below(ARRAY_SIZE(known))];
}

static u64 a_leaf(void)
{
	switch (below(4)) {
	case 0: return below(0x20);
	case 1: return 0x80000000 + below(0x24);
	case 2: return 0x40000000 + below(8);
	default: return edge(32);
	}
}

static u64 a_hole(void)
{
	static const u64 pages[] = { 0xfec00000, 0xfed00000, 0xe0000000, 0xa0000, 0xfee01000,
				     0xfed40000, 0xf0000000, 0xfffff000 };

	return pages[below(ARRAY_SIZE(pages))] + below(0x400) * 4 % 0xff0;
}

static u64 an_apic_register(void)
{
	return one_in(8) ? below(PAGE_SIZE - 8) : below(0x40) * 16;
}

static u64 a_deadline(void)
{
	static const u64 when[] = { 0, 1, INT64_MAX, INT64_MAX - 1, BIT(62), ALL_ONES };

	return when[below(ARRAY_SIZE(when))];
}

static u64 a_count(void)
{
	return one_in(24) ? edge(32) : below(LIST_MAX + 1);
}

/*
 * Not those that end the episode: most commands of sched_op; a list of calls or a text that takes
 * longer than the parent waits. multicall has a row of its own.
 */
static u64 a_call(void)
{
	u64 nr = one_in(16) ? edge(32) : below(64);

	return nr == __HYPERVISOR_sched_op || nr == __HYPERVISOR_multicall ||
	       nr == __HYPERVISOR_console_io ? 0 : nr;
}

/* Xen lets a guest say where the segment for virtual 8086 mode is, and writes to it at once. */
static u64 a_parameter(void)
{
	u64 index = one_in(8) ? edge(32) : below(40);

	return index == HVM_PARAM_VM86_TSS_SIZED || index == HVM_PARAM_VM86_TSS ? 0 : index;
}

u64 usable_vector(u64 v)
{
	return (v & 0xf0) == 0x10 || (v & 0xff) == USER_EXIT_VECTOR ? v ^ 0x20 : v;
}

u64 value_of(enum value v)
{
	switch (v) {
	case V_ZERO: return one_in(32) ? any(16) : 0;
	case V_ANY8: return any(8);
	case V_ANY16: return any(16);
	case V_ANY32: return any(32);
	case V_ANY64: return any(64);
	case V_FLAGS: return one_in(16) ? edge(32) : random64() & (one_in(2) ? 0x1f : 0x7);
	case V_SMALL: return one_in(16) ? edge(16) : below(8);
	case V_COUNT: return a_count();
	case V_ORDER: return one_in(128) ? one_in(2) ? edge(8) : below(20) : below(3);
	case V_RANGE: return one_in(128) ? edge(16) : below(GUARD_PAGES);
	case V_PORT: return a_port();
	case V_VCPU: return one_in(8) ? one_in(2) ? below(4) : edge(32) : 0;
	case V_DOM: return a_domain();
	case V_VIRQ: return one_in(16) ? edge(32) : below(26);
	case V_GFN: return a_frame();
	case V_GPA: return a_frame() * PAGE_SIZE + (one_in(8) ? below(PAGE_SIZE) : 0);
	case V_OFFSET: return one_in(8) ? edge(16) : below(64) * 64;
	case V_REF: return one_in(16) ? edge(32) : below(16);
	case V_HANDLE:
		return one_in(6) || !handle_turn ? one_in(3) ? edge(32) : below(8) :
						  handles[below(MIN(handle_turn, KEPT))];
	case V_SPACE: return one_in(16) ? edge(16) : below(6);
	case V_INDEX: return 1 + (one_in(16) ? edge(16) : below(6));
	case V_PARAM: return a_parameter();
	case V_VECTOR: return usable_vector(one_in(4) ? below(256) : 0x20 + below(0x60));
	case V_DEADLINE: return a_deadline();
	case V_PAST: return 1 + below(8);
	case V_BUFFER: return a_buffer();
	case V_GFNS: return a_list(a_frame);
	case V_HOLES: return a_list(a_fresh_frame);
	case V_CMD: return one_in(8) ? edge(32) : below(64);
	case V_UNKNOWN: return one_in(4) ? edge(32) | 64 : 14 + below(64);
	case V_CALL: return a_call();
	case V_MSR: return an_msr();
	case V_PORT_IO: return an_io_port();
	case V_WIDTH: return (u64[]){ 1, 2, 4 }[below(3)];
	case V_LEAF: return a_leaf();
	case V_APIC_REG: return an_apic_register();
	case V_HOLE: return a_hole();
	case V_INSN: return below(64);
	case V_CR: return one_in(2) ? 0 : one_in(2) ? 4 : 8;
	case V_SLOT: return below(ARENA_PAGES * 4) * 1024 + below(4) * 4;
	}
	return 0;
}
