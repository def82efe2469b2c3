/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Features of the CPU, by the ABI's featureset numbers (X86_FEATURE_* = word * 32 + bit). */
#ifndef ASM_X86_FEATURES_H
#define ASM_X86_FEATURES_H

#include <xen/compiler.h>

enum {
#define XEN_CPUFEATURE(name, value) X86_FEATURE_##name = value,
#include <public/arch-x86/cpufeatureset.h>
};
#undef XEN_CPUFEATURE

#define NR_FEATURE_WORDS 19

enum cpu_vendor { CPU_VENDOR_UNKNOWN, CPU_VENDOR_AMD, CPU_VENDOR_INTEL };

/** Identification of the boot CPU; constant after cpu_features_init. */
struct cpu_model {
	enum cpu_vendor vendor;
	u32 family, model, stepping;
	u32 max_leaf, max_ext_leaf;
	u8 phys_bits, virt_bits;
	u32 flush_bytes;	/* what CLFLUSH affects, a power of two; 0: there is none */
	char name[49];
	u32 features[NR_FEATURE_WORDS];
};

extern struct cpu_model boot_cpu;

static inline bool cpu_has(u32 feature)
{
	return (boot_cpu.features[feature / 32] >> (feature % 32)) & 1;
}

/** Read CPUID and apply cpu-features= of the command line. Boot CPU. */
void cpu_features_init(void);
/** Print one line for each feature that is missing, forced or forbidden; stop when a required
 * one is missing. Call after the console works. */
void cpu_features_report(void);

#endif
