/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records of a vCPU whose models are not pure: they need a struct x86_vcpu. */
#ifndef X86_HVM_SAVE_H
#define X86_HVM_SAVE_H

#include <xen/x86/save.h>

/** Registers and a pending event (save_cpu.c). Loading starts the vCPU. */
extern const struct save_kind hvm_cpu_record;
/** Extended FPU state and XCR0 (fpu.c). */
extern const struct save_kind hvm_fpu_record;

#endif
