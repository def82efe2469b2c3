/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Device registers by plain moves, which is how drivers use them. The processor has translated and
 * checked the operand's address before it reported the access, so nothing but the instruction's
 * bytes is looked at here, and a guest that rewrites them meanwhile gets no farther than the page
 * and the kind of access (reading, writing) that it was allowed.
 */
#include <xen/x86/emul.h>

#include <asm/msr.h>

#include "private.h"

static bool fetch_move(struct x86_vcpu *xv, struct x86_move *mv)
{
	u64 rip = hvm->get_rip(xv);
	enum x86_mode mode;
	struct hvm_seg cs;
	u8 bytes[X86_INSN_MAX];
	u32 n;

	hvm->get_seg(xv, HVM_CS, &cs);
	if ((hvm->get_efer(xv) & EFER_LMA) && (cs.attr & HVM_SEG_ATTR_L)) {
		mode = X86_MODE_64;
	} else {
		mode = cs.attr & HVM_SEG_ATTR_DB ? X86_MODE_32 : X86_MODE_16;
		rip = (u32)(cs.base + rip);
	}
	n = hvm_fetch(xv, rip, bytes, sizeof(bytes));
	return x86_decode_move(bytes, n, mode, mv);
}

u32 hvm_mmio_move(struct x86_vcpu *xv, gpaddr_t gpa, bool write)
{
	struct x86_move mv;
	u64 val;

	if (!fetch_move(xv, &mv) || mv.write != write ||
	    page_offset(gpa.v) + mv.bytes > PAGE_SIZE)
		return 0;
	if (write)
		val = mv.reg == X86_GPR_NONE ? mv.imm : xv->gpr[mv.reg];
	hvm_mmio_access(xv, gpa, mv.bytes, write, &val);
	if (!write)
		xv->gpr[mv.reg] = mv.bytes < 8 ? val & (BIT(mv.bytes * 8) - 1) : val;
	return mv.len;
}
