/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Device registers accessed by plain moves, as drivers do. The processor has translated and checked
 * the operand's address before it reported the access, so only the instruction's bytes are read
 * here. A guest that rewrites them meanwhile only reaches the page, and the kind of access
 * (reading, writing), that it was allowed.
 */
#include <xen/trace.h>
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

bool hvm_mmio_move(struct x86_vcpu *xv, struct device *dev, gpaddr_t gpa, bool write, u32 *len)
{
	struct device_access a = { .space = DEVICE_MMIO, .addr = gpa.v, .write = write,
				   .pending = &xv->pending };
	struct x86_move mv;

	*len = 0;
	if (!fetch_move(xv, &mv) || mv.write != write ||
	    page_offset(gpa.v) + mv.bytes > PAGE_SIZE)
		return false;
	a.bytes = mv.bytes;
	ASSERT(mv.bytes == 1 || mv.bytes == 2 || mv.bytes == 4 || mv.bytes == 8);
	ASSERT(mv.reg < GPR_COUNT || (write && mv.reg == X86_GPR_NONE));
	if (write)
		a.val = mv.reg == X86_GPR_NONE ? mv.imm : xv->gpr[mv.reg];
	if (write)
		trace_mmio_write(a.addr, (u32)a.val);
	if (hvm_access_once(xv, dev, &a, X86_CLASS_MEMORY) == DEVICE_PENDING)
		return true;
	if (!write) {
		trace_mmio_read(a.addr, (u32)a.val);
		xv->gpr[mv.reg] = a.val & device_ones(mv.bytes);
	}
	*len = mv.len;
	return true;
}
