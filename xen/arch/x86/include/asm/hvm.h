/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hardware-assisted guests: the vendor table, and the functions that the vendor's exit handler
 * calls. Everything here works on the current vCPU unless stated otherwise.
 */
#ifndef ASM_X86_HVM_H
#define ASM_X86_HVM_H

#include <asm/domain.h>
#include <asm/processor.h>

struct x86_event;
struct x86_walk;

enum hvm_segment { HVM_ES, HVM_CS, HVM_SS, HVM_DS, HVM_FS, HVM_GS, HVM_TR, HVM_LDTR, HVM_GDTR,
		   HVM_IDTR, HVM_NR_SEGS };

/** A segment register. attr has the descriptor's bits 40-47 in its low byte and 52-55 above
 * them, as in the ABI's records and the emulator. A vendor whose hardware differs converts. */
struct hvm_seg {
	u16 sel, attr;
	u32 limit;
	u64 base;
};

#define HVM_SEG_ATTR_L BIT(9)
#define HVM_SEG_ATTR_DB BIT(10)

/** The backend of a virtualisation extension (SVM, VMX). Every slot is filled. */
struct hvm_ops {
	const char *name;
	/** Entries of its second-stage page tables. */
	const struct p2m_fmt *p2m_fmt;
	/** The three bytes of VMMCALL or VMCALL. */
	const u8 *hypercall_insn;
	/** Is it present and usable on this CPU? Prints why not. */
	bool (*detect)(void);
	/** Enable it on this CPU. 0 or -XEN_*. */
	int (*cpu_up)(void);
	int (*vcpu_init)(struct x86_vcpu *xv);
	void (*vcpu_destroy)(struct x86_vcpu *xv);
	/** Unload / load the guest state that the CPU holds between runs. Interrupts off. */
	void (*switch_from)(struct x86_vcpu *xv);
	void (*switch_to)(struct x86_vcpu *xv);
	/**
	 * Enter the guest and handle its exits until a softirq is pending. Nothing else can end the
	 * vCPU's turn.
	 */
	void (*run)(struct x86_vcpu *xv);

	/**
	 * Make the state below reachable from this CPU, and release it: see hvm_state_begin() and
	 * hvm_state_end(). Calls may nest, for one vCPU or several; the end restores what was
	 * reachable before the begin.
	 */
	void (*state_begin)(struct x86_vcpu *xv);
	void (*state_end)(struct x86_vcpu *xv);

