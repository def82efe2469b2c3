/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AMD's Secure Virtual Machine (APM volume 2, chapter 15): enabling it, vCPU control blocks, and
 * entering the guest.
 *
 * Interrupts reach the guest as virtual interrupts (V_IRQ), never through EVENTINJ: the processor
 * then waits by itself for RFLAGS.IF, and QEMU's TCG can deliver an injected external interrupt
 * twice. After the exit, V_IRQ tells whether the guest took it. FS, GS, TR, LDTR and the
 * system-call MSRs stay loaded between exits (the hypervisor uses none of them) and are saved when
 * the vCPU leaves the CPU. Until then the IDT without stacks of its own (IST) is in use, as TR is
 * the guest's.
 */
#include <xen/errno.h>
#include <xen/hal/vcpu.h>
#include <xen/ops.h>
#include <xen/p2m.h>
#include <xen/p2m_fmt.h>
#include <xen/percpu.h>
#include <xen/printk.h>
#include <xen/softirq.h>
#include <xen/string.h>
#include <xen/trace.h>
#include <xen/x86/control-regs.h>
#include <xen/x86/cpu-record.h>
#include <xen/x86/hidden-insns.h>
#include <xen/xmalloc.h>

#include <asm/desc.h>
#include <asm/mm.h>
#include <asm/msr.h>
#include <asm/processor.h>
#include <asm/traps.h>

#include "asid.h"
#include "state.h"

#define IOPM_ORDER 2
#define MSRPM_ORDER 1

static DEFINE_PER_CPU(struct page_info *, host_save);
static DEFINE_PER_CPU(struct page_info *, host_vmcb);
static u8 *iopm_all, *iopm_hardware;
static u8 *msrpm;

static bool svm_detect(void)
{
	if (!(cpuid(0x80000001).ecx & BIT(2)))
		return false;
	if (!(cpuid(0x8000000a).edx & BIT(0))) {
		printk(LOG_ERR "svm: this CPU lacks nested paging, which Xenolith needs\n");
		return false;
	}
	if (rdmsr(MSR_VM_CR) & VM_CR_SVMDIS) {
		printk(LOG_ERR "svm: switched off by the firmware; enable SVM in its setup\n");
		return false;
	}
	return true;
}

/* Two bits an MSR (read, write), three ranges of 2048 bytes (APM 15.11). */
static void msrpm_allow(u32 msr)
{
	u32 bit;

	ASSERT(msr < 0x2000 || (msr >= 0xc0000000 && msr < 0xc0002000));
	bit = msr < 0x2000 ? msr * 2 : 0x800 * 8 + (msr - 0xc0000000) * 2;

	msrpm[bit / 8] &= ~(3 << (bit % 8));
}

static void make_msrpm(void)
{
	static const u32 direct[] = {
		MSR_STAR, MSR_LSTAR, MSR_CSTAR, MSR_SFMASK, MSR_FS_BASE, MSR_GS_BASE,
		MSR_KERNEL_GS_BASE, MSR_SYSENTER_CS, MSR_SYSENTER_ESP, MSR_SYSENTER_EIP,
	};

	memset(msrpm, 0xff, PAGE_SIZE << MSRPM_ORDER);
	for (u32 i = 0; i < ARRAY_SIZE(direct); i++)
		msrpm_allow(direct[i]);
}

static void *alloc_map(u32 order)
{
	struct page_info *pg = alloc_pages(order, 0);

	if (!pg)
		panic("svm: no memory for permission maps");
	return page_to_virt(pg);
}

static void make_maps(void)
{
	if (msrpm)
		return;
	msrpm = alloc_map(MSRPM_ORDER);
	make_msrpm();
	iopm_all = alloc_map(IOPM_ORDER);
	iopm_hardware = alloc_map(IOPM_ORDER);
	memset(iopm_all, 0xff, PAGE_SIZE << IOPM_ORDER);
	memset(iopm_hardware, 0xff, PAGE_SIZE << IOPM_ORDER);
	svm_insn_init();
}

