/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SVM's instructions on the software processor (APM volume 2, chapter 15). The guest is a function
 * of the test; entering and leaving it is as the manual says.
 */
#include <xen/mm.h>
#include <xen/assert.h>
#include <xen/softirq.h>
#include <xen/string.h>
#include <xen/hal/cpu.h>
#include <xen/hal/mm.h>
#include <xen/hal/time.h>
#include <xen/hal/vcpu.h>
#include <xen/x86/control-regs.h>

#include <asm/host.h>
#include <asm/hvm.h>
#include <asm/msr.h>
#include <asm/processor.h>

#include "processor.h"

/* Bits that must be zero (APM volume 2, sections 3.1 and 5.4). */
#define CR4_KNOWN 0x00f77fffUL
#define EFER_KNOWN 0xfd01UL
#define CR3_PHYS_BITS 48

/* A guest never seems to exit here, as its code has no address of this process. */
const char svm_vmrun_end[1];
extern const char svm_vmrun_end[];

static soft_guest_fn guest;

void soft_guest_set(soft_guest_fn fn)
{
	guest = fn;
}

void soft_guest_computes(s_time_t ns)
{
	host_wait(hal_now_ns() + ns);
}

void clgi(void)
{
	struct soft_cpu *c = soft_cpu();

	ASSERT(!c->gif_clear);
	c->irq_flags = hal_irq_save();
	c->gif_clear = true;
}

void stgi(void)
{
	struct soft_cpu *c = soft_cpu();

	ASSERT(c->gif_clear);
	c->gif_clear = false;
	hal_irq_restore(c->irq_flags);
}

static struct vmcb *block_at(u64 pa)
{
	if (page_offset(pa) || pa >> PAGE_SHIFT >= max_mfn)
		soft_fault("the address of a control block is bad");
	return (struct vmcb *)(hal_direct_map + pa);
}

void vmsave(u64 vmcb_pa)
{
	struct vmcb *b = block_at(vmcb_pa);
	const struct soft_lazy *l = &soft_cpu()->lazy;

	b->fs = l->fs;
	b->gs = l->gs;
	b->tr = l->tr;
	b->ldtr = l->ldtr;
	b->kernel_gs_base = l->kernel_gs_base;
	b->star = l->star;
	b->lstar = l->lstar;
	b->cstar = l->cstar;
	b->sfmask = l->sfmask;
	b->sysenter_cs = l->sysenter_cs;
	b->sysenter_esp = l->sysenter_esp;
	b->sysenter_eip = l->sysenter_eip;
}

void vmload(u64 vmcb_pa)
{
	const struct vmcb *b = block_at(vmcb_pa);

	if (!x86_canonical(b->fs.base) || !x86_canonical(b->gs.base) ||
	    !x86_canonical(b->kernel_gs_base))
		soft_fault("VMLOAD of an address that is not canonical");
	soft_cpu()->lazy = (struct soft_lazy){
		b->fs, b->gs, b->tr, b->ldtr, b->kernel_gs_base, b->star, b->lstar, b->cstar,
		b->sfmask, b->sysenter_cs, b->sysenter_esp, b->sysenter_eip,
	};
}

static const char *refuses_control(const struct vmcb *b)
{
	if ((b->cr0 & X86_CR0_NW) && !(b->cr0 & X86_CR0_CD))
		return "CR0.NW without CR0.CD";
	if (b->cr0 >> 32)
		return "upper half of CR0";
	if (b->cr4 & ~CR4_KNOWN)
		return "reserved bits of CR4";
	if ((b->dr6 | b->dr7) >> 32)
		return "upper half of DR6 or DR7";
	if (!(b->efer & EFER_SVME) || (b->efer & ~EFER_KNOWN))
		return "EFER";
	return NULL;
}

