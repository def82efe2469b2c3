/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Model-specific registers: numbers (APM vol. 2 appendix A, SDM vol. 4) and access. */
#ifndef ASM_X86_MSR_H
#define ASM_X86_MSR_H

#include <asm/insns.h>
#include <xen/x86/regs.h>

#define MSR_TSC			0x00000010
#define MSR_FEATURE_CONTROL	0x0000003a
#define MSR_TSC_ADJUST		0x0000003b
#define MSR_SYSENTER_CS		0x00000174
#define MSR_SYSENTER_ESP	0x00000175
#define MSR_SYSENTER_EIP	0x00000176
#define MSR_MCG_CAP		0x00000179
#define MSR_MCG_STATUS		0x0000017a
#define MSR_MISC_ENABLE		0x000001a0
#define MSR_X2APIC_BASE		0x00000800
#define MSR_QM_EVTSEL		0x00000c8d
#define MSR_QM_CTR		0x00000c8e
#define MSR_PQR_ASSOC		0x00000c8f
#define MSR_L3_MASK(cos)	(0x00000c90 + (cos))
#define MSR_XSS			0x00000da0

#define MSR_PRED_CMD		0x49
#define PRED_CMD_IBPB		BIT(0)
#define MSR_EFER		0xc0000080
#define MSR_STAR		0xc0000081
#define MSR_LSTAR		0xc0000082
#define MSR_CSTAR		0xc0000083
#define MSR_SFMASK		0xc0000084
#define MSR_FS_BASE		0xc0000100
#define MSR_GS_BASE		0xc0000101
#define MSR_KERNEL_GS_BASE	0xc0000102
#define MSR_TSC_AUX		0xc0000103
#define MSR_TSC_RATIO		0xc0000104
#define MSR_SYSCFG		0xc0010010
#define MSR_HWCR		0xc0010015
#define MSR_VM_CR		0xc0010114
#define VM_CR_SVMDIS		BIT(4)
#define MSR_VM_HSAVE_PA		0xc0010117
#define MSR_DE_CFG		0xc0011029
#define DE_CFG_LFENCE_SERIALISE	BIT(1)

/** Read or write an MSR that may not exist: 0, or -XEN_EFAULT when the CPU raised #GP. Needs
 * the IDT (traps_init); any context after. */
int rdmsr_safe(u32 msr, u64 *v);
int wrmsr_safe(u32 msr, u64 v);

#endif
