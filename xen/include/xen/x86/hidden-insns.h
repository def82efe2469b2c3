/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Instructions that a processor executes for a guest even though the guest's CPUID does not offer
 * them, and that a hypervisor can intercept. They raise #UD, as on a processor without them. The
 * complete list, and those that cannot be intercepted: docs/instructions.md.
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

/** Instructions that a processor like @host has and a guest with policy @p must not use. */
u32 cpuid_hidden_insns(const struct cpuid_policy *host, const struct cpuid_policy *p);

#endif
