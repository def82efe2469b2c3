/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Another domain, which the privileged first one makes and looks into. */
#ifndef GUEST_OTHER_H
#define GUEST_OTHER_H

#include "cpu.h"

#include <public/domctl.h>

/** Where this domain sees the other's pages: beyond its own memory. */
#define OTHER_WINDOW 0x60000000UL

/** Its number: for the caller of other_create() to set. */
extern u16 other;

/** A call about it, and one without arguments. */
long other_domctl(u32 cmd, struct xen_domctl *op);
long other_simple(u32 cmd);
/** Create it, with two vCPUs at most, a GIC of version @gic and @spis shared interrupts; its number
 * and configuration are in @op then. */
long other_create(u8 gic, u32 spis, struct xen_domctl *op);
/** Populate its frame @gfn and see it in the window's page @slot. */
void other_give_page(u64 gfn, u64 slot);
/** The window's first @slots pages are not seen any more. */
void other_take_window(u64 slots);
/** Read or write the registers of a vCPU of @domid. */
long other_context(u16 domid, u32 cmd, u32 vcpu, struct vcpu_guest_context *c);
/** What is known of it; all flags are set when it does not exist. */
struct xen_domctl_getdomaininfo other_info(void);

#endif
