/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("a guest that runs random bytes is contained");
RUN("domains=4 judges=1 timeout=40 icount=1");

#define INT3 0xcc

extern u8 image_start[], image_end[];
static u8 code[16 * PAGE_SIZE] PAGE_ALIGNED;

/*
 * A jump out of the random bytes mostly lands in memory that was never written. Zeros are valid
 * instructions there, and an emulator takes minutes to walk through them: let the first byte trap.
 */
static void fill(u64 from, u64 to)
{
	if (from < to)
		memset((void *)from, INT3, to - from);
}

static void fill_unused_memory(void)
{
	for (u32 i = 0; i < memory_map_entries; i++) {
		const struct region *r = &memory_map[i];

		if (r->start > (u64)image_start ||
		    r->start + r->size < (u64)image_end)
			continue;
		fill(r->start + PAGE_SIZE, (u64)image_start);
		fill((u64)image_end, r->start + r->size);
	}
}

static void __attribute__((noreturn)) next_rounds(void)
{
	static u32 round;
	static u64 seed;

	seed ^= rdtsc() | 1;
	while (round++ < 300) {
		for (u32 i = 0; i < sizeof(code); i++) {
			seed ^= seed << 13;
			seed ^= seed >> 7;
			seed ^= seed << 17;
			code[i] = (u8)seed;
		}
		((void (*)(void))(code + seed % 4096))();
	}
	for (;;)
		sti_hlt();
}

/* Continue with other bytes after an exception, as long as stack and tables still allow it. */
static void survive(struct regs *regs)
{
	static u8 stack[4 * PAGE_SIZE] PAGE_ALIGNED;

	regs->rip = (u64)next_rounds;
	regs->rsp = (u64)stack + sizeof(stack) - 8;
	regs->rflags = BIT(1);	/* the one that is always set */
}

static void hostile(void)
{
	fill_unused_memory();
	for (u32 vector = 0; vector < 32; vector++)
		set_vector(vector, survive);
	next_rounds();
}

void test_main(void)
{
	peer_domid();
	if (!role())
		live_on();
	else
		hostile();
}
