/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("guest-physical addresses with nothing behind them read ones and swallow writes");

/* The hypervisor's own memory is no less absent for a domain that sees the whole machine. */
#define FAR (is_mapped_1to1() ? 0x8000UL : 0x2000000000UL)
#define WINDOW 0x30000000000UL

void test_main(void)
{
	volatile u8 *p8 = (void *)WINDOW;
	volatile u16 *p16 = (void *)WINDOW;
	volatile u32 *p32 = (void *)WINDOW;
	volatile u64 *p64 = (void *)WINDOW;
	u64 old = 5, buf[4] = { 0 };
	void *from = (void *)WINDOW, *to = buf;
	u64 n = 4;

	map_page(WINDOW, FAR, PTE_P | PTE_W);
	CHECK_EQ(*p8, 0xff);
	CHECK_EQ(*p16, 0xffff);
	CHECK_EQ(*p32, 0xffffffff);
	CHECK_EQ(*p64, ~0UL);
	*p64 = 0;
	*p32 = 0;
	*p8 = 0;
	CHECK_EQ(*p64, ~0UL);
	__asm__ volatile("xchg %0, %1" : "+r"(old), "+m"(*p64));
	CHECK_EQ(old, ~0UL);
	__asm__ volatile("rep movsq" : "+S"(from), "+D"(to), "+c"(n) :: "memory");
	for (u32 i = 0; i < 4; i++)
		CHECK_EQ(buf[i], ~0UL);
	CHECK_EQ(n, 0);
	__asm__ volatile("addl $1, %0" : "+m"(*p32));
	__asm__ volatile("orb $1, %0" : "+m"(*p8));
	CHECK_EQ(*p32, 0xffffffff);
}
