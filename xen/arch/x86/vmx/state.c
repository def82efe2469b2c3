/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guest register state in the VMCS, as the vendor-neutral code reads and writes it. */
#include <xen/guest_access.h>
#include <xen/x86/mtrr.h>
#include <xen/x86/ptwalk.h>

#include <asm/msr.h>
#include <asm/page.h>

#include "state.h"

/* Bits of CR0 whose value for the guest is in the shadow. */
#define CR0_SHADOWED (X86_CR0_NE | X86_CR0_CD | X86_CR0_NW)
#define PDPTE_TABLE(cr3) ((cr3) & 0xffffffe0UL)

static u64 guest_cr0(void)
{
	return (vmcs_read(VMCS_GUEST_CR0) & ~(u64)CR0_SHADOWED) |
	       (vmcs_read(VMCS_CR0_SHADOW) & CR0_SHADOWED);
}

u64 vmx_get_cr(const struct x86_vcpu *xv, u32 cr)
{
	const struct vmx_vcpu *s = vmx_reached(xv);

	ASSERT(cr <= 4 && cr != 1);
	switch (cr) {
	case 0:
		return guest_cr0();
	case 2:
		return s->on_cpu ? read_cr2() : s->cr2;
	case 3:
		return vmcs_read(VMCS_GUEST_CR3);
	default:
		return vmcs_read(VMCS_CR4_SHADOW);
	}
}

static void set_cr0(u64 val)
{
	u64 free = X86_CR0_PE | X86_CR0_PG, real;

	ASSERT(!(val >> 32));
	real = (val | (vmx_caps.cr0_fixed0 & ~free)) & (vmx_caps.cr0_fixed1 | free);
	vmcs_write(VMCS_CR0_SHADOW, val);
	vmcs_write(VMCS_GUEST_CR0, real & ~(u64)(X86_CR0_CD | X86_CR0_NW));
}

/*
 * A machine check while CR4.MCE is clear shuts the processor down, so it is always set. The guest
 * reads the shadow.
 */
static void set_cr4(u64 val)
{
	ASSERT(!(val & X86_CR4_VMXE));
	vmcs_write(VMCS_CR4_SHADOW, val);
	vmcs_write(VMCS_GUEST_CR4, val | vmx_caps.cr4_fixed0 | X86_CR4_MCE);
}

void vmx_set_cr(struct x86_vcpu *xv, u32 cr, u64 val)
{
	struct vmx_vcpu *s = vmx_reached(xv);

	ASSERT(cr <= 4 && cr != 1);
	switch (cr) {
	case 0:
		set_cr0(val);
		break;
	case 2:
		if (s->on_cpu)
			write_cr2(val);
		else
			s->cr2 = val;
		return;
	case 3:
		vmcs_write(VMCS_GUEST_CR3, val);
		break;
	default:
		set_cr4(val);
	}
	s->pdptes_stale = true;
	vmx_drop_own(s);
}

void vmx_load_pdptes(struct x86_vcpu *xv)
{
	struct vmx_vcpu *s = vmx_reached(xv);
	u64 pdpte[4] = { 0 };

	s->pdptes_stale = false;
	if (!(vmcs_read(VMCS_GUEST_CR0) & X86_CR0_PG) ||
	    !(vmcs_read(VMCS_CR4_SHADOW) & X86_CR4_PAE) || (vmx_get_efer(xv) & EFER_LMA))
		return;
	/* Where there is no memory they are not present, and the guest's next access faults. */
	if (guest_phys_read(xv->v.domain, pdpte,
			    gpaddr_make(PDPTE_TABLE(vmcs_read(VMCS_GUEST_CR3))), sizeof(pdpte)))
		return;
	for (u32 i = 0; i < ARRAY_SIZE(pdpte); i++)
		vmcs_write(VMCS_GUEST_PDPTE0 + 2 * i, pdpte[i]);
}

void vmx_get_paging(const struct x86_vcpu *xv, struct x86_walk *w)
{
	vmx_reached(xv);
	w->cr0 = guest_cr0();
	w->cr3 = vmcs_read(VMCS_GUEST_CR3);
	w->cr4 = vmcs_read(VMCS_CR4_SHADOW);
	w->efer = vmcs_read(VMCS_GUEST_EFER);
	w->rflags = vmcs_read(VMCS_GUEST_RFLAGS);
}

u64 vmx_get_efer(const struct x86_vcpu *xv)
{
	vmx_reached(xv);
	return vmcs_read(VMCS_GUEST_EFER);
}

