/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the processor says about an instruction that trapped (ARM ARM, D19.2.37, ESR_ELx), how to
 * go on after it, and how EL1 takes an exception that the hypervisor gives back to it.
 */
#ifndef XEN_ARM_SYNDROME_H
#define XEN_ARM_SYNDROME_H

#include <xen/arm/regs.h>

#define ESR_EC_SHIFT 26
#define ESR_EC(esr) ((u32)((esr) >> ESR_EC_SHIFT) & 0x3f)
#define ESR_IL BIT(25)
#define ESR_ISS(esr) ((u32)(esr) & 0x1ffffff)

/* Exception classes. */
#define EC_UNKNOWN 0x00
#define EC_WFX 0x01
#define EC_HVC64 0x16
#define EC_SMC64 0x17
#define EC_SYSREG 0x18
#define EC_INSN_ABORT_LOWER 0x20
#define EC_DATA_ABORT_LOWER 0x24
#define EC_ABORT_SAME 1		/* added to the two above: from the same exception level */

/* The syndrome of WFI and WFE. */
#define ISS_WFE 1		/* TI: the instruction was WFE */

/* The syndrome of a data abort. */
#define ISS_DATA_VALID BIT(24)
#define ISS_DATA_SIZE(iss) ((iss) >> 22 & 3)
#define ISS_DATA_SIGN BIT(21)
#define ISS_DATA_REG(iss) ((iss) >> 16 & 0x1f)
#define ISS_DATA_64BIT BIT(15)
#define ISS_DATA_S1PTW BIT(7)
#define ISS_DATA_WRITE BIT(6)
#define ISS_EXTERNAL_ABORT 0x10

/* The syndrome of MSR and MRS: a register's number has the fields where the syndrome has them. */
#define ISS_SYSREG(op0, op1, crn, crm, op2) \
	((op0) << 20 | (op2) << 17 | (op1) << 14 | (crn) << 10 | (crm) << 1)
#define ISS_SYSREG_MASK 0x3ffc1eU
#define ISS_SYSREG_READ 1
#define ISS_SYSREG_RT(iss) ((iss) >> 5 & 0x1f)

/* PSTATE as SPSR_ELx has it. */
#define PSTATE_MODE 0x1f
#define PSTATE_EL0T 0x00
#define PSTATE_EL1T 0x04
#define PSTATE_EL1H 0x05
#define PSTATE_AARCH32 0x10	/* part of the mode: EL0 in AArch32, as EL1 never is */
#define PSTATE_DAIF 0x3c0
#define PSTATE_SSBS BIT(12)
#define PSTATE_SS BIT(21)
#define PSTATE_PAN BIT(22)
#define PSTATE_DIT BIT(24)
#define PSTATE_NZCV (0xfUL << 28)
#define PSTATE_IT (3UL << 25 | 0x3fUL << 10)	/* AArch32: the rest of an IT block */
#define SCTLR_SPAN BIT(23)
#define SCTLR_DSSBS BIT(44)

/** A load or store that a data abort describes. */
struct arm_access {
	u32 bytes;		/* 1, 2, 4 or 8 */
	u32 reg;		/* 31: the zero register */
	bool write;
	bool sign;		/* a load extends the sign, else it fills with zeros */
	bool wide;		/* the register is one of 64 bits */
};

/** Decode the syndrome @iss of a data abort. False: it does not describe the instruction (pairs,
 * SIMD, writeback). */
static inline bool arm_access_decode(u32 iss, struct arm_access *a)
{
	a->bytes = 1U << ISS_DATA_SIZE(iss);
	a->reg = ISS_DATA_REG(iss);
	a->write = iss & ISS_DATA_WRITE;
	a->sign = iss & ISS_DATA_SIGN;
	a->wide = iss & ISS_DATA_64BIT;
	return iss & ISS_DATA_VALID;
}

static inline u64 arm_low_bytes(u64 v, u32 bytes)
{
	return bytes < 8 ? v & ((1UL << bytes * 8) - 1) : v;
}

/** What the store @a writes: the low bytes of its register. */
static inline u64 arm_store_value(const struct arm_access *a, const struct cpu_regs *r)
{
	return arm_low_bytes(arm_reg(r, a->reg), a->bytes);
}

/** The load @a has read @v, of which the low bytes count: into its register. */
static inline void arm_finish_load(const struct arm_access *a, struct cpu_regs *r, u64 v)
{
	v = arm_low_bytes(v, a->bytes);
	if (a->sign && a->bytes < 8 && v >> (a->bytes * 8 - 1))
		v |= ~0UL << a->bytes * 8;
	arm_set_reg(r, a->reg, a->wide ? v : (u32)v);
}

/** Guest physical address of an abort, from HPFAR_EL2 and FAR_EL2. */
static inline u64 arm_fault_address(u64 hpfar, u64 far)
{
	return (hpfar >> 4) << 12 | (far & 0xfff);
}

/** ITSTATE in the PSTATE of AArch32, for the block's next instruction. */
u64 arm_it_advance(u64 pstate);
/** Go on after the instruction that trapped with @esr. It has not been executed, unlike an HVC. */
static inline void arm_skip(struct cpu_regs *r, u64 esr)
{
	r->pc += esr & ESR_IL ? 4 : 2;
	/* A guest that steps through this code has done its step. */
	r->pstate &= ~PSTATE_SS;
	if (unlikely(r->pstate & PSTATE_AARCH32))
		r->pstate = arm_it_advance(r->pstate);
}

/**
 * The guest takes an exception to EL1, which is in AArch64: @r goes on at the vector. @sctlr and
 * @vbar are its SCTLR_EL1 and VBAR_EL1. The caller first puts PSTATE into SPSR_EL1, the PC into
 * ELR_EL1 and the syndrome into ESR_EL1.
 */
void arm_take_exception(struct cpu_regs *r, u64 sctlr, u64 vbar);
/** The syndrome of an external abort, of an instruction fetch or an access to data, that the guest
 * takes with the PSTATE @pstate. */
u64 arm_abort_syndrome(u64 pstate, bool insn);

#endif
