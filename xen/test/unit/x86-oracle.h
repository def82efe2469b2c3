/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Invariants of a vCPU of x86 that no guest, device or toolstack may break. */
#ifndef TEST_X86_ORACLE_H
#define TEST_X86_ORACLE_H

#include <asm/hvm.h>

/**
 * What is wrong with a vCPU whose state this CPU may access, or NULL: its local APIC is not
 * consistent, a control register is not what its guest may set, an intercept is missing, or an
 * event has the wrong form.
 */
const char *x86_vcpu_wrong(struct x86_vcpu *xv);
/** The same of a vCPU that does not run: a record of its state would not be accepted. */
const char *x86_records_wrong(struct x86_vcpu *xv);

#endif