static const char *refuses_mode(const struct vmcb *b)
{
	bool starts_long = (b->efer & EFER_LME) && (b->cr0 & X86_CR0_PG);

	if ((b->cr0 & X86_CR0_PG) && !(b->cr0 & X86_CR0_PE))
		return "CR0.PG without CR0.PE";
	if (starts_long && !(b->cr4 & X86_CR4_PAE))
		return "long mode without CR4.PAE";
	if (starts_long && (b->cs.attr & HVM_SEG_ATTR_L) && (b->cs.attr & HVM_SEG_ATTR_DB))
		return "CS is both 64-bit and 32-bit";
	if (starts_long && b->cr3 >> CR3_PHYS_BITS)
		return "CR3 is beyond the physical addresses";
	if (!x86_canonical(b->rip) && (b->efer & EFER_LMA))
		return "RIP is not canonical";
	return NULL;
}

static const char *refuses_event(u64 event)
{
	u64 type = event & SVM_EV_TYPE_MASK, vector = event & SVM_EV_VECTOR_MASK;

	if (!(event & SVM_EV_VALID))
		return NULL;
	if (type != SVM_EV_TYPE_INTR && type != SVM_EV_TYPE_NMI && type != SVM_EV_TYPE_EXC &&
	    type != SVM_EV_TYPE_SOFT)
		return "type of the injected event";
	if (type == SVM_EV_TYPE_EXC && (vector > 31 || vector == X86_VEC_NMI))
		return "vector of the injected exception";
	return NULL;
}

const char *soft_vmrun_refuses(const struct vmcb *b)
{
	const char *why = refuses_control(b);

	if (!why)
		why = refuses_mode(b);
	if (!why)
		why = refuses_event(b->event_inj);
	if (!why && !(b->intercept2 & SVM_I2_VMRUN))
		why = "VMRUN is not intercepted";
	if (!why && (!(b->np_control & 1) || !b->ncr3 || page_offset(b->ncr3)))
		why = "nested paging";
	if (!why && (page_offset(b->iopm_pa) || page_offset(b->msrpm_pa)))
		why = "permission maps";
	return why;
}

/* An interrupt that the guest can take before its first instruction. -1: none. */
static s32 take_interrupt(struct vmcb *b)
{
	u64 prio = b->vintr >> SVM_VINTR_PRIO_SHIFT & 0xf;

	if (!(b->vintr & SVM_VINTR_IRQ) || !(b->rflags & X86_EFLAGS_IF))
		return -1;
	if (b->interrupt_shadow & 1)
		return -1;
	if (!(b->vintr & SVM_VINTR_IGN_TPR) && prio <= (b->vintr & 0xf))
		return -1;
	if (b->intercept1 & SVM_I1_VINTR)
		return -1;
	b->vintr &= ~SVM_VINTR_IRQ;
	return (u8)(b->vintr >> SVM_VINTR_VECTOR_SHIFT);
}

void vmrun(u64 *gpr, u64 vmcb_pa)
{
	struct vmcb *b = block_at(vmcb_pa);
	const char *why = soft_vmrun_refuses(b);
	/* An interrupt of the machine comes before those of the guest. */
	bool waits = host_irq_waits(hal_smp_cpu_id()) || softirq_pending();
	struct soft_entry e = { .v = hal_current_vcpu(), .vmcb = b, .gpr = gpr,
				.lazy = &soft_cpu()->lazy, .vector = -1 };

	ASSERT(soft_cpu()->gif_clear && guest);
	if (!why)
		why = soft_tlb_enter(b, vmcb_pa);
	if (why)
		panic("software processor: VMRUN refuses the guest's state: %s", why);
	if (b->event_inj & SVM_EV_VALID)
		e.event = b->event_inj;
	else if (!waits)
		e.vector = take_interrupt(b);
	b->event_inj &= ~SVM_EV_VALID;
	b->exit_int_info = 0;
	b->exit_info1 = b->exit_info2 = 0;
	b->next_rip = 0;
	/* An interrupt window that is intercepted, and open, is the first thing to happen. */
	b->exit_code = SVM_EXIT_INTR;
	if (!e.event && (b->vintr & SVM_VINTR_IRQ) && (b->intercept1 & SVM_I1_VINTR) &&
	    (b->rflags & X86_EFLAGS_IF) && !(b->interrupt_shadow & 1))
		b->exit_code = SVM_EXIT_VINTR;
	else if (!waits)
		guest(&e);
	soft_tlb_leave(b);
	stgi();
}
