/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpu.h"

TEST("I/O ports: absent ones read ones in all sizes, strings work, user mode faults");
RUN("timeout=20");

#define PORT 0x5a0

static u64 user_in(void)
{
	return inb(PORT);
}

static void do_user(void *arg)
{
	user_call(user_in);
}

/* The ways to reset a PC, each of which would end this test. */
static void reset_orders(void)
{
	outb(0x64, 0xfe);
	outb(0x64, 0xd1);
	outb(0x60, 0xfe);
	outb(0x92, 3);
	outb(0xcf9, 6);
	outw(0x92, 0x101);
}

void test_main(void)
{
	u32 buf[8] = { 0 };
	void *to = buf, *from = buf;
	word n = 8, reg = (word)0x1122334455667788;
	struct trap t;

	CHECK_EQ(inb(PORT), 0xff);
	CHECK_EQ(inw(PORT), 0xffff);
	CHECK_EQ(inl(PORT), ~0U);
	outb(PORT, 1);
	outw(PORT, 1);
	outl(PORT, 1);
	__asm__ volatile("inb $0xe0, %%al" : "+a"(reg) :: "memory");
	CHECK_EQ(reg >> 8, (word)0x1122334455667788 >> 8);
	__asm__ volatile("rep insl" : "+D"(to), "+c"(n) : "d"(PORT) : "memory");
	CHECK_EQ(n, 0);
	CHECK_EQ((u64)to, (u64)(buf + 8));
	for (u32 i = 0; i < 8; i++)
		CHECK_EQ(buf[i], ~0U);
	n = 16;
	__asm__ volatile("rep outsb" : "+S"(from), "+c"(n) : "d"(PORT) : "memory");
	CHECK_EQ(n, 0);
	CHECK_EQ((u64)from, (u64)buf + 16);
	__asm__ volatile("std; insb; cld" : "=D"(to) : "0"(&buf[1]), "d"(PORT) : "memory");
	CHECK_EQ((u64)to, (u64)&buf[1] - 1);
	t = try_call(do_user, NULL);
	CHECK(t.taken && t.vector == VEC_GP, "IN in user mode: vector %u", t.vector);
	if (!is_privileged()) {
		reset_orders();
		return;
	}
	/* A domain with the real ports is only destroyed; the hypervisor controls the machine. */
	test_success_before_end();
	outb(0x64, 0xfe);
	test_failure("still there");
}
