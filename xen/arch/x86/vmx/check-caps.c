/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which controls a processor allows, and whether these are enough. */
#include "check.h"

/* Of the basic MSR: the other capability MSRs say which default controls may be switched off. */
#define BASIC_TRUE_CONTROLS (1UL << 55)

struct need {
	u32 bit;
	const char *name;
};

static const struct need pin_needs[] = {
	{ VMX_PIN_INTERRUPTS, "exits on interrupts" },
	{ VMX_PIN_NMI, "exits on NMIs" },
	{ VMX_PIN_VIRTUAL_NMI, "virtual NMIs" },
};

static const struct need proc_needs[] = {
	{ VMX_PROC_SECONDARY, "secondary controls" },
	{ VMX_PROC_TSC_OFFSET, "TSC offsets" },
	{ VMX_PROC_HLT, "exits on HLT" },
	{ VMX_PROC_MWAIT, "exits on MWAIT" },
	{ VMX_PROC_RDPMC, "exits on RDPMC" },
	{ VMX_PROC_CR8_LOAD, "exits on writes to CR8" },
	{ VMX_PROC_CR8_STORE, "exits on reads of CR8" },
	{ VMX_PROC_IO_BITMAPS, "I/O bitmaps" },
	{ VMX_PROC_MSR_BITMAPS, "MSR bitmaps" },
	{ VMX_PROC_MONITOR, "exits on MONITOR" },
};

static const struct need proc2_needs[] = {
	{ VMX_PROC2_EPT, "extended page tables (EPT)" },
	{ VMX_PROC2_UNRESTRICTED, "unrestricted guests" },
	{ VMX_PROC2_WBINVD, "exits on WBINVD" },
};

static const struct need exit_needs[] = {
	{ VMX_EXIT_HOST_64, "a 64-bit host" },
	{ VMX_EXIT_SAVE_DEBUG, "saving of debug controls" },
	{ VMX_EXIT_LOAD_PAT, "loading of the host's PAT" },
	{ VMX_EXIT_SAVE_EFER, "saving of the guest's EFER" },
	{ VMX_EXIT_LOAD_EFER, "loading of the host's EFER" },
};

static const struct need entry_needs[] = {
	{ VMX_ENTRY_LOAD_DEBUG, "loading of debug controls" },
	{ VMX_ENTRY_LOAD_PAT, "loading of the guest's PAT" },
	{ VMX_ENTRY_LOAD_EFER, "loading of the guest's EFER" },
};

static const struct {
	u64 bit;
	const char *name;
} ept_needs[] = {
	{ VMX_CAP_EPT_4_LEVELS, "EPT of four levels" },
	{ VMX_CAP_EPT_WRITE_BACK, "cached EPT" },
	{ VMX_CAP_EPT_2M, "EPT pages of 2 MiB" },
	{ VMX_CAP_EPT_1G, "EPT pages of 1 GiB" },
	{ VMX_CAP_INVEPT, "INVEPT" },
};

/* Set *@value to the needed bits, those @optional ones that are allowed, and what must be set. */
static const char *choose(u64 msr, const struct need *needs, u32 nr, u32 optional, u32 *value)
{
	u32 must = (u32)msr, may = (u32)(msr >> 32);

	*value = must | (optional & may);
	for (u32 i = 0; i < nr; i++) {
		if (!(may & needs[i].bit))
			return needs[i].name;
		*value |= needs[i].bit;
	}
	return NULL;
}

static const char *check_ept(const struct vmx_caps *caps)
{
	for (u32 i = 0; i < ARRAY_SIZE(ept_needs); i++)
		if (!(caps->ept_vpid & ept_needs[i].bit))
			return ept_needs[i].name;
	if (!(caps->ept_vpid & (VMX_CAP_INVEPT_ONE | VMX_CAP_INVEPT_ALL)))
		return "a kind of INVEPT";
	return NULL;
}

const char *vmx_choose_controls(const struct vmx_caps *caps, u32 proc2_wanted,
				struct vmx_controls *out)
{
	u64 vpid = VMX_CAP_INVVPID | VMX_CAP_INVVPID_ONE | VMX_CAP_INVVPID_ALL;
	const char *lacks;
	u32 optional = 0;

	if (!(caps->basic & BASIC_TRUE_CONTROLS))
		return "guests that load CR3 without an exit";
	if ((caps->ept_vpid & vpid) == vpid)
		optional = VMX_PROC2_VPID;
	lacks = choose(caps->pin, pin_needs, ARRAY_SIZE(pin_needs), 0, &out->pin);
	if (!lacks)
		lacks = choose(caps->proc, proc_needs, ARRAY_SIZE(proc_needs), 0, &out->proc);
	if (!lacks && (out->proc & (VMX_PROC_CR3_LOAD | VMX_PROC_CR3_STORE)))
		lacks = "guests that load CR3 without an exit";
	if (!lacks)
		lacks = choose(caps->proc2, proc2_needs, ARRAY_SIZE(proc2_needs),
			       optional | proc2_wanted, &out->proc2);
	if (!lacks && (out->proc2 & proc2_wanted) != proc2_wanted)
		lacks = "RDTSCP and INVPCID in guests";
	if (!lacks)
		lacks = choose(caps->exit, exit_needs, ARRAY_SIZE(exit_needs), 0, &out->exit);
	if (!lacks)
		lacks = choose(caps->entry, entry_needs, ARRAY_SIZE(entry_needs), 0, &out->entry);
	return lacks ? lacks : check_ept(caps);
}

static bool allows(u64 msr, u32 bits)
{
	return ((u32)(msr >> 32) & bits) == bits;
}

enum vmx_apic vmx_apic_offered(const struct vmx_caps *caps)
{
	if (!allows(caps->proc, VMX_PROC_TPR_SHADOW))
		return VMX_APIC_NONE;
	if (!allows(caps->proc2, VMX_PROC2_APIC_ACCESS | VMX_PROC2_X2APIC | VMX_PROC2_APIC_REGS |
				 VMX_PROC2_VIRQS))
		return VMX_APIC_TPR;
	if (!allows(caps->pin, VMX_PIN_POSTED) || !allows(caps->exit, VMX_EXIT_ACK))
		return VMX_APIC_VIRTUAL;
	return VMX_APIC_POSTED;
}

void vmx_add_apic_controls(enum vmx_apic apic, struct vmx_controls *c)
{
	if (apic >= VMX_APIC_TPR)
		c->proc = (c->proc & ~(VMX_PROC_CR8_LOAD | VMX_PROC_CR8_STORE)) |
			  VMX_PROC_TPR_SHADOW;
	/* The mode of the guest's APIC decides about the two kinds of access. */
	if (apic >= VMX_APIC_VIRTUAL)
		c->proc2 |= VMX_PROC2_APIC_REGS | VMX_PROC2_VIRQS;
	if (apic >= VMX_APIC_POSTED) {
		c->pin |= VMX_PIN_POSTED;
		c->exit |= VMX_EXIT_ACK;
	}
}
