/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guest MSRs outside the hardware's vCPU state: some have handlers, others come from a table. */
#include <xen/assert.h>
#include <xen/errno.h>
#include <xen/string.h>
#include <xen/x86/msr-policy.h>

#include <public/xen.h>
#include <public/hvm/save.h>

#define MSR_TSC 0x10
#define MSR_TSC_ADJUST 0x3b
#define MSR_MICROCODE 0x8b
#define MSR_MCG_STATUS 0x17a
#define MSR_MISC_ENABLE 0x1a0
#define MSR_DEBUGCTL 0x1d9
#define MSR_MC0_CTL 0x400
#define MSR_TSC_AUX 0xc0000103

/* Branch trace and precise sampling are absent; fast strings may be switched. */
#define MISC_ENABLE_FIXED (1UL << 11 | 1UL << 12)
#define MISC_ENABLE_FAST_STRING 1UL
#define DEBUGCTL_WRITABLE 3UL

enum rule_kind {
	RULE_CONST,		/* reads a constant; writes do nothing */
	RULE_READ_ONLY,		/* reads a constant; writes are #GP */
	RULE_ABSENT,		/* #GP without a log line: guests probe for it */
};

#define ANY 0xff
#define AMD (1u << CPUID_VENDOR_AMD)
#define INTEL (1u << CPUID_VENDOR_INTEL)

struct msr_rule {
	u32 first, last;
	u8 vendors;
	u8 kind;
	u64 value;
};

