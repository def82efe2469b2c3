/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory types set by a guest: MTRRs and PAT. Intel SDM vol. 3 "Memory Cache Control", AMD APM vol.
 * 2 chapter 7. Belongs to one vCPU; no locking here.
 */
#ifndef XEN_X86_MTRR_H
#define XEN_X86_MTRR_H

#include <xen/x86/save.h>
#include <xen/x86/regs.h>

enum mem_type {
	MEM_UC = 0, MEM_WC = 1, MEM_WT = 4, MEM_WP = 5, MEM_WB = 6,
	MEM_UC_MINUS = 7,	/* only in PAT */
};

#define MTRR_NR_VAR 8
#define MTRR_NR_FIXED 11
#define PAT_RESET_VALUE 0x0007040600070406UL

#define MSR_MTRR_CAP 0xfe
#define MSR_MTRR_VAR(i) (0x200 + 2 * (i))	/* base; the mask follows */
#define MSR_MTRR_DEF_TYPE 0x2ff

struct mtrr_state {
	u64 pat;
	u64 def_type;		/* bits 7:0 type, 10 fixed enable, 11 enable */
	u64 fixed[MTRR_NR_FIXED];
	u64 var[MTRR_NR_VAR][2];
	u64 addr_mask;		/* [const] page frame bits below the physical address width */
};

/** Everything write-back and enabled, PAT as after reset: the initial state of a PVH guest. */
void mtrr_init(struct mtrr_state *m, u32 phys_bits);

/** Is @msr one of MTRRs, MTRRcap and PAT? */
bool mtrr_owns_msr(u32 msr);
/** 0, or -XEN_EINVAL: #GP (reserved types or bits, read-only register). */
int mtrr_read(const struct mtrr_state *m, u32 msr, u64 *val);
int mtrr_write(struct mtrr_state *m, u32 msr, u64 val);

/** Is @pat eight valid memory types? */
bool pat_valid(u64 pat);
/** Memory type of @addr by the MTRRs. */
enum mem_type mtrr_type(const struct mtrr_state *m, gpaddr_t addr);
/** PAT entry @index (0..7: PAT, PCD, PWT bits of a page-table entry). */
static inline enum mem_type pat_entry(u64 pat, u32 index)
{
	return (enum mem_type)(pat >> (index & 7) * 8 & 7);
}
/** The effective type of a page with MTRR type @mtrr and PAT type @pat (SDM table 12-7). */
enum mem_type mem_type_combine(enum mem_type mtrr, enum mem_type pat);

/**
 * Saves and loads MTRRs and PAT. After loading, the caller must update the guest's PAT in hardware.
 */
extern const struct save_kind mtrr_record;

#endif
