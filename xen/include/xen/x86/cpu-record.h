/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ABI's record of a vCPU's registers (struct hvm_hw_cpu): the values a guest can have, and the
 * event pending for delivery.
 */
#ifndef XEN_X86_CPU_RECORD_H
#define XEN_X86_CPU_RECORD_H

#include <xen/x86/cpuid-policy.h>

/** Types of events, as the record, the VMCB (APM 15.20) and the VMCS (SDM 25.8.3) number them. */
enum x86_event_type { X86_EVENT_INTR = 0, X86_EVENT_NMI = 2, X86_EVENT_EXC = 3 };

/** An event that the guest receives before its next instruction: it was raised but not yet
 * delivered, or an exit interrupted its delivery. */
struct x86_event {
	u8 vector;
	u8 type;		/* enum x86_event_type */
	bool has_error;
	u32 error;
};

struct hvm_hw_cpu;

/**
 * Could a guest with policy @p have the registers @c? 0, or -XEN_EINVAL for reserved bits, modes
 * that exclude each other (a processor would refuse to run them, APM 15.5.1), non-canonical
 * addresses, or an event that no processor delivers.
 */
int cpu_record_check(const struct cpuid_policy *p, const struct hvm_hw_cpu *c);
/** Record @e in @c as pending. */
void cpu_record_put_event(struct hvm_hw_cpu *c, const struct x86_event *e);
/** The pending event of @c, a checked record. False: there is none. */
bool cpu_record_event(const struct hvm_hw_cpu *c, struct x86_event *e);

#endif
