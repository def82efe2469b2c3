/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files of the CPUID policy. */
#ifndef GUEST_X86_CPUID_PRIVATE_H
#define GUEST_X86_CPUID_PRIVATE_H

#include <xen/x86/cpuid-policy.h>

#define FEATURE(name) XEN_X86_FEATURE_##name
/* Bits AMD repeats from leaf 1 EDX in leaf 0x80000001 EDX. */
#define CPUID_COMMON_1D 0x0183f3ffu

/** Pointer to word @w of a featureset in @p. */
u32 *cpuid_feature_word(struct cpuid_policy *p, u32 w);
/** The features of the @host that a guest may have: rules, then dependencies. */
void cpuid_offered(const struct cpuid_policy *host, u32 words[CPUID_FEATURESET_WORDS]);
/** Drop features whose prerequisites are not in @words. */
void cpuid_drop_dependents(u32 words[CPUID_FEATURESET_WORDS]);
/** Store @words and derive everything that depends on them (XCR0, sizes, duplicates). */
void cpuid_apply_features(struct cpuid_policy *p, const u32 words[CPUID_FEATURESET_WORDS]);

#endif
