/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes to control registers, as limited by the guest's CPUID policy; combined exceptions. */
#include <xen/assert.h>
#include <xen/printk.h>
#include <xen/x86/control-regs.h>
#include <xen/x86/regs.h>

#define FEATURE(name) XEN_X86_FEATURE_##name

#define CR3_PCID 0xfffUL

#define CR0_DEFINED (X86_CR0_PE | X86_CR0_MP | X86_CR0_EM | X86_CR0_TS | X86_CR0_ET | X86_CR0_NE | \
		     X86_CR0_WP | X86_CR0_AM | X86_CR0_NW | X86_CR0_CD | X86_CR0_PG)

/* Paging is being switched on or off. */
static bool paging_switch_valid(const struct cr0_ctx *c, bool on)
{
	if (!on)
		return !((c->efer & EFER_LMA) && c->code_64bit) && !(c->cr4 & X86_CR4_PCIDE);
	return !(c->efer & EFER_LME) || ((c->cr4 & X86_CR4_PAE) && !c->code_64bit);
}

bool cr0_write_valid(const struct cr0_ctx *c, u64 val, u64 *cr0, u64 *efer)
{
	bool paging = val & X86_CR0_PG;

	if ((val >> 32) || (paging && !(val & X86_CR0_PE)) ||
	    ((val & X86_CR0_NW) && !(val & X86_CR0_CD)))
		return false;
	if (((val ^ c->cr0) & X86_CR0_PG) && !paging_switch_valid(c, paging))
		return false;
	*cr0 = (val & CR0_DEFINED) | X86_CR0_ET;
	*efer = c->efer & ~(u64)EFER_LMA;
	if (paging && (c->efer & EFER_LME))
		*efer |= EFER_LMA;
	return true;
}

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
