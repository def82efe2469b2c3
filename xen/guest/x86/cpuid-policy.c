/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CPUID policies: reading the host's, deriving a guest's table of leaves, answering from it. */
#include "cpuid-private.h"

#include <xen/assert.h>
#include <xen/string.h>
#include <xen/x86/vlapic.h>

#include <public/arch-x86/cpuid.h>

#define HV_VERSION ((4u << 16) | 17)
#define HYPERCALL_MSR 0x40000000u
#define CR4_PKE (1UL << 22)
#define CR4_OSXSAVE (1UL << 18)
/* Legacy area and header of XSAVE. */
#define XSAVE_MIN 576u

#define WORD(field) offsetof(struct cpuid_policy, field)

static const u32 word_offset[CPUID_FEATURESET_WORDS] = {
	WORD(basic[1].d), WORD(basic[1].c), WORD(ext[1].d), WORD(ext[1].c), WORD(xstate[1].a),
	WORD(feat[0].b), WORD(feat[0].c), WORD(ext[7].d), WORD(ext[8].b), WORD(feat[0].d),
	WORD(feat[1].a), WORD(ext[0x21].a), WORD(feat[1].b), WORD(feat[2].d), WORD(feat[1].c),
	WORD(feat[1].d), WORD(arch_caps[0]), WORD(arch_caps[1]), WORD(ext[0x21].c),
};

u32 *cpuid_feature_word(struct cpuid_policy *p, u32 w)
{
	return (u32 *)(void *)((char *)p + word_offset[w]);
}

static u32 word_of(const struct cpuid_policy *p, u32 w)
{
	return *(const u32 *)(const void *)((const char *)p + word_offset[w]);
}

void cpuid_policy_featureset(const struct cpuid_policy *p, u32 words[CPUID_FEATURESET_WORDS])
{
	for (u32 w = 0; w < CPUID_FEATURESET_WORDS; w++)
		words[w] = word_of(p, w);
	words[2] &= ~CPUID_COMMON_1D;
}

bool cpuid_has(const struct cpuid_policy *p, u32 feature)
{
	return feature / 32 < CPUID_FEATURESET_WORDS &&
	       ((word_of(p, feature / 32) >> (feature % 32)) & 1);
}

static u8 vendor_of(const struct cpuid_leaf *l)
{
	/* The first four letters tell them apart: "Genu", "Auth", "Hygo" (an AMD design). */
	if (l->b == 0x756e6547)
		return CPUID_VENDOR_INTEL;
	return l->b == 0x68747541 || l->b == 0x6f677948 ? CPUID_VENDOR_AMD : CPUID_VENDOR_OTHER;
}

static void read_subleaves(cpuid_query_fn query, void *ctx, u32 leaf, struct cpuid_leaf *out, u32 n)
{
	for (u32 i = 0; i < n; i++)
		query(ctx, leaf, i, &out[i]);
}

void cpuid_policy_read_host(struct cpuid_policy *p, cpuid_query_fn query, void *ctx)
{
	u32 max, max_ext;

	memset(p, 0, sizeof(*p));
	query(ctx, 0, 0, &p->basic[0]);
	p->vendor = vendor_of(&p->basic[0]);
	max = min(p->basic[0].a, (u32)CPUID_NR_BASIC - 1);
	p->basic[0].a = max;
	for (u32 i = 1; i <= max; i++)
		if (i != 4 && i != 7 && i != 0xb && i != 0xd)
			query(ctx, i, 0, &p->basic[i]);
	if (max >= 4 && p->vendor == CPUID_VENDOR_INTEL)
		read_subleaves(query, ctx, 4, p->cache, CPUID_NR_CACHE);
	if (max >= 7) {
		query(ctx, 7, 0, &p->feat[0]);
		p->max_feat = min(p->feat[0].a, (u32)CPUID_NR_FEAT - 1);
		p->feat[0].a = p->max_feat;
		for (u32 i = 1; i <= p->max_feat; i++)
			query(ctx, 7, i, &p->feat[i]);
	}
	if (max >= 0xb)
		read_subleaves(query, ctx, 0xb, p->topo, CPUID_NR_TOPO);
	if (max >= 0xd && cpuid_has(p, FEATURE(XSAVE)))
		read_subleaves(query, ctx, 0xd, p->xstate, CPUID_NR_XSTATE);
	p->xcr0_max = p->xstate[0].a | (u64)p->xstate[0].d << 32;

	query(ctx, 0x80000000, 0, &p->ext[0]);
	max_ext = p->ext[0].a >> 16 == 0x8000 ? p->ext[0].a & 0xffff : 0;
	max_ext = min(max_ext, (u32)CPUID_NR_EXT - 1);
	p->ext[0].a = 0x80000000 | max_ext;
	for (u32 i = 1; i <= max_ext; i++)
		query(ctx, 0x80000000 | i, 0, &p->ext[i]);
}

