/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Control registers as limited by the guest's CPUID policy, and combined exceptions. */
#include <xen/assert.h>
#include <xen/printk.h>
#include <xen/x86/control-regs.h>
#include <xen/x86/regs.h>

#define FEATURE(name) XEN_X86_FEATURE_##name

#define CR3_PCID 0xfffUL

bool cr4_write_valid(const struct cpuid_policy *p, const struct cr4_ctx *c, u64 val)
{
	ASSERT(!(cpuid_cr4_valid(p) & (X86_CR4_VMXE | X86_CR4_LA57)));
	if (val & ~cpuid_cr4_valid(p))
		return false;
	if (!c->long_mode)
		return !(val & X86_CR4_PCIDE);
	if (!(val & X86_CR4_PAE))
		return false;
	return !(val & ~c->cr4 & X86_CR4_PCIDE) || !(c->cr3 & CR3_PCID);
}

u64 efer_settable(const struct cpuid_policy *p)
{
	static const struct { u16 feature; u64 bit; } rules[] = {
		{ FEATURE(SYSCALL), EFER_SCE }, { FEATURE(LM), EFER_LME },
		{ FEATURE(NX), EFER_NXE }, { FEATURE(FFXSR), EFER_FFXSR },
	};
	u64 bits = 0;

	for (u32 i = 0; i < ARRAY_SIZE(rules); i++)
		if (cpuid_has(p, rules[i].feature))
			bits |= rules[i].bit;
	ASSERT(!(bits & (EFER_SVME | EFER_LMSLE | EFER_LMA)));
	return bits;
}

#define VEC_DE 0
#define VEC_DF 8
#define VEC_TS 10
#define VEC_GP 13
#define VEC_PF 14

static bool is_contributory(u8 vector)
{
	return vector == VEC_DE || (vector >= VEC_TS && vector <= VEC_GP);
}

int x86_combine_exceptions(u8 first, u8 second)
{
	bool severe;

	ASSERT(first < 32 && second < 32);
	severe = is_contributory(second) || second == VEC_PF;

	if (first == VEC_DF)
		return severe ? X86_SHUTDOWN : second;
	if (first == VEC_PF ? severe : is_contributory(first) && is_contributory(second))
		return VEC_DF;
	return second;
}
