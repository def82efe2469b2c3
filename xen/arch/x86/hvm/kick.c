/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Making a vCPU notice what was posted for it. */
#include <xen/hal/smp.h>
#include <xen/hal/vcpu.h>

#include <asm/processor.h>

#include "private.h"

void hvm_kick(struct x86_vcpu *xv)
{
	struct vcpu *v = &xv->v;

	vcpu_unblock(v);
	if (READ_ONCE(v->running) && v != cpu_info()->current_vcpu)
		hal_smp_kick(vcpu_cpu(v));
}