u32 cpuid_xsave_size(const struct cpuid_policy *p, u64 xcr0)
{
	u32 size = XSAVE_MIN;

	for (u64 m = xcr0 & p->xcr0_max & ~3UL; m; m &= m - 1) {
		u32 i = (u32)__builtin_ctzll(m);

		if (i < CPUID_NR_XSTATE)
			size = max(size, p->xstate[i].a + p->xstate[i].b);
	}
	return size;
}

/* The compacted format: components follow each other, some on 64-byte boundaries. */
static u32 compacted_size(const struct cpuid_policy *p, u64 mask)
{
	u32 size = XSAVE_MIN;

	for (u64 m = mask & p->xcr0_max & ~3UL; m; m &= m - 1) {
		u32 i = (u32)__builtin_ctzll(m);

		if (i >= CPUID_NR_XSTATE)
			break;
		if (p->xstate[i].c & 2)
			size = ROUND_UP(size, 64u);
		size += p->xstate[i].a;
	}
	return size;
}

bool cpuid_xcr0_valid(const struct cpuid_policy *p, u64 xcr0)
{
	u64 avx512 = xcr0 & XCR0_AVX512;

	if (!(xcr0 & XCR0_X87) || (xcr0 & ~p->xcr0_max))
		return false;
	if ((xcr0 & XCR0_AVX) && !(xcr0 & XCR0_SSE))
		return false;
	return !avx512 || (avx512 == XCR0_AVX512 && (xcr0 & XCR0_AVX));
}

u64 cpuid_cr4_valid(const struct cpuid_policy *p)
{
	static const struct { u16 feature; u8 bit; } rules[] = {
		{ FEATURE(VME), 0 }, { FEATURE(VME), 1 }, { FEATURE(TSC), 2 }, { FEATURE(DE), 3 },
		{ FEATURE(PSE), 4 }, { FEATURE(PAE), 5 }, { FEATURE(MCE), 6 }, { FEATURE(PGE), 7 },
		{ FEATURE(MSR), 8 }, { FEATURE(FXSR), 9 }, { FEATURE(SSE), 10 },
		{ FEATURE(UMIP), 11 }, { FEATURE(FSGSBASE), 16 }, { FEATURE(PCID), 17 },
		{ FEATURE(XSAVE), 18 }, { FEATURE(SMEP), 20 }, { FEATURE(SMAP), 21 },
		{ FEATURE(PKU), 22 },
	};
	u64 cr4 = 0;

	for (u32 i = 0; i < ARRAY_SIZE(rules); i++)
		if (cpuid_has(p, rules[i].feature))
			cr4 |= 1UL << rules[i].bit;
	return cr4;
}

static void apply_xstate(struct cpuid_policy *p)
{
	u64 allowed = 0;

	if (cpuid_has(p, FEATURE(XSAVE)))
		allowed = XCR0_X87 | XCR0_SSE;
	if (cpuid_has(p, FEATURE(AVX)))
		allowed |= XCR0_AVX;
	if (cpuid_has(p, FEATURE(AVX512F)))
		allowed |= XCR0_AVX512;
	if (cpuid_has(p, FEATURE(PKU)))
		allowed |= XCR0_PKRU;
	p->xcr0_max &= allowed;
	p->xstate[0] = (struct cpuid_leaf){ .a = (u32)p->xcr0_max, .d = (u32)(p->xcr0_max >> 32) };
	p->xstate[1] = (struct cpuid_leaf){ .a = p->xstate[1].a };
	for (u32 i = 2; i < CPUID_NR_XSTATE; i++)
		if (!((p->xcr0_max >> i) & 1))
			p->xstate[i] = (struct cpuid_leaf){ 0 };
	ASSERT(!p->xcr0_max || (p->xcr0_max & (XCR0_X87 | XCR0_SSE)) == (XCR0_X87 | XCR0_SSE));
	if (p->xcr0_max)
		p->xstate[0].c = cpuid_xsave_size(p, p->xcr0_max);
}

void cpuid_apply_features(struct cpuid_policy *p, const u32 words[CPUID_FEATURESET_WORDS])
{
	for (u32 w = 0; w < CPUID_FEATURESET_WORDS; w++)
		*cpuid_feature_word(p, w) = words[w];
	if (p->vendor == CPUID_VENDOR_AMD)
		p->ext[1].d |= p->basic[1].d & CPUID_COMMON_1D;
	apply_xstate(p);
}

/* The number of bits needed for @n different values. */
static u32 width(u32 n)
{
	return n <= 1 ? 0 : 32 - (u32)__builtin_clz(n - 1);
}