static void svm_allow_ports(u16 first, u16 last)
{
	ASSERT(first <= last && iopm_hardware);
	for (u32 port = first; port <= last; port++)
		iopm_hardware[port / 8] &= ~(1 << (port % 8));
}

static int svm_cpu_up(void)
{
	struct page_info *save = alloc_pages(0, 0), *vmcb = alloc_pages(0, 0);

	if (!save || !vmcb)
		return -XEN_ENOMEM;
	make_maps();
	this_cpu(host_save) = save;
	this_cpu(host_vmcb) = vmcb;
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SVME);
	wrmsr(MSR_VM_HSAVE_PA, mfn_to_paddr(page_to_mfn(save)).v);
	vmsave(mfn_to_paddr(page_to_mfn(vmcb)).v);
	asid_cpu_init();
	return 0;
}

static void set_intercepts(struct vmcb *vmcb)
{
	vmcb->cr_write = BIT(4) | BIT(8);
	vmcb->exceptions = BIT(X86_VEC_DB) | BIT(X86_VEC_AC) | BIT(X86_VEC_MC);
	vmcb->intercept1 = SVM_I1_INTR | SVM_I1_NMI | SVM_I1_SMI | SVM_I1_INIT | SVM_I1_RDPMC |
			   SVM_I1_CPUID | SVM_I1_INVD | SVM_I1_HLT | SVM_I1_INVLPGA | SVM_I1_IOIO |
			   SVM_I1_MSR | SVM_I1_FERR | SVM_I1_SHUTDOWN;
	vmcb->intercept2 = SVM_I2_VMRUN | SVM_I2_VMMCALL | SVM_I2_VMLOAD | SVM_I2_VMSAVE |
			   SVM_I2_STGI | SVM_I2_CLGI | SVM_I2_SKINIT | SVM_I2_WBINVD |
			   SVM_I2_MONITOR | SVM_I2_MWAIT | SVM_I2_XSETBV;
}

/* The processor has these; only guests whose CPUID has them may use them. */
static void svm_set_policy(struct x86_vcpu *xv)
{
	static const struct { u32 i2, i3; } intercepts[] = {
		[HIDDEN_RDTSCP] = { SVM_I2_RDTSCP, 0 }, [HIDDEN_INVPCID] = { 0, SVM_I3_INVPCID },
		[HIDDEN_RDPRU] = { SVM_I2_RDPRU, 0 }, [HIDDEN_MCOMMIT] = { 0, SVM_I3_MCOMMIT },
		[HIDDEN_INVLPGB] = { 0, SVM_I3_INVLPGB | SVM_I3_TLBSYNC },
	};
	u32 hidden = cpuid_hidden_insns(hvm_host_cpuid(), to_xd(xv->v.domain)->cpuid);
	struct vmcb *vmcb = vmcb_of(xv);

	BUILD_BUG_ON(ARRAY_SIZE(intercepts) != HIDDEN_NR);
	for (u32 i = 0; i < HIDDEN_NR; i++) {
		vmcb->intercept2 &= ~intercepts[i].i2;
		vmcb->intercept3 &= ~intercepts[i].i3;
		if (hidden >> i & 1) {
			vmcb->intercept2 |= intercepts[i].i2;
			vmcb->intercept3 |= intercepts[i].i3;
		}
	}
}

static int svm_vcpu_init(struct x86_vcpu *xv)
{
	struct svm_vcpu *s = xzalloc(struct svm_vcpu);
	struct page_info *pg = alloc_pages(0, 0);
	struct vmcb *vmcb;

	ASSERT(msrpm && !xv->vendor && xv->v.domain->p2m);
	if (!s || !pg) {
		xfree(s);
		if (pg)
			free_pages(pg, 0);
		return -XEN_ENOMEM;
	}
	vmcb = page_to_virt(pg);
	s->vmcb = vmcb;
	s->vmcb_pa = mfn_to_paddr(page_to_mfn(pg)).v;
	s->vintr_vector = -1;
	asid_drop(s);
	set_intercepts(vmcb);
	vmcb->iopm_pa = virt_to_paddr(xv->v.domain->is_hardware ? iopm_hardware : iopm_all).v;
	vmcb->msrpm_pa = virt_to_paddr(msrpm).v;
	vmcb->vintr = SVM_VINTR_MASKING;
	vmcb->np_control = BIT(0);
	vmcb->ncr3 = mfn_to_paddr(xv->v.domain->p2m->root).v;
	vmcb->efer = EFER_SVME;
	vmcb->g_pat = PAT_RESET_VALUE;
	vmcb->rflags = BIT(1);
	vmcb->dr6 = X86_DR6_RESET;
	vmcb->dr7 = X86_DR7_RESET;
	xv->vendor = s;
	svm_set_cr4(s, 0);
	return 0;
}

