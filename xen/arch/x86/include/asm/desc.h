/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Segment selectors and the layouts of GDT, IDT and TSS (APM vol. 2, chapters 4, 8 and 12). */
#ifndef ASM_X86_DESC_H
#define ASM_X86_DESC_H

#define SEL_CODE64	0x08
#define SEL_DATA	0x10
#define SEL_CODE32	0x18	/* used only by the boot code */
#define SEL_TSS		0x20	/* takes two slots */
#define GDT_ENTRIES	6

#define GDT_DESC_CODE64	0x00af9b000000ffff
#define GDT_DESC_DATA	0x00cf93000000ffff
#define GDT_DESC_CODE32	0x00cf9b000000ffff

/* Stacks for the exceptions that must not trust the current stack (index in the TSS). */
#define IST_DF 1
#define IST_NMI 2
#define IST_MC 3
#define IST_PAGES 2		/* size of each */
/* They lie at the bottom of the CPU's stack block, below the guard page of its main stack. */
#define STACK_GUARD_OFFSET (3 * IST_PAGES * 4096)

#ifndef __ASSEMBLY__

#include <xen/compiler.h>

struct desc_ptr {
	u16 limit;
	u64 base;
} __packed;

struct idt_entry {
	u16 offset_low;
	u16 selector;
	u8 ist;
	u8 type;
	u16 offset_mid;
	u32 offset_high;
	u32 reserved;
} __packed;

struct tss64 {
	u32 reserved0;
	u64 rsp[3];
	u64 ist[8];		/* [0] is reserved */
	u64 reserved1;
	u16 reserved2;
	u16 iomap_base;
} __packed;
BUILD_BUG_ON(sizeof(struct tss64) != 104);

static inline void lgdt(const struct desc_ptr *p) { __asm__ volatile("lgdt %0" : : "m"(*p)); }
static inline void lidt(const struct desc_ptr *p) { __asm__ volatile("lidt %0" : : "m"(*p)); }
static inline void sgdt(struct desc_ptr *p) { __asm__ volatile("sgdt %0" : "=m"(*p)); }
static inline void sidt(struct desc_ptr *p) { __asm__ volatile("sidt %0" : "=m"(*p)); }
static inline void ltr(u16 sel) { __asm__ volatile("ltr %0" : : "r"(sel)); }

#endif
#endif