	/*
	 * Guest state of the vCPU that runs here, and of others between state_begin and state_end.
	 */
	u64 (*get_cr)(const struct x86_vcpu *xv, u32 cr);
	void (*set_cr)(struct x86_vcpu *xv, u32 cr, u64 val);
	/** CR0, CR3, CR4, EFER and RFLAGS, for walks of the guest's page tables. */
	void (*get_paging)(const struct x86_vcpu *xv, struct x86_walk *w);
	u64 (*get_efer)(const struct x86_vcpu *xv);
	void (*set_efer)(struct x86_vcpu *xv, u64 val);
	u64 (*get_rip)(const struct x86_vcpu *xv);
	void (*set_rip)(struct x86_vcpu *xv, u64 val);
	u64 (*get_rflags)(const struct x86_vcpu *xv);
	void (*set_rflags)(struct x86_vcpu *xv, u64 val);
	u64 (*get_dr)(const struct x86_vcpu *xv, u32 dr);
	void (*set_dr)(struct x86_vcpu *xv, u32 dr, u64 val);
	u32 (*get_cpl)(const struct x86_vcpu *xv);
	void (*get_seg)(struct x86_vcpu *xv, enum hvm_segment s, struct hvm_seg *out);
	void (*set_seg)(struct x86_vcpu *xv, enum hvm_segment s, const struct hvm_seg *in);
	/** MSRs whose guest value the hardware switches. False: not one of these. */
	bool (*read_msr)(struct x86_vcpu *xv, u32 msr, u64 *val);
	bool (*write_msr)(struct x86_vcpu *xv, u32 msr, u64 val);
	/** Deliver an exception at the next entry; @error -1 for none. Together with a pending
	 * one it becomes a double fault, or the end of the domain, by the architecture's rules. */
	void (*inject_exception)(struct x86_vcpu *xv, u8 vector, s32 error, u64 cr2);
	void (*inject_nmi)(struct x86_vcpu *xv);
	/** True while the guest is still handling an NMI; work_pending is set when that ends. */
	bool (*nmi_blocked)(struct x86_vcpu *xv);
	/** An event is pending for the next entry, or the last exit interrupted its delivery. */
	bool (*event_pending)(const struct x86_vcpu *xv);
	/** The number of events that event_pending() refers to, with the first of them in *@e. */
	int (*get_event)(const struct x86_vcpu *xv, struct x86_event *e);
	/** Deliver @e, from get_event(), at the next entry. No other event may be pending. */
	void (*set_event)(struct x86_vcpu *xv, const struct x86_event *e);
	/**
	 * Request @vector of the vCPU's local APIC and make the vCPU notice it, on any CPU. True
	 * when it was not yet requested. Any CPU, any context without locks.
	 */
	bool (*post)(struct x86_vcpu *xv, u8 vector, bool level);
	/**
	 * Move what was posted outside of the local APIC's registers into them. The vCPU is current
	 * and not in its guest, or it cannot run.
	 */
	void (*collect_posts)(struct x86_vcpu *xv);
	/** True while STI or MOV SS holds interrupts off. */
	bool (*interrupt_shadow)(const struct x86_vcpu *xv);
	void (*set_interrupt_shadow)(struct x86_vcpu *xv, bool on);
	/** Drop events pending for the next entry and interrupt shadows, as INIT does. */
	void (*reset_events)(struct x86_vcpu *xv);
	void (*set_tsc_offset)(struct x86_vcpu *xv, u64 offset);
	/** Memory types of the guest's own paging; a valid value of the PAT MSR. */
	void (*set_pat)(struct x86_vcpu *xv, u64 pat);
	/** The domain's CPUID policy has changed: intercept what it hides. Not while the domain
	 * runs. */
	void (*set_policy)(struct x86_vcpu *xv);
	/** This vCPU's view of guest physical memory changed: flush before the next entry. Any CPU,
	 * without state_begin. */
	void (*flush_tlb)(struct x86_vcpu *xv);
	/** Let the hardware domain reach ports [@first, @last] without an exit. Boot. */
	void (*allow_ports)(u16 first, u16 last);
};

extern const struct hvm_ops svm_ops, vmx_ops;
/** The extension in use, chosen at boot. */
extern const struct hvm_ops *hvm;

/**
 * Bracket every access to the registers of a vCPU that does not run on this CPU, and an interrupt
 * handler's access to the one that does. The vCPU is paused, down or not started, and does not run
 * on another CPU. No softirqs in between.
 */
void hvm_state_begin(struct x86_vcpu *xv);
void hvm_state_end(struct x86_vcpu *xv);
/** May this CPU reach the registers of @xv now? For assertions. */
bool hvm_state_ours(const struct x86_vcpu *xv);

/** Choose the vendor table and enable it on the boot CPU; panics with the reason when none. */
void hvm_init(void);
/** Enable it on another CPU as it comes up. */
void hvm_cpu_up(void);

/* Exit handlers common to all vendors. Those that return bool return true when the instruction
 * is done and must be skipped, false when it faulted or must run again. */
void hvm_do_cpuid(struct x86_vcpu *xv);
bool hvm_do_msr(struct x86_vcpu *xv, bool write);
bool hvm_do_hypercall(struct x86_vcpu *xv);
/** IN and OUT of 1, 2 or 4 bytes with the value in RAX. False: the device answers later. */
bool hvm_do_in(struct x86_vcpu *xv, u16 port, u32 bytes);
bool hvm_do_out(struct x86_vcpu *xv, u16 port, u32 bytes);
/**
 * Emulate the instruction at the current RIP if it is of a kind that can have caused the exit,
 * given by @allowed (X86_CLASS_*). Any other instruction, written there meanwhile by another vCPU,
 * is left for the guest to execute.
 */
