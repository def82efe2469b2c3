/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ASIDs are handed out in ascending order on each CPU. A vCPU that moved or must be flushed gets a
 * new one, so its old TLB entries are never used again. When they run out, a new generation starts
 * with a flush of everything (APM volume 2, section 15.16).
 *
 * A generation belongs to one CPU, so that one comparison tells whether a vCPU has an ASID here
 * that is still good. A request for a flush is a generation that none has. When it comes while the
 * vCPU takes a new ASID, either of the two may be what remains: the new one has no entries yet.
 */
#include <asm/processor.h>

#include "asid.h"

#define GENERATION_CPU_SHIFT 48

DEFINE_PER_CPU(struct asid_cpu, asid_cpu);

void asid_cpu_init(void)
{
	struct asid_cpu *a = &this_cpu(asid_cpu);

	a->count = max(cpuid(0x8000000a).ebx, 2U);
	a->next = 1;
	/* A CPU that was down may meet vCPUs that ran on it before. */
	if (!a->generation)
		a->generation = (u64)hal_smp_cpu_id() << GENERATION_CPU_SHIFT;
	a->generation++;
	a->flush_all = true;
}

void asid_take_new(struct svm_vcpu *s)
{
	struct asid_cpu *a = &this_cpu(asid_cpu);

	ASSERT(a->count && a->generation != ASID_NONE);
	if (a->next >= a->count) {
		a->next = 1;
		a->generation++;
		a->flush_all = true;
	}
	ASSERT(a->generation >> GENERATION_CPU_SHIFT == hal_smp_cpu_id());
	WRITE_ONCE(s->asid_generation, a->generation);
	s->vmcb->asid = a->next++;
	/* ASID 0 is the hypervisor's own (APM 15.5.1). */
	ASSERT(s->vmcb->asid && s->vmcb->asid < a->count);
	s->vmcb->tlb_control = a->flush_all ? SVM_TLB_FLUSH_ALL : SVM_TLB_FLUSH_NONE;
	a->flush_all = false;
}
