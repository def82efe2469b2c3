/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls into the hypervisor through the page it fills; works with VMCALL and VMMCALL alike. */
#include "cpu.h"

u8 hypercall_page[PAGE_SIZE] PAGE_ALIGNED;

long hypercall_at(const u8 *page, u32 nr, u64 a, u64 b, u64 c, u64 d)
{
	u32 ebx = (u32)a, ecx = (u32)b, edx = (u32)c, esi = (u32)d;
	long rc;

	__asm__ volatile("call *%[entry]"
			 : "=a"(rc), "+b"(ebx), "+c"(ecx), "+d"(edx), "+S"(esi)
			 : [entry] "D"(page + nr * 32)
			 : "memory");
	return rc;
}

long hypercall(u32 nr, u64 a, u64 b, u64 c, u64 d)
{
	return hypercall_at(hypercall_page, nr, a, b, c, d);
}

long set_timer_op(u64 at)
{
	return hypercall(__HYPERVISOR_set_timer_op, (u32)at, at >> 32, 0, 0);
}
