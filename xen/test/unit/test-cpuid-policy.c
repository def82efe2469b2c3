/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CPUID policies: what guests must not see, what they need, and hostile or odd updates. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <xen/errno.h>
#include <xen/x86/cpuid-policy.h>
#include <xen/x86/hidden-insns.h>

#define BIT_OF(f) (1u << (XEN_X86_FEATURE_##f % 32))

static const struct cpuid_leaf vendor_amd = { 0, 0x68747541, 0x444d4163, 0x69746e65 };
static const struct cpuid_leaf vendor_intel = { 0, 0x756e6547, 0x6c65746e, 0x49656e69 };

/* A host with every feature bit set, so that what stays visible is the policy's choice. */
static void full_host(const struct cpuid_leaf *vendor, u32 leaf, u32 sub, struct cpuid_leaf *out)
{
	*out = (struct cpuid_leaf){ ~0u, ~0u, ~0u, ~0u };
	switch (leaf) {
	case 0:
		*out = *vendor;
		out->a = 0x20;
		break;
	case 1:
		*out = (struct cpuid_leaf){ 0x00800f12, 0x03100800, ~0u, ~0u };
		break;
	case 4:
		*out = (struct cpuid_leaf){ sub < 4 ? 0x1c000101 | (sub + 1) << 5 : 0, 1, 2, 3 };
		break;
	case 7:
		out->a = sub ? ~0u : 2;
		break;
	case 0xd:
		if (sub == 0)
			*out = (struct cpuid_leaf){ 0x2e7, 2696, 2696, 0 };
		else if (sub >= 2)
			*out = (struct cpuid_leaf){ sub == 2 ? 256 : 64, 576 + sub * 64, 0, 0 };
		break;
	case 0x80000000:
		*out = *vendor;
		out->a = 0x80000022;
		break;
	case 0x80000008:
		out->a = 0x003030;
		break;
	}
}

static void query_amd(void *ctx, u32 leaf, u32 sub, struct cpuid_leaf *out)
{
	full_host(&vendor_amd, leaf, sub, out);
}

static void query_intel(void *ctx, u32 leaf, u32 sub, struct cpuid_leaf *out)
{
	full_host(&vendor_intel, leaf, sub, out);
}

/* A CPU whose every leaf is all ones. */
static void query_ones(void *ctx, u32 leaf, u32 sub, struct cpuid_leaf *out)
{
	*out = (struct cpuid_leaf){ ~0u, ~0u, ~0u, ~0u };
}

static const struct cpuid_config config = {
	.domid = 7, .max_vcpus = 4,
	.time = { .guest_khz = 2000000, .host_khz = 2000000, .host_reliable = true },
};

static void make(struct cpuid_policy *p, cpuid_query_fn query)
{
	struct cpuid_policy host;

	cpuid_policy_read_host(&host, query, NULL);
	cpuid_policy_for_guest(p, &host, &config);
}

static struct cpuid_leaf ask(const struct cpuid_policy *p, u32 vcpu, u32 leaf, u32 sub)
{
	struct cpuid_vcpu_ctx c = { .vcpu_id = vcpu, .xcr0 = 1, .apic_enabled = true };
	struct cpuid_leaf l;

	cpuid_guest(p, &c, leaf, sub, &l);
	return l;
}

/*
 * Instructions that the processor has and the guest must not use are hidden; those it lacks need
 * not be.
 */
static void test_hidden_insns(void **state)
{
	const u32 never = 1u << HIDDEN_RDPRU | 1u << HIDDEN_MCOMMIT | 1u << HIDDEN_INVLPGB;
	struct cpuid_policy host, p;

	cpuid_policy_read_host(&host, query_amd, NULL);
	cpuid_policy_for_guest(&p, &host, &config);
	assert_int_equal(cpuid_hidden_insns(&host, &p), never);
	assert_int_equal(ask(&p, 0, 0x80000008, 0).b & 0x118, 0);
	p.ext[1].d &= ~BIT_OF(RDTSCP);
	assert_int_equal(cpuid_hidden_insns(&host, &p), never | 1u << HIDDEN_RDTSCP);
	p.feat[0].b &= ~BIT_OF(INVPCID);
	assert_int_equal(cpuid_hidden_insns(&host, &p),
			 never | 1u << HIDDEN_RDTSCP | 1u << HIDDEN_INVPCID);
	host.ext[1].d = host.feat[0].b = host.ext[8].b = 0;
	assert_int_equal(cpuid_hidden_insns(&host, &p), 0);
}