/* Sorted by number. */
static const struct msr_rule rules[] = {
	{ 0x00000017, 0x00000017, INTEL, RULE_READ_ONLY, 0 },	/* platform id */
	{ 0x0000002a, 0x0000002a, INTEL, RULE_CONST, 0 },	/* power-on configuration */
	{ 0x00000033, 0x00000034, ANY, RULE_ABSENT, 0 },	/* TEST_CTRL, SMI count */
	{ 0x0000003a, 0x0000003a, INTEL, RULE_READ_ONLY, 1 },	/* FEATURE_CONTROL: all off */
	{ 0x00000048, 0x00000049, ANY, RULE_ABSENT, 0 },	/* SPEC_CTRL, PRED_CMD: hidden */
	{ 0x0000004e, 0x0000004f, ANY, RULE_ABSENT, 0 },	/* PPIN */
	{ 0x00000079, 0x00000079, INTEL, RULE_CONST, 0 },	/* microcode load */
	{ 0x000000c1, 0x000000c8, INTEL, RULE_CONST, 0 },	/* performance counters */
	{ 0x000000ce, 0x000000ce, INTEL, RULE_READ_ONLY, 0 },	/* PLATFORM_INFO */
	{ 0x000000e7, 0x000000e8, ANY, RULE_ABSENT, 0 },	/* MPERF, APERF */
	{ 0x0000010a, 0x0000010b, ANY, RULE_ABSENT, 0 },	/* ARCH_CAPS, FLUSH_CMD */
	{ 0x00000122, 0x00000123, ANY, RULE_ABSENT, 0 },	/* TSX_CTRL, MCU_OPT_CTRL */
	{ 0x00000140, 0x00000140, INTEL, RULE_CONST, 0 },	/* MISC_FEATURES_ENABLES */
	{ 0x00000179, 0x00000179, ANY, RULE_READ_ONLY, MSR_NR_MC_BANKS },	/* MCG_CAP */
	{ 0x0000017b, 0x0000017b, ANY, RULE_ABSENT, 0 },	/* MCG_CTL: capability clear */
	{ 0x00000186, 0x0000018d, INTEL, RULE_CONST, 0 },	/* event selectors */
	{ 0x00000198, 0x0000019d, INTEL, RULE_CONST, 0 },	/* performance state, thermal */
	{ 0x000001a2, 0x000001a2, INTEL, RULE_READ_ONLY, 0 },	/* temperature target */
	{ 0x000001a4, 0x000001ad, ANY, RULE_ABSENT, 0 },	/* prefetchers, off-core, turbo */
	{ 0x000001b0, 0x000001b2, ANY, RULE_ABSENT, 0 },	/* energy bias, package thermal */
	{ 0x00000345, 0x00000345, ANY, RULE_ABSENT, 0 },	/* PERF_CAPABILITIES */
	{ 0x0000038d, 0x00000390, ANY, RULE_ABSENT, 0 },	/* architectural counters */
	{ 0x00000480, 0x00000491, ANY, RULE_ABSENT, 0 },	/* VMX capabilities */
	{ 0x000004d0, 0x000004d0, ANY, RULE_ABSENT, 0 },	/* MCG_EXT_CTL */
	{ 0x00000570, 0x00000571, ANY, RULE_ABSENT, 0 },	/* processor trace */
	{ 0x00000606, 0x00000641, ANY, RULE_ABSENT, 0 },	/* power limits */
	{ 0x000006a0, 0x000006a8, ANY, RULE_ABSENT, 0 },	/* CET */
	{ 0x00000770, 0x00000777, ANY, RULE_ABSENT, 0 },	/* hardware P-states */
	{ 0x00000c81, 0x00000d9f, ANY, RULE_ABSENT, 0 },	/* cache allocation */
	{ 0x00000da0, 0x00000da0, ANY, RULE_ABSENT, 0 },	/* XSS */
	{ 0xc00000e7, 0xc00000e9, ANY, RULE_ABSENT, 0 },	/* read-only MPERF, APERF, IRPERF */
	{ 0xc0000104, 0xc0000108, ANY, RULE_ABSENT, 0 },	/* TSC ratio and others */
	{ 0xc0000408, 0xc000040a, AMD, RULE_CONST, 0 },		/* bank 4's further MISC */
	{ 0xc0002000, 0xc0002fff, ANY, RULE_ABSENT, 0 },	/* scalable MCA */
	{ 0xc0010000, 0xc0010007, AMD, RULE_CONST, 0 },		/* performance counters */
	{ 0xc0010010, 0xc0010010, AMD, RULE_CONST, 0 },		/* SYSCFG */
	{ 0xc0010015, 0xc0010015, AMD, RULE_CONST, 1 << 24 },	/* HWCR: TSC counts at P0 rate */
	{ 0xc0010016, 0xc001001a, AMD, RULE_CONST, 0 },		/* IORRs, TOP_MEM */
	{ 0xc001001d, 0xc001001d, AMD, RULE_CONST, 0 },		/* TOP_MEM2 */
	{ 0xc001001f, 0xc001001f, AMD, RULE_CONST, 0 },		/* NB_CFG */
	{ 0xc0010020, 0xc0010020, AMD, RULE_CONST, 0 },		/* microcode load */
	{ 0xc0010044, 0xc0010048, AMD, RULE_CONST, 0 },		/* MCA bank masks */
	{ 0xc0010055, 0xc0010055, AMD, RULE_CONST, 0 },		/* INT_PENDING: no C1E */
	{ 0xc0010058, 0xc0010058, AMD, RULE_CONST, 0 },		/* MMIO configuration base: off */
	{ 0xc0010061, 0xc001006b, AMD, RULE_CONST, 0 },		/* P-states */
	{ 0xc0010111, 0xc0010113, AMD, RULE_ABSENT, 0 },	/* SMM */
	{ 0xc0010114, 0xc0010114, AMD, RULE_CONST, 1 << 4 },	/* VM_CR: SVM is disabled */
	{ 0xc0010117, 0xc0010117, AMD, RULE_ABSENT, 0 },	/* VM_HSAVE_PA */
	{ 0xc001011f, 0xc001011f, AMD, RULE_ABSENT, 0 },	/* VIRT_SPEC_CTRL */
	{ 0xc0010140, 0xc0010141, AMD, RULE_CONST, 0 },		/* OSVW: no errata reported */
	{ 0xc0010200, 0xc001020b, AMD, RULE_ABSENT, 0 },	/* core counters */
	{ 0xc0010230, 0xc001023b, AMD, RULE_ABSENT, 0 },	/* L2 and L3 counters */
	{ 0xc0010240, 0xc0010247, AMD, RULE_ABSENT, 0 },	/* northbridge counters */
	{ 0xc0010292, 0xc00102ff, AMD, RULE_ABSENT, 0 },	/* power reporting, CPPC */
	{ 0xc0010400, 0xc0010420, AMD, RULE_ABSENT, 0 },	/* MCA masks */
	{ 0xc0011000, 0xc001101b, AMD, RULE_ABSENT, 0 },	/* CPUID overrides, DR masks */
	{ 0xc0011020, 0xc0011023, AMD, RULE_ABSENT, 0 },	/* LS, IC, DC, BU configuration */
	{ 0xc0011028, 0xc0011028, AMD, RULE_CONST, 0 },		/* FP_CFG */
	{ 0xc0011029, 0xc0011029, AMD, RULE_CONST, 1 << 1 },	/* DE_CFG: LFENCE serialises */
	{ 0xc001102a, 0xc001103d, AMD, RULE_ABSENT, 0 },	/* BU_CFG2, IBS */
	{ 0xc00110e3, 0xc00110e3, AMD, RULE_ABSENT, 0 },	/* erratum switch */
};

