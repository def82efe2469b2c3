/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hypercalls, firmware calls, and string functions. */
#include "cpu.h"

void *memset(void *dst, int c, size_t n)
{
	for (u8 *d = dst; n; n--)
		*d++ = (u8)c;
	return dst;
}

void *memcpy(void *dst, const void *src, size_t n)
{
	const u8 *s = src;

	for (u8 *d = dst; n; n--)
		*d++ = *s++;
	return dst;
}

long hypercall(u32 nr, u64 a, u64 b, u64 c, u64 d)
{
	register u64 x0 __asm__("x0") = a;
	register u64 x1 __asm__("x1") = b;
	register u64 x2 __asm__("x2") = c;
	register u64 x3 __asm__("x3") = d;
	register u64 x4 __asm__("x4") = 0;
	register u64 x16 __asm__("x16") = nr;

	__asm__ volatile("hvc #0xea1"
			 : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3), "+r"(x4), "+r"(x16) :: "memory");
	return (long)x0;
}

long set_timer_op(u64 at)
{
	return HC1(__HYPERVISOR_set_timer_op, at);
}

long psci(u64 fn, u64 a, u64 b, u64 c)
{
	register u64 x0 __asm__("x0") = fn;
	register u64 x1 __asm__("x1") = a;
	register u64 x2 __asm__("x2") = b;
	register u64 x3 __asm__("x3") = c;

	__asm__ volatile("hvc #0" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3) :: "memory");
	return (long)x0;
}

/* PSCI CPU_ON. */
void smp_kick(u32 id)
{
	extern char secondary_start[];
	struct cpu *c = cpu_of(id);

	memset(c, 0, sizeof(*c));
	c->id = id;
	psci(0xc4000003, (u64)(id / 16) << 8 | id % 16, (u64)secondary_start, (u64)c);
}
