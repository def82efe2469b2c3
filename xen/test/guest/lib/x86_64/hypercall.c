/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls into the hypervisor through the page it fills; works with VMCALL and VMMCALL alike. */
#include "cpu.h"

u8 hypercall_page[PAGE_SIZE] PAGE_ALIGNED;

long hypercall_at(const u8 *page, u32 nr, u64 a, u64 b, u64 c, u64 d)
{
	register u64 r10 __asm__("r10") = d;
	register u64 r8 __asm__("r8") = 0;
	long rc;

	__asm__ volatile("call *%[entry]"
			 : "=a"(rc), "+D"(a), "+S"(b), "+d"(c), "+r"(r10), "+r"(r8)
			 : [entry] "r"(page + nr * 32)
			 : "memory", "rcx", "r11");
	return rc;
}

long hypercall(u32 nr, u64 a, u64 b, u64 c, u64 d)
{
	return hypercall_at(hypercall_page, nr, a, b, c, d);
}

long set_timer_op(u64 at)
{
	return HC1(__HYPERVISOR_set_timer_op, at);
}
