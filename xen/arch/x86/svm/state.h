/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Slots of svm_ops that state.c fills; documented in asm/hvm.h. */
#ifndef SVM_STATE_H
#define SVM_STATE_H

#include "svm.h"

/** The guest's CR4, before or between its runs. */
void svm_set_cr4(struct svm_vcpu *s, u64 val);

void svm_state_begin(struct x86_vcpu *xv);
void svm_state_end(struct x86_vcpu *xv);
u64 svm_get_cr(const struct x86_vcpu *xv, u32 cr);
void svm_set_cr(struct x86_vcpu *xv, u32 cr, u64 val);
struct x86_walk;
void svm_get_paging(const struct x86_vcpu *xv, struct x86_walk *w);
u64 svm_get_efer(const struct x86_vcpu *xv);
void svm_set_efer(struct x86_vcpu *xv, u64 val);
u64 svm_get_rip(const struct x86_vcpu *xv);
void svm_set_rip(struct x86_vcpu *xv, u64 val);
u64 svm_get_rflags(const struct x86_vcpu *xv);
void svm_set_rflags(struct x86_vcpu *xv, u64 val);
u64 svm_get_dr(const struct x86_vcpu *xv, u32 dr);
void svm_set_dr(struct x86_vcpu *xv, u32 dr, u64 val);
u32 svm_get_cpl(const struct x86_vcpu *xv);
void svm_get_seg(struct x86_vcpu *xv, enum hvm_segment s, struct hvm_seg *out);
void svm_set_seg(struct x86_vcpu *xv, enum hvm_segment s, const struct hvm_seg *in);
bool svm_read_msr(struct x86_vcpu *xv, u32 msr, u64 *val);
bool svm_write_msr(struct x86_vcpu *xv, u32 msr, u64 val);
void svm_set_tsc_offset(struct x86_vcpu *xv, u64 offset);
void svm_set_pat(struct x86_vcpu *xv, u64 pat);

#endif
