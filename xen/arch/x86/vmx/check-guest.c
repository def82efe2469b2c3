/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The checks that a VM entry makes of the guest's state (SDM 26.3). */
#include <xen/x86/regs.h>

#include "check-fields.h"

#define RFLAGS_ONE 0x00000002UL
#define RFLAGS_ZERO 0xffffffffffc08028UL
#define RFLAGS_TF 0x00000100UL
#define RFLAGS_IF 0x00000200UL
#define RFLAGS_VM 0x00020000UL
#define DEBUGCTL_BTF 0x2UL
#define DEBUG_BS 0x4000UL

/* Numbers of the segments whose fields are in the same order everywhere. */
enum { ES, CS, SS, DS, FS, GS, LDTR, TR };

static u32 sel_at(u32 s) { return VMCS_GUEST_ES_SEL + 2 * s; }
static u32 limit_at(u32 s) { return VMCS_GUEST_ES_LIMIT + 2 * s; }
static u32 base_at(u32 s) { return VMCS_GUEST_ES_BASE + 2 * s; }
static u32 rights_at(u32 s) { return VMCS_GUEST_ES_RIGHTS + 2 * s; }

static u32 dpl_of(u64 rights) { return rights >> 5 & 3; }
static bool is_usable(u64 rights) { return !(rights & VMX_RIGHTS_UNUSABLE); }

static bool is_long(struct entry_check *c)
{
	return field_of(c, VMCS_ENTRY_CONTROLS) & VMX_ENTRY_IA32E;
}

static void check_registers(struct entry_check *c)
{
	const struct vmx_caps *caps = c->src->caps;
	u64 cr0 = field_of(c, VMCS_GUEST_CR0), cr4 = field_of(c, VMCS_GUEST_CR4);
	u64 efer = field_of(c, VMCS_GUEST_EFER);
	u64 free = X86_CR0_NW | X86_CR0_CD;

	if (field_of(c, VMCS_PROC2_CONTROLS) & VMX_PROC2_UNRESTRICTED)
		free |= X86_CR0_PE | X86_CR0_PG;
	demand_fixed(c, VMCS_GUEST_CR0, caps->cr0_fixed0, caps->cr0_fixed1, free);
	demand(c, VMCS_GUEST_CR0, (cr0 & X86_CR0_PE) || !(cr0 & X86_CR0_PG),
	       "paging without protected mode");
	demand_fixed(c, VMCS_GUEST_CR4, caps->cr4_fixed0, caps->cr4_fixed1, 0);
	demand(c, VMCS_GUEST_CR0, !is_long(c) || (cr0 & X86_CR0_PG), "long mode without paging");
	demand(c, VMCS_GUEST_CR4, !is_long(c) || (cr4 & X86_CR4_PAE), "long mode without PAE");
	demand(c, VMCS_GUEST_CR4, is_long(c) || !(cr4 & X86_CR4_PCIDE), "PCIDs outside long mode");
	demand(c, VMCS_GUEST_CR3, !(field_of(c, VMCS_GUEST_CR3) >> c->src->phys_bits),
	       "wider than physical addresses");
	demand(c, VMCS_GUEST_DR7, !(field_of(c, VMCS_GUEST_DR7) >> 32), "a reserved bit is set");
	demand_canonical(c, VMCS_GUEST_SYSENTER_ESP);
	demand_canonical(c, VMCS_GUEST_SYSENTER_EIP);
	demand_pat(c, VMCS_GUEST_PAT);
	demand(c, VMCS_GUEST_EFER, !(efer & ~(u64)(EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE)),
	       "a reserved bit is set");
	demand(c, VMCS_GUEST_EFER, !(efer & EFER_LMA) == !is_long(c),
	       "LMA differs from the entry's control");
	demand(c, VMCS_GUEST_EFER, !(cr0 & X86_CR0_PG) || !(efer & EFER_LMA) == !(efer & EFER_LME),
	       "LMA differs from LME with paging");
}

static void check_virtual_8086(struct entry_check *c, u32 s)
{
	demand(c, base_at(s), field_of(c, base_at(s)) == field_of(c, sel_at(s)) << 4,
	       "not the selector times 16 in virtual-8086 mode");
	demand(c, limit_at(s), field_of(c, limit_at(s)) == 0xffff,
	       "not 64 KiB in virtual-8086 mode");
	demand(c, rights_at(s), field_of(c, rights_at(s)) == 0xf3,
	       "not writable data of ring 3 in virtual-8086 mode");
}

