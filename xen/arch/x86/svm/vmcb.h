/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The virtual machine control block (APM volume 2, appendix B) and its codes (appendix C). */
#ifndef SVM_VMCB_H
#define SVM_VMCB_H

#include <xen/compiler.h>

struct vmcb_seg {
	u16 sel;
	u16 attr;	/* descriptor bits 40-47 and 52-55 packed */
	u32 limit;
	u64 base;
};

struct vmcb {
	/* Control area */
	u16 cr_read, cr_write;			/* 0x000 */
	u16 dr_read, dr_write;
	u32 exceptions;				/* 0x008 */
	u32 intercept1, intercept2, intercept3;	/* 0x00c */
	u8 reserved_18[0x3c - 0x18];
	u16 pause_threshold, pause_count;	/* 0x03c */
	u64 iopm_pa, msrpm_pa;			/* 0x040 */
	u64 tsc_offset;				/* 0x050 */
	u32 asid;				/* 0x058 */
	u32 tlb_control;
	u64 vintr;				/* 0x060 */
	u64 interrupt_shadow;			/* 0x068 */
	u64 exit_code, exit_info1, exit_info2;	/* 0x070 */
	u64 exit_int_info;			/* 0x088 */
	u64 np_control;				/* 0x090 */
	u8 reserved_98[0xa8 - 0x98];
	u64 event_inj;				/* 0x0a8 */
	u64 ncr3;				/* 0x0b0 */
	u64 lbr_control;			/* 0x0b8 */
	u32 clean_bits, reserved_c4;		/* 0x0c0 */
	u64 next_rip;				/* 0x0c8 */
	u8 insn_len;				/* 0x0d0 */
	u8 insn_bytes[15];
	u8 reserved_e0[0x400 - 0xe0];
	/* State save area */
	struct vmcb_seg es, cs, ss, ds, fs, gs, gdtr, ldtr, idtr, tr;	/* 0x400 */
	u8 reserved_4a0[0x4cb - 0x4a0];
	u8 cpl;					/* 0x4cb */
	u32 reserved_4cc;
	u64 efer;				/* 0x4d0 */
	u8 reserved_4d8[0x548 - 0x4d8];
	u64 cr4, cr3, cr0, dr7, dr6, rflags, rip;	/* 0x548 */
	u8 reserved_580[0x5d8 - 0x580];
	u64 rsp;				/* 0x5d8 */
	u8 reserved_5e0[0x5f8 - 0x5e0];
	u64 rax;				/* 0x5f8 */
	u64 star, lstar, cstar, sfmask, kernel_gs_base;	/* 0x600 */
	u64 sysenter_cs, sysenter_esp, sysenter_eip;
	u64 cr2;				/* 0x640 */
	u8 reserved_648[0x668 - 0x648];
	u64 g_pat, dbgctl;			/* 0x668 */
	u8 reserved_678[0x1000 - 0x678];
};

BUILD_BUG_ON(offsetof(struct vmcb, exit_code) != 0x70);
BUILD_BUG_ON(offsetof(struct vmcb, ncr3) != 0xb0);
BUILD_BUG_ON(offsetof(struct vmcb, es) != 0x400);
BUILD_BUG_ON(offsetof(struct vmcb, cpl) != 0x4cb);
BUILD_BUG_ON(offsetof(struct vmcb, cr4) != 0x548);
BUILD_BUG_ON(offsetof(struct vmcb, rax) != 0x5f8);
BUILD_BUG_ON(offsetof(struct vmcb, g_pat) != 0x668);
BUILD_BUG_ON(sizeof(struct vmcb) != 0x1000);

