/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Intel's virtual-machine control structure: encodings of its fields (SDM volume 3, appendix B),
 * the bits of its controls (chapter 24), exit reasons (appendix C). Plain numbers, so that assembly
 * can include this too.
 */
#ifndef VMX_VMCS_H
#define VMX_VMCS_H

/* 16 bits */
#define VMCS_VPID		0x0000
#define VMCS_POSTED_VECTOR	0x0002
#define VMCS_GUEST_ES_SEL	0x0800	/* CS, SS, DS, FS, GS, LDTR, TR follow, 2 apart */
#define VMCS_GUEST_CS_SEL	0x0802
#define VMCS_GUEST_SS_SEL	0x0804
#define VMCS_GUEST_LDTR_SEL	0x080c
#define VMCS_GUEST_TR_SEL	0x080e
#define VMCS_INTR_STATUS	0x0810	/* of the guest: requested vector, in service << 8 */
#define VMCS_HOST_ES_SEL	0x0c00	/* the same order, without LDTR */
#define VMCS_HOST_CS_SEL	0x0c02
#define VMCS_HOST_SS_SEL	0x0c04
#define VMCS_HOST_DS_SEL	0x0c06
#define VMCS_HOST_FS_SEL	0x0c08
#define VMCS_HOST_GS_SEL	0x0c0a
#define VMCS_HOST_TR_SEL	0x0c0c
/* 64 bits */
#define VMCS_IO_BITMAP_A	0x2000	/* ports below 0x8000 */
#define VMCS_IO_BITMAP_B	0x2002
#define VMCS_MSR_BITMAP		0x2004
#define VMCS_TSC_OFFSET		0x2010
#define VMCS_VIRTUAL_APIC	0x2012
#define VMCS_APIC_ACCESS	0x2014
#define VMCS_POSTED_DESC	0x2016
#define VMCS_EPT_POINTER	0x201a
#define VMCS_EOI_EXIT0		0x201c	/* four, 2 apart */
#define VMCS_GUEST_PHYS		0x2400
#define VMCS_LINK_POINTER	0x2800
#define VMCS_GUEST_DEBUGCTL	0x2802
#define VMCS_GUEST_PAT		0x2804
#define VMCS_GUEST_EFER		0x2806
#define VMCS_GUEST_PDPTE0	0x280a	/* four, 2 apart */
#define VMCS_HOST_PAT		0x2c00
#define VMCS_HOST_EFER		0x2c02
/* 32 bits */
#define VMCS_PIN_CONTROLS	0x4000
#define VMCS_PROC_CONTROLS	0x4002
#define VMCS_EXCEPTIONS		0x4004
#define VMCS_PF_ERROR_MASK	0x4006
#define VMCS_PF_ERROR_MATCH	0x4008
#define VMCS_CR3_TARGETS	0x400a
#define VMCS_EXIT_CONTROLS	0x400c
#define VMCS_EXIT_STORE_COUNT	0x400e
#define VMCS_EXIT_LOAD_COUNT	0x4010
#define VMCS_ENTRY_CONTROLS	0x4012
#define VMCS_ENTRY_LOAD_COUNT	0x4014
#define VMCS_ENTRY_EVENT	0x4016
#define VMCS_ENTRY_ERROR	0x4018
#define VMCS_ENTRY_LENGTH	0x401a
#define VMCS_TPR_THRESHOLD	0x401c
#define VMCS_PROC2_CONTROLS	0x401e
#define VMCS_INSN_ERROR		0x4400
#define VMCS_EXIT_REASON	0x4402
#define VMCS_EXIT_EVENT		0x4404
#define VMCS_EXIT_ERROR		0x4406
#define VMCS_VECTORING_EVENT	0x4408
#define VMCS_VECTORING_ERROR	0x440a
#define VMCS_INSN_LENGTH	0x440c
#define VMCS_GUEST_ES_LIMIT	0x4800	/* in the selectors' order, 2 apart */
#define VMCS_GUEST_CS_LIMIT	0x4802
#define VMCS_GUEST_LDTR_LIMIT	0x480c
#define VMCS_GUEST_TR_LIMIT	0x480e
#define VMCS_GUEST_GDTR_LIMIT	0x4810
#define VMCS_GUEST_IDTR_LIMIT	0x4812
#define VMCS_GUEST_ES_RIGHTS	0x4814	/* in the selectors' order, 2 apart */
#define VMCS_GUEST_CS_RIGHTS	0x4816
#define VMCS_GUEST_SS_RIGHTS	0x4818
#define VMCS_GUEST_LDTR_RIGHTS	0x4820
#define VMCS_GUEST_TR_RIGHTS	0x4822
#define VMCS_INTERRUPTIBILITY	0x4824
#define VMCS_ACTIVITY		0x4826
#define VMCS_GUEST_SYSENTER_CS	0x482a
#define VMCS_PREEMPTION_TIMER	0x482e
#define VMCS_HOST_SYSENTER_CS	0x4c00
/* Natural width */
#define VMCS_CR0_MASK		0x6000
#define VMCS_CR4_MASK		0x6002
#define VMCS_CR0_SHADOW		0x6004
#define VMCS_CR4_SHADOW		0x6006
#define VMCS_QUALIFICATION	0x6400
#define VMCS_GUEST_CR0		0x6800
#define VMCS_GUEST_CR3		0x6802
#define VMCS_GUEST_CR4		0x6804
#define VMCS_GUEST_ES_BASE	0x6806	/* in the selectors' order, 2 apart */
#define VMCS_GUEST_CS_BASE	0x6808
#define VMCS_GUEST_FS_BASE	0x680e
#define VMCS_GUEST_GS_BASE	0x6810
#define VMCS_GUEST_LDTR_BASE	0x6812
#define VMCS_GUEST_TR_BASE	0x6814
#define VMCS_GUEST_GDTR_BASE	0x6816
#define VMCS_GUEST_IDTR_BASE	0x6818
#define VMCS_GUEST_DR7		0x681a
#define VMCS_GUEST_RSP		0x681c
#define VMCS_GUEST_RIP		0x681e
#define VMCS_GUEST_RFLAGS	0x6820
#define VMCS_PENDING_DEBUG	0x6822
#define VMCS_GUEST_SYSENTER_ESP	0x6824
#define VMCS_GUEST_SYSENTER_EIP	0x6826
#define VMCS_HOST_CR0		0x6c00
#define VMCS_HOST_CR3		0x6c02
#define VMCS_HOST_CR4		0x6c04
#define VMCS_HOST_FS_BASE	0x6c06
#define VMCS_HOST_GS_BASE	0x6c08
#define VMCS_HOST_TR_BASE	0x6c0a
#define VMCS_HOST_GDTR_BASE	0x6c0c
#define VMCS_HOST_IDTR_BASE	0x6c0e
#define VMCS_HOST_SYSENTER_ESP	0x6c10
#define VMCS_HOST_SYSENTER_EIP	0x6c12
#define VMCS_HOST_RSP		0x6c14
#define VMCS_HOST_RIP		0x6c16

