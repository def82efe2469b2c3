/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A vCPU's state in the ABI's records (public/arch-x86/hvm/save.h). The vCPU does not run. */
#ifndef X86_HVM_SAVE_H
#define X86_HVM_SAVE_H

#include <asm/domain.h>

#include <public/hvm/save.h>

/** Room that any record needs; the largest is the extended FPU state. */
#define HVM_RECORD_MAX 16384

/** Fill @buf with record @type of @xv; returns its bytes, 0 when the vCPU has none such. */
u32 hvm_record_save(struct x86_vcpu *xv, u16 type, void *buf);
/** Would loading this record succeed? 0, -XEN_EINVAL, or -XEN_EOPNOTSUPP for unknown types. */
int hvm_record_check(struct x86_vcpu *xv, u16 type, const void *data, u32 len);
/** Load a record that was checked. */
int hvm_record_load(struct x86_vcpu *xv, u16 type, const void *data, u32 len);

/** The types hvm_record_save knows, in the order in which they must be loaded. */
extern const u16 hvm_record_types[];
extern const u32 hvm_nr_record_types;

/* records of the CPU's registers: save-cpu.c */
void hvm_cpu_save(struct x86_vcpu *xv, struct hvm_hw_cpu *c);
int hvm_cpu_check(struct x86_vcpu *xv, const struct hvm_hw_cpu *c);
void hvm_cpu_load(struct x86_vcpu *xv, const struct hvm_hw_cpu *c);

#endif
