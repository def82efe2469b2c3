/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exceptions and interrupts taken while the hypervisor itself runs. */
#ifndef ASM_X86_TRAPS_H
#define ASM_X86_TRAPS_H

#include <asm/processor.h>

/* Size of each entry stub in bytes. */
#define STUB_SIZE 16
#define NR_VECTORS 256
#define FIRST_IRQ_VECTOR 32

#ifndef __ASSEMBLY__

#include <xen/percpu.h>

/** Registers saved by the entry code; the CPU pushed those from rip on. */
struct cpu_regs {
	u64 r15, r14, r13, r12, r11, r10, r9, r8;
	u64 rdi, rsi, rbp, rbx, rdx, rcx, rax;
	u64 vector, error_code;
	u64 rip, cs, rflags, rsp, ss;
};

/** Handle interrupt @vector (>= 32) with @fn, which does the EOI. NULL: reported as spurious.
 * Runs with interrupts off. Set from one CPU at a time; seen at once by all. */
void irq_set_handler(u8 vector, void (*fn)(u8 vector));
/** Run the handler of @vector as if the interrupt had arrived (SVM/VMX exits that acknowledge
 * it themselves). Interrupts off. */
void irq_dispatch(u8 vector);
/**
 * Set the handler of NMIs that the hypervisor takes (watchdog, profiler). It returns true when the
 * NMI was meant for it.
 */
void nmi_set_handler(bool (*fn)(const struct cpu_regs *regs));

/** Choose the IDT whose NMI, #DF and #MC have their own stacks (true), or the plain one, needed
 * while the guest's TR is loaded. This CPU, interrupts off. */
void idt_use_ist(bool use);
/** Fill both IDTs. Boot CPU, before any cpu_init_self, which loads the one with ISTs. */
void traps_init(void);

/** Registers of the fatal exception of this CPU; NULL if there is none. */
DECLARE_PER_CPU(const struct cpu_regs *, fatal_regs);

/** Print registers, stack words and the backtrace of an exception. */
void regs_dump(const struct cpu_regs *regs);
/** Frame-pointer walk from @rbp with symbol names. Any context. */
void backtrace(u64 rip, u64 rbp);

/** Marks an instruction of inline assembly that may fault: after #GP execution continues at @to. */
#define EXTABLE(from, to)                                                      \
	".pushsection .extable, \"a\"\n.balign 4\n"                            \
	".long " #from " - .\n.long " #to " - .\n.popsection\n"

#endif
#endif