/* Pin-based controls */
#define VMX_PIN_INTERRUPTS	0x00000001	/* external interrupts exit */
#define VMX_PIN_NMI		0x00000008
#define VMX_PIN_VIRTUAL_NMI	0x00000020
#define VMX_PIN_PREEMPTION	0x00000040	/* the preemption timer counts */
#define VMX_PIN_POSTED		0x00000080	/* posted interrupts are processed */
/* Primary processor-based controls */
#define VMX_PROC_INTR_WINDOW	0x00000004
#define VMX_PROC_TSC_OFFSET	0x00000008
#define VMX_PROC_HLT		0x00000080
#define VMX_PROC_MWAIT		0x00000400
#define VMX_PROC_RDPMC		0x00000800
#define VMX_PROC_CR3_LOAD	0x00008000
#define VMX_PROC_CR3_STORE	0x00010000
#define VMX_PROC_CR8_LOAD	0x00080000
#define VMX_PROC_CR8_STORE	0x00100000
#define VMX_PROC_TPR_SHADOW	0x00200000
#define VMX_PROC_NMI_WINDOW	0x00400000
#define VMX_PROC_MOV_DR		0x00800000
#define VMX_PROC_IO_BITMAPS	0x02000000
#define VMX_PROC_MSR_BITMAPS	0x10000000
#define VMX_PROC_MONITOR	0x20000000
#define VMX_PROC_SECONDARY	0x80000000
/* Secondary processor-based controls */
#define VMX_PROC2_APIC_ACCESS	0x00000001	/* accesses to the page of the APIC */
#define VMX_PROC2_EPT		0x00000002
#define VMX_PROC2_RDTSCP	0x00000008
#define VMX_PROC2_X2APIC	0x00000010
#define VMX_PROC2_VPID		0x00000020
#define VMX_PROC2_WBINVD	0x00000040
#define VMX_PROC2_UNRESTRICTED	0x00000080
#define VMX_PROC2_APIC_REGS	0x00000100
#define VMX_PROC2_VIRQS		0x00000200	/* virtual-interrupt delivery */
#define VMX_PROC2_INVPCID	0x00001000
/* VM-exit controls */
#define VMX_EXIT_SAVE_DEBUG	0x00000004
#define VMX_EXIT_HOST_64	0x00000200
#define VMX_EXIT_ACK		0x00008000	/* interrupts are acknowledged at exit */
#define VMX_EXIT_LOAD_PAT	0x00080000
#define VMX_EXIT_SAVE_EFER	0x00100000
#define VMX_EXIT_LOAD_EFER	0x00200000
/* VM-entry controls */
#define VMX_ENTRY_LOAD_DEBUG	0x00000004
#define VMX_ENTRY_IA32E		0x00000200
#define VMX_ENTRY_LOAD_PAT	0x00004000
#define VMX_ENTRY_LOAD_EFER	0x00008000

