/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("unmapped guest-physical addresses read all ones and ignore writes");

/* The hypervisor's own memory is also inaccessible to a domain that sees the whole machine. */
#define FAR (is_mapped_1to1() ? 0x8000UL : HOLE_PA)

void test_main(void)
{
	volatile u8 *p8 = (void *)FREE_VA;
	volatile u16 *p16 = (void *)FREE_VA;
	volatile u32 *p32 = (void *)FREE_VA;
	volatile u64 *p64 = (void *)FREE_VA;
	volatile word *pw = (void *)FREE_VA;
	word old = 5, buf[4] = { 0 };
	void *from = (void *)FREE_VA, *to = buf;
	word n = 4;

	map_page(FREE_VA, FAR, PTE_P | PTE_W);
	CHECK_EQ(*p8, 0xff);
	CHECK_EQ(*p16, 0xffff);
	CHECK_EQ(*p32, 0xffffffff);
	CHECK_EQ(*p64, ALL_ONES);
	*p64 = 0;
	*p32 = 0;
	*p8 = 0;
	CHECK_EQ(*p64, ALL_ONES);
	__asm__ volatile("xchg %0, %1" : "+r"(old), "+m"(*pw));
	CHECK_EQ(old, ~0UL);
	__asm__ volatile("rep movs" WORD_SUFFIX : "+S"(from), "+D"(to), "+c"(n) :: "memory");
	for (u32 i = 0; i < 4; i++)
		CHECK_EQ(buf[i], ~0UL);
	CHECK_EQ(n, 0);
	__asm__ volatile("addl $1, %0" : "+m"(*p32));
	__asm__ volatile("orb $1, %0" : "+m"(*p8));
	CHECK_EQ(*p32, 0xffffffff);
}