static void svm_vcpu_destroy(struct x86_vcpu *xv)
{
	if (!svm_of(xv))
		return;
	ASSERT(!svm_of(xv)->state_loaded);
	free_pages(mfn_to_page(hal_virt_to_mfn(svm_of(xv)->vmcb)), 0);
	xfree(svm_of(xv));
	xv->vendor = NULL;
}

static void svm_switch_from(struct x86_vcpu *xv)
{
	struct svm_vcpu *s = svm_of(xv);

	ASSERT(s->state_loaded);
	vmsave(s->vmcb_pa);
	s->state_loaded = false;
	vmload(mfn_to_paddr(page_to_mfn(this_cpu(host_vmcb))).v);
	idt_use_ist(true);
}

static void svm_switch_to(struct x86_vcpu *xv)
{
	struct svm_vcpu *s = svm_of(xv);

	ASSERT(!s->state_loaded && this_cpu(host_vmcb));
	idt_use_ist(false);
	vmload(s->vmcb_pa);
	s->state_loaded = true;
}

/*
 * Offer the most urgent interrupt; the processor delivers it when the guest can take it. It goes
 * into service right away: while the guest runs, its handler may already cause the next interrupt
 * with the same vector on another CPU, and that one must find the request bit clear.
 *
 * The callback has no such bit: it is due while an upcall is pending, which the guest's handler
 * ends without an exit. If it were offered while the handler has interrupts off, it would be
 * delivered once more after the handler. So in that case only ask for an exit when interrupts are
 * on.
 */
static __noinline u64 offer_vector(struct x86_vcpu *xv, s32 vector)
{
	struct svm_vcpu *s = svm_of(xv);

	ASSERT(vector >= 0 && (!s->vintr_redeliver || vector == s->vintr_vector));
	if (likely(!s->vintr_redeliver)) {
		s->vintr_vector = (s16)vector;
		hvm_vector_offered(xv, (u8)vector);
	}
	if (unlikely(xv->offered == OFFER_CALLBACK && !(s->vmcb->rflags & X86_EFLAGS_IF)))
		s->vmcb->intercept1 |= SVM_I1_VINTR;
	return SVM_VINTR_IRQ | SVM_VINTR_IGN_TPR | (0xfUL << SVM_VINTR_PRIO_SHIFT) |
	       ((u64)vector << SVM_VINTR_VECTOR_SHIFT);
}

/* True if it did more than look, which may have raised a softirq. */
static inline bool offer_interrupt(struct x86_vcpu *xv, struct svm_vcpu *s, struct vmcb *vmcb)
{
	/* The vector whose delivery the exit interrupted, or -1. */
	s32 vector = s->vintr_vector;

	ASSERT(s->vintr_redeliver == (vector >= 0));
	vmcb->intercept1 &= ~SVM_I1_VINTR;
	/* V_TPR is what the guest reads from CR8 where that read is not intercepted. */
	vmcb->vintr = SVM_VINTR_MASKING | vlapic_cr8(&xv->vlapic);
	if (likely(vector < 0 && !hvm_must_choose(xv)))
		return false;
	if (vector < 0)
		vector = hvm_choose_vector(xv);
	if (vector >= 0)
		vmcb->vintr |= offer_vector(xv, vector);
	return true;
}