/* What holds for the rights of every segment in use. */
static void check_rights(struct entry_check *c, u32 s, bool system)
{
	u64 rights = field_of(c, rights_at(s)), limit = field_of(c, limit_at(s));

	demand(c, rights_at(s), !(rights & 0x10) == system, "of the wrong kind");
	demand(c, rights_at(s), rights & 0x80, "not present");
	demand(c, rights_at(s), !(rights & VMX_RIGHTS_RESERVED), "a reserved bit is set");
	demand(c, rights_at(s), (limit & 0xfff) == 0xfff || !(rights & VMX_RIGHTS_G),
	       "granular, but the limit is not");
	demand(c, rights_at(s), !(limit >> 20) || (rights & VMX_RIGHTS_G),
	       "not granular, but the limit is");
}

static void check_code(struct entry_check *c)
{
	u64 rights = field_of(c, rights_at(CS));
	u32 type = rights & 0xf, dpl = dpl_of(rights), ss = dpl_of(field_of(c, rights_at(SS)));
	bool unrestricted = field_of(c, VMCS_PROC2_CONTROLS) & VMX_PROC2_UNRESTRICTED;

	demand(c, rights_at(CS), is_usable(rights), "unusable");
	demand(c, rights_at(CS), (type & 9) == 9 || (type == 3 && unrestricted), "not code");
	demand(c, rights_at(CS), type != 3 || !dpl, "data, and not of ring 0");
	demand(c, rights_at(CS), (type & 0xd) != 9 || dpl == ss, "not of the stack's ring");
	demand(c, rights_at(CS), (type & 0xd) != 0xd || dpl <= ss, "of a ring outside the stack's");
	demand(c, rights_at(CS),
	       !is_long(c) || !(rights & VMX_RIGHTS_L) || !(rights & VMX_RIGHTS_DB),
	       "both 64-bit and 32-bit");
	demand(c, base_at(CS), !(field_of(c, base_at(CS)) >> 32), "beyond 4 GiB");
	check_rights(c, CS, false);
}

static void check_stack(struct entry_check *c)
{
	u64 rights = field_of(c, rights_at(SS));
	bool real = !(field_of(c, VMCS_GUEST_CR0) & X86_CR0_PE);

	demand(c, rights_at(SS), !real || !dpl_of(rights), "not of ring 0 in real mode");
	if (!is_usable(rights))
		return;
	demand(c, rights_at(SS), (rights & 0xb) == 3, "not writable data");
	demand(c, base_at(SS), !(field_of(c, base_at(SS)) >> 32), "beyond 4 GiB");
	check_rights(c, SS, false);
}

static void check_data(struct entry_check *c, u32 s)
{
	u64 rights = field_of(c, rights_at(s));

	if (s == FS || s == GS)
		demand_canonical(c, base_at(s));
	if (!is_usable(rights))
		return;
	demand(c, rights_at(s), rights & 1, "not accessed");
	demand(c, rights_at(s), (rights & 0xa) != 8, "code that cannot be read");
	if (s != FS && s != GS)
		demand(c, base_at(s), !(field_of(c, base_at(s)) >> 32), "beyond 4 GiB");
	check_rights(c, s, false);
}

static void check_system(struct entry_check *c)
{
	u64 tr = field_of(c, VMCS_GUEST_TR_RIGHTS), ldtr = field_of(c, VMCS_GUEST_LDTR_RIGHTS);

	demand(c, VMCS_GUEST_TR_RIGHTS, is_usable(tr), "unusable");
	demand(c, VMCS_GUEST_TR_RIGHTS, (tr & 0xf) == 11 || ((tr & 0xf) == 3 && !is_long(c)),
	       "not a busy TSS");
	demand(c, VMCS_GUEST_TR_SEL, !(field_of(c, VMCS_GUEST_TR_SEL) & 4), "of a local table");
	demand_canonical(c, VMCS_GUEST_TR_BASE);
	check_rights(c, TR, true);
	if (is_usable(ldtr)) {
		demand(c, VMCS_GUEST_LDTR_RIGHTS, (ldtr & 0xf) == 2, "not a local table");
		demand(c, VMCS_GUEST_LDTR_SEL, !(field_of(c, VMCS_GUEST_LDTR_SEL) & 4),
		       "of a local table");
		demand_canonical(c, VMCS_GUEST_LDTR_BASE);
		check_rights(c, LDTR, true);
	}
	demand_canonical(c, VMCS_GUEST_GDTR_BASE);
	demand_canonical(c, VMCS_GUEST_IDTR_BASE);
	demand(c, VMCS_GUEST_GDTR_LIMIT, !(field_of(c, VMCS_GUEST_GDTR_LIMIT) >> 16),
	       "beyond 64 KiB");
	demand(c, VMCS_GUEST_IDTR_LIMIT, !(field_of(c, VMCS_GUEST_IDTR_LIMIT) >> 16),
	       "beyond 64 KiB");
}

