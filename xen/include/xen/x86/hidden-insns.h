/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Instructions that a processor executes for a guest although the guest's CPUID says it has none of
 * them, and that a hypervisor can intercept. They are #UD, as on a processor without them. The
 * whole list, and what cannot be intercepted: docs/instructions.md.
 */
#ifndef XEN_X86_HIDDEN_INSNS_H
#define XEN_X86_HIDDEN_INSNS_H

#include <xen/x86/cpuid-policy.h>

/** In the order of the bits of cpuid_hidden_insns(). */
enum hidden_insn {
	HIDDEN_RDTSCP,
	HIDDEN_INVPCID,
	HIDDEN_RDPRU,
	HIDDEN_MCOMMIT,
	HIDDEN_INVLPGB,		/* and TLBSYNC */
	HIDDEN_NR
};

/** Which of these a processor like @host has, and a guest with policy @p must not use. */
u32 cpuid_hidden_insns(const struct cpuid_policy *host, const struct cpuid_policy *p);

#endif