void vmx_set_efer(struct x86_vcpu *xv, u64 val)
{
	struct vmx_vcpu *s = vmx_reached(xv);
	u64 entry = vmcs_read(VMCS_ENTRY_CONTROLS) & ~(u64)VMX_ENTRY_IA32E;

	ASSERT(!(val & EFER_SVME));
	vmcs_write(VMCS_ENTRY_CONTROLS, entry | (val & EFER_LMA ? VMX_ENTRY_IA32E : 0));
	vmcs_write(VMCS_GUEST_EFER, val);
	s->pdptes_stale = true;
	vmx_drop_own(s);
}

u64 vmx_get_rip(const struct x86_vcpu *xv)
{
	vmx_reached(xv);
	return vmcs_read(VMCS_GUEST_RIP);
}

void vmx_set_rip(struct x86_vcpu *xv, u64 val)
{
	vmx_reached(xv);
	vmcs_write(VMCS_GUEST_RIP, val);
}

u64 vmx_get_rflags(const struct x86_vcpu *xv)
{
	vmx_reached(xv);
	return vmcs_read(VMCS_GUEST_RFLAGS);
}

void vmx_set_rflags(struct x86_vcpu *xv, u64 val)
{
	vmx_reached(xv);
	vmcs_write(VMCS_GUEST_RFLAGS, val | X86_EFLAGS_MBS);
	vmx_note_pending_step();
}

u64 vmx_get_dr(const struct x86_vcpu *xv, u32 dr)
{
	const struct vmx_vcpu *s = vmx_reached(xv);

	ASSERT(dr < 4 || dr == 6 || dr == 7);
	if (dr == 7)
		return vmcs_read(VMCS_GUEST_DR7);
	if (dr == 6)
		return s->on_cpu ? read_dr6() : s->dr6;
	return xv->dr[dr & 3];
}

void vmx_set_dr(struct x86_vcpu *xv, u32 dr, u64 val)
{
	struct vmx_vcpu *s = vmx_reached(xv);

	ASSERT(dr < 4 || dr == 6 || dr == 7);
	if (dr == 7)
		vmcs_write(VMCS_GUEST_DR7, (u32)val | X86_DR7_RESET);
	else if (dr != 6)
		xv->dr[dr & 3] = val;
	else if (s->on_cpu)
		write_dr6((u32)val | X86_DR6_RESET);
	else
		s->dr6 = (u32)val | X86_DR6_RESET;
}

u32 vmx_get_cpl(const struct x86_vcpu *xv)
{
	vmx_reached(xv);
	return vmcs_read(VMCS_GUEST_SS_RIGHTS) >> 5 & 3;
}

/* The VMCS's number of a segment register. */
static u32 number_of(enum hvm_segment s)
{
	ASSERT(s < HVM_GDTR);
	return s == HVM_TR ? 7 : s == HVM_LDTR ? 6 : s;
}

BUILD_BUG_ON(HVM_ES != 0 || HVM_CS != 1 || HVM_SS != 2 || HVM_DS != 3 || HVM_FS != 4 ||
	     HVM_GS != 5);

void vmx_get_seg(struct x86_vcpu *xv, enum hvm_segment s, struct hvm_seg *out)
{
	u32 n, rights;

	vmx_reached(xv);
	*out = (struct hvm_seg){ 0 };
	if (s >= HVM_GDTR) {
		bool idt = s == HVM_IDTR;

		out->base = vmcs_read(idt ? VMCS_GUEST_IDTR_BASE : VMCS_GUEST_GDTR_BASE);
		out->limit = (u32)vmcs_read(idt ? VMCS_GUEST_IDTR_LIMIT : VMCS_GUEST_GDTR_LIMIT);
		return;
	}
	n = 2 * number_of(s);
	rights = (u32)vmcs_read(VMCS_GUEST_ES_RIGHTS + n);
	/* A segment that is not usable has no present bit, as elsewhere. */
	if (rights & VMX_RIGHTS_UNUSABLE)
		rights &= ~0x80U;
	out->sel = (u16)vmcs_read(VMCS_GUEST_ES_SEL + n);
	out->limit = (u32)vmcs_read(VMCS_GUEST_ES_LIMIT + n);
	out->base = vmcs_read(VMCS_GUEST_ES_BASE + n);
	out->attr = (u16)((rights & 0xff) | (rights >> 4 & 0xf00));
}