/* The guest takes the offered vector at the entry, unless it has interrupts off. */
static void trace_taken_now(struct svm_vcpu *s)
{
	s->vintr_traced = s->vintr_vector >= 0 && (s->vmcb->rflags & X86_EFLAGS_IF) &&
			  !(s->vmcb->interrupt_shadow & 1);
	if (s->vintr_traced)
		trace_record_virq_inject((u32)s->vintr_vector, 0);
}

static void trace_taken_late(struct svm_vcpu *s)
{
	if (!s->vintr_traced && !(s->vmcb->vintr & SVM_VINTR_IRQ))
		trace_record_virq_inject((u32)s->vintr_vector, 0);
	s->vintr_traced = false;
}

/* The exit shows whether the guest took the offered vector. If not, it is only requested again. */
static __noinline void settle_vector(struct x86_vcpu *xv)
{
	struct svm_vcpu *s = svm_of(xv);

	if (s->vmcb->vintr & SVM_VINTR_IRQ) {
		if (unlikely(s->vintr_redeliver))
			return;
		hvm_vector_refused(xv, (u8)s->vintr_vector);
	}
	TRACE_EVENT(TRACE_ID_virq_inject, trace_taken_late(s));
	s->vintr_redeliver = false;
	s->vintr_vector = -1;
}

static inline void settle_offer(struct x86_vcpu *xv, struct svm_vcpu *s)
{
	if (unlikely(s->vintr_vector >= 0))
		settle_vector(xv);
}

/* The exit interrupted an exception's delivery: deliver it again at the next entry. */
static void redeliver_event(struct x86_vcpu *xv, u64 info)
{
	struct svm_vcpu *s = svm_of(xv);

	if ((info & SVM_EV_TYPE_MASK) == SVM_EV_TYPE_INTR) {
		s->vintr_redeliver = true;
		s->vintr_vector = info & SVM_EV_VECTOR_MASK;
		return;
	}
	/* INT n, INT3 and INTO run again by themselves, as RIP still points at them. */
	if ((info & SVM_EV_TYPE_MASK) == SVM_EV_TYPE_SOFT)
		return;
	if ((info & SVM_EV_TYPE_MASK) == SVM_EV_TYPE_EXC &&
	    ((info & SVM_EV_VECTOR_MASK) == X86_VEC_BP ||
	     (info & SVM_EV_VECTOR_MASK) == X86_VEC_OF))
		return;
	s->vmcb->event_inj = info;
}

static inline void settle_events(struct x86_vcpu *xv, struct svm_vcpu *s, struct vmcb *vmcb)
{
	vmcb->event_inj = 0;
	settle_offer(xv, s);
	if (unlikely(vmcb->exit_int_info & SVM_EV_VALID))
		redeliver_event(xv, vmcb->exit_int_info);
}

/*
 * The guest seems to have exited at the hypervisor's own instruction. A guest can have code at that
 * address, but not in the hypervisor's page tables. So the processor saved the hypervisor's state
 * as the guest's, which is lost. False when the guest cannot continue. A race in QEMU does this
 * (docs/emulators.md).
 */
static __noinline bool guest_state_kept(struct x86_vcpu *xv)
{
	const struct vmcb *vmcb = vmcb_of(xv);

	if (vmcb->cr3 != read_cr3())
		return true;
	domain_crash(xv->v.domain,
		     "vCPU %u: #VMEXIT saved the hypervisor's state as the guest's: exit %#lx "
		     "info %#lx %#lx (QEMU with a thread for each CPU? -accel tcg,thread=single)",
		     xv->v.id, vmcb->exit_code, vmcb->exit_info1, vmcb->exit_info2);
	return false;
}

