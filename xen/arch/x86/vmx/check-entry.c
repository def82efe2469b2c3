/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The checks of a VM entry, and those of the controls and the host's state (SDM 26.2). */
#include <xen/x86/regs.h>

#include "check-fields.h"

static const struct {
	u32 field;
	const char *name;
} names[] = {
#define NAME(f) { VMCS_##f, #f }
	NAME(VPID), NAME(POSTED_VECTOR), NAME(VIRTUAL_APIC), NAME(APIC_ACCESS), NAME(POSTED_DESC),
	NAME(TPR_THRESHOLD), NAME(IO_BITMAP_A), NAME(IO_BITMAP_B), NAME(MSR_BITMAP),
	NAME(EPT_POINTER),
	NAME(LINK_POINTER), NAME(GUEST_DEBUGCTL), NAME(GUEST_PAT), NAME(GUEST_EFER),
	NAME(HOST_PAT), NAME(HOST_EFER), NAME(PIN_CONTROLS), NAME(PROC_CONTROLS),
	NAME(CR3_TARGETS), NAME(EXIT_CONTROLS), NAME(ENTRY_CONTROLS), NAME(ENTRY_EVENT),
	NAME(ENTRY_ERROR), NAME(ENTRY_LENGTH), NAME(PROC2_CONTROLS), NAME(GUEST_LDTR_SEL),
	NAME(GUEST_TR_SEL), NAME(GUEST_LDTR_LIMIT), NAME(GUEST_TR_LIMIT), NAME(GUEST_LDTR_BASE),
	NAME(GUEST_TR_BASE), NAME(GUEST_LDTR_RIGHTS), NAME(GUEST_TR_RIGHTS),
	NAME(GUEST_GDTR_LIMIT), NAME(GUEST_IDTR_LIMIT), NAME(GUEST_GDTR_BASE),
	NAME(GUEST_IDTR_BASE), NAME(INTERRUPTIBILITY), NAME(ACTIVITY), NAME(GUEST_CR0),
	NAME(GUEST_CR3), NAME(GUEST_CR4), NAME(GUEST_DR7), NAME(GUEST_RIP), NAME(GUEST_RFLAGS),
	NAME(PENDING_DEBUG), NAME(GUEST_SYSENTER_ESP), NAME(GUEST_SYSENTER_EIP), NAME(HOST_CR0),
	NAME(HOST_CR3), NAME(HOST_CR4), NAME(HOST_ES_SEL), NAME(HOST_CS_SEL), NAME(HOST_SS_SEL),
	NAME(HOST_DS_SEL), NAME(HOST_FS_SEL), NAME(HOST_GS_SEL), NAME(HOST_TR_SEL),
	NAME(HOST_FS_BASE), NAME(HOST_GS_BASE), NAME(HOST_TR_BASE), NAME(HOST_GDTR_BASE),
	NAME(HOST_IDTR_BASE), NAME(HOST_SYSENTER_ESP), NAME(HOST_SYSENTER_EIP), NAME(HOST_RIP),
#define SEGMENT(s, i)                                                               \
	{ VMCS_GUEST_ES_SEL + 2 * (i), "GUEST_" #s "_SEL" },                        \
	{ VMCS_GUEST_ES_LIMIT + 2 * (i), "GUEST_" #s "_LIMIT" },                    \
	{ VMCS_GUEST_ES_BASE + 2 * (i), "GUEST_" #s "_BASE" },                      \
	{ VMCS_GUEST_ES_RIGHTS + 2 * (i), "GUEST_" #s "_RIGHTS" }
	SEGMENT(ES, 0), SEGMENT(CS, 1), SEGMENT(SS, 2), SEGMENT(DS, 3), SEGMENT(FS, 4),
	SEGMENT(GS, 5),
	{ VMCS_GUEST_PDPTE0, "GUEST_PDPTE0" }, { VMCS_GUEST_PDPTE0 + 2, "GUEST_PDPTE1" },
	{ VMCS_GUEST_PDPTE0 + 4, "GUEST_PDPTE2" }, { VMCS_GUEST_PDPTE0 + 6, "GUEST_PDPTE3" },
};

const char *vmcs_field_name(u32 field)
{
	for (u32 i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].field == field)
			return names[i].name;
	return "?";
}

static void demand_allowed(struct entry_check *c, u32 field, u64 msr)
{
	demand_fixed(c, field, (u32)msr, msr >> 32, 0);
}

static void demand_address(struct entry_check *c, u32 field)
{
	u64 v = field_of(c, field);

	demand(c, field, !(v & 0xfff), "not the address of a page");
	demand(c, field, !(v >> c->src->phys_bits), "wider than physical addresses");
}

static void check_ept_pointer(struct entry_check *c)
{
	u64 v = field_of(c, VMCS_EPT_POINTER);

	demand(c, VMCS_EPT_POINTER, (v & 7) == 0 || (v & 7) == VMX_EPTP_WRITE_BACK,
	       "a memory type that does not exist");
	demand(c, VMCS_EPT_POINTER, (v & 0x38) == VMX_EPTP_FOUR_LEVELS, "not four levels");
	demand(c, VMCS_EPT_POINTER, !(v & 0xf80), "a reserved bit is set");
	demand(c, VMCS_EPT_POINTER, !(v >> c->src->phys_bits), "wider than physical addresses");
}

/* Exceptions that push an error code: #DF, #TS, #NP, #SS, #GP, #PF, #AC. */
static bool has_error(u32 vector)
{
	return vector < 32 && (0x00027d00U >> vector & 1);
}

static void check_event(struct entry_check *c)
{
	u32 event = (u32)field_of(c, VMCS_ENTRY_EVENT);
	u32 type = (event & VMX_EVENT_TYPE) >> VMX_EVENT_TYPE_SHIFT;
	u32 vector = event & VMX_EVENT_VECTOR, error = event & VMX_EVENT_ERROR;
	bool is_protected = field_of(c, VMCS_GUEST_CR0) & X86_CR0_PE;
	u64 length = field_of(c, VMCS_ENTRY_LENGTH);

	if (!(event & VMX_EVENT_VALID))
		return;
	demand(c, VMCS_ENTRY_EVENT, type != 1 && type != 7, "a type of event that does not exist");
	demand(c, VMCS_ENTRY_EVENT, !(event & 0x7ffff000), "a reserved bit is set");
	demand(c, VMCS_ENTRY_EVENT, type != VMX_TYPE_NMI || vector == 2,
	       "an NMI with another vector");
	demand(c, VMCS_ENTRY_EVENT, type != VMX_TYPE_EXCEPTION || vector < 32,
	       "an exception beyond vector 31");
	demand(c, VMCS_ENTRY_EVENT,
	       !error == !(type == VMX_TYPE_EXCEPTION && is_protected && has_error(vector)),
	       "an error code too much or too little");
	demand(c, VMCS_ENTRY_ERROR, !error || !(field_of(c, VMCS_ENTRY_ERROR) >> 16),
	       "a reserved bit is set");
	demand(c, VMCS_ENTRY_LENGTH, type < VMX_TYPE_SOFT_INT || (length >= 1 && length <= 15),
	       "not the length of an instruction");
}

static void check_posted(struct entry_check *c, u64 proc2)
{
	u64 desc = field_of(c, VMCS_POSTED_DESC);

	demand(c, VMCS_PIN_CONTROLS, proc2 & VMX_PROC2_VIRQS,
	       "posted interrupts without delivery of virtual ones");
	demand(c, VMCS_EXIT_CONTROLS, field_of(c, VMCS_EXIT_CONTROLS) & VMX_EXIT_ACK,
	       "posted interrupts without acknowledgement at exit");
	demand(c, VMCS_POSTED_VECTOR, !(field_of(c, VMCS_POSTED_VECTOR) >> 8), "not a vector");
	demand(c, VMCS_POSTED_DESC, !(desc & 63), "not aligned to 64 bytes");
	demand(c, VMCS_POSTED_DESC, !(desc >> c->src->phys_bits), "wider than physical addresses");
}

static void check_apic(struct entry_check *c, u64 pin, u64 proc, u64 proc2)
{
	u64 virtual = VMX_PROC2_X2APIC | VMX_PROC2_APIC_REGS | VMX_PROC2_VIRQS;

	if (proc & VMX_PROC_TPR_SHADOW) {
		demand_address(c, VMCS_VIRTUAL_APIC);
		demand(c, VMCS_TPR_THRESHOLD, (proc2 & VMX_PROC2_VIRQS) ||
		       !(field_of(c, VMCS_TPR_THRESHOLD) >> 4), "a reserved bit is set");
	} else {
		demand(c, VMCS_PROC2_CONTROLS, !(proc2 & virtual),
		       "a virtual APIC without a shadow of TPR");
	}
	if (proc2 & VMX_PROC2_APIC_ACCESS) {
		demand_address(c, VMCS_APIC_ACCESS);
		demand(c, VMCS_PROC2_CONTROLS, !(proc2 & VMX_PROC2_X2APIC),
		       "both modes of the APIC at once");
	}
	demand(c, VMCS_PIN_CONTROLS, (pin & VMX_PIN_INTERRUPTS) || !(proc2 & VMX_PROC2_VIRQS),
	       "delivery of virtual interrupts without exits on real ones");
	if (pin & VMX_PIN_POSTED)
		check_posted(c, proc2);
}

void check_controls(struct entry_check *c)
{
	u64 pin = field_of(c, VMCS_PIN_CONTROLS), proc = field_of(c, VMCS_PROC_CONTROLS);
	u64 proc2 = field_of(c, VMCS_PROC2_CONTROLS);

	demand_allowed(c, VMCS_PIN_CONTROLS, c->src->caps->pin);
	demand_allowed(c, VMCS_PROC_CONTROLS, c->src->caps->proc);
	demand_allowed(c, VMCS_PROC2_CONTROLS, c->src->caps->proc2);
	demand_allowed(c, VMCS_EXIT_CONTROLS, c->src->caps->exit);
	demand_allowed(c, VMCS_ENTRY_CONTROLS, c->src->caps->entry);
	demand(c, VMCS_CR3_TARGETS, field_of(c, VMCS_CR3_TARGETS) <= 4, "more than four");
	demand_address(c, VMCS_IO_BITMAP_A);
	demand_address(c, VMCS_IO_BITMAP_B);
	demand_address(c, VMCS_MSR_BITMAP);
	demand(c, VMCS_PIN_CONTROLS, (pin & VMX_PIN_NMI) || !(pin & VMX_PIN_VIRTUAL_NMI),
	       "virtual NMIs without exits on NMIs");
	demand(c, VMCS_PROC_CONTROLS, (pin & VMX_PIN_VIRTUAL_NMI) || !(proc & VMX_PROC_NMI_WINDOW),
	       "an NMI window without virtual NMIs");
	demand(c, VMCS_PROC2_CONTROLS, (proc2 & VMX_PROC2_EPT) || !(proc2 & VMX_PROC2_UNRESTRICTED),
	       "an unrestricted guest without EPT");
	if (proc2 & VMX_PROC2_EPT)
		check_ept_pointer(c);
	demand(c, VMCS_VPID, !(proc2 & VMX_PROC2_VPID) || field_of(c, VMCS_VPID), "the host's own");
	check_apic(c, pin, proc, proc2);
	check_event(c);
}

static void demand_host_selector(struct entry_check *c, u32 field, bool needed)
{
	u64 v = field_of(c, field);

	demand(c, field, !(v & 7), "of a local table or of user mode");
	demand(c, field, v || !needed, "empty");
}

void check_host(struct entry_check *c)
{
	const struct vmx_caps *caps = c->src->caps;
	u64 efer = field_of(c, VMCS_HOST_EFER);

	demand_fixed(c, VMCS_HOST_CR0, caps->cr0_fixed0, caps->cr0_fixed1, 0);
	demand_fixed(c, VMCS_HOST_CR4, caps->cr4_fixed0, caps->cr4_fixed1, 0);
	demand(c, VMCS_HOST_CR4, field_of(c, VMCS_HOST_CR4) & X86_CR4_PAE,
	       "a 64-bit host without PAE");
	demand(c, VMCS_HOST_CR3, !(field_of(c, VMCS_HOST_CR3) >> c->src->phys_bits),
	       "wider than physical addresses");
	demand(c, VMCS_HOST_EFER, (efer & EFER_LMA) && (efer & EFER_LME), "not of a 64-bit host");
	demand_pat(c, VMCS_HOST_PAT);
	demand_host_selector(c, VMCS_HOST_CS_SEL, true);
	demand_host_selector(c, VMCS_HOST_TR_SEL, true);
	demand_host_selector(c, VMCS_HOST_SS_SEL, false);
	demand_host_selector(c, VMCS_HOST_DS_SEL, false);
	demand_host_selector(c, VMCS_HOST_ES_SEL, false);
	demand_host_selector(c, VMCS_HOST_FS_SEL, false);
	demand_host_selector(c, VMCS_HOST_GS_SEL, false);
	demand_canonical(c, VMCS_HOST_FS_BASE);
	demand_canonical(c, VMCS_HOST_GS_BASE);
	demand_canonical(c, VMCS_HOST_TR_BASE);
	demand_canonical(c, VMCS_HOST_GDTR_BASE);
	demand_canonical(c, VMCS_HOST_IDTR_BASE);
	demand_canonical(c, VMCS_HOST_SYSENTER_ESP);
	demand_canonical(c, VMCS_HOST_SYSENTER_EIP);
	demand_canonical(c, VMCS_HOST_RIP);
}

bool vmx_entry_valid(const struct vmx_entry_source *src, struct vmx_entry_fault *fault)
{
	struct entry_check c = { .src = src, .fault = fault };

	check_controls(&c);
	check_host(&c);
	check_guest(&c);
	return !c.failed;
}
