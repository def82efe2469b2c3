/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Synchronous exceptions of guests, and those that are given back to them. */
#include <xen/arm/syndrome.h>
#include <xen/hal/vcpu.h>
#include <xen/p2m.h>
#include <xen/printk.h>

#include "private.h"

/* HVC of 64-bit code, with the tag of hypercalls. */
#define ESR_HYPERCALL ((u64)EC_HVC64 << ESR_EC_SHIFT | ESR_IL | XEN_HYPERCALL_TAG)

/* Its registers are in the processor, as it is the current vCPU. */
static void inject(struct arm_vcpu *av, u64 esr)
{
	sysreg_write(spsr_el1, av->regs.pstate);
	sysreg_write(elr_el1, av->regs.pc);
	sysreg_write(esr_el1, esr);
	arm_take_exception(&av->regs, sysreg_read(sctlr_el1), sysreg_read(vbar_el1));
}

void guest_inject_undefined(struct arm_vcpu *av)
{
	inject(av, (u64)EC_UNKNOWN << ESR_EC_SHIFT | ESR_IL);
}

void guest_inject_abort(struct arm_vcpu *av, u64 far, bool insn)
{
	sysreg_write(far_el1, far);
	inject(av, arm_abort_syndrome(av->regs.pstate, insn));
}

static void wait_for(struct arm_vcpu *av, u64 esr)
{
	av->exits[EXIT_WAIT]++;
	arm_skip(&av->regs, esr);
	if (ESR_ISS(esr) & ISS_WFE)
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

/* No device is at @gpa. Apart, so that accesses to devices do not pay for it. */
static __noinline void no_device(struct arm_vcpu *av, u64 gpa, u64 far, u32 iss, bool insn)
{
	if (is_mapped_now(av, gpaddr_to_gfn(gpaddr_make(gpa)), !insn && iss & ISS_DATA_WRITE))
		return;
	printk(LOG_G_INFO "d%uv%u: no memory at guest address %#lx (pc %#lx): abort\n",
	       av->v.domain->id, av->v.id, gpa, av->regs.pc);
	guest_inject_abort(av, far, insn);
}

static void data_abort(struct arm_vcpu *av, u64 esr, bool insn)
{
	u64 far = sysreg_read(far_el2);
	u64 gpa = arm_fault_address(sysreg_read(hpfar_el2), far);
	u32 iss = ESR_ISS(esr);

	av->exits[insn ? EXIT_INSN : EXIT_DATA]++;
	if (!insn && !(iss & ISS_DATA_S1PTW) && guest_mmio(av, gpa, iss))
		arm_skip(&av->regs, esr);
	else
		no_device(av, gpa, far, iss, insn);
}

static void sysreg(struct arm_vcpu *av, u64 esr)
{
	av->exits[EXIT_SYSREG]++;
	if (vsysreg_access(&av->sysreg, &av->regs, ESR_ISS(esr))) {
		arm_skip(&av->regs, esr);
		return;
	}
	printk(LOG_G_INFO "d%uv%u: system register %#x is undefined (pc %#lx)\n",
	       av->v.domain->id, av->v.id, ESR_ISS(esr), av->regs.pc);
	guest_inject_undefined(av);
}

/* All but hypercalls. */
static __noinline void handle_trap(struct arm_vcpu *av, u64 esr)
{
	switch (ESR_EC(esr)) {
	case EC_WFX:
		wait_for(av, esr);
		break;
	case EC_HVC64:
		guest_firmware(av);
		break;
	case EC_SMC64:
		/* Trapped before it is executed, unlike HVC. */
		arm_skip(&av->regs, esr);
		guest_firmware(av);
		break;
	case EC_SYSREG:
		sysreg(av, esr);
		break;
	case EC_DATA_ABORT_LOWER:
		data_abort(av, esr, false);
		break;
	case EC_INSN_ABORT_LOWER:
		data_abort(av, esr, true);
		break;
	default:
		/* What traps and has no meaning to the guest, such as SVE. */
		av->exits[EXIT_OTHER]++;
		guest_inject_undefined(av);
		break;
	}
}

void guest_handle_sync(struct arm_vcpu *av)
{
	u64 esr = sysreg_read(esr_el2);

	if (likely(esr == ESR_HYPERCALL))
		guest_hypercall(av);
	else
		handle_trap(av, esr);
}