static void test_hidden(void **state)
{
	struct cpuid_policy p;

	make(&p, query_amd);
	assert_int_equal(ask(&p, 0, 1, 0).c & (BIT_OF(VMX) | BIT_OF(MONITOR) | BIT_OF(PDCM)), 0);
	assert_int_equal(ask(&p, 0, 1, 0).c & BIT_OF(OSXSAVE), 0);
	assert_int_equal(ask(&p, 0, 0x80000001, 0).c & (BIT_OF(SVM) | BIT_OF(OSVW)), 0);
	assert_int_equal(ask(&p, 0, 7, 0).b & (BIT_OF(SGX) | BIT_OF(MPX) | BIT_OF(RTM)), 0);
	assert_int_equal(ask(&p, 0, 0xd, 1).a & BIT_OF(XSAVES), 0);
	assert_int_equal(ask(&p, 0, 0x80000007, 0).d, 0);
	assert_int_equal(ask(&p, 0, 5, 0).a, 0);
	assert_int_equal(ask(&p, 0, 0xa, 0).a, 0);
	assert_int_equal(ask(&p, 0, 0x8000000a, 0).d, 0);
	assert_int_equal(ask(&p, 0, 0x8000ffff, 0).a, 0);
	assert_int_equal(ask(&p, 0, 0xe, 0).a, 0);
	assert_int_equal(ask(&p, 0, 0xffff0001, 0).a, 0);
}

static void test_offered(void **state)
{
	struct cpuid_vcpu_ctx c = { .cr4 = 1 << 18 | 1 << 22, .xcr0 = 7 };
	struct cpuid_policy p;
	struct cpuid_leaf l;

	make(&p, query_amd);
	l = ask(&p, 0, 1, 0);
	assert_true(l.c & BIT_OF(X2APIC) && l.c & BIT_OF(TSC_DEADLINE) && l.c & BIT_OF(HYPERVISOR));
	assert_true(l.d & BIT_OF(APIC) && l.d & BIT_OF(MTRR) && l.d & BIT_OF(HTT));
	assert_true(ask(&p, 0, 0x80000001, 0).d & BIT_OF(LM));
	assert_true(ask(&p, 0, 0x80000001, 0).d & BIT_OF(FPU));
	cpuid_guest(&p, &c, 1, 0, &l);
	assert_true(l.c & BIT_OF(OSXSAVE));
	assert_false(l.d & BIT_OF(APIC));
	cpuid_guest(&p, &c, 7, 0, &l);
	assert_true(l.c & BIT_OF(OSPKE));
	make(&p, query_intel);
	assert_false(ask(&p, 0, 0x80000001, 0).d & BIT_OF(FPU));
	assert_int_equal(ask(&p, 0, 0x80000008, 0).c, 0);
}

static void test_topology(void **state)
{
	struct cpuid_policy p;

	make(&p, query_intel);
	assert_int_equal(ask(&p, 3, 1, 0).b, 6u << 24 | 8 << 16 | 8 << 8);
	assert_int_equal(ask(&p, 3, 0xb, 0).d, 6);
	assert_int_equal(ask(&p, 3, 0xb, 0).b, 1);
	assert_int_equal(ask(&p, 3, 0xb, 0).c, 0x100);
	assert_int_equal(ask(&p, 3, 0xb, 1).a, 3);
	assert_int_equal(ask(&p, 3, 0xb, 1).b, 4);
	assert_int_equal(ask(&p, 3, 0xb, 1).c, 0x201);
	assert_int_equal(ask(&p, 3, 0xb, 2).c, 2);
	assert_int_equal(ask(&p, 0, 4, 0).a >> 14 & 0xfff, 1);
	assert_int_equal(ask(&p, 0, 4, 2).a >> 14 & 0xfff, 7);
	assert_int_equal(ask(&p, 0, 4, 2).a >> 26, 3);
	assert_int_equal(ask(&p, 0, 4, 5).a, 0);
	assert_int_equal(ask(&p, 0, 4, 600).a, 0);
	make(&p, query_amd);
	assert_int_equal(ask(&p, 3, 0x80000008, 0).c, 3 | 3 << 12);
	assert_int_equal(ask(&p, 3, 0x8000001e, 0).a, 6);
}

