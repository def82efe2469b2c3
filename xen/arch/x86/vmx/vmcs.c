/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The life of a VMCS (SDM volume 3, section 24.11). The processor keeps parts of it in itself, so
 * only the CPU that has loaded it can access its fields, one VMCS at a time. It stays loaded while
 * its vCPU is on a CPU; it is cleared, which writes all of it to memory, when the vCPU leaves or
 * another CPU's access ends. A cleared VMCS may be loaded anywhere.
 */
#include <xen/errno.h>
#include <xen/hal/vcpu.h>
#include <xen/p2m.h>
#include <xen/x86/hidden-insns.h>
#include <xen/x86/mtrr.h>
#include <xen/xmalloc.h>

#include <asm/desc.h>
#include <asm/mm.h>
#include <asm/msr.h>

#include "apic.h"

/* All that an instruction raises before it is done; INT3 and INTO come after it. */
#define ALL_FAULTS                                                                                 \
	(BIT(X86_VEC_DE) | BIT(X86_VEC_BR) | BIT(X86_VEC_UD) | BIT(X86_VEC_NM) | BIT(X86_VEC_TS) | \
	 BIT(X86_VEC_NP) | BIT(X86_VEC_SS) | BIT(X86_VEC_GP) | BIT(X86_VEC_PF) | BIT(X86_VEC_MF) | \
	 BIT(X86_VEC_XM))

/* The accesses that may nest on a CPU: a call, and interrupt handlers that dump registers. */
#define REACH_DEPTH 16

DEFINE_PER_CPU(struct vmx_vcpu *, vmx_loaded);

/* What was loaded before each access that is open on this CPU. */
struct reach {
	u32 depth;
	struct vmx_vcpu *before[REACH_DEPTH];
};
static DEFINE_PER_CPU(struct reach, reach);

static const u32 kept_msrs[KEPT_NR] = {
	[KEPT_STAR] = MSR_STAR, [KEPT_LSTAR] = MSR_LSTAR, [KEPT_CSTAR] = MSR_CSTAR,
	[KEPT_SFMASK] = MSR_SFMASK, [KEPT_KERNEL_GS] = MSR_KERNEL_GS_BASE,
};

static void vmptrld(struct vmx_vcpu *s)
{
	bool ok;

	__asm__ volatile("vmptrld %[pa]" : "=@cca"(ok) : [pa] "m"(s->vmcs_pa) : "memory");
	BUG_ON(!ok);
	this_cpu(vmx_loaded) = s;
}

static void vmclear(struct vmx_vcpu *s)
{
	bool ok;

	__asm__ volatile("vmclear %[pa]" : "=@cca"(ok) : [pa] "m"(s->vmcs_pa) : "memory");
	BUG_ON(!ok);
	s->launched = false;
	if (this_cpu(vmx_loaded) == s)
		this_cpu(vmx_loaded) = NULL;
}

static void reach_begin(struct vmx_vcpu *s)
{
	u64 flags = hal_irq_save();
	struct reach *r = &this_cpu(reach);

	ASSERT(r->depth < REACH_DEPTH);
	r->before[r->depth++] = this_cpu(vmx_loaded);
	if (this_cpu(vmx_loaded) != s)
		vmptrld(s);
	hal_irq_restore(flags);
}

static void reach_end(struct vmx_vcpu *s)
{
	u64 flags = hal_irq_save();
	struct reach *r = &this_cpu(reach);
	struct vmx_vcpu *before;

	ASSERT(r->depth && this_cpu(vmx_loaded) == s);
	before = r->before[--r->depth];
	if (before != s) {
		vmclear(s);
		if (before)
			vmptrld(before);
	}
	hal_irq_restore(flags);
}

void vmx_state_begin(struct x86_vcpu *xv)
{
	reach_begin(vmx_of(xv));
}

void vmx_state_end(struct x86_vcpu *xv)
{
	reach_end(vmx_of(xv));
}

