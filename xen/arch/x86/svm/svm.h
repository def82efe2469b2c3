/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to the SVM backend. */
#ifndef SVM_H
#define SVM_H

#include <xen/assert.h>

#include <asm/hvm.h>
#include <asm/processor.h>

#include "vmcb.h"

/** Whether the guest can take an NMI, and the progress of the one it handles (nmi.c). */
enum nmi_state {
	NMI_OPEN,
	NMI_BLOCKED,	/* handling one; IRET is intercepted */
	NMI_IRET,	/* about to execute the IRET at iret_rip */
	NMI_STEP,	/* the same, and another NMI waits: a trap follows the IRET */
};

/** The last place of an intercepted instruction (insn.c). */
#define INSN_CACHE_SIZE 8
struct insn_cache_entry {
	u64 rip, cr3;
	u32 exit_code;
	u32 len;
};

struct svm_vcpu {
	struct vmcb *vmcb;
	u64 vmcb_pa;
	bool state_loaded;	/* FS, GS, TR, LDTR, STAR... are in the CPU, not in the VMCB */
	bool mce_hidden;	/* the guest's CR4.MCE is clear, the processor's never */
	s16 vintr_vector;	/* offered through V_IRQ, -1 when none */
	bool vintr_traced;	/* recorded as taken at the entry */
	bool vintr_redeliver;	/* taken already, but its delivery was interrupted by the exit */
	bool guest_tf;		/* the trap flag is set for the guest as well */
	enum nmi_state nmi;
	u64 iret_rip;
	u64 asid_generation;	/* of the ASID it holds, see asid.h; any CPU may drop it */
	struct insn_cache_entry insn_cache[INSN_CACHE_SIZE];
};

static inline struct svm_vcpu *svm_of(const struct x86_vcpu *xv) { return xv->vendor; }
/** The control block, of a vCPU whose state this CPU may reach. */
static inline struct vmcb *vmcb_of(const struct x86_vcpu *xv)
{
	ASSERT(hvm_state_ours(xv));
	return svm_of(xv)->vmcb;
}

/** The address where svm_vmrun (entry.S) continues after #VMEXIT. */
extern const char svm_vmrun_end[];

/** Handle the exit that vmcb describes. Interrupts enabled. */
void svm_handle_exit(struct x86_vcpu *xv);

/** Length of the intercepted instruction at RIP, or 0 after injecting the right fault. */
u32 svm_insn_len(struct x86_vcpu *xv);
/** Find out how this CPU reports instruction lengths. Boot. */
void svm_insn_init(void);

/** An instruction is done, the next is at @rip; handles interrupt shadow and single-stepping. */
static inline void svm_continue_at(struct x86_vcpu *xv, u64 rip)
{
	struct vmcb *vmcb = vmcb_of(xv);

	vmcb->rip = rip;
	vmcb->interrupt_shadow = 0;
	if (unlikely(vmcb->rflags & X86_EFLAGS_TF))
		hvm_inject_step(xv);
}

/** The same, where the next follows after @len bytes. */
static inline void svm_skip(struct x86_vcpu *xv, u32 len)
{
	svm_continue_at(xv, vmcb_of(xv)->rip + len);
}

/** Slots of svm_ops. */
void svm_inject_nmi(struct x86_vcpu *xv);
bool svm_nmi_blocked(struct x86_vcpu *xv);
/** Reset NMI handling as INIT does: NMIs are not blocked. */
void svm_reset_nmi(struct x86_vcpu *xv);
/** Handle the exit before an IRET. */
void svm_exit_iret(struct x86_vcpu *xv);
/** #DB: was it only the trap that svm_nmi_blocked() requested? */
bool svm_nmi_stepped(struct x86_vcpu *xv);

/** Bring FS, GS, TR, LDTR and the system-call MSRs into the VMCB for reading / before writing. */
void svm_sync_state(struct x86_vcpu *xv);

extern const struct hvm_ops svm_ops;

#endif