static void test_xstate(void **state)
{
	struct cpuid_vcpu_ctx c = { .xcr0 = 7 };
	struct cpuid_config cfg = config;
	struct cpuid_policy p, host;
	struct cpuid_leaf l;

	make(&p, query_intel);
	assert_int_equal(p.xcr0_max, 0x2e7);
	assert_int_equal(ask(&p, 0, 0xd, 0).b, 576);
	cpuid_guest(&p, &c, 0xd, 0, &l);
	assert_int_equal(l.b, 576 + 128 + 256);
	assert_int_equal(l.c, 576 + 9 * 64 + 64);
	assert_true(cpuid_xcr0_valid(&p, 7) && cpuid_xcr0_valid(&p, 0xe7));
	assert_false(cpuid_xcr0_valid(&p, 6) || cpuid_xcr0_valid(&p, 5));
	assert_false(cpuid_xcr0_valid(&p, 0x27) || cpuid_xcr0_valid(&p, 0x1f));
	cpuid_policy_read_host(&host, query_intel, NULL);
	cfg.hide[1] = BIT_OF(XSAVE);
	cpuid_policy_for_guest(&p, &host, &cfg);
	assert_int_equal(p.xcr0_max, 0);
	assert_int_equal(ask(&p, 0, 0xd, 0).c, 0);
	assert_false(cpuid_has(&p, XEN_X86_FEATURE_AVX) || cpuid_has(&p, XEN_X86_FEATURE_AVX512VL));
	assert_false(cpuid_has(&p, XEN_X86_FEATURE_PKU));
	assert_false(cpuid_cr4_valid(&p) & (1 << 18 | 1 << 22 | 1 << 13));
}

static void test_hypervisor(void **state)
{
	struct cpuid_policy p;
	struct cpuid_leaf l;
	char sig[12];

	make(&p, query_amd);
	l = ask(&p, 2, 0x40000000, 0);
	memcpy(sig, &l.b, 12);
	assert_memory_equal(sig, "XenVMMXenVMM", 12);
	assert_int_equal(l.a, 0x40000004);
	assert_int_equal(ask(&p, 2, 0x40000001, 0).a, 0x40011);
	assert_int_equal(ask(&p, 2, 0x40000002, 0).a, 1);
	assert_int_equal(ask(&p, 2, 0x40000002, 0).b, 0x40000000);
	assert_int_equal(ask(&p, 2, 0x40000003, 0).c, 2000000);
	assert_int_equal(ask(&p, 2, 0x40000003, 2).a, 2000000);
	l = ask(&p, 2, 0x40000004, 0);
	assert_int_equal(l.a, 0x58);
	assert_int_equal(l.b, 2);
	assert_int_equal(l.c, 7);
	assert_int_equal(ask(&p, 2, 0x40000100, 0).a, 0);
}

static void test_serialise(void **state)
{
	xen_cpuid_leaf_t leaves[CPUID_MAX_SERIALISED];
	struct cpuid_policy p, q;
	xen_msr_entry_t msrs[2];
	u32 n, nm, bl, bs, bm;

	make(&p, query_intel);
	q = p;
	assert_int_equal(cpuid_policy_to_leaves(&p, leaves, 3, &n), -XEN_ENOBUFS);
	assert_int_equal(cpuid_policy_to_leaves(&p, leaves, CPUID_MAX_SERIALISED, &n), 0);
	assert_int_equal(cpuid_policy_to_msrs(&p, msrs, 2, &nm), 0);
	assert_int_equal(cpuid_policy_update(&q, &p, leaves, n, msrs, nm, &bl, &bs, &bm), 0);
	assert_memory_equal(&p, &q, sizeof(p));

	/* Removing AVX removes the features that need it; requesting VMX has no effect. */
	for (u32 i = 0; i < n; i++)
		if (leaves[i].leaf == 1)
			leaves[i].c = (leaves[i].c & ~BIT_OF(AVX)) | BIT_OF(VMX);
	assert_int_equal(cpuid_policy_update(&q, &p, leaves, n, msrs, nm, &bl, &bs, &bm), 0);
	assert_false(cpuid_has(&q, XEN_X86_FEATURE_AVX2) || cpuid_has(&q, XEN_X86_FEATURE_VMX));
	assert_int_equal(q.xcr0_max, 0x203);
	/* A feature that was removed can be added again: the policy as created is the limit. */
	cpuid_policy_to_leaves(&p, leaves, CPUID_MAX_SERIALISED, &n);
	assert_int_equal(cpuid_policy_update(&q, &p, leaves, n, msrs, nm, &bl, &bs, &bm), 0);
	assert_memory_equal(&p, &q, sizeof(p));
}

