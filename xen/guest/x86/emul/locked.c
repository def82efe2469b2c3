/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The store of a locked read-modify-write instruction: one atomic compare and exchange. */
#include <xen/printk.h>

#include "private.h"

/* Operands may be unaligned, as on the processor, so the compiler's builtins cannot be used. */
#define LOCKED(name, type, insn)                                                        \
	static bool name(type *at, type old, type desired)                             \
	{                                                                              \
		bool done;                                                             \
									               \
		__asm__ volatile("lock " insn " %3, %1"                                \
				 : "=@ccz"(done), "+m"(*at), "+a"(old)                 \
				 : "r"(desired) : "memory");                           \
		return done;                                                           \
	}
LOCKED(locked_1, u8, "cmpxchgb")
LOCKED(locked_2, u16, "cmpxchgw")
LOCKED(locked_4, u32, "cmpxchgl")
LOCKED(locked_8, u64, "cmpxchgq")

static bool locked_16(void *at, const u64 old[2], const u64 desired[2])
{
	u64 low = old[0], high = old[1];
	bool done;

	ASSERT(!((u64)(uintptr_t)at & 15));
	__asm__ volatile("lock cmpxchg16b %1"
			 : "=@ccz"(done), "+m"(*(u64(*)[2])at), "+a"(low), "+d"(high)
			 : "b"(desired[0]), "c"(desired[1]) : "memory");
	return done;
}

bool x86_locked_cmpxchg(void *at, const void *old, const void *desired, u32 len)
{
	u64 o[2] = { 0 }, d[2] = { 0 };

	ASSERT(len <= sizeof(o));
	memcpy(o, old, len);
	memcpy(d, desired, len);
	switch (len) {
	case 1:
		return locked_1(at, (u8)o[0], (u8)d[0]);
	case 2:
		return locked_2(at, (u16)o[0], (u16)d[0]);
	case 4:
		return locked_4(at, (u32)o[0], (u32)d[0]);
	case 8:
		return locked_8(at, o[0], d[0]);
	case 16:
		return locked_16(at, o, d);
	default:
		BUG();
	}
}
