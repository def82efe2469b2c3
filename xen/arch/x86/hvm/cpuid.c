/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CPUID for the current vCPU, and the policies that answer it. */
#include <xen/assert.h>
#include <xen/errno.h>
#include <xen/hal/time.h>
#include <xen/hal/vcpu.h>
#include <xen/trace.h>
#include <xen/xmalloc.h>

#include <asm/features.h>
#include <asm/msr.h>
#include <asm/processor.h>
#include <asm/time.h>

#include "private.h"

static struct cpuid_policy host_policy;

static void query_host(void *ctx, u32 leaf, u32 subleaf, struct cpuid_leaf *out)
{
	struct cpuid_regs r = cpuid_count(leaf, subleaf);

	*out = (struct cpuid_leaf){ r.eax, r.ebx, r.ecx, r.edx };
}

void hvm_cpuid_init(void)
{
	cpuid_policy_read_host(&host_policy, query_host, NULL);
	/*
	 * With cpu-features=+itsc the user vouches for the TSC: the hardware domain may rely on it,
	 * too.
	 */
	if (cpu_has(X86_FEATURE_ITSC))
		host_policy.ext[7].d |= BIT(8);
}

const struct cpuid_policy *hvm_host_cpuid(void)
{
	return &host_policy;
}

void hvm_cpuid_make(struct cpuid_policy *p, const struct domain *d)
{
	struct cpuid_config cfg = {
		.domid = d ? d->id : 0,
		.max_vcpus = d ? d->max_vcpus : 1,
		.invariant_tsc = d && d->is_hardware,
		.time = { .host_reliable = true,
			  .guest_khz = hal_cycles_khz(),
			  .host_khz = hal_cycles_khz(),
			  .incarnation = 1 },
	};

	ASSERT(host_policy.basic[0].a && !host_policy.is_guest);
	cfg.time.offset = d ? (s64)to_xd((struct domain *)d)->tsc_offset : 0;
	cfg.time.mul = time_tsc_scale()->mul;
	cfg.time.shift = (u32)(s32)timescale_shift(time_tsc_scale());
	cpuid_policy_for_guest(p, &host_policy, &cfg);
}

int hvm_cpuid_domain_init(struct domain *d)
{
	struct x86_domain *xd = to_xd(d);

	ASSERT(!xd->cpuid);
	xd->cpuid = xzalloc(struct cpuid_policy);
	if (!xd->cpuid)
		return -XEN_ENOMEM;
	hvm_cpuid_make(xd->cpuid, d);
	return 0;
}

void hvm_cpuid(struct x86_vcpu *xv, u32 leaf, u32 subleaf, u32 out[4])
{
	struct cpuid_vcpu_ctx c = {
		.vcpu_id = xv->v.id,
		.cr4 = hvm->get_cr(xv, 4),
		.xcr0 = xv->xcr0,
		.apic_enabled = xv->vlapic.base_msr & APIC_BASE_EN,
	};
	struct cpuid_leaf l;

	/* XCR0 is in the processor. */
	ASSERT(&xv->v == hal_current_vcpu());
	/* Only leaf 0xd depends on XCR0, which the guest may have changed without an exit. */
	if (unlikely(leaf == 0xd) && fpu_host_xcr0())
		c.xcr0 = xgetbv(0);
	cpuid_guest(to_xd(xv->v.domain)->cpuid, &c, leaf, subleaf, &l);
	out[0] = l.a;
	out[1] = l.b;
	out[2] = l.c;
	out[3] = l.d;
}

void hvm_do_cpuid(struct x86_vcpu *xv)
{
	u32 out[4];

	hvm_cpuid(xv, (u32)xv->gpr[GPR_RAX], (u32)xv->gpr[GPR_RCX], out);
	trace_cpuid((u32)xv->gpr[GPR_RAX], (u32)xv->gpr[GPR_RCX], out[0], out[1], out[2], out[3]);
	xv->gpr[GPR_RAX] = out[0];
	xv->gpr[GPR_RBX] = out[1];
	xv->gpr[GPR_RCX] = out[2];
	xv->gpr[GPR_RDX] = out[3];
}
