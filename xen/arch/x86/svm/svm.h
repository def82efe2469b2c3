/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to the SVM backend. */
#ifndef SVM_H
#define SVM_H

#include <asm/hvm.h>

#include "vmcb.h"

struct svm_vcpu {
	struct vmcb *vmcb;
	u64 vmcb_pa;
	bool state_loaded;	/* FS, GS, TR, LDTR, STAR... are in the CPU, not in the VMCB */
	bool need_flush;
	s16 vintr_vector;	/* offered through V_IRQ, -1 when none */
	bool vintr_redeliver;	/* taken already, but its delivery was interrupted by the exit */
	u32 asid_cpu;		/* whose ASID it holds */
	u64 asid_generation;
};

static inline struct vmcb *vmcb_of(const struct x86_vcpu *xv) { return xv->svm->vmcb; }

	bool mce_hidden;	/* the guest's CR4.MCE is clear, the processor's never */
/** Run the guest from its GPRs in @gpr until #VMEXIT (entry.S). GIF is clear around it. */
void svm_vmrun(u64 *gpr, u64 vmcb_pa);

/** Handle the exit that vmcb describes. Interrupts enabled. */
void svm_handle_exit(struct x86_vcpu *xv);

/** Length of the intercepted instruction at RIP, or 0 after injecting the right fault. */
u32 svm_insn_len(struct x86_vcpu *xv);
/** Learn how this CPU reports instruction lengths. Boot. */
void svm_insn_init(void);
/** RIP past an instruction of @len bytes, shadow and single-step handled. */
void svm_skip(struct x86_vcpu *xv, u32 len);

/** Bring FS, GS, TR, LDTR and the system-call MSRs into the VMCB for reading / before writing. */
void svm_sync_state(struct x86_vcpu *xv);

extern const struct hvm_ops svm_ops;

#endif