static void write_controls(struct x86_vcpu *xv, struct vmx_vcpu *s)
{
	const struct domain *d = xv->v.domain;

	s->proc = vmx_controls.proc;
	vmcs_write(VMCS_PIN_CONTROLS, vmx_controls.pin);
	vmcs_write(VMCS_PROC_CONTROLS, s->proc);
	vmcs_write(VMCS_PROC2_CONTROLS, vmx_controls.proc2 & ~(s->vpid ? 0 : VMX_PROC2_VPID));
	vmcs_write(VMCS_EXIT_CONTROLS, vmx_controls.exit);
	vmcs_write(VMCS_ENTRY_CONTROLS, vmx_controls.entry);
	vmcs_write(VMCS_EXCEPTIONS, BIT(X86_VEC_DB) | BIT(X86_VEC_AC) | BIT(X86_VEC_MC) |
				    (vmx_catch_faults ? ALL_FAULTS : 0));
	vmcs_write(VMCS_PF_ERROR_MASK, 0);
	vmcs_write(VMCS_PF_ERROR_MATCH, 0);
	vmcs_write(VMCS_CR3_TARGETS, 0);
	vmcs_write(VMCS_EXIT_STORE_COUNT, 0);
	vmcs_write(VMCS_EXIT_LOAD_COUNT, 0);
	vmcs_write(VMCS_ENTRY_LOAD_COUNT, 0);
	vmcs_write(VMCS_ENTRY_EVENT, 0);
	vmcs_write(VMCS_IO_BITMAP_A, vmx_io_bitmap(d, 0));
	vmcs_write(VMCS_IO_BITMAP_B, vmx_io_bitmap(d, 1));
	vmcs_write(VMCS_MSR_BITMAP, vmx_msr_bitmap(false));
	vmcs_write(VMCS_TSC_OFFSET, 0);
	vmcs_write(VMCS_LINK_POINTER, ~0UL);
	vmcs_write(VMCS_EPT_POINTER, s->eptp);
	if (s->vpid)
		vmcs_write(VMCS_VPID, s->vpid);
	if (vmx_slice_ticks)
		vmcs_write(VMCS_PREEMPTION_TIMER, vmx_slice_ticks);
	/*
	 * Every write to CR4 is checked by the guest's policy. CR0's caching bits are kept from the
	 * processor, where they would outlast the exit, and NE always stays set.
	 */
	vmcs_write(VMCS_CR0_MASK, X86_CR0_NE | X86_CR0_CD | X86_CR0_NW);
	vmcs_write(VMCS_CR4_MASK, ~0UL);
}

static void write_guest_state(struct x86_vcpu *xv)
{
	vmcs_write(VMCS_GUEST_DEBUGCTL, 0);
	vmcs_write(VMCS_GUEST_PAT, PAT_RESET_VALUE);
	vmcs_write(VMCS_GUEST_SYSENTER_CS, 0);
	vmcs_write(VMCS_GUEST_SYSENTER_ESP, 0);
	vmcs_write(VMCS_GUEST_SYSENTER_EIP, 0);
	vmcs_write(VMCS_ACTIVITY, 0);
	vmcs_write(VMCS_INTERRUPTIBILITY, 0);
	vmcs_write(VMCS_PENDING_DEBUG, 0);
	vmcs_write(VMCS_GUEST_DR7, X86_DR7_RESET);
	vmcs_write(VMCS_GUEST_RFLAGS, X86_EFLAGS_MBS);
	vmcs_write(VMCS_GUEST_EFER, 0);
	for (u32 i = 0; i < 4; i++)
		vmcs_write(VMCS_GUEST_PDPTE0 + 2 * i, 0);
}

static u64 tss_base(const struct desc_ptr *gdt)
{
	const u64 *d = (const u64 *)(gdt->base + SEL_TSS);

	return (d[0] >> 16 & 0xffffff) | (d[0] >> 56) << 24 | d[1] << 32;
}

/* All of the host's state but RSP, which each entry writes. It differs from CPU to CPU. */
static void write_host_state(void)
{
	struct desc_ptr gdt, idt;

	sgdt(&gdt);
	sidt(&idt);
	vmcs_write(VMCS_HOST_CR0, read_cr0());
	vmcs_write(VMCS_HOST_CR3, read_cr3());
	vmcs_write(VMCS_HOST_CR4, read_cr4());
	vmcs_write(VMCS_HOST_EFER, rdmsr(MSR_EFER));
	vmcs_write(VMCS_HOST_PAT, rdmsr(MSR_PAT));
	vmcs_write(VMCS_HOST_CS_SEL, SEL_CODE64);
	vmcs_write(VMCS_HOST_SS_SEL, SEL_DATA);
	vmcs_write(VMCS_HOST_DS_SEL, SEL_DATA);
	vmcs_write(VMCS_HOST_ES_SEL, SEL_DATA);
	vmcs_write(VMCS_HOST_FS_SEL, 0);
	vmcs_write(VMCS_HOST_GS_SEL, 0);
	vmcs_write(VMCS_HOST_TR_SEL, SEL_TSS);
	vmcs_write(VMCS_HOST_FS_BASE, 0);
	vmcs_write(VMCS_HOST_GS_BASE, 0);
	vmcs_write(VMCS_HOST_TR_BASE, tss_base(&gdt));
	vmcs_write(VMCS_HOST_GDTR_BASE, gdt.base);
	vmcs_write(VMCS_HOST_IDTR_BASE, idt.base);
	vmcs_write(VMCS_HOST_SYSENTER_CS, 0);
	vmcs_write(VMCS_HOST_SYSENTER_ESP, 0);
	vmcs_write(VMCS_HOST_SYSENTER_EIP, 0);
	vmcs_write(VMCS_HOST_RIP, (u64)vmx_exit_point);
}

