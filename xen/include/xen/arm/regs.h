/* SPDX-License-Identifier: GPL-2.0-or-later */
/* General registers of ARMv8, and what an instruction that is emulated does to them. */
#ifndef XEN_ARM_REGS_H
#define XEN_ARM_REGS_H

#include <xen/compiler.h>

/** General registers: of the hypervisor at an exception, or of a vCPU between its runs. */
struct cpu_regs {
	u64 x[31];
	u64 sp;		/* the hypervisor's at the exception; not used for a vCPU */
	u64 pc, pstate;
};

/** Register @n of an instruction, 0 to 31: 31 is the zero register. */
static inline u64 arm_reg(const struct cpu_regs *r, u32 n)
{
	return n == 31 ? 0 : r->x[n];
}
static inline void arm_set_reg(struct cpu_regs *r, u32 n, u64 v)
{
	if (n != 31)
		r->x[n] = v;
}

#endif