void hvm_emulate_one(struct x86_vcpu *xv, u32 allowed);
#define HVM_FAULT_WRITE BIT(0)
#define HVM_FAULT_FETCH BIT(1)	/* the instruction itself was fetched */
#define HVM_FAULT_WALK BIT(2)	/* an access to the guest's page tables during a walk */
/**
 * Handle an access to @gpa that the p2m does not allow; @flags are HVM_FAULT_*. Returns the length
 * of an instruction that was carried out and must be skipped, else 0.
 */
u32 hvm_do_nested_fault(struct x86_vcpu *xv, gpaddr_t gpa, u32 flags);
void hvm_do_hlt(struct x86_vcpu *xv);
void hvm_do_triple_fault(struct x86_vcpu *xv);
static inline void hvm_inject_gp(struct x86_vcpu *xv)
{
	hvm->inject_exception(xv, X86_VEC_GP, 0, 0);
}
static inline void hvm_inject_ud(struct x86_vcpu *xv)
{
	hvm->inject_exception(xv, X86_VEC_UD, -1, 0);
}

/** The guest single-steps, and an instruction is done: DR6 tells its debugger so. */
static inline void hvm_inject_step(struct x86_vcpu *xv)
{
	hvm->set_dr(xv, 6, hvm->get_dr(xv, 6) | X86_DR6_BS);
	hvm->inject_exception(xv, X86_VEC_DB, -1, 0);
}

/**
 * The slot post() for a vendor, or a processor, without hardware support for posting interrupts.
 */
bool hvm_post_by_software(struct x86_vcpu *xv, u8 vector, bool level);
/** The slot collect_posts() of such a vendor: all posts are in the registers. */
void hvm_collect_no_posts(struct x86_vcpu *xv);
/** Make @xv notice what was posted for it: wake it, or make it exit on another CPU. */
void hvm_kick(struct x86_vcpu *xv);
/** Work that must be done on the vCPU's own CPU before it runs. The vCPU is current. */
void hvm_do_pending_work(struct x86_vcpu *xv);

/** An upcall waits for the callback vector, which is high as long as it does. */
static inline bool hvm_callback_pending(const struct x86_vcpu *xv)
{
	return unlikely(READ_ONCE(xv->v.vcpu_info->evtchn_upcall_pending)) &&
	       !xv->upcall_vector && to_xd(xv->v.domain)->callback_vector;
}

/** The current vCPU may have to take an interrupt, or has work to do before it enters its guest. */
static inline bool hvm_must_choose(const struct x86_vcpu *xv)
{
	return unlikely(READ_ONCE(xv->work_pending)) || unlikely(vlapic_requested(&xv->vlapic)) ||
	       hvm_callback_pending(xv);
}

/**
 * Vector to deliver now if the guest's state allows, or -1. The work that is done first may raise
 * softirqs.
 */
s32 hvm_choose_vector(struct x86_vcpu *xv);
/**
 * The 8259s' vector, if pic_asks says that they have one, or -1. It is in service from now on:
 * offer it, or refuse it. (hvm_choose_vector() calls this.)
 */
s32 hvm_choose_pic(struct x86_vcpu *xv);

/** @vector, from hvm_choose_vector(), is about to be offered to the guest: put it in service. */
void hvm_vector_offered(struct x86_vcpu *xv, u8 vector);
/** The guest exited without taking the offered vector: mark it as only requested again. */
void hvm_vector_refused(struct x86_vcpu *xv, u8 vector);

/** Fetch up to @len instruction bytes at linear @va; returns how many could be read. */
u32 hvm_fetch(struct x86_vcpu *xv, u64 va, void *buf, u32 len);

/** Perform RDMSR, WRMSR and CPUID, for the emulator as well. 0, or -1 for #GP. */
int hvm_msr_read(struct x86_vcpu *xv, u32 msr, u64 *val);
int hvm_msr_write(struct x86_vcpu *xv, u32 msr, u64 val);
void hvm_cpuid(struct x86_vcpu *xv, u32 leaf, u32 subleaf, u32 out[4]);
/** The CPUID policy of the machine itself. */
const struct cpuid_policy *hvm_host_cpuid(void);

/** The state in which a PVH kernel begins: @entry with paging off, EBX pointing at @start_info. */
void hvm_set_pvh_state(struct x86_vcpu *xv, u32 entry, u32 start_info);

#endif