/* Events: what an entry injects, what an exit reports */
#define VMX_EVENT_VECTOR	0x000000ff
#define VMX_EVENT_TYPE		0x00000700
#define VMX_EVENT_TYPE_SHIFT	8
#define VMX_EVENT_ERROR		0x00000800	/* it has an error code */
#define VMX_EVENT_IRET_UNBLOCK	0x00001000	/* an IRET unblocked NMIs, and faulted */
#define VMX_EVENT_VALID		0x80000000
#define VMX_TYPE_INTR		0
#define VMX_TYPE_NMI		2
#define VMX_TYPE_EXCEPTION	3
#define VMX_TYPE_SOFT_INT	4
#define VMX_TYPE_INT1		5
#define VMX_TYPE_SOFT_EXC	6

/* Interruptibility */
#define VMX_BLOCKED_STI		0x1
#define VMX_BLOCKED_MOV_SS	0x2
#define VMX_BLOCKED_SMI		0x4
#define VMX_BLOCKED_NMI		0x8
#define VMX_SHADOW		(VMX_BLOCKED_STI | VMX_BLOCKED_MOV_SS)

/* Access rights of a segment beside the descriptor's bits 40-47 in the low byte */
#define VMX_RIGHTS_L		0x02000
#define VMX_RIGHTS_DB		0x04000
#define VMX_RIGHTS_G		0x08000
#define VMX_RIGHTS_UNUSABLE	0x10000
#define VMX_RIGHTS_RESERVED	0xfffe0f00

