/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest's CPUID. A policy is a table of leaves prepared once per domain; a lookup copies one
 * entry and patches the few fields that depend on the vCPU. Leaf layouts: Intel SDM vol. 2 "CPUID",
 * AMD APM vol. 3 appendix E; hypervisor leaves: public/arch-x86/cpuid.h.
 *
 * Topology shown to a guest: one package, one thread per core, APIC id = vCPU number * 2 (odd ids
 * would be second threads), as toolstacks for Xen write it into ACPI tables.
 *
 * Locking: a policy is constant while its domain runs; only set_cpu_policy changes it, before that.
 */
#ifndef XEN_X86_CPUID_POLICY_H
#define XEN_X86_CPUID_POLICY_H

#include <xen/compiler.h>

#include <public/xen.h>
#include <public/arch-x86/cpufeatureset.h>

struct cpuid_leaf {
	u32 a, b, c, d;
};

#define CPUID_NR_BASIC 0xe
#define CPUID_NR_CACHE 6
#define CPUID_NR_FEAT 3
#define CPUID_NR_TOPO 2
#define CPUID_NR_XSTATE 63
#define CPUID_NR_EXT 0x22
/** Words of a featureset (public/arch-x86/cpufeatureset.h). */
#define CPUID_FEATURESET_WORDS 19
/** Enough entries for cpuid_policy_to_leaves(). */
#define CPUID_MAX_SERIALISED \
	(CPUID_NR_BASIC + CPUID_NR_CACHE + CPUID_NR_FEAT + CPUID_NR_TOPO + CPUID_NR_XSTATE + \
	 CPUID_NR_EXT + 2)
/** Entries cpuid_policy_to_msrs() needs. */
#define CPUID_MAX_SERIALISED_MSRS 2

/** State components of XCR0 that guests may use if the CPU has them. */
#define XCR0_X87 (1UL << 0)
#define XCR0_SSE (1UL << 1)
#define XCR0_AVX (1UL << 2)
#define XCR0_AVX512 (7UL << 5)
#define XCR0_PKRU (1UL << 9)

enum cpuid_vendor { CPUID_VENDOR_OTHER, CPUID_VENDOR_INTEL, CPUID_VENDOR_AMD };

/** Behaviour of the guest's TSC (hypervisor leaf 3). */
struct cpuid_time {
	u32 mode;		/* XEN_DOMCTL_settscinfo's tsc_mode */
	bool emulated;		/* RDTSC exits */
	bool host_reliable;
	u32 guest_khz, host_khz;
	u32 incarnation;
	s64 offset;		/* guest TSC = (host TSC scaled) + offset */
	u32 mul, shift;		/* TSC to ns, as in pvclock */
};

struct cpuid_policy {
	struct cpuid_leaf basic[CPUID_NR_BASIC];	/* 4, 7, 0xb, 0xd stand below */
	struct cpuid_leaf cache[CPUID_NR_CACHE];	/* leaf 4 */
	struct cpuid_leaf feat[CPUID_NR_FEAT];		/* leaf 7 */
	struct cpuid_leaf topo[CPUID_NR_TOPO];		/* leaf 0xb */
	struct cpuid_leaf xstate[CPUID_NR_XSTATE];	/* leaf 0xd */
	struct cpuid_leaf ext[CPUID_NR_EXT];		/* 0x80000000.. */
	u32 arch_caps[2];				/* MSR 0x10a */
	u32 platform_info;				/* MSR 0xce bit 31 only */
	u32 max_feat;					/* last subleaf of leaf 7 */
	u8 vendor;					/* enum cpuid_vendor */
	bool is_guest;					/* masked for guests, not as found */
	u32 vcpus;
	u32 hvm_features;				/* XEN_HVM_CPUID_* */
	u16 domid;
	u64 xcr0_max;					/* bits a guest may set in XCR0 */
	struct cpuid_time time;
};

/** Properties of a domain that its policy depends on. */
struct cpuid_config {
	u16 domid;
	u32 max_vcpus;
	bool invariant_tsc;	/* may see an invariant TSC: it stays on this host, or dom0 */
	bool iommu_mappings;	/* foreign and granted pages have IOMMU entries */
	u32 phys_bits;		/* guest physical address bits; 0: the host's */
	u32 hide[CPUID_FEATURESET_WORDS];	/* features to withhold besides the rules' */
	struct cpuid_time time;
};

/** Properties of a vCPU that the answer depends on. */
struct cpuid_vcpu_ctx {
	u32 vcpu_id;
	u64 cr4;		/* as the guest sees it */
	u64 xcr0;
	bool apic_enabled;	/* IA32_APIC_BASE.EN */
};

/** Executes CPUID on the host (arch) or answers from a table (tests). */
typedef void (*cpuid_query_fn)(void *ctx, u32 leaf, u32 subleaf, struct cpuid_leaf *out);

/** Fill @p with the host's leaves unchanged. */
void cpuid_policy_read_host(struct cpuid_policy *p, cpuid_query_fn query, void *ctx);
/** Derive @p, a guest's policy, from the host's. */
void cpuid_policy_for_guest(struct cpuid_policy *p, const struct cpuid_policy *host,
			    const struct cpuid_config *cfg);

/** Answer CPUID @leaf, @subleaf. Unknown leaves return zeros. */
void cpuid_guest(const struct cpuid_policy *p, const struct cpuid_vcpu_ctx *c, u32 leaf,
		 u32 subleaf, struct cpuid_leaf *out);

/** Does the policy offer feature XEN_X86_FEATURE_*? */
bool cpuid_has(const struct cpuid_policy *p, u32 feature);
/** The policy as a featureset. */
void cpuid_policy_featureset(const struct cpuid_policy *p, u32 words[CPUID_FEATURESET_WORDS]);
/** Bytes of an XSAVE area (standard format) for the components in @xcr0. */
u32 cpuid_xsave_size(const struct cpuid_policy *p, u64 xcr0);
/** May a guest with this policy load @xcr0? (SDM vol. 1, 13.3: valid combinations of bits.) */
bool cpuid_xcr0_valid(const struct cpuid_policy *p, u64 xcr0);
/** CR4 bits that a guest with the offered features may set. */
u64 cpuid_cr4_valid(const struct cpuid_policy *p);

/**
 * Serialise to at most @cap entries; *@n receives the number. -XEN_ENOBUFS when they do not fit.
 */
int cpuid_policy_to_leaves(const struct cpuid_policy *p, xen_cpuid_leaf_t *out, u32 cap, u32 *n);
int cpuid_policy_to_msrs(const struct cpuid_policy *p, xen_msr_entry_t *out, u32 cap, u32 *n);
/**
 * Set @p to the policy that @leaves and @msrs request, within @max (the domain's policy as
 * created). Features beyond @max are dropped silently, and topology is not changed. On error @p is
 * unchanged and *@bad_leaf, *@bad_subleaf, *@bad_msr (all ones when not concerned) give the place:
 * -XEN_ERANGE unknown entry, -XEN_EINVAL bad value.
 */
int cpuid_policy_update(struct cpuid_policy *p, const struct cpuid_policy *max,
			const xen_cpuid_leaf_t *leaves, u32 nr_leaves, const xen_msr_entry_t *msrs,
			u32 nr_msrs, u32 *bad_leaf, u32 *bad_subleaf, u32 *bad_msr);

#endif
