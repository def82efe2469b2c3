/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Access to a vCPU's register state. On some processors the state of one vCPU at a time is
 * reachable, by the CPU that has loaded it (a VMCS must be current to be read). So every access to
 * a vCPU that is not the one running here is bracketed by a begin and an end call.
 */
#include <xen/assert.h>
#include <xen/hal/cpu.h>
#include <xen/hal/vcpu.h>

#include "private.h"

void hvm_state_begin(struct x86_vcpu *xv)
{
	u32 cpu = hal_smp_cpu_id();

	/* Running here it is reachable anyway; running elsewhere its state belongs to that CPU. */
	ASSERT(&xv->v == hal_current_vcpu() || !READ_ONCE(xv->v.running));
	ASSERT(!xv->state_depth || xv->state_cpu == cpu);
	xv->state_cpu = cpu;
	xv->state_depth++;
	hvm->state_begin(xv);
}

void hvm_state_end(struct x86_vcpu *xv)
{
	ASSERT(hvm_state_ours(xv) && xv->state_depth);
	hvm->state_end(xv);
	xv->state_depth--;
}

bool hvm_state_ours(const struct x86_vcpu *xv)
{
	return &xv->v == hal_current_vcpu() ||
	       (xv->state_depth && xv->state_cpu == hal_smp_cpu_id());
}
