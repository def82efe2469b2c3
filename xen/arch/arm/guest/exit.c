/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Synchronous exceptions of guests (ARM ARM, D19.2.37), and those that are given back to them. */
#include <xen/hal/vcpu.h>
#include <xen/p2m.h>
#include <xen/printk.h>

#include "private.h"

#define ISS_WFE 1		/* TI: the instruction was WFE */
#define HPFAR_SHIFT 4
#define FAR_PAGE 0xfffUL
#define DATA_ISS_WRITE BIT(6)
#define DATA_ISS_S1PTW BIT(7)

#define PSTATE_MODE 0xf
#define PSTATE_EL1H 5
#define PSTATE_DAIF 0x3c0

/* Offsets of EL1's vectors: from where, and for what. */
#define VECTOR_SYNC_SPX 0x200
#define VECTOR_SYNC_SP0 0x000
#define VECTOR_SYNC_LOWER 0x400

static void inject(struct arm_vcpu *av, u64 esr)
{
	u64 offset = (av->regs.pstate & PSTATE_MODE) == PSTATE_EL1H ? VECTOR_SYNC_SPX :
		     (av->regs.pstate & PSTATE_MODE) == PSTATE_EL1H - 1 ? VECTOR_SYNC_SP0 :
									  VECTOR_SYNC_LOWER;

	/* Its registers are in the processor, as it is the current vCPU. */
	sysreg_write(spsr_el1, av->regs.pstate);
	sysreg_write(elr_el1, av->regs.pc);
	sysreg_write(esr_el1, esr);
	av->regs.pc = sysreg_read(vbar_el1) + offset;
	av->regs.pstate = PSTATE_DAIF | PSTATE_EL1H;
}

void guest_inject_undefined(struct arm_vcpu *av)
{
	inject(av, (u64)EC_UNKNOWN << ESR_EC_SHIFT | ESR_IL);
}

void guest_inject_abort(struct arm_vcpu *av, u64 far, bool insn)
{
	bool same = (av->regs.pstate & PSTATE_MODE) != 0;
	u64 class = (insn ? EC_INSN_ABORT_LOWER : EC_DATA_ABORT_LOWER) + same;

	sysreg_write(far_el1, far);
	/* Synchronous external abort. */
	inject(av, class << ESR_EC_SHIFT | ESR_IL | 0x10);
}

static void wait_for(struct arm_vcpu *av, u32 iss)
{
	av->exits[EXIT_WAIT]++;
	guest_skip(av);
	if (iss & ISS_WFE)
		vcpu_yield(&av->v);
	else
		vcpu_block(&av->v);
}

/* Another CPU was changing the entry (break before make), or has mapped it since. */
static bool is_mapped_now(struct arm_vcpu *av, gfn_t gfn, bool write)
{
	enum p2m_type type;

	if (!mfn_is_valid(p2m_lookup(av->v.domain->p2m, gfn, &type, NULL)))
		return false;
	return !write || (type != P2M_RAM_RO && type != P2M_GRANT_RO);
}

static void data_abort(struct arm_vcpu *av, u32 iss, bool insn)
{
	u64 far = sysreg_read(far_el2);
	u64 gpa = (sysreg_read(hpfar_el2) >> HPFAR_SHIFT) << PAGE_SHIFT | (far & FAR_PAGE);

	av->exits[insn ? EXIT_INSN : EXIT_DATA]++;
	if (!insn && !(iss & DATA_ISS_S1PTW) && guest_mmio(av, gpa, iss)) {
		guest_skip(av);
		return;
	}
	if (is_mapped_now(av, gpaddr_to_gfn(gpaddr_make(gpa)), !insn && iss & DATA_ISS_WRITE))
		return;
	printk(LOG_G_INFO "d%uv%u: no memory at guest address %#lx (pc %#lx): abort\n",
	       av->v.domain->id, av->v.id, gpa, av->regs.pc);
	guest_inject_abort(av, far, insn);
}

void guest_handle_sync(struct arm_vcpu *av)
{
	u64 esr = sysreg_read(esr_el2);
	u32 iss = ESR_ISS(esr);

	switch (ESR_EC(esr)) {
	case EC_WFX:
		wait_for(av, iss);
		break;
	case EC_HVC64:
		if ((iss & 0xffff) == XEN_HYPERCALL_TAG)
			guest_hypercall(av);
		else
			guest_smccc(av);
		break;
	case EC_SMC64:
		/* Trapped before it is executed, unlike HVC. */
		guest_skip(av);
		guest_smccc(av);
		break;
	case EC_SYSREG:
		av->exits[EXIT_SYSREG]++;
		if (guest_sysreg(av, iss))
			guest_skip(av);
		else
			guest_inject_undefined(av);
		break;
	case EC_DATA_ABORT_LOWER:
		data_abort(av, iss, false);
		break;
	case EC_INSN_ABORT_LOWER:
		data_abort(av, iss, true);
		break;
	default:
		/* What traps and has no meaning to the guest, such as SVE. */
		av->exits[EXIT_OTHER]++;
		guest_inject_undefined(av);
		break;
	}
}