int vmx_vcpu_init(struct x86_vcpu *xv)
{
	struct vmx_vcpu *s = xzalloc(struct vmx_vcpu);
	struct page_info *pg = alloc_pages(0, 0);

	ASSERT(!xv->vendor && xv->v.domain->p2m);
	if (!s || !pg || vmx_apic_init(xv)) {
		xfree(s);
		if (pg)
			free_pages(pg, 0);
		return -XEN_ENOMEM;
	}
	s->vmcs = page_to_virt(pg);
	s->vmcs_pa = mfn_to_paddr(page_to_mfn(pg)).v;
	s->vpid = vmx_take_vpid();
	s->eptp = mfn_to_paddr(xv->v.domain->p2m->root).v | VMX_EPTP_FOUR_LEVELS |
		  VMX_EPTP_WRITE_BACK;
	s->vector = -1;
	s->tlb_cpu = ~0U;
	s->dr6 = X86_DR6_RESET;
	*(u32 *)s->vmcs = (u32)vmx_caps.basic & 0x7fffffff;
	xv->vendor = s;
	vmclear(s);
	reach_begin(s);
	write_controls(xv, s);
	write_guest_state(xv);
	vmx_apic_write_fields(xv);
	reach_end(s);
	return 0;
}

void vmx_vcpu_destroy(struct x86_vcpu *xv)
{
	struct vmx_vcpu *s = vmx_of(xv);

	if (!s)
		return;
	ASSERT(!s->on_cpu && !s->launched);
	if (xv->posted)
		posted_leave_list(xv->posted);
	vmx_free_vpid(s->vpid);
	free_pages(mfn_to_page(hal_virt_to_mfn(s->vmcs)), 0);
	xfree(s);
	xv->vendor = NULL;
}

void vmx_switch_from(struct x86_vcpu *xv)
{
	struct vmx_vcpu *s = vmx_of(xv);

	ASSERT(s->on_cpu && this_cpu(vmx_loaded) == s && !this_cpu(reach).depth);
	for (u32 i = 0; i < KEPT_NR; i++)
		s->kept[i] = rdmsr(kept_msrs[i]);
	s->cr2 = read_cr2();
	s->dr6 = read_dr6();
	s->on_cpu = false;
	vmclear(s);
	vmx_apic_leave(xv);
}

void vmx_switch_to(struct x86_vcpu *xv)
{
	struct vmx_vcpu *s = vmx_of(xv);

	ASSERT(!s->on_cpu && !this_cpu(vmx_loaded) && !this_cpu(reach).depth);
	vmptrld(s);
	write_host_state();
	for (u32 i = 0; i < KEPT_NR; i++)
		wrmsr(kept_msrs[i], s->kept[i]);
	write_cr2(s->cr2);
	write_dr6(s->dr6);
	s->on_cpu = true;
	vmx_apic_enter(xv);
}

/* The guest's CPUID may hide instructions that the processor has: they are then undefined. */
void vmx_set_policy(struct x86_vcpu *xv)
{
	u32 hidden = cpuid_hidden_insns(hvm_host_cpuid(), to_xd(xv->v.domain)->cpuid);
	u32 offered = vmx_controls.proc2 & (VMX_PROC2_RDTSCP | VMX_PROC2_INVPCID);
	u64 proc2;

	vmx_reached(xv);
	proc2 = vmcs_read(VMCS_PROC2_CONTROLS) & ~(u64)(VMX_PROC2_RDTSCP | VMX_PROC2_INVPCID);
	if (hidden >> HIDDEN_RDTSCP & 1)
		offered &= ~VMX_PROC2_RDTSCP;
	if (hidden >> HIDDEN_INVPCID & 1)
		offered &= ~VMX_PROC2_INVPCID;
	vmcs_write(VMCS_PROC2_CONTROLS, proc2 | offered);
}
