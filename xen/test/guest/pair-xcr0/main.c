/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("XCR0 and vector registers of two domains on one CPU stay apart");
RUN("domains=2 cpus=1 timeout=40");

static u64 xgetbv(void)
{
	u32 lo, hi;

	__asm__ volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
	return lo | (u64)hi << 32;
}

static void do_xsetbv(void *arg)
{
	u64 v = *(u64 *)arg;

	__asm__ volatile("xsetbv" :: "a"((u32)v), "d"((u32)(v >> 32)), "c"(0));
}

static bool try_xsetbv(u64 v)
{
	return !try_call(do_xsetbv, &v).taken;
}

void test_main(void)
{
	u64 seed[4], got[4], want = role() ? 7 : 3;

	peer_domid();
	if (!(cpuid(1, 0).c & BIT(26)))
		test_skip("no XSAVE");
	write_cr4(read_cr4() | BIT(18));
	CHECK(!try_xsetbv(0), "XCR0 without x87");
	CHECK(!try_xsetbv(5), "AVX without SSE");
	CHECK(!try_xsetbv(BIT(62) | 3), "a reserved bit");
	if (!(cpuid(0xd, 0).a & 4))
		want = 3;
	CHECK(try_xsetbv(want), "XCR0 of %#lx refused", want);
	for (u64 i = 1; i < 300; i++) {
		for (u32 k = 0; k < 4; k++)
			seed[k] = i * 0x9e3779b97f4a7c15UL + k + want;
		if (want & 4)
			__asm__ volatile("vmovups %0, %%ymm5" :: "m"(seed) : "memory");
		else
			__asm__ volatile("movups %0, %%xmm5" :: "m"(seed) : "memory");
		sched_op(SCHEDOP_yield, NULL);
		if (i % 16 == 0)
			sleep_ns(MS);
		memcpy(got, seed, sizeof(got));
		if (want & 4)
			__asm__ volatile("vmovups %%ymm5, %0" : "=m"(got) :: "memory");
		else
			__asm__ volatile("movups %%xmm5, %0" : "=m"(got) :: "memory");
		CHECK_EQ(xgetbv(), want);
		CHECK(!memcmp(got, seed, sizeof(got)), "round %lu: another's vector registers", i);
	}
}
