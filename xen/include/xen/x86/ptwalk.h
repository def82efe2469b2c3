/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walk a guest's own page tables in software. Pure: memory is reached through callbacks. */
#ifndef XEN_X86_PTWALK_H
#define XEN_X86_PTWALK_H

#include <xen/types.h>
#include <xen/x86/regs.h>

#define X86_EFER_LMA (1UL << 10)
#define X86_EFER_NXE (1UL << 11)

/* Properties of an access; a mask. FETCH excludes WRITE, USER excludes IMPLICIT. */
#define X86_WALK_WRITE (1u << 0)
#define X86_WALK_USER (1u << 1)		/* made at CPL 3 (not by the CPU on its own account) */
#define X86_WALK_FETCH (1u << 2)
#define X86_WALK_IMPLICIT (1u << 3)	/* supervisor access by the CPU itself: SMAP ignores AC */
#define X86_WALK_NO_AD (1u << 4)	/* do not set accessed and dirty bits */

/* #PF error code. */
#define X86_PFEC_P (1u << 0)
#define X86_PFEC_W (1u << 1)
#define X86_PFEC_U (1u << 2)
#define X86_PFEC_RSVD (1u << 3)
#define X86_PFEC_I (1u << 4)
#define X86_PFEC_PK (1u << 5)

/** Paging state of a vCPU; the caller fills it once and may keep it until the registers change. */
struct x86_walk {
	u64 cr0, cr3, cr4, efer;
	u64 rflags;		/* AC, for SMAP */
	u32 pkru;		/* for CR4.PKE */
	u8 maxphyaddr;		/* bits above are reserved in entries; 0 means 52 */
	bool has_1g;		/* 1 GiB pages exist (CPUID 80000001 EDX 26) */
	/** The four PAE page-directory pointers the CPU loaded with CR3, if pdpte_valid. */
	bool pdpte_valid;
	u64 pdpte[4];
	/**
	 * Read a table entry of @size (4 or 8) bytes. Returns false when there is no readable
	 * memory. Required when CR0.PG is set.
	 */
	bool (*read)(void *opaque, gpaddr_t addr, u32 size, u64 *val);
	/**
	 * Set @bits in the entry at @addr if it still holds @old. Returns false when it changed,
	 * which restarts the walk. NULL: accessed and dirty bits are not set.
	 */
	bool (*set_bits)(void *opaque, gpaddr_t addr, u32 size, u64 old, u64 bits);
	void *opaque;
};

enum x86_walk_rc {
	X86_WALK_OK,
	X86_WALK_FAULT,		/* inject #PF with pfec */
	X86_WALK_BAD_TABLE,	/* a table is not in memory; bad_addr is its address */
};

struct x86_walk_result {
	gpaddr_t gpa;		/* of the byte at the linear address */
	u8 order;		/* log2 of the mapping's size in 4 KiB pages: 0, 9, 10 or 18 */
	bool writable, user, nx, dirty;	/* combined rights of the translation */
	u32 pfec;		/* after FAULT */
	gpaddr_t bad_addr;	/* after BAD_TABLE */
};

/**
 * Translate @va for an access of kind @access (X86_WALK_*). The caller has checked @va to be
 * canonical. Returns an enum x86_walk_rc.
 */
int x86_walk(const struct x86_walk *w, gvaddr_t va, u32 access, struct x86_walk_result *res);

#endif