/* Into the guest and out again; false when it was not entered, or its state is lost. */
static inline bool enter_guest(struct x86_vcpu *xv, struct svm_vcpu *s, struct vmcb *vmcb)
{
	/*
	 * From here to VMRUN an IPI stays pending and then ends the run at once. With GIF set, one
	 * that arrived after this looked for work would be handled, and its work forgotten.
	 */
	clgi();
	/* Nothing is offered yet: a vector whose delivery was interrupted must stay as it is. */
	if (unlikely(softirq_pending())) {
		stgi();
		return false;
	}
	if (unlikely(offer_interrupt(xv, s, vmcb) && softirq_pending())) {
		stgi();
		settle_offer(xv, s);
		return false;
	}
	asid_for_entry(s, vmcb);
	vmcb->rax = xv->gpr[GPR_RAX];
	vmcb->rsp = xv->gpr[GPR_RSP];
	TRACE_EVENT(TRACE_ID_virq_inject, trace_taken_now(s));
	trace_vmentry();
	vmrun(xv->gpr, s->vmcb_pa);
	trace_vmexit((u32)vmcb->exit_code, vmcb->rip);
	if (unlikely(vmcb->rip == (u64)(uintptr_t)svm_vmrun_end) && !guest_state_kept(xv))
		return false;
	xv->gpr[GPR_RAX] = vmcb->rax;
	xv->gpr[GPR_RSP] = vmcb->rsp;
	settle_events(xv, s, vmcb);
	return true;
}

static void svm_run(struct x86_vcpu *xv)
{
	struct svm_vcpu *s = svm_of(xv);
	struct vmcb *vmcb = s->vmcb;

	ASSERT(&xv->v == hal_current_vcpu() && s->state_loaded);
	ASSERT((vmcb->efer & EFER_SVME) && vmcb->ncr3);
	while (likely(enter_guest(xv, s, vmcb))) {
		svm_handle_exit(xv);
		/* An access that waits for its device has raised one (struct pending_ops). */
		ASSERT(softirq_pending() || pending_state(&xv->pending) == PENDING_NONE);
	}
}

/*
 * @vector is raised while the event in EVENTINJ is pending. Returns the resulting exception, or
 * X86_SHUTDOWN. An NMI was not taken and will be delivered later.
 */
static int combine_events(struct x86_vcpu *xv, u8 vector)
{
	u64 first = vmcb_of(xv)->event_inj;

	ASSERT(first & SVM_EV_VALID);

	if ((first & SVM_EV_TYPE_MASK) == SVM_EV_TYPE_EXC)
		return x86_combine_exceptions(first & SVM_EV_VECTOR_MASK, vector);
	if ((first & SVM_EV_TYPE_MASK) == SVM_EV_TYPE_NMI) {
		svm_reset_nmi(xv);
		WRITE_ONCE(xv->nmi_pending, true);
		WRITE_ONCE(xv->work_pending, true);
	}
	return vector;
}

static void svm_inject_exception(struct x86_vcpu *xv, u8 vector, s32 error, u64 cr2)
{
	struct vmcb *vmcb = vmcb_of(xv);
	u64 event;

	ASSERT(vector < 32 && vector != X86_VEC_NMI);
	trace_exception_inject(vector, (u32)error);
	if (vector == X86_VEC_PF)
		vmcb->cr2 = cr2;
	if (unlikely(vmcb->event_inj & SVM_EV_VALID)) {
		int both = combine_events(xv, vector);

		if (both == X86_SHUTDOWN) {
			hvm_do_triple_fault(xv);
			return;
		}
		if (both != vector)
			error = 0;
		vector = (u8)both;
	}
	event = SVM_EV_VALID | SVM_EV_TYPE_EXC | vector;
	/* In real mode no exception has an error code. */
	if (error >= 0 && (vmcb->cr0 & X86_CR0_PE))
		event |= SVM_EV_ERROR_VALID | (u64)(u32)error << 32;
	vmcb->event_inj = event;
}

static bool svm_interrupt_shadow(const struct x86_vcpu *xv)
{
	return vmcb_of(xv)->interrupt_shadow & 1;
}

static void svm_set_interrupt_shadow(struct x86_vcpu *xv, bool on)
{
	vmcb_of(xv)->interrupt_shadow = on;
}

static bool svm_event_pending(const struct x86_vcpu *xv)
{
	return (vmcb_of(xv)->event_inj & SVM_EV_VALID) || svm_of(xv)->vintr_redeliver;
}

