/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RDMSR and WRMSR of guests: hardware-switched state first, then the local APIC, then what the
 * pure model (guest/x86/msr-policy) keeps.
 */
#include <xen/errno.h>
#include <xen/guest_access.h>
#include <xen/hal/time.h>
#include <xen/hal/vcpu.h>
#include <xen/printk.h>
#include <xen/shared_info.h>
#include <xen/string.h>
#include <xen/trace.h>
#include <xen/x86/control-regs.h>

#include <asm/msr.h>
#include <asm/processor.h>

#include "private.h"

/* Reported by CPUID leaf 0x40000002: writing a page address here places the hypercall page. */
#define MSR_HYPERCALL_PAGE 0x40000000
#define HYPERCALL_PAGE_SLOT 32
#define MICROCODE_REVISION 0x08001250

void hvm_msrs_init(struct x86_vcpu *xv)
{
	guest_msrs_init(&xv->msrs, GUEST_PHYS_BITS, MICROCODE_REVISION);
}

/* Each slot: mov $nr, %eax; vmmcall; ret. */
int hvm_write_hypercall_page(struct domain *d, gpaddr_t at)
{
	u8 code[HYPERCALL_PAGE_SLOT];

	for (u32 nr = 0; nr < PAGE_SIZE / HYPERCALL_PAGE_SLOT; nr++) {
		memset(code, 0xcc, sizeof(code));
		code[0] = 0xb8;
		memcpy(code + 1, &nr, sizeof(nr));
		memcpy(code + 5, hvm->hypercall_insn, 3);
		code[8] = 0xc3;
		if (guest_phys_write(d, gpaddr_make((at.v & PAGE_MASK) + nr * HYPERCALL_PAGE_SLOT),
				     code, sizeof(code)))
			return -1;
	}
	return 0;
}

/* The guest places the page itself; its mode at this moment also sets the domain's width. */
static int place_hypercall_page(struct x86_vcpu *xv, gpaddr_t at)
{
	xv->v.caller_is_32bit = !hvm_is_64bit(xv);
	shared_info_latch(&xv->v);
	return hvm_write_hypercall_page(xv->v.domain, at);
}

/* The hardware sets LMA from LME and PG; the guest can set the other bits that it was offered. */
static int write_efer(struct x86_vcpu *xv, u64 val)
{
	u64 old = hvm->get_efer(xv);
	u64 settable = efer_settable(to_xd(xv->v.domain)->cpuid);

	if (val & ~(settable | EFER_LMA))
		return -1;
	if (((val ^ old) & EFER_LME) && (hvm->get_cr(xv, 0) & X86_CR0_PG))
		return -1;
	ASSERT(!(old & ~(settable | EFER_LMA)));
	hvm->set_efer(xv, (val & settable) | (old & EFER_LMA));
	return 0;
}

static struct msr_ctx msr_context(struct x86_vcpu *xv)
{
	return (struct msr_ctx){ .policy = to_xd(xv->v.domain)->cpuid,
				 .guest_tsc = hal_cycles_now() + xv->tsc_offset };
}

static void report_unknown(struct x86_vcpu *xv, u32 msr, bool write)
{
	printk(LOG_G_DEBUG "d%uv%u: %s of unknown MSR %#x at %#lx\n", xv->v.domain->id, xv->v.id,
	       write ? "write" : "read", msr, hvm->get_rip(xv));
}

int hvm_msr_read(struct x86_vcpu *xv, u32 msr, u64 *val)
{
	struct msr_ctx c;
	int rc;

	if (vlapic_owns_msr(msr))
		return vlapic_msr_read(&xv->vlapic, msr, val, hal_now_ns()) ? -1 : 0;
	if (msr == MSR_EFER) {
		*val = hvm->get_efer(xv);
		return 0;
	}
	if (hvm->read_msr(xv, msr, val))
		return 0;
	c = msr_context(xv);
	rc = guest_msr_read(&xv->msrs, &c, msr, val);
	if (rc == -XEN_ENOENT)
		report_unknown(xv, msr, false);
	return rc ? -1 : 0;
}

/* MSRs that take only canonical addresses; the processor checks its own writes. */
static bool holds_address(u32 msr)
{
	switch (msr) {
	case MSR_LSTAR:
	case MSR_CSTAR:
	case MSR_FS_BASE:
	case MSR_GS_BASE:
	case MSR_KERNEL_GS_BASE:
	case MSR_SYSENTER_ESP:
	case MSR_SYSENTER_EIP:
		return true;
	default:
		return false;
	}
}

static void apply_effects(struct x86_vcpu *xv, u32 effects)
{
	if (effects & MSR_EFFECT_TSC)
		hvm_update_tsc_offset(xv);
	ASSERT(&xv->v == hal_current_vcpu());
	if (effects & MSR_EFFECT_TSC_AUX)
		wrmsr(MSR_TSC_AUX, xv->msrs.tsc_aux);
}

int hvm_msr_write(struct x86_vcpu *xv, u32 msr, u64 val)
{
	struct msr_ctx c;
	u32 effects = 0;
	int rc;

	if (vlapic_owns_msr(msr)) {
		TRACE_EVENT(TRACE_ID_virq_eoi, hvm_trace_eoi(xv, msr - MSR_X2APIC_FIRST));
		return vlapic_msr_write(&xv->vlapic, msr, val, hal_now_ns()) ? -1 : 0;
	}
	if (msr == MSR_EFER)
		return write_efer(xv, val);
	if (msr == MSR_HYPERCALL_PAGE)
		return place_hypercall_page(xv, gpaddr_make(val));
	if (holds_address(msr) && !x86_canonical(val))
		return -1;
	if (hvm->write_msr(xv, msr, val))
		return 0;
	c = msr_context(xv);
	rc = guest_msr_write(&xv->msrs, &c, msr, val, &effects);
	if (rc == -XEN_ENOENT)
		report_unknown(xv, msr, true);
	if (rc)
		return -1;
	if (msr == MSR_PAT)
		hvm->set_pat(xv, val);
	apply_effects(xv, effects);
	return 0;
}

bool hvm_do_msr(struct x86_vcpu *xv, bool write)
{
	u32 msr = (u32)xv->gpr[GPR_RCX];
	u64 val = (u32)xv->gpr[GPR_RAX] | xv->gpr[GPR_RDX] << 32;

	if (write ? hvm_msr_write(xv, msr, val) : hvm_msr_read(xv, msr, &val)) {
		hvm_inject_gp(xv);
		return false;
	}
	if (write) {
		trace_msr_write(msr, val);
		return true;
	}
	trace_msr_read(msr, val);
	xv->gpr[GPR_RAX] = (u32)val;
	xv->gpr[GPR_RDX] = val >> 32;
	return true;
}
