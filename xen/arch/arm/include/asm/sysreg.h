/* SPDX-License-Identifier: GPL-2.0-or-later */
/* System registers and barriers of ARMv8 (ARM ARM, chapter D19). */
#ifndef ASM_ARM_SYSREG_H
#define ASM_ARM_SYSREG_H

#include <xen/compiler.h>

/** @name is a register's name, or S<op0>_<op1>_C<n>_C<m>_<op2>. */
#define sysreg_read(name)                                               \
	({                                                              \
		u64 v_;                                                 \
		__asm__ volatile("mrs %0, " #name : "=r"(v_));          \
		v_;                                                     \
	})
#define sysreg_write(name, v) __asm__ volatile("msr " #name ", %x0" : : "rZ"((u64)(v)))

static inline void isb(void) { __asm__ volatile("isb" ::: "memory"); }
static inline void dsb_sy(void) { __asm__ volatile("dsb sy" ::: "memory"); }
static inline void dsb_ish(void) { __asm__ volatile("dsb ish" ::: "memory"); }

/* The interrupt mask in DAIF and PSTATE. */
#define PSR_I BIT(7)

#define MDCR_TPMCR BIT(5)
#define MDCR_TPM BIT(6)
#define MDCR_TDA BIT(9)
#define MDCR_TDOSA BIT(10)
#define MDCR_TDRA BIT(11)
#define MDCR_TPMS BIT(14)
#define MDCR_TTRF BIT(19)

#define CPTR_RES1 0x33ffUL	/* with TZ and TSM: SVE and SME trap */
#define CPTR_TTA BIT(20)
#define CPTR_TAM BIT(30)

#define HCR_VM BIT(0)
#define HCR_SWIO BIT(1)
#define HCR_FMO BIT(3)
#define HCR_IMO BIT(4)
#define HCR_AMO BIT(5)
#define HCR_BSU_IS (1UL << 10)
#define HCR_FB BIT(9)
#define HCR_TWI BIT(13)
#define HCR_TWE BIT(14)
#define HCR_TID3 BIT(18)
#define HCR_TSC BIT(19)
#define HCR_TIDCP BIT(20)
#define HCR_TACR BIT(21)
#define HCR_RW BIT(31)
#define HCR_TLOR BIT(35)
#define HCR_TERR BIT(36)

#endif
