/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Another domain, made and run by a test that is the privileged first one: a vCPU in protected mode
 * without paging, a few pages of memory that the test can see, and a program of 32-bit code.
 */
#ifndef GUEST_OTHER_H
#define GUEST_OTHER_H

#include "cpu.h"

#include <public/domctl.h>

/** Its pages, and what they hold; the rest is the program's. */
#define OTHER_PAGES 6
#define OTHER_CODE 0x1000
#define OTHER_DATA 0x2000
#define OTHER_IDT 0x3000
#define OTHER_GDT 0x4000
#define OTHER_STACK 0x6000	/* its upper end */
/** Free frames of the test's own space, beyond those where it sees the other's memory. */
#define OTHER_FREE_GFN 0x3d010UL

extern u16 other_domid;
/** XEN_DOMCTL_CDF_* beside those of every guest, for other_create(). */
extern u32 other_flags;

/** Its byte at guest physical address @gpa. */
volatile u8 *other_at(u32 gpa);
/** A domctl on it; the short form for those without arguments. */
long other_domctl(u32 cmd, struct xen_domctl *op);
long other_simple(u32 cmd);
/**
 * Make it, with one vCPU, its memory and devices (XEN_X86_EMU_*); put the program from @code to
 * @end in place.
 */
void other_create(const u8 *code, const u8 *end, u32 devices);
/** Give up the view of its memory, which would keep it from being freed after its end. */
void other_unmap(void);
/** Let its interrupt @vector run @handler of that program. */
void other_set_gate(u32 vector, const u8 *code, const u8 *handler);
/** Load its vCPU's state at OTHER_CODE, with flat segments, and let it run. */
void other_start(void);

#endif