static int svm_get_event(const struct x86_vcpu *xv, struct x86_event *e)
{
	const struct svm_vcpu *s = svm_of(xv);
	u64 inj = s->vmcb->event_inj;
	int n = 0;

	if (s->vintr_redeliver) {
		ASSERT(s->vintr_vector >= 0);
		*e = (struct x86_event){ .vector = (u8)s->vintr_vector, .type = X86_EVENT_INTR };
		n++;
	}
	if (inj & SVM_EV_VALID) {
		*e = (struct x86_event){
			.vector = inj & SVM_EV_VECTOR_MASK,
			.type = (inj & SVM_EV_TYPE_MASK) >> SVM_EV_TYPE_SHIFT,
			.has_error = inj & SVM_EV_ERROR_VALID, .error = (u32)(inj >> 32),
		};
		n++;
	}
	return n;
}

static void svm_set_event(struct x86_vcpu *xv, const struct x86_event *e)
{
	struct svm_vcpu *s = svm_of(xv);

	ASSERT(!svm_event_pending(xv));
	switch (e->type) {
	case X86_EVENT_INTR:
		s->vintr_redeliver = true;
		s->vintr_vector = e->vector;
		break;
	case X86_EVENT_NMI:
		svm_inject_nmi(xv);
		break;
	default:
		ASSERT(e->type == X86_EVENT_EXC);
		s->vmcb->event_inj = SVM_EV_VALID | SVM_EV_TYPE_EXC | e->vector;
		if (e->has_error)
			s->vmcb->event_inj |= SVM_EV_ERROR_VALID | (u64)e->error << 32;
	}
}

static void svm_reset_events(struct x86_vcpu *xv)
{
	struct svm_vcpu *s = svm_of(xv);

	s->vmcb->event_inj = 0;
	s->vmcb->interrupt_shadow = 0;
	svm_reset_nmi(xv);
	s->vintr_redeliver = false;
	s->vintr_vector = -1;
}

static void svm_flush_tlb(struct x86_vcpu *xv)
{
	asid_drop(svm_of(xv));
}

static const u8 vmmcall_insn[] = { 0x0f, 0x01, 0xd9 };

const struct hvm_ops svm_ops = {
	.name = "SVM",
	.p2m_fmt = &p2m_fmt_npt,
	.hypercall_insn = vmmcall_insn,
	.detect = svm_detect,
	.cpu_up = svm_cpu_up,
	.vcpu_init = svm_vcpu_init,
	.vcpu_destroy = svm_vcpu_destroy,
	.switch_from = svm_switch_from,
	.switch_to = svm_switch_to,
	.run = svm_run,
	.state_begin = svm_state_begin,
	.state_end = svm_state_end,
	.get_cr = svm_get_cr,
	.set_cr = svm_set_cr,
	.get_paging = svm_get_paging,
	.get_efer = svm_get_efer,
	.set_efer = svm_set_efer,
	.get_rip = svm_get_rip,
	.set_rip = svm_set_rip,
	.get_rflags = svm_get_rflags,
	.set_rflags = svm_set_rflags,
	.get_dr = svm_get_dr,
	.set_dr = svm_set_dr,
	.get_cpl = svm_get_cpl,
	.get_seg = svm_get_seg,
	.set_seg = svm_set_seg,
	.read_msr = svm_read_msr,
	.write_msr = svm_write_msr,
	.inject_exception = svm_inject_exception,
	.inject_nmi = svm_inject_nmi,
	.nmi_blocked = svm_nmi_blocked,
	.event_pending = svm_event_pending,
	.get_event = svm_get_event,
	.set_event = svm_set_event,
	.post = hvm_post_by_software,
	.collect_posts = hvm_collect_no_posts,
	.interrupt_shadow = svm_interrupt_shadow,
	.set_interrupt_shadow = svm_set_interrupt_shadow,
	.reset_events = svm_reset_events,
	.set_tsc_offset = svm_set_tsc_offset,
	.set_pat = svm_set_pat,
	.set_policy = svm_set_policy,
	.flush_tlb = svm_flush_tlb,
	.allow_ports = svm_allow_ports,
};
OPS_TABLE(svm_ops, name);
