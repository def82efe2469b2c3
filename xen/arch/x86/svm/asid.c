/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ASIDs are handed out in ascending order on each CPU. A vCPU that moved or must be flushed gets a
 * new one, so its old TLB entries are never used again. When they run out, a new generation starts
 * with a flush of everything (APM volume 2, section 15.16).
 */
#include <xen/percpu.h>

#include <asm/processor.h>

#include "asid.h"

#define TLB_FLUSH_NONE 0
#define TLB_FLUSH_ALL 1

struct asid_cpu {
	u64 generation;
	u32 next, count;
	bool flush_all;
};

static DEFINE_PER_CPU(struct asid_cpu, asid_cpu);

void asid_cpu_init(void)
{
	struct asid_cpu *a = &this_cpu(asid_cpu);

	a->count = max(cpuid(0x8000000a).ebx, 2U);
	a->next = 1;
	a->generation = 1;
	a->flush_all = true;
}

static void take_new(struct svm_vcpu *s, struct asid_cpu *a)
{
	if (a->next >= a->count) {
		a->next = 1;
		a->generation++;
		a->flush_all = true;
	}
	s->asid_generation = a->generation;
	s->asid_cpu = smp_cpu_id();
	s->vmcb->asid = a->next++;
	/* ASID 0 is the hypervisor's own (APM 15.5.1). */
	ASSERT(s->vmcb->asid && s->vmcb->asid < a->count);
}

void asid_for_entry(struct svm_vcpu *s)
{
	struct asid_cpu *a = &this_cpu(asid_cpu);

	if (likely(!s->need_flush && s->asid_cpu == smp_cpu_id() &&
		   s->asid_generation == a->generation && !a->flush_all)) {
		s->vmcb->tlb_control = TLB_FLUSH_NONE;
		return;
	}
	/* Each CPU counts its own generations. */
	ASSERT(a->count);
	ASSERT(s->asid_cpu != smp_cpu_id() || s->asid_generation <= a->generation);
	s->need_flush = false;
	take_new(s, a);
	s->vmcb->tlb_control = a->flush_all ? TLB_FLUSH_ALL : TLB_FLUSH_NONE;
	a->flush_all = false;
}
