/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Address space identifiers of the guests' TLB entries; see asid.c. */
#ifndef SVM_ASID_H
#define SVM_ASID_H

#include <xen/percpu.h>

#include "svm.h"

/** The generation of a vCPU that must take a new ASID; no CPU has it. */
#define ASID_NONE 0UL

/** ASIDs of one CPU. */
struct asid_cpu {
	u64 generation;		/* no other CPU has or had the same */
	u32 next, count;
	bool flush_all;		/* at the next entry, which takes a new ASID */
};

DECLARE_PER_CPU(struct asid_cpu, asid_cpu);

void asid_cpu_init(void);
/** Slow half of asid_for_entry(): give the vCPU a new one. */
void asid_take_new(struct svm_vcpu *s);

/** Give the vCPU @s with @vmcb a valid ASID on this CPU, and a flush if it asked. GIF clear. */
static inline void asid_for_entry(struct svm_vcpu *s, struct vmcb *vmcb)
{
	if (unlikely(READ_ONCE(s->asid_generation) != this_cpu(asid_cpu).generation))
		asid_take_new(s);
	else
		vmcb->tlb_control = SVM_TLB_FLUSH_NONE;
}

/** The vCPU's translations are out of date: it takes a new ASID before its next entry. Any CPU. */
static inline void asid_drop(struct svm_vcpu *s)
{
	WRITE_ONCE(s->asid_generation, ASID_NONE);
}

#endif
