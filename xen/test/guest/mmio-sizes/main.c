/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("emulated accesses of every size: moves, strings both ways, SSE, and across RAM and hole");
RUN("long=forms+of+instructions+that+64-bit+mode+has");

#define FAR (is_mapped_1to1() ? 0x8000UL : HOLE_PA)
#define HOLE (FREE_VA + PAGE_SIZE)
#define CR4_OSFXSR BIT(9)

static u8 ram[PAGE_SIZE] PAGE_ALIGNED;

static void moves(void)
{
	u64 a = 0, zero = 0;

	__asm__ volatile("mov (%1), %b0" : "+r"(a) : "r"(HOLE) : "memory");
	CHECK_EQ(a, 0xff);
	a = 0;
	__asm__ volatile("mov (%1), %w0" : "+r"(a) : "r"(HOLE + 1) : "memory");
	CHECK_EQ(a, 0xffff);
	a = 0x1234567890;
	__asm__ volatile("mov (%1), %k0" : "+r"(a) : "r"(HOLE + 2) : "memory");
	CHECK_EQ(a, 0xffffffff);
	__asm__ volatile("mov (%1), %0" : "+r"(a) : "r"(HOLE + 5) : "memory");
	CHECK_EQ(a, ALL_ONES);
	__asm__ volatile("movzbw (%1), %w0" : "=r"(a) : "r"(HOLE), "0"(0UL) : "memory");
	CHECK_EQ(a, 0xff);
	__asm__ volatile("movzwl (%1), %k0" : "=r"(a) : "r"(HOLE) : "memory");
	CHECK_EQ(a, 0xffff);
	__asm__ volatile("movsbq (%1), %0" : "=r"(a) : "r"(HOLE) : "memory");
	CHECK_EQ(a, ALL_ONES);
	__asm__ volatile("movswl (%1), %k0" : "=r"(a) : "r"(HOLE) : "memory");
	CHECK_EQ(a, 0xffffffff);
	__asm__ volatile("movb %b0, (%1); movw %w0, (%1); movl %k0, (%1); movq %0, (%1)"
			 :: "r"(zero), "r"(HOLE) : "memory");
	__asm__ volatile("movb $1, (%0); movw $2, (%0); movl $3, (%0); movq $4, (%0)"
			 :: "r"(HOLE) : "memory");
	CHECK_EQ(*(volatile u64 *)HOLE, ALL_ONES);
}

/*
 * Move n elements from @from to @to; the count left must be 0, and the pointers after the last
 * element.
 */
#define STRING(insn, size, from, to, step)                                                         \
	do {                                                                                       \
		u64 s_ = (u64)(from), d_ = (u64)(to), n_ = 3, a_ = ALL_ONES;                       \
		__asm__ volatile(insn : "+S"(s_), "+D"(d_), "+c"(n_), "+a"(a_) :: "memory", "cc"); \
		CHECK(n_ == 0, "%s: %lu left", insn, n_);                                          \
		CHECK(s_ == (u64)(from) || s_ == (u64)(from) + 3 * (size) * (step), "%s: source",  \
		      insn);                                                                       \
		CHECK(d_ == (u64)(to) || d_ == (u64)(to) + 3 * (size) * (step), "%s: target",      \
		      insn);                                                                       \
	} while (0)

static void strings(void)
{
	memset(ram, 0, sizeof(ram));
	STRING("rep movsb", 1, HOLE, ram, 1);
	STRING("rep movsw", 2, HOLE, ram + 16, 1);
	STRING("rep movsl", 4, HOLE, ram + 32, 1);
	STRING("rep movsq", 8, HOLE, ram + 64, 1);
	CHECK(ram[2] == 0xff && ram[3] == 0, "movsb");
	CHECK(ram[16 + 5] == 0xff && ram[16 + 6] == 0, "movsw");
	CHECK(ram[32 + 11] == 0xff && ram[32 + 12] == 0, "movsl");
	CHECK(ram[64 + 23] == 0xff && ram[64 + 24] == 0, "movsq");
	memset(ram, 0, sizeof(ram));
	STRING("std; rep movsw; cld", 2, HOLE + 64, ram + 64, -1L);
	CHECK(ram[64 - 4] == 0xff && ram[64 + 1] == 0xff && ram[64 + 2] == 0 && ram[64 - 5] == 0,
	      "backwards");
	STRING("rep stosb", 1, HOLE, HOLE, 1);
	STRING("rep stosq", 8, HOLE, HOLE, 1);
	STRING("rep lodsw", 2, HOLE, HOLE, 1);
	STRING("repe scasl", 4, HOLE, HOLE, 1);
	STRING("rep movsq", 8, ram, HOLE, 1);
	STRING("repe cmpsb", 1, HOLE, HOLE, 1);
	CHECK_EQ(*(volatile u64 *)HOLE, ALL_ONES);
}

static void wide(void)
{
	u64 out[2] __attribute__((aligned(16))) = { 0 };
	u64 cr4 = read_cr4();

	write_cr4(cr4 | CR4_OSFXSR);
	__asm__ volatile("movups (%1), %%xmm0; movups %%xmm0, %0" : "=m"(out) : "r"(HOLE + 3));
	CHECK(out[0] == ALL_ONES && out[1] == ALL_ONES, "movups %#lx %#lx", out[0], out[1]);
	out[0] = out[1] = 0;
	__asm__ volatile("movdqa (%1), %%xmm0; movups %%xmm0, %0" : "=m"(out) : "r"(HOLE + 16));
	CHECK(out[0] == ALL_ONES && out[1] == ALL_ONES, "movdqa %#lx %#lx", out[0], out[1]);
	__asm__ volatile("pxor %%xmm9, %%xmm9; movups %%xmm9, %0; movups (%1), %%xmm9\n"
			 "movss %2, %%xmm9; movss (%1), %%xmm9; movups %%xmm9, %0"
			 : "=m"(out) : "r"(HOLE), "m"(out) : "memory");
	CHECK(out[0] == 0xffffffff && !out[1], "movss %#lx %#lx", out[0], out[1]);
	__asm__ volatile("pxor %%xmm0, %%xmm0; movups %%xmm0, (%0)" :: "r"(HOLE) : "memory");
	CHECK_EQ(*(volatile u64 *)HOLE, ALL_ONES);
	write_cr4(cr4);
}

/* Half in RAM, half beyond: each half must reach its own target. */
static void crossing(void)
{
	volatile u64 *p = (void *)(HOLE - 4);	/* an alias that the compiler cannot know */

	memset(ram, 0, sizeof(ram));
	*p = 0x1122334455667788;
	barrier();
	CHECK_EQ(*(volatile u32 *)(ram + PAGE_SIZE - 4), 0x55667788);
	CHECK_EQ(*p, 0xffffffff55667788);
	__asm__ volatile("lock addq $1, (%0)" :: "r"(HOLE - 8) : "memory");
	CHECK_EQ(*(volatile u64 *)(ram + PAGE_SIZE - 8), 0x5566778800000001);
}

void test_main(void)
{
	map_page(FREE_VA, (u64)ram, PTE_P | PTE_W);
	map_page(HOLE, FAR, PTE_P | PTE_W);
	moves();
	strings();
	wide();
	crossing();
}
