/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exceptions to EL1 (ARM ARM, D1.3.1), and the state of an IT block (ARM ARM, G1.2.6). */
#include <xen/arm/syndrome.h>
#include <xen/assert.h>

/* Offsets of EL1's vectors for synchronous exceptions, by where they come from. */
#define VECTOR_SP0 0x000
#define VECTOR_SPX 0x200
#define VECTOR_LOWER_64 0x400
#define VECTOR_LOWER_32 0x600

u64 arm_it_advance(u64 pstate)
{
	u32 it = (u32)(pstate >> 8 & 0xfc) | (u32)(pstate >> 25 & 3);

	ASSERT(pstate & PSTATE_AARCH32);
	it = it & 7 ? (it & 0xe0) | (it << 1 & 0x1f) : 0;
	return (pstate & ~PSTATE_IT) | (u64)(it & 0xfc) << 8 | (u64)(it & 3) << 25;
}

static u64 vector(u64 pstate)
{
	if (pstate & PSTATE_AARCH32)
		return VECTOR_LOWER_32;
	switch (pstate & PSTATE_MODE) {
	case PSTATE_EL1H:
		return VECTOR_SPX;
	case PSTATE_EL1T:
		return VECTOR_SP0;
	default:
		return VECTOR_LOWER_64;
	}
}

void arm_take_exception(struct cpu_regs *r, u64 sctlr, u64 vbar)
{
	u64 kept = r->pstate & (PSTATE_NZCV | PSTATE_DIT | PSTATE_PAN);

	if (!(sctlr & SCTLR_SPAN))
		kept |= PSTATE_PAN;
	if (sctlr & SCTLR_DSSBS)
		kept |= PSTATE_SSBS;
	r->pc = vbar + vector(r->pstate);
	r->pstate = PSTATE_DAIF | PSTATE_EL1H | kept;
}

u64 arm_abort_syndrome(u64 pstate, bool insn)
{
	u64 class = insn ? EC_INSN_ABORT_LOWER : EC_DATA_ABORT_LOWER;

	if ((pstate & PSTATE_MODE) == PSTATE_EL1H || (pstate & PSTATE_MODE) == PSTATE_EL1T)
		class += EC_ABORT_SAME;
	return class << ESR_EC_SHIFT | ESR_IL | ISS_EXTERNAL_ABORT;
}