static const struct msr_rule *find_rule(const struct msr_ctx *c, u32 msr)
{
	u32 lo = 0, hi = ARRAY_SIZE(rules);

	ASSERT(c->policy->vendor < 8);	/* a bit of msr_rule.vendors */
	while (lo < hi) {
		u32 mid = (lo + hi) / 2;

		if (msr > rules[mid].last)
			lo = mid + 1;
		else if (msr < rules[mid].first)
			hi = mid;
		else
			return rules[mid].vendors >> c->policy->vendor & 1 ? &rules[mid] : NULL;
	}
	return NULL;
}

void guest_msrs_init(struct guest_msrs *m, u32 phys_bits, u32 microcode)
{
	memset(m, 0, sizeof(*m));
	mtrr_init(&m->mtrr, phys_bits);
	m->misc_enable = MISC_ENABLE_FIXED | MISC_ENABLE_FAST_STRING;
	m->microcode = microcode;
}

static bool is_mc_bank(u32 msr)
{
	return msr >= MSR_MC0_CTL && msr < MSR_MC0_CTL + 4 * MSR_NR_MC_BANKS;
}

/* Intel returns the revision in the upper half, AMD in the lower. */
static u64 microcode_value(const struct guest_msrs *m, const struct msr_ctx *c)
{
	return c->policy->vendor == CPUID_VENDOR_INTEL ? (u64)m->microcode << 32 : m->microcode;
}

static int read_rule(const struct msr_ctx *c, u32 msr, u64 *val)
{
	const struct msr_rule *r = find_rule(c, msr);

	ASSERT(!r || (msr >= r->first && msr <= r->last));
	if (!r)
		return -XEN_ENOENT;
	if (r->kind == RULE_ABSENT)
		return -XEN_EINVAL;
	*val = r->value;
	return 0;
}

int guest_msr_read(const struct guest_msrs *m, const struct msr_ctx *c, u32 msr, u64 *val)
{
	ASSERT(c->policy);
	if (mtrr_owns_msr(msr))
		return mtrr_read(&m->mtrr, msr, val);
	if (is_mc_bank(msr)) {
		*val = msr & 3 ? 0 : m->mc_ctl[(msr - MSR_MC0_CTL) / 4];
		return 0;
	}
	switch (msr) {
	case MSR_TSC:
		*val = c->guest_tsc;
		return 0;
	case MSR_TSC_ADJUST:
		*val = m->tsc_adjust;
		return cpuid_has(c->policy, XEN_X86_FEATURE_TSC_ADJUST) ? 0 : -XEN_EINVAL;
	case MSR_TSC_AUX:
		*val = m->tsc_aux;
		return cpuid_has(c->policy, XEN_X86_FEATURE_RDTSCP) ? 0 : -XEN_EINVAL;
	case MSR_MICROCODE:
		*val = microcode_value(m, c);
		return 0;
	case MSR_MCG_STATUS:
		*val = m->mcg_status;
		return 0;
	case MSR_MISC_ENABLE:
		*val = m->misc_enable;
		return c->policy->vendor == CPUID_VENDOR_INTEL ? 0 : -XEN_EINVAL;
	case MSR_DEBUGCTL:
		*val = m->debugctl;
		return 0;
	default:
		return read_rule(c, msr, val);
	}
}