/*
 * The processor enters a guest only with rights that a descriptor loaded into the register would
 * have: accessed, a busy TSS, and a limit that fits the granularity.
 */
static u32 rights_of(enum hvm_segment s, const struct hvm_seg *in, u32 *limit)
{
	u32 rights = (in->attr & 0xffU) | (in->attr & 0xf00U) << 4;

	if (!(in->attr & 0x80))
		return s == HVM_TR ? 0x8b : rights | VMX_RIGHTS_UNUSABLE;
	if (s == HVM_TR)
		rights |= 0x2;
	else if (in->attr & 0x10)
		rights |= 0x1;
	if (*limit >> 20) {
		rights |= VMX_RIGHTS_G;
		*limit |= 0xfff;
	} else if ((*limit & 0xfff) != 0xfff) {
		rights &= ~(u32)VMX_RIGHTS_G;
	}
	return rights;
}

void vmx_set_seg(struct x86_vcpu *xv, enum hvm_segment s, const struct hvm_seg *in)
{
	u32 n, limit = in->limit;

	vmx_reached(xv);
	if (s >= HVM_GDTR) {
		bool idt = s == HVM_IDTR;

		vmcs_write(idt ? VMCS_GUEST_IDTR_BASE : VMCS_GUEST_GDTR_BASE, in->base);
		vmcs_write(idt ? VMCS_GUEST_IDTR_LIMIT : VMCS_GUEST_GDTR_LIMIT, limit & 0xffff);
		return;
	}
	n = 2 * number_of(s);
	vmcs_write(VMCS_GUEST_ES_RIGHTS + n, rights_of(s, in, &limit));
	vmcs_write(VMCS_GUEST_ES_SEL + n, in->sel);
	vmcs_write(VMCS_GUEST_ES_LIMIT + n, limit);
	vmcs_write(VMCS_GUEST_ES_BASE + n, in->base);
}

/* The VMCS's field of an MSR, or 0. */
static u32 field_of_msr(u32 msr)
{
	switch (msr) {
	case MSR_FS_BASE:
		return VMCS_GUEST_FS_BASE;
	case MSR_GS_BASE:
		return VMCS_GUEST_GS_BASE;
	case MSR_SYSENTER_CS:
		return VMCS_GUEST_SYSENTER_CS;
	case MSR_SYSENTER_ESP:
		return VMCS_GUEST_SYSENTER_ESP;
	case MSR_SYSENTER_EIP:
		return VMCS_GUEST_SYSENTER_EIP;
	default:
		return 0;
	}
}

static s32 kept_number(u32 msr)
{
	switch (msr) {
	case MSR_STAR:
		return KEPT_STAR;
	case MSR_LSTAR:
		return KEPT_LSTAR;
	case MSR_CSTAR:
		return KEPT_CSTAR;
	case MSR_SFMASK:
		return KEPT_SFMASK;
	case MSR_KERNEL_GS_BASE:
		return KEPT_KERNEL_GS;
	default:
		return -1;
	}
}

bool vmx_read_msr(struct x86_vcpu *xv, u32 msr, u64 *val)
{
	const struct vmx_vcpu *s = vmx_reached(xv);
	s32 kept = kept_number(msr);

	if (kept >= 0)
		*val = s->on_cpu ? rdmsr(msr) : s->kept[kept];
	else if (field_of_msr(msr))
		*val = vmcs_read(field_of_msr(msr));
	else
		return false;
	return true;
}

bool vmx_write_msr(struct x86_vcpu *xv, u32 msr, u64 val)
{
	struct vmx_vcpu *s = vmx_reached(xv);
	s32 kept = kept_number(msr);

	/* Callers have checked that addresses are canonical. These two have 32 bits. */
	if (msr == MSR_SFMASK || msr == MSR_SYSENTER_CS)
		val = (u32)val;
	if (kept >= 0 && s->on_cpu)
		wrmsr(msr, val);
	else if (kept >= 0)
		s->kept[kept] = val;
	else if (field_of_msr(msr))
		vmcs_write(field_of_msr(msr), val);
	else
		return false;
	return true;
}

void vmx_set_tsc_offset(struct x86_vcpu *xv, u64 offset)
{
	vmx_reached(xv);
	vmcs_write(VMCS_TSC_OFFSET, offset);
}

void vmx_set_pat(struct x86_vcpu *xv, u64 pat)
{
	ASSERT(pat_valid(pat));
	vmx_reached(xv);
	vmcs_write(VMCS_GUEST_PAT, pat);
}
