/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Register bits that both host and guest code need (APM vol. 2, chapters 3 and 16). Plain numbers,
 * so that assembly can include this too.
 */
#ifndef XEN_X86_REGS_H
#define XEN_X86_REGS_H

#define X86_CR0_PE	0x00000001
#define X86_CR0_MP	0x00000002
#define X86_CR0_EM	0x00000004
#define X86_CR0_TS	0x00000008
#define X86_CR0_ET	0x00000010
#define X86_CR0_NE	0x00000020
#define X86_CR0_WP	0x00010000
#define X86_CR0_AM	0x00040000
#define X86_CR0_NW	0x20000000
#define X86_CR0_CD	0x40000000
#define X86_CR0_PG	0x80000000

#define X86_CR4_VME	0x00000001
#define X86_CR4_PVI	0x00000002
#define X86_CR4_TSD	0x00000004
#define X86_CR4_DE	0x00000008
#define X86_CR4_PSE	0x00000010
#define X86_CR4_PAE	0x00000020
#define X86_CR4_MCE	0x00000040
#define X86_CR4_PGE	0x00000080
#define X86_CR4_PCE	0x00000100
#define X86_CR4_OSFXSR	0x00000200
#define X86_CR4_OSXMMEXCPT 0x00000400
#define X86_CR4_UMIP	0x00000800
#define X86_CR4_LA57	0x00001000
#define X86_CR4_VMXE	0x00002000
#define X86_CR4_FSGSBASE 0x00010000
#define X86_CR4_PCIDE	0x00020000
#define X86_CR4_OSXSAVE	0x00040000
#define X86_CR4_SMEP	0x00100000
#define X86_CR4_SMAP	0x00200000
#define X86_CR4_PKE	0x00400000

#define EFER_SCE	0x0001
#define EFER_LME	0x0100
#define EFER_LMA	0x0400
#define EFER_NXE	0x0800
#define EFER_SVME	0x1000
#define EFER_LMSLE	0x2000
#define EFER_FFXSR	0x4000

/* DR6 and DR7 after reset: the bits that always read as one. */
#define X86_DR6_RESET	0xffff0ff0
#define X86_DR6_BS	BIT(14)	/* a single step */
#define X86_DR7_RESET	0x00000400

/* Offset of MXCSR in an FXSAVE image, and its valid bits; FXRSTOR of other bits faults. */
#define FXSAVE_MXCSR	24
#define MXCSR_RESET	0x1f80
#define MXCSR_VALID	0xffff

#define MSR_APIC_BASE		0x0000001b
#define MSR_PAT			0x00000277
#define MSR_TSC_DEADLINE	0x000006e0
#define APIC_BASE_BSP		0x100
#define APIC_BASE_EXTD		0x400
#define APIC_BASE_EN		0x800

#endif