static void check_segments(struct entry_check *c)
{
	static const u32 data[] = { DS, ES, FS, GS };

	if (field_of(c, VMCS_GUEST_RFLAGS) & RFLAGS_VM) {
		for (u32 s = ES; s <= GS; s++)
			check_virtual_8086(c, s);
	} else {
		check_code(c);
		check_stack(c);
		for (u32 i = 0; i < ARRAY_SIZE(data); i++)
			check_data(c, data[i]);
	}
	check_system(c);
}

static void check_flow(struct entry_check *c)
{
	u64 rip = field_of(c, VMCS_GUEST_RIP), flags = field_of(c, VMCS_GUEST_RFLAGS);
	bool is64 = is_long(c) && (field_of(c, rights_at(CS)) & VMX_RIGHTS_L);
	bool real = !(field_of(c, VMCS_GUEST_CR0) & X86_CR0_PE);
	u64 event = field_of(c, VMCS_ENTRY_EVENT);
	bool interrupt = (event & VMX_EVENT_VALID) && !(event & VMX_EVENT_TYPE);

	demand(c, VMCS_GUEST_RIP, is64 ? is_canonical(rip) : !(rip >> 32),
	       "not an address of code");
	demand(c, VMCS_GUEST_RFLAGS, !(flags & RFLAGS_ZERO) && (flags & RFLAGS_ONE),
	       "a reserved bit is wrong");
	demand(c, VMCS_GUEST_RFLAGS, !(flags & RFLAGS_VM) || (!is_long(c) && !real),
	       "virtual-8086 mode outside protected mode");
	demand(c, VMCS_GUEST_RFLAGS, !interrupt || (flags & RFLAGS_IF),
	       "an interrupt while the guest has them off");
}

static void check_interruptibility(struct entry_check *c)
{
	u64 blocked = field_of(c, VMCS_INTERRUPTIBILITY), event = field_of(c, VMCS_ENTRY_EVENT);
	u32 type = (event & VMX_EVENT_TYPE) >> VMX_EVENT_TYPE_SHIFT;
	bool valid = event & VMX_EVENT_VALID;
	bool interrupt = valid && type == VMX_TYPE_INTR, nmi = valid && type == VMX_TYPE_NMI;
	u64 flags = field_of(c, VMCS_GUEST_RFLAGS), debug = field_of(c, VMCS_PENDING_DEBUG);
	bool step = (flags & RFLAGS_TF) && !(field_of(c, VMCS_GUEST_DEBUGCTL) & DEBUGCTL_BTF);

	demand(c, VMCS_ACTIVITY, !field_of(c, VMCS_ACTIVITY), "not active");
	demand(c, VMCS_INTERRUPTIBILITY, !(blocked & ~0xfUL), "a reserved bit is set");
	demand(c, VMCS_INTERRUPTIBILITY, (blocked & VMX_SHADOW) != VMX_SHADOW,
	       "both by STI and by MOV SS");
	demand(c, VMCS_INTERRUPTIBILITY, !(blocked & VMX_BLOCKED_STI) || (flags & RFLAGS_IF),
	       "by STI, with interrupts off");
	demand(c, VMCS_INTERRUPTIBILITY, !(blocked & VMX_BLOCKED_SMI), "by an SMI");
	demand(c, VMCS_INTERRUPTIBILITY, !interrupt || !(blocked & VMX_SHADOW),
	       "an interrupt in a shadow");
	demand(c, VMCS_INTERRUPTIBILITY, !nmi || !(blocked & (VMX_SHADOW | VMX_BLOCKED_NMI)),
	       "an NMI while they are blocked");
	demand(c, VMCS_PENDING_DEBUG, !(debug & ~0x1500fUL), "a reserved bit is set");
	if (blocked & VMX_SHADOW)
		demand(c, VMCS_PENDING_DEBUG, !(debug & DEBUG_BS) == !step,
		       "a single step in a shadow, or none");
	demand(c, VMCS_LINK_POINTER, field_of(c, VMCS_LINK_POINTER) == ~0UL, "not all ones");
}

static void check_pdptes(struct entry_check *c)
{
	u64 reserved = 0x1e6UL | ~0UL << c->src->phys_bits;

	if (is_long(c) || !(field_of(c, VMCS_GUEST_CR0) & X86_CR0_PG) ||
	    !(field_of(c, VMCS_GUEST_CR4) & X86_CR4_PAE))
		return;
	for (u32 f = VMCS_GUEST_PDPTE0; f <= VMCS_GUEST_PDPTE0 + 6; f += 2) {
		u64 v = field_of(c, f);

		demand(c, f, !(v & 1) || !(v & reserved), "a reserved bit is set");
	}
}

void check_guest(struct entry_check *c)
{
	check_registers(c);
	check_segments(c);
	check_flow(c);
	check_interruptibility(c);
	check_pdptes(c);
}
