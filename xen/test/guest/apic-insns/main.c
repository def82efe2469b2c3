/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("APIC registers through many instruction forms: moves, arithmetic, exchange, strings");
RUN("long=forms+of+instructions+that+64-bit+mode+has");

#define TPR 0xfee00080UL
#define tpr (*(volatile u32 *)TPR)

#define FORM(text, start, want, insn, ...)                                                         \
	do {                                                                                       \
		tpr = (start);                                                                     \
		__asm__ volatile(insn :: "b"(TPR), ##__VA_ARGS__ : "memory", "cc", "rsi", "rdi",   \
				 "rcx", "rdx");                                                    \
		CHECK(tpr == (want), "%s: %#x, expected %#x", text, tpr, (u32)(want));             \
	} while (0)

static void reads(void)
{
	u64 a = 0, b = 0;
	u32 flags = 0;
	u8 zero;

	tpr = 0x35;
	__asm__ volatile("movzbl (%1), %k0" : "=r"(a) : "b"(TPR) : "memory");
	CHECK_EQ(a, 0x35);
	__asm__ volatile("movslq (%1), %0" : "=r"(a) : "b"(TPR) : "memory");
	CHECK_EQ(a, 0x35);
	__asm__ volatile("movabs 0xfee00080, %%eax" : "=a"(a) :: "memory");
	CHECK_EQ((u32)a, 0x35);
	__asm__ volatile("push (%1); pop %0" : "=r"(b) : "b"(TPR) : "memory");
	CHECK_EQ((u32)b, 0x35);
	__asm__ volatile("cmpl $0x35, (%1); sete %0" : "=r"(zero) : "b"(TPR) : "memory", "cc");
	CHECK_EQ(zero, 1);
	__asm__ volatile("testl $0x40, (%1); setz %0" : "=r"(zero) : "b"(TPR) : "memory", "cc");
	CHECK_EQ(zero, 1);
	__asm__ volatile("xor %k0, %k0; orl (%1), %k0" : "=&r"(flags) : "b"(TPR) : "memory", "cc");
	CHECK_EQ(flags, 0x35);
	__asm__ volatile("btl $5, (%1); setc %0" : "=r"(zero) : "b"(TPR) : "memory", "cc");
	CHECK_EQ(zero, 1);
	__asm__ volatile("imul $3, (%1), %k0" : "=r"(flags) : "b"(TPR) : "memory", "cc");
	CHECK_EQ(flags, 0x9f);
}

static void string_forms(void)
{
	static u32 words[2] = { 0x60, 0 };
	void *from = words, *to = (void *)TPR;

	__asm__ volatile("movsl" : "+S"(from), "+D"(to) :: "memory");
	CHECK_EQ(tpr, 0x60);
	CHECK_EQ((u64)to, TPR + 4);
	from = (void *)TPR;
	to = &words[1];
	__asm__ volatile("movsl" : "+S"(from), "+D"(to) :: "memory");
	CHECK_EQ(words[1], 0x60);
	to = (void *)TPR;
	__asm__ volatile("stosl" : "+D"(to) : "a"(0x70) : "memory");
	CHECK_EQ(tpr, 0x70);
}

void test_main(void)
{
	apic_enable();
	FORM("mov imm", 0, 0x40, "movl $0x40, (%%rbx)");
	FORM("mov reg", 0, 0x42, "movl %%eax, (%%rbx)", "a"(0x42));
	FORM("mov r9", 0, 0x43, "mov %%eax, %%r9d; mov %%r9d, (%%rbx)", "a"(0x43));
	FORM("mov sib", 0, 0x44, "mov $2, %%ecx; movl $0x44, -8(%%rbx,%%rcx,4)");
	FORM("or", 0x40, 0x45, "orl $5, (%%rbx)");
	FORM("and", 0x47, 0x46, "andl $~1, (%%rbx)");
	FORM("xor reg", 0x40, 0x4f, "xorl %%eax, (%%rbx)", "a"(0x0f));
	FORM("add", 0x40, 0x50, "addl $0x10, (%%rbx)");
	FORM("sub", 0x40, 0x30, "subl $0x10, (%%rbx)");
	FORM("inc", 0x40, 0x41, "incl (%%rbx)");
	FORM("dec", 0x40, 0x3f, "decl (%%rbx)");
	FORM("not", 0x0f, 0xf0, "notl (%%rbx)");
	FORM("shl", 0x10, 0x40, "shll $2, (%%rbx)");
	FORM("bts", 0x40, 0x48, "btsl $3, (%%rbx)");
	FORM("btr", 0x48, 0x40, "btrl $3, (%%rbx)");
	FORM("xchg", 0x40, 0x55, "xchgl %%eax, (%%rbx)", "a"(0x55));
	FORM("lock or", 0x40, 0x42, "lock orl $2, (%%rbx)");
	FORM("xadd", 0x40, 0x44, "mov $4, %%edx; lock xaddl %%edx, (%%rbx)");
	FORM("cmpxchg", 0x40, 0x66, "mov $0x66, %%edx; lock cmpxchgl %%edx, (%%rbx)", "a"(0x40));
	FORM("push", 0, 0x70, "push $0x70; pop %%rcx; mov %%ecx, (%%rbx)");
	reads();
	string_forms();
	tpr = 0;
}
