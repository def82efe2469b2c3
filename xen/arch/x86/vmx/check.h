/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What VMX demands, as pure functions that unit tests can call: which controls a processor allows,
 * and the checks that it makes when it enters a guest. The processor says only that an entry
 * failed; the same checks in software name the field (SDM volume 3, sections 26.2 and 26.3,
 * appendix A).
 */
#ifndef VMX_CHECK_H
#define VMX_CHECK_H

#include <xen/compiler.h>
#include "vmcs.h"

/** Values of the capability MSRs. Of a control's MSR the low half are bits that must be set, the
 * high half those that may be. */
struct vmx_caps {
	u64 basic;
	u64 pin, proc, proc2, exit, entry;
	u64 cr0_fixed0, cr0_fixed1, cr4_fixed0, cr4_fixed1;
	u64 ept_vpid;
};

/** The controls with which every guest begins. */
struct vmx_controls {
	u32 pin, proc, proc2, exit, entry;
};

/**
 * Choose the controls on a processor with @caps. @proc2_wanted are additional secondary controls
 * that must be there. Returns NULL, or the name of a feature that Xenolith needs and the processor
 * lacks.
 */
const char *vmx_choose_controls(const struct vmx_caps *caps, u32 proc2_wanted,
				struct vmx_controls *out);

/** How much of a guest's local APIC the processor carries out; each has what those before have. */
enum vmx_apic {
	VMX_APIC_NONE,		/* every access to it exits */
	VMX_APIC_TPR,		/* but for those to CR8 */
	VMX_APIC_VIRTUAL,	/* it reads registers, delivers interrupts and ends them */
	VMX_APIC_POSTED,	/* interrupts of other CPUs reach a running guest */
};

/** The most that a processor with @caps can. */
enum vmx_apic vmx_apic_offered(const struct vmx_caps *caps);
/** Add the controls that all guests have with @apic, which the processor offers. */
void vmx_add_apic_controls(enum vmx_apic apic, struct vmx_controls *c);

/** A VMCS, read field by field, and the processor that is to enter it. */
struct vmx_entry_source {
	u64 (*read)(void *ctx, u32 field);
	void *ctx;
	const struct vmx_caps *caps;
	u32 phys_bits;		/* width of physical addresses */
};

/** A field that an entry refuses. */
struct vmx_entry_fault {
	u32 field;		/* VMCS_* */
	const char *name;
	u64 value;
	const char *rule;	/* what it breaks */
};

/**
 * Make the checks of a VM entry: of the controls, the host's state, the guest's. False: @fault is
 * the first thing wrong. Covers the controls that vmx_choose_controls() sets, so the processor may
 * still find something else.
 */
bool vmx_entry_valid(const struct vmx_entry_source *src, struct vmx_entry_fault *fault);
/** The name of @field, or "?". */
const char *vmcs_field_name(u32 field);

#endif
