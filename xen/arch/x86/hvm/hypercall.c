/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * VMMCALL / VMCALL: registers to arguments, result to RAX or EAX (ABI: public/arch-x86/xen-x86_64.h
 * and xen-x86_32.h). The width is that of the code segment the call came from.
 */
#include <xen/errno.h>
#include <xen/hypercall.h>
#include <xen/trace.h>

#include <asm/msr.h>
#include <asm/processor.h>

#include "private.h"

static inline bool is_64bit(struct x86_vcpu *xv)
{
	struct hvm_seg cs;

	if (!(hvm->get_efer(xv) & EFER_LMA))
		return false;
	hvm->get_seg(xv, HVM_CS, &cs);
	return cs.attr & HVM_SEG_ATTR_L;
}

bool hvm_is_64bit(struct x86_vcpu *xv)
{
	return is_64bit(xv);
}

static bool call_32bit(struct x86_vcpu *xv)
{
	struct hypercall hc = {
		.nr = (u32)xv->gpr[GPR_RAX],
		.arg = { (u32)xv->gpr[GPR_RBX], (u32)xv->gpr[GPR_RCX], (u32)xv->gpr[GPR_RDX],
			 (u32)xv->gpr[GPR_RSI], (u32)xv->gpr[GPR_RDI] },
	};
	long rc = hypercall_dispatch(&xv->v, &hc);

	if (rc == -XEN_ERESTART) {
		xv->gpr[GPR_RBX] = hc.arg[0];
		xv->gpr[GPR_RCX] = hc.arg[1];
		xv->gpr[GPR_RDX] = hc.arg[2];
		return false;
	}
	xv->gpr[GPR_RAX] = (u32)rc;
	return true;
}

bool hvm_do_hypercall(struct x86_vcpu *xv)
{
	struct hypercall hc;
	long rc;

	trace_hypercall((u32)xv->gpr[GPR_RAX]);
	if (unlikely(hvm->get_cpl(xv) != 0)) {
		xv->gpr[GPR_RAX] = (u64)-XEN_EPERM;
		return true;
	}
	xv->v.caller_is_32bit = !is_64bit(xv);
	if (unlikely(xv->v.caller_is_32bit))
		return call_32bit(xv);
	hc.nr = (u32)xv->gpr[GPR_RAX];
	hc.arg[0] = xv->gpr[GPR_RDI];
	hc.arg[1] = xv->gpr[GPR_RSI];
	hc.arg[2] = xv->gpr[GPR_RDX];
	hc.arg[3] = xv->gpr[GPR_R10];
	hc.arg[4] = xv->gpr[GPR_R8];
	rc = hypercall_dispatch(&xv->v, &hc);
	if (unlikely(rc == -XEN_ERESTART)) {
		xv->gpr[GPR_RDI] = hc.arg[0];
		xv->gpr[GPR_RSI] = hc.arg[1];
		xv->gpr[GPR_RDX] = hc.arg[2];
		return false;
	}
	xv->gpr[GPR_RAX] = (u64)rc;
	return true;
}
