/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Slots of vmx_ops that state.c fills; documented in asm/hvm.h. */
#ifndef VMX_STATE_H
#define VMX_STATE_H

#include "vmx.h"

struct x86_walk;

u64 vmx_get_cr(const struct x86_vcpu *xv, u32 cr);
void vmx_set_cr(struct x86_vcpu *xv, u32 cr, u64 val);
void vmx_get_paging(const struct x86_vcpu *xv, struct x86_walk *w);
u64 vmx_get_efer(const struct x86_vcpu *xv);
void vmx_set_efer(struct x86_vcpu *xv, u64 val);
u64 vmx_get_rip(const struct x86_vcpu *xv);
void vmx_set_rip(struct x86_vcpu *xv, u64 val);
u64 vmx_get_rflags(const struct x86_vcpu *xv);
void vmx_set_rflags(struct x86_vcpu *xv, u64 val);
u64 vmx_get_dr(const struct x86_vcpu *xv, u32 dr);
void vmx_set_dr(struct x86_vcpu *xv, u32 dr, u64 val);
u32 vmx_get_cpl(const struct x86_vcpu *xv);
void vmx_get_seg(struct x86_vcpu *xv, enum hvm_segment s, struct hvm_seg *out);
void vmx_set_seg(struct x86_vcpu *xv, enum hvm_segment s, const struct hvm_seg *in);
bool vmx_read_msr(struct x86_vcpu *xv, u32 msr, u64 *val);
bool vmx_write_msr(struct x86_vcpu *xv, u32 msr, u64 val);
void vmx_set_tsc_offset(struct x86_vcpu *xv, u64 offset);
void vmx_set_pat(struct x86_vcpu *xv, u64 pat);
/** Read the PDPTEs of PAE paging from the guest's memory where its CR3 points. Interrupts on. */
void vmx_load_pdptes(struct x86_vcpu *xv);

#endif
