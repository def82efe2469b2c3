/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The values that a guest may write to CR0, CR4 and EFER, and the result of an exception raised
 * while another one is being delivered. Facts: APM volume 2, sections 3.1.1, 3.1.3, 3.1.7, 5.5.1
 * and 8.2.9.
 */
#ifndef XEN_X86_CONTROL_REGS_H
#define XEN_X86_CONTROL_REGS_H

#include <xen/x86/cpuid-policy.h>

/** The state on which the validity of a CR0 write depends. */
struct cr0_ctx {
	u64 cr0;		/* the current value */
	u64 cr4, efer;
	bool code_64bit;	/* the code segment has its L bit */
};

/**
 * May @c->cr0 be replaced by @val? If not, the write is #GP(0). The new values are *@cr0, without
 * the bits that the processor ignores, and *@efer, whose LMA follows from LME and PG.
 */
bool cr0_write_valid(const struct cr0_ctx *c, u64 val, u64 *cr0, u64 *efer);

/** The state on which the validity of a CR4 write depends. */
struct cr4_ctx {
	u64 cr4;		/* the current value */
	u64 cr3;
	bool long_mode;		/* EFER.LMA */
};

/** May a guest with policy @p replace @c->cr4 by @val? If not, the write is #GP(0). */
bool cr4_write_valid(const struct cpuid_policy *p, const struct cr4_ctx *c, u64 val);

/** EFER bits that a guest with the offered features may set. LMA is not among them. */
u64 efer_settable(const struct cpuid_policy *p);

/** Is @va an address that 48-bit paging can translate? */
static inline bool x86_canonical(u64 va)
{
	return (u64)((s64)(va << 16) >> 16) == va;
}

/** Beyond a double fault: the processor shuts down. */
#define X86_SHUTDOWN (-1)

/** The vector to deliver when @second is raised while @first is being delivered, or
 * X86_SHUTDOWN. A double fault has the error code 0. */
int x86_combine_exceptions(u8 first, u8 second);

#endif