static void test_update_refused(void **state)
{
	xen_cpuid_leaf_t l = { 0x123, ~0u, 0, 0, 0, 0 };
	xen_msr_entry_t m = { .idx = 0xce, .val = 1u << 31 };
	struct cpuid_policy p, q;
	u32 bl, bs, bm;

	make(&p, query_amd);
	q = p;
	assert_int_equal(cpuid_policy_update(&q, &p, &l, 1, NULL, 0, &bl, &bs, &bm), -XEN_ERANGE);
	assert_int_equal(bl, 0x123);
	l = (xen_cpuid_leaf_t){ 0, ~0u, 0xe, p.basic[0].b, p.basic[0].c, p.basic[0].d };
	assert_int_equal(cpuid_policy_update(&q, &p, &l, 1, NULL, 0, &bl, &bs, &bm), -XEN_EINVAL);
	assert_int_equal(bl, 0);
	l = (xen_cpuid_leaf_t){ 7, 0, 3, 0, 0, 0 };
	assert_int_equal(cpuid_policy_update(&q, &p, &l, 1, NULL, 0, &bl, &bs, &bm), -XEN_EINVAL);
	l = (xen_cpuid_leaf_t){ 0x80000008, ~0u, 52, 0, 0, 0 };
	assert_int_equal(cpuid_policy_update(&q, &p, &l, 1, NULL, 0, &bl, &bs, &bm), -XEN_EINVAL);
	assert_int_equal(cpuid_policy_update(&q, &p, NULL, 0, &m, 1, &bl, &bs, &bm), -XEN_EINVAL);
	assert_int_equal(bm, 0xce);
	m = (xen_msr_entry_t){ .idx = 0x10 };
	assert_int_equal(cpuid_policy_update(&q, &p, NULL, 0, &m, 1, &bl, &bs, &bm), -XEN_ERANGE);
	assert_memory_equal(&p, &q, sizeof(p));
}

static void test_hostile(void **state)
{
	struct cpuid_policy p, max;
	u32 bl, bs, bm;

	srand(5);
	make(&max, query_ones);
	make(&max, query_amd);
	p = max;
	for (int i = 0; i < 100000; i++) {
		xen_cpuid_leaf_t l = { (u32)rand() % 0x24 | (rand() & 1 ? 0x80000000 : 0),
				       rand() & 1 ? ~0u : (u32)rand() % 70,
				       (u32)rand() >> rand() % 31,
				       (u32)rand() * 2, (u32)rand() * 2, (u32)rand() * 2 };
		u32 words[CPUID_FEATURESET_WORDS], limit[CPUID_FEATURESET_WORDS];

		cpuid_policy_update(&p, &max, &l, 1, NULL, 0, &bl, &bs, &bm);
		cpuid_policy_featureset(&p, words);
		cpuid_policy_featureset(&max, limit);
		for (u32 w = 0; w < CPUID_FEATURESET_WORDS; w++)
			assert_int_equal(words[w] & ~limit[w], 0);
		ask(&p, (u32)rand(), (u32)rand() % 0x30 | (u32)(rand() % 3) << 30, (u32)rand() * 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hidden), cmocka_unit_test(test_hidden_insns),
		cmocka_unit_test(test_offered),
		cmocka_unit_test(test_topology), cmocka_unit_test(test_xstate),
		cmocka_unit_test(test_hypervisor), cmocka_unit_test(test_serialise),
		cmocka_unit_test(test_update_refused), cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