/* Exit reasons; bit 31 says that the entry itself failed. */
#define VMX_EXIT_ENTRY_FAILED	0x80000000
#define VMX_EXIT_EXCEPTION	0
#define VMX_EXIT_INTERRUPT	1
#define VMX_EXIT_TRIPLE_FAULT	2
#define VMX_EXIT_INIT		3
#define VMX_EXIT_SIPI		4
#define VMX_EXIT_INTR_WINDOW	7
#define VMX_EXIT_NMI_WINDOW	8
#define VMX_EXIT_TASK_SWITCH	9
#define VMX_EXIT_CPUID		10
#define VMX_EXIT_GETSEC		11
#define VMX_EXIT_HLT		12
#define VMX_EXIT_INVD		13
#define VMX_EXIT_RDPMC		15
#define VMX_EXIT_RSM		17
#define VMX_EXIT_VMCALL		18
#define VMX_EXIT_VMCLEAR	19
#define VMX_EXIT_VMXON		27
#define VMX_EXIT_CR		28
#define VMX_EXIT_DR		29
#define VMX_EXIT_IO		30
#define VMX_EXIT_RDMSR		31
#define VMX_EXIT_WRMSR		32
#define VMX_EXIT_BAD_GUEST	33
#define VMX_EXIT_BAD_MSR	34
#define VMX_EXIT_MWAIT		36
#define VMX_EXIT_MONITOR	39
#define VMX_EXIT_TPR		43	/* TPR sank below the threshold */
#define VMX_EXIT_APIC_ACCESS	44
#define VMX_EXIT_EOI		45
#define VMX_EXIT_EPT_VIOLATION	48
#define VMX_EXIT_EPT_MISCONFIG	49
#define VMX_EXIT_INVEPT		50
#define VMX_EXIT_PREEMPTION	52
#define VMX_EXIT_INVVPID	53
#define VMX_EXIT_WBINVD		54
#define VMX_EXIT_XSETBV		55
#define VMX_EXIT_APIC_WRITE	56
#define VMX_EXIT_VMFUNC		59

/* Exit qualifications */
#define VMX_IO_BYTES_MASK	0x07		/* less one */
#define VMX_IO_IN		0x08
#define VMX_IO_STRING		0x10
#define VMX_IO_PORT_SHIFT	16
#define VMX_EPT_WRITE		0x002
#define VMX_EPT_FETCH		0x004
#define VMX_EPT_LINEAR		0x080		/* there was a linear address */
#define VMX_EPT_FINAL		0x100		/* its translation, not a walk for it */
#define VMX_EPT_IRET_UNBLOCK	0x1000
#define VMX_APIC_OFFSET		0x0fff
#define VMX_APIC_KIND_SHIFT	12		/* four bits: */
#define VMX_APIC_READ		0
#define VMX_APIC_WRITE		1
#define VMX_APIC_FETCH		2
#define VMX_APIC_EVENT		3		/* by the delivery of an event */
#define VMX_APIC_EVENT_PHYS	10		/* the same, without a linear address */
#define VMX_APIC_PHYS		15		/* in a walk of page tables */

/* The pointer to the extended page tables */
#define VMX_EPTP_WRITE_BACK	0x06
#define VMX_EPTP_FOUR_LEVELS	0x18

/* IA32_VMX_EPT_VPID_CAP (SDM appendix A.10) */
#define VMX_CAP_EPT_4_LEVELS	(1UL << 6)
#define VMX_CAP_EPT_WRITE_BACK	(1UL << 14)
#define VMX_CAP_EPT_2M		(1UL << 16)
#define VMX_CAP_EPT_1G		(1UL << 17)
#define VMX_CAP_INVEPT		(1UL << 20)
#define VMX_CAP_INVEPT_ONE	(1UL << 25)
#define VMX_CAP_INVEPT_ALL	(1UL << 26)
#define VMX_CAP_INVVPID		(1UL << 32)
#define VMX_CAP_INVVPID_ONE	(1UL << 41)
#define VMX_CAP_INVVPID_ALL	(1UL << 42)

#endif
