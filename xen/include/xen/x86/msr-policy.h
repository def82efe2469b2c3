/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest MSRs that are neither in the hardware's vCPU state (EFER, SYSCALL and segment MSRs) nor in
 * the local APIC. The guest's CPUID policy and vendor decide which exist. Register facts: Intel SDM
 * vol. 4, AMD APM vol. 2 appendix A and the BKDGs.
 */
#ifndef XEN_X86_MSR_POLICY_H
#define XEN_X86_MSR_POLICY_H

#include <xen/x86/cpuid-policy.h>
#include <xen/x86/mtrr.h>

#define MSR_NR_MC_BANKS 2

/** Effects of a write that the caller must carry out. */
#define MSR_EFFECT_TSC (1u << 0)	/* tsc_adjust changed: recompute the TSC offset */
#define MSR_EFFECT_MEM_TYPE (1u << 1)	/* MTRRs or PAT changed */
#define MSR_EFFECT_TSC_AUX (1u << 2)	/* tsc_aux changed: load it if the vCPU's are loaded */

/** Belongs to one vCPU. */
struct guest_msrs {
	struct mtrr_state mtrr;
	/* The guest's TSC is the domain's TSC plus this, written as TSC or as TSC_ADJUST. */
	u64 tsc_adjust;
	u32 tsc_aux;
	u64 misc_enable;
	u64 mcg_status;
	u64 mc_ctl[MSR_NR_MC_BANKS];
	u64 debugctl;
	u32 microcode;		/* revision shown in MSR 0x8b */
};

/** Properties of the vCPU that an access depends on. */
struct msr_ctx {
	const struct cpuid_policy *policy;
	u64 guest_tsc;		/* the value RDTSC would return now; used for MSR 0x10 only */
};

void guest_msrs_init(struct guest_msrs *m, u32 phys_bits, u32 microcode);

/**
 * RDMSR and WRMSR. 0: done. -XEN_EINVAL: #GP(0), expected (a feature not offered, a bad value).
 * -XEN_ENOENT: #GP(0), an MSR that no rule covers; worth one log line.
 * *@effects is set by every write (MSR_EFFECT_*).
 */
int guest_msr_read(const struct guest_msrs *m, const struct msr_ctx *c, u32 msr, u64 *val);
int guest_msr_write(struct guest_msrs *m, const struct msr_ctx *c, u32 msr, u64 val, u32 *effects);

/** Saves and loads tsc_adjust. After loading, the caller must recompute the guest's TSC offset. */
extern const struct save_kind tsc_adjust_record;

#endif