static void set_topology(struct cpuid_policy *p)
{
	u32 ids = p->vcpus * 2;
	u32 shift = width(ids);

	p->basic[1].b = (p->basic[1].b & 0xff00) | min(ids, 255u) << 16;
	p->basic[1].d &= ~(1u << (FEATURE(HTT) % 32));
	if (p->vcpus > 1)
		p->basic[1].d |= 1u << (FEATURE(HTT) % 32);

	/* A core's two ids share its inner caches; all ids share level 3 and beyond. */
	for (u32 i = 0; i < CPUID_NR_CACHE; i++) {
		struct cpuid_leaf *l = &p->cache[i];
		u32 sharing = ((l->a >> 5) & 7) >= 3 ? min((1u << shift) - 1, 0xfffu) : 1;

		if (l->a & 0x1f)
			l->a = (l->a & 0x3fff) | sharing << 14 | min(p->vcpus - 1, 63u) << 26;
	}
	p->topo[0] = (struct cpuid_leaf){ .a = 1, .b = 1, .c = 0x100 };
	p->topo[1] = (struct cpuid_leaf){ .a = shift, .b = p->vcpus, .c = 0x201 };
	p->ext[8].c = 0;
	if (p->vendor == CPUID_VENDOR_AMD)
		p->ext[8].c = min(p->vcpus - 1, 255u) | min(shift, 15u) << 12;
}

/* Leaves that describe the host and are kept, except for their feature words. */
static bool ext_passes(const struct cpuid_policy *p, u32 i)
{
	switch (i) {
	case 0 ... 4:		/* range, signature, name */
	case 8:			/* address sizes */
	case 0x19: case 0x1a:	/* TLBs for 1 GiB pages, hints */
		return true;
	case 5: case 6:		/* caches; on Intel only the latter is in use */
		return p->vendor != CPUID_VENDOR_INTEL || i == 6;
	default:
		return false;
	}
}

static void clear_private_leaves(struct cpuid_policy *p)
{
	for (u32 i = 3; i < CPUID_NR_BASIC; i++)
		p->basic[i] = (struct cpuid_leaf){ 0 };
	/* Only Intel describes caches in leaf 2. */
	if (p->vendor != CPUID_VENDOR_INTEL)
		p->basic[2] = (struct cpuid_leaf){ 0 };
	/* ARAT: the APIC timer runs in every idle state. */
	if (p->basic[0].a >= 6)
		p->basic[6].a = 1u << 2;
	for (u32 i = 0; i < CPUID_NR_EXT; i++)
		if (!ext_passes(p, i))
			p->ext[i] = (struct cpuid_leaf){ 0 };
	p->ext[1].b = p->vendor == CPUID_VENDOR_AMD ? p->ext[1].b : 0;
	p->ext[8].d = 0;
}

void cpuid_policy_for_guest(struct cpuid_policy *p, const struct cpuid_policy *host,
			    const struct cpuid_config *cfg)
{
	u32 words[CPUID_FEATURESET_WORDS], host_bits = host->ext[8].a & 0xff;

	ASSERT(!host->is_guest && host->basic[0].a < CPUID_NR_BASIC);
	ASSERT((host->ext[0].a & 0xffff) < CPUID_NR_EXT);
	*p = *host;
	p->is_guest = true;
	p->vcpus = max(cfg->max_vcpus, 1u);
	p->domid = cfg->domid;
	p->time = cfg->time;
	p->platform_info = 0;
	p->hvm_features = XEN_HVM_CPUID_VCPU_ID_PRESENT | XEN_HVM_CPUID_DOMID_PRESENT |
			  XEN_HVM_CPUID_UPCALL_VECTOR |
			  (cfg->iommu_mappings ? XEN_HVM_CPUID_IOMMU_MAPPINGS : 0);
	clear_private_leaves(p);

	if (!host_bits)
		host_bits = 36;
	p->ext[8].a = (p->ext[8].a & 0xff00) |
		      (cfg->phys_bits ? min(cfg->phys_bits, host_bits) : host_bits);

	cpuid_offered(host, words);
	for (u32 w = 0; w < CPUID_FEATURESET_WORDS; w++)
		words[w] &= ~cfg->hide[w];
	if (!cfg->invariant_tsc)
		words[FEATURE(ITSC) / 32] &= ~(1u << (FEATURE(ITSC) % 32));
	cpuid_drop_dependents(words);
	for (u32 i = 0; i < CPUID_NR_FEAT; i++)
		p->feat[i] = (struct cpuid_leaf){ .a = i ? 0 : p->max_feat };
	cpuid_apply_features(p, words);
	set_topology(p);
}

