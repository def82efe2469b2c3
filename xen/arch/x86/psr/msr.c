/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The processor's own cache monitoring and allocation: CPUID leaves 0xf and 0x10, and the registers
 * (SDM vol. 3B, "Intel Resource Director Technology"; AMD documents the same leaves and registers).
 * No emulator has them, so this was never run on the registers themselves.
 */
#include <xen/ops.h>

#include <asm/features.h>
#include <asm/msr.h>
#include <asm/processor.h>

#include "private.h"

/* Results of CPUID, by register. */
enum { EAX, EBX, ECX, EDX };

#define LEAF_FEATURES 7
#define FEATURES_EBX_MONITORING BIT(12)
#define FEATURES_EBX_ALLOCATION BIT(15)
#define LEAF_CACHES_INTEL 4
#define LEAF_CACHES_AMD 0x8000001d
#define CACHE_TYPE 0x1fU
#define CACHE_LEVEL_SHIFT 5
#define CACHE_LEVEL 7U
#define MAX_CACHES 8
#define LEAF_MONITORING 0xf
#define MONITORING_EDX_L3 BIT(1)
#define LEAF_ALLOCATION 0x10
#define ALLOCATION_EBX_L3 BIT(1)

/* Both leaves of caches have one layout; that of the other vendor is empty. */
static u64 l3_bytes(void (*query)(u32 leaf, u32 subleaf, u32 out[4]), u32 leaf)
{
	u32 r[4];

	for (u32 i = 0; i < MAX_CACHES; i++) {
		query(leaf, i, r);
		if (!(r[EAX] & CACHE_TYPE))
			break;
		if ((r[EAX] >> CACHE_LEVEL_SHIFT & CACHE_LEVEL) == 3)
			return ((r[EBX] >> 22) + 1UL) * ((r[EBX] >> 12 & 0x3ff) + 1) *
			       ((r[EBX] & 0xfff) + 1) * (r[ECX] + 1UL);
	}
	return 0;
}

static void monitoring_caps(struct psr_caps *c, void (*query)(u32 leaf, u32 subleaf, u32 out[4]))
{
	u32 r[4];

	query(LEAF_MONITORING, 0, r);
	if (!(r[EDX] & MONITORING_EDX_L3))
		return;
	query(LEAF_MONITORING, 1, r);
	if (!r[EBX] || r[ECX] == ~0U)
		return;
	c->upscale = r[EBX];
	c->rmids = r[ECX] + 1;
	c->events = r[EDX];
}

static void allocation_caps(struct psr_caps *c, void (*query)(u32 leaf, u32 subleaf, u32 out[4]))
{
	u32 r[4];

	query(LEAF_ALLOCATION, 0, r);
	if (!(r[EBX] & ALLOCATION_EBX_L3))
		return;
	query(LEAF_ALLOCATION, 1, r);
	c->cbm_len = (r[EAX] & 0x1f) + 1;
	c->coses = (r[EDX] & 0xffff) + 1;
}

bool psr_caps_from_cpuid(struct psr_caps *c, void (*query)(u32 leaf, u32 subleaf, u32 out[4]))
{
	u32 r[4];

	*c = (struct psr_caps){ 0 };
	query(LEAF_FEATURES, 0, r);
	c->l3_bytes = l3_bytes(query, LEAF_CACHES_INTEL);
	if (!c->l3_bytes)
		c->l3_bytes = l3_bytes(query, LEAF_CACHES_AMD);
	if (!c->l3_bytes)
		return false;
	if (r[EBX] & FEATURES_EBX_MONITORING)
		monitoring_caps(c, query);
	if (r[EBX] & FEATURES_EBX_ALLOCATION)
		allocation_caps(c, query);
	return c->rmids || c->coses;
}

/* A leaf above the largest would repeat another one's values. */
static void query_cpu(u32 leaf, u32 subleaf, u32 out[4])
{
	u32 limit = leaf & 0x80000000 ? boot_cpu.max_ext_leaf : boot_cpu.max_leaf;
	struct cpuid_regs r = { 0 };

	if (leaf <= limit)
		r = cpuid_count(leaf, subleaf);
	out[EAX] = r.eax;
	out[EBX] = r.ebx;
	out[ECX] = r.ecx;
	out[EDX] = r.edx;
}

static bool probe(struct psr_caps *caps)
{
	return psr_caps_from_cpuid(caps, query_cpu);
}

void psr_msr_associate(u64 pqr)
{
	wrmsr(MSR_PQR_ASSOC, pqr);
}

void psr_msr_set_mask(u32 cos, u32 mask)
{
	wrmsr(MSR_L3_MASK(cos), mask);
}

static u64 read(u32 event, u32 rmid)
{
	wrmsr(MSR_QM_EVTSEL, event | (u64)rmid << 32);
	return rdmsr(MSR_QM_CTR);
}

const struct psr_provider psr_by_msrs = {
	.name = "the processor",
	.probe = probe,
	.associate = psr_msr_associate,
	.set_mask = psr_msr_set_mask,
	.read = read,
};
OPS_TABLE(psr_by_msrs, probe);
