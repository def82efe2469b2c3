/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The initial state of a vCPU: at the entry of a PVH kernel, and after a startup IPI. */
#include <xen/string.h>

#include <asm/processor.h>

#include "private.h"

static void set_flat_segments(struct x86_vcpu *xv)
{
	/* Accessed, present; code: execute/read, data: read/write, 32-bit, 4 GiB. */
	struct hvm_seg code = { .attr = 0xc9b, .limit = ~0U };
	struct hvm_seg data = { .attr = 0xc93, .limit = ~0U };
	struct hvm_seg tr = { .attr = 0x8b, .limit = 0x67 };
	struct hvm_seg ldt = { .attr = 0x82 }, table = { .limit = 0 };

	hvm->set_seg(xv, HVM_CS, &code);
	for (enum hvm_segment s = HVM_ES; s <= HVM_GS; s++)
		if (s != HVM_CS)
			hvm->set_seg(xv, s, &data);
	hvm->set_seg(xv, HVM_TR, &tr);
	hvm->set_seg(xv, HVM_LDTR, &ldt);
	hvm->set_seg(xv, HVM_GDTR, &table);
	hvm->set_seg(xv, HVM_IDTR, &table);
}

static void reset_control(struct x86_vcpu *xv, u64 cr0)
{
	memset(xv->gpr, 0, sizeof(xv->gpr));
	hvm->set_efer(xv, 0);
	hvm->set_cr(xv, 4, 0);
	hvm->set_cr(xv, 3, 0);
	hvm->set_cr(xv, 0, cr0);
	hvm->set_rflags(xv, 2);
	hvm->set_dr(xv, 6, X86_DR6_RESET);
	hvm->set_dr(xv, 7, X86_DR7_RESET);
	hvm->reset_events(xv);
}

void hvm_set_pvh_state(struct x86_vcpu *xv, u32 entry, u32 start_info)
{
	hvm_state_begin(xv);
	reset_control(xv, X86_CR0_PE | X86_CR0_ET);
	set_flat_segments(xv);
	hvm->set_rip(xv, entry);
	hvm_state_end(xv);
	xv->gpr[GPR_RBX] = start_info;
	xv->v.is_initialised = true;
}

void hvm_set_sipi_state(struct x86_vcpu *xv, u8 vector)
{
	struct hvm_seg code = { .sel = (u16)(vector << 8), .attr = 0x9b, .limit = 0xffff,
				.base = (u32)vector << 12 };
	struct hvm_seg data = { .attr = 0x93, .limit = 0xffff };
	struct hvm_seg table = { .limit = 0xffff };

	hvm_state_begin(xv);
	reset_control(xv, X86_CR0_ET);
	set_flat_segments(xv);
	hvm->set_seg(xv, HVM_CS, &code);
	for (enum hvm_segment s = HVM_ES; s <= HVM_GS; s++)
		if (s != HVM_CS)
			hvm->set_seg(xv, s, &data);
	hvm->set_seg(xv, HVM_GDTR, &table);
	hvm->set_seg(xv, HVM_IDTR, &table);
	hvm->set_rip(xv, 0);
	hvm_state_end(xv);
}