static void hypervisor_leaf(const struct cpuid_policy *p, const struct cpuid_vcpu_ctx *c, u32 leaf,
			    u32 subleaf, struct cpuid_leaf *out)
{
	const struct cpuid_time *t = &p->time;

	switch (leaf - XEN_CPUID_FIRST_LEAF) {
	case 0:
		*out = (struct cpuid_leaf){ XEN_CPUID_LEAF(4), XEN_CPUID_SIGNATURE_EBX,
					    XEN_CPUID_SIGNATURE_ECX, XEN_CPUID_SIGNATURE_EDX };
		break;
	case 1:
		out->a = HV_VERSION;
		break;
	case 2:
		out->a = 1;
		out->b = HYPERCALL_MSR;
		break;
	case 3:
		if (subleaf == 0)
			*out = (struct cpuid_leaf){
				(u32)t->emulated | (u32)t->host_reliable << 1 |
				(u32)cpuid_has(p, FEATURE(RDTSCP)) << 2,
				t->mode, t->guest_khz, t->incarnation };
		else if (subleaf == 1)
			*out = (struct cpuid_leaf){ (u32)t->offset, (u32)((u64)t->offset >> 32),
						    t->mul, t->shift };
		else if (subleaf == 2)
			out->a = t->host_khz;
		break;
	case 4:
		if (subleaf == 0)
			*out = (struct cpuid_leaf){ p->hvm_features, c->vcpu_id, p->domid, 0 };
		break;
	}
}

static void xstate_leaf(const struct cpuid_policy *p, const struct cpuid_vcpu_ctx *c, u32 subleaf,
			struct cpuid_leaf *out)
{
	if (subleaf >= CPUID_NR_XSTATE || !p->xcr0_max)
		return;
	*out = p->xstate[subleaf];
	if (subleaf == 0)
		out->b = cpuid_xsave_size(p, c->xcr0);
	else if (subleaf == 1 && cpuid_has(p, FEATURE(XSAVEC)))
		out->b = compacted_size(p, c->xcr0);
}

static void basic_leaf(const struct cpuid_policy *p, const struct cpuid_vcpu_ctx *c, u32 leaf,
		       u32 subleaf, struct cpuid_leaf *out)
{
	switch (leaf) {
	case 1:
		*out = p->basic[1];
		out->b |= (vcpu_apic_id(c->vcpu_id) & 0xff) << 24;
		if ((c->cr4 & CR4_OSXSAVE) && cpuid_has(p, FEATURE(XSAVE)))
			out->c |= 1u << (FEATURE(OSXSAVE) % 32);
		if (!c->apic_enabled)
			out->d &= ~(1u << (FEATURE(APIC) % 32));
		break;
	case 4:
		if (subleaf < CPUID_NR_CACHE)
			*out = p->cache[subleaf];
		break;
	case 7:
		ASSERT(p->max_feat < CPUID_NR_FEAT);
		if (subleaf > p->max_feat)
			break;
		*out = p->feat[subleaf];
		if (subleaf == 0 && (c->cr4 & CR4_PKE) && cpuid_has(p, FEATURE(PKU)))
			out->c |= 1u << (FEATURE(OSPKE) % 32);
		break;
	case 0xb:
		if (subleaf < CPUID_NR_TOPO)
			*out = p->topo[subleaf];
		out->c = (out->c & ~0xffu) | (subleaf & 0xff);
		out->d = vcpu_apic_id(c->vcpu_id);
		break;
	case 0xd:
		xstate_leaf(p, c, subleaf, out);
		break;
	default:
		ASSERT(leaf < CPUID_NR_BASIC);
		*out = p->basic[leaf];
		break;
	}
}

void cpuid_guest(const struct cpuid_policy *p, const struct cpuid_vcpu_ctx *c, u32 leaf,
		 u32 subleaf, struct cpuid_leaf *out)
{
	u32 index = leaf & 0xffff;

	*out = (struct cpuid_leaf){ 0 };
	switch (leaf >> 16) {
	case 0:
		if (index <= p->basic[0].a)
			basic_leaf(p, c, index, subleaf, out);
		break;
	case 0x4000:
		hypervisor_leaf(p, c, leaf, subleaf, out);
		break;
	case 0x8000:
		if (leaf > p->ext[0].a)
			break;
		ASSERT(index < CPUID_NR_EXT);
		*out = p->ext[index];
		if (index == 1 && p->vendor == CPUID_VENDOR_AMD && !c->apic_enabled)
			out->d &= ~(1u << (FEATURE(APIC) % 32));
		if (index == 0x1e && p->vendor == CPUID_VENDOR_AMD)
			*out = (struct cpuid_leaf){ .a = vcpu_apic_id(c->vcpu_id),
						    .b = c->vcpu_id & 0xff };
		break;
	}
}