static int write_rule(const struct msr_ctx *c, u32 msr)
{
	const struct msr_rule *r = find_rule(c, msr);

	if (!r)
		return -XEN_ENOENT;
	return r->kind == RULE_CONST ? 0 : -XEN_EINVAL;
}

static int write_mc_bank(struct guest_msrs *m, u32 msr, u64 val)
{
	ASSERT(is_mc_bank(msr));
	if (!(msr & 3))
		m->mc_ctl[(msr - MSR_MC0_CTL) / 4] = val;
	else if ((msr & 3) == 1 && val)
		return -XEN_EINVAL;	/* only zero may be written to a status register */
	return 0;
}

static int write_tsc_aux(struct guest_msrs *m, const struct msr_ctx *c, u64 val, u32 *effects)
{
	if (!cpuid_has(c->policy, XEN_X86_FEATURE_RDTSCP) || val >> 32)
		return -XEN_EINVAL;
	m->tsc_aux = (u32)val;
	*effects = MSR_EFFECT_TSC_AUX;
	return 0;
}

static int write_tsc(struct guest_msrs *m, const struct msr_ctx *c, u32 msr, u64 val, u32 *effects)
{
	if (msr == MSR_TSC)
		m->tsc_adjust += val - c->guest_tsc;
	else if (cpuid_has(c->policy, XEN_X86_FEATURE_TSC_ADJUST))
		m->tsc_adjust = val;
	else
		return -XEN_EINVAL;
	*effects = MSR_EFFECT_TSC;
	return 0;
}

int guest_msr_write(struct guest_msrs *m, const struct msr_ctx *c, u32 msr, u64 val, u32 *effects)
{
	ASSERT(c->policy && !(m->debugctl & ~DEBUGCTL_WRITABLE));
	*effects = 0;
	if (mtrr_owns_msr(msr)) {
		*effects = MSR_EFFECT_MEM_TYPE;
		return mtrr_write(&m->mtrr, msr, val);
	}
	if (is_mc_bank(msr))
		return write_mc_bank(m, msr, val);
	switch (msr) {
	case MSR_TSC:
	case MSR_TSC_ADJUST:
		return write_tsc(m, c, msr, val, effects);
	case MSR_TSC_AUX:
		return write_tsc_aux(m, c, val, effects);
	case MSR_MICROCODE:
		return 0;	/* Intel's protocol writes 0 before CPUID refreshes it */
	case MSR_MCG_STATUS:
		m->mcg_status = val & 7;
		return 0;
	case MSR_MISC_ENABLE:
		if (c->policy->vendor != CPUID_VENDOR_INTEL)
			return -XEN_EINVAL;
		m->misc_enable = MISC_ENABLE_FIXED | (val & MISC_ENABLE_FAST_STRING);
		return 0;
	case MSR_DEBUGCTL:
		if (val & ~DEBUGCTL_WRITABLE)
			return -XEN_EINVAL;
		m->debugctl = val;
		return 0;
	default:
		return write_rule(c, msr);
	}
}

static s32 save(void *state, u32 instance, void *record, s_time_t now)
{
	const struct guest_msrs *m = state;

	((struct hvm_tsc_adjust *)record)->tsc_adjust = m->tsc_adjust;
	return sizeof(struct hvm_tsc_adjust);
}

/* Any offset is valid: it is added modulo 2^64. */
static int check(const void *state, u32 instance, const void *record, u32 len)
{
	return 0;
}

static void load(void *state, u32 instance, const void *record, u32 len, s_time_t now)
{
	struct guest_msrs *m = state;

	m->tsc_adjust = ((const struct hvm_tsc_adjust *)record)->tsc_adjust;
}

const struct save_kind tsc_adjust_record = {
	.type = HVM_SAVE_CODE(TSC_ADJUST),
	.min_bytes = HVM_SAVE_LENGTH(TSC_ADJUST), .max_bytes = HVM_SAVE_LENGTH(TSC_ADJUST),
	.save = save, .check = check, .load = load,
};
