/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The instructions that a guest's CPUID policy hides from it. */
#include <xen/x86/hidden-insns.h>

/* CPUID 8000_0008 EBX (APM volume 3, appendix E.4.6): features without a name in the ABI. */
#define EXT8B_INVLPGB 3
#define EXT8B_RDPRU 4
#define EXT8B_MCOMMIT 8

/* The features of @p, as bits numbered by the enumeration. */
static u32 features(const struct cpuid_policy *p)
{
	u32 ext8b = p->ext[8].b;

	return (u32)cpuid_has(p, XEN_X86_FEATURE_RDTSCP) << HIDDEN_RDTSCP |
	       (u32)cpuid_has(p, XEN_X86_FEATURE_INVPCID) << HIDDEN_INVPCID |
	       (ext8b >> EXT8B_RDPRU & 1) << HIDDEN_RDPRU |
	       (ext8b >> EXT8B_MCOMMIT & 1) << HIDDEN_MCOMMIT |
	       (ext8b >> EXT8B_INVLPGB & 1) << HIDDEN_INVLPGB;
}

u32 cpuid_hidden_insns(const struct cpuid_policy *host, const struct cpuid_policy *p)
{
	return features(host) & ~features(p);
}