/* intercept1 */
#define SVM_I1_INTR	BIT(0)
#define SVM_I1_NMI	BIT(1)
#define SVM_I1_SMI	BIT(2)
#define SVM_I1_INIT	BIT(3)
#define SVM_I1_VINTR	BIT(4)
#define SVM_I1_RDPMC	BIT(15)
#define SVM_I1_CPUID	BIT(18)
#define SVM_I1_IRET	BIT(20)
#define SVM_I1_INVD	BIT(22)
#define SVM_I1_HLT	BIT(24)
#define SVM_I1_INVLPGA	BIT(26)
#define SVM_I1_IOIO	BIT(27)
#define SVM_I1_MSR	BIT(28)
#define SVM_I1_FERR	BIT(30)
#define SVM_I1_SHUTDOWN	BIT(31)
/* intercept2 */
#define SVM_I2_VMRUN	BIT(0)
#define SVM_I2_VMMCALL	BIT(1)
#define SVM_I2_VMLOAD	BIT(2)
#define SVM_I2_VMSAVE	BIT(3)
#define SVM_I2_STGI	BIT(4)
#define SVM_I2_CLGI	BIT(5)
#define SVM_I2_SKINIT	BIT(6)
#define SVM_I2_RDTSCP	BIT(7)
#define SVM_I2_WBINVD	BIT(9)
#define SVM_I2_MONITOR	BIT(10)
#define SVM_I2_MWAIT	BIT(11)
#define SVM_I2_XSETBV	BIT(13)
#define SVM_I2_RDPRU	BIT(14)
/* intercept3 */
#define SVM_I3_INVLPGB	BIT(0)
#define SVM_I3_INVPCID	BIT(2)
#define SVM_I3_MCOMMIT	BIT(3)
#define SVM_I3_TLBSYNC	BIT(4)

/* tlb_control (APM 15.16.2). */
#define SVM_TLB_FLUSH_NONE 0
#define SVM_TLB_FLUSH_ALL 1

/* vintr */
#define SVM_VINTR_TPR_MASK	0xffUL
#define SVM_VINTR_IRQ		BIT(8)
#define SVM_VINTR_PRIO_SHIFT	16
#define SVM_VINTR_IGN_TPR	BIT(20)
#define SVM_VINTR_MASKING	BIT(24)
#define SVM_VINTR_VECTOR_SHIFT	32

/* event_inj and exit_int_info */
#define SVM_EV_VECTOR_MASK	0xffUL
#define SVM_EV_TYPE_SHIFT	8
#define SVM_EV_TYPE_MASK	(7UL << SVM_EV_TYPE_SHIFT)
#define SVM_EV_TYPE_INTR	(0UL << SVM_EV_TYPE_SHIFT)
#define SVM_EV_TYPE_NMI		(2UL << SVM_EV_TYPE_SHIFT)
#define SVM_EV_TYPE_EXC		(3UL << SVM_EV_TYPE_SHIFT)
#define SVM_EV_TYPE_SOFT	(4UL << SVM_EV_TYPE_SHIFT)
#define SVM_EV_ERROR_VALID	BIT(11)
#define SVM_EV_VALID		BIT(31)

/* Exit codes */
#define SVM_EXIT_CR0_READ	0x000
#define SVM_EXIT_CR0_WRITE	0x010
#define SVM_EXIT_CR15_WRITE	0x01f
#define SVM_EXIT_DR0_READ	0x020
#define SVM_EXIT_DR15_WRITE	0x03f
#define SVM_EXIT_EXC_BASE	0x040
#define SVM_EXIT_EXC_LAST	0x05f
#define SVM_EXIT_INTR		0x060
#define SVM_EXIT_NMI		0x061
#define SVM_EXIT_SMI		0x062
#define SVM_EXIT_INIT		0x063
#define SVM_EXIT_VINTR		0x064
#define SVM_EXIT_RDPMC		0x06f
#define SVM_EXIT_CPUID		0x072
#define SVM_EXIT_IRET		0x074
#define SVM_EXIT_INVD		0x076
#define SVM_EXIT_PAUSE		0x077
#define SVM_EXIT_HLT		0x078
#define SVM_EXIT_INVLPGA	0x07a
#define SVM_EXIT_IOIO		0x07b
#define SVM_EXIT_MSR		0x07c
#define SVM_EXIT_FERR_FREEZE	0x07e
#define SVM_EXIT_SHUTDOWN	0x07f
#define SVM_EXIT_VMRUN		0x080
#define SVM_EXIT_VMMCALL	0x081
#define SVM_EXIT_VMLOAD		0x082
#define SVM_EXIT_SKINIT		0x086
#define SVM_EXIT_RDTSCP		0x087
#define SVM_EXIT_WBINVD		0x089
#define SVM_EXIT_MONITOR	0x08a
#define SVM_EXIT_MWAIT_COND	0x08c
#define SVM_EXIT_XSETBV		0x08d
#define SVM_EXIT_RDPRU		0x08e
#define SVM_EXIT_INVLPGB	0x0a0
#define SVM_EXIT_TLBSYNC	0x0a4
#define SVM_EXIT_NPF		0x400
#define SVM_EXIT_INVALID	(~0UL)
/* How QEMU's TCG reports an invalid VMCB. */
#define SVM_EXIT_INVALID32	0xffffffffUL

#endif
